// One operator at one terminal: runs `rigger` in this process against a fake daemon and writes down what he sees.
#pragma once
#include "cli/app.hpp"
#include "cli/exit_codes.hpp"
#include "engine/http_server/tests/fake_daemon.hpp"

#include <fstream>
#include <sstream>

namespace rigger::cli {

inline std::string file_text(const std::string &path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

struct Seen {
    int code = 0;
    std::string out, err;
};

class Terminal {
public:
    explicit Terminal(std::string socket) : socket_(std::move(socket)) {}

    size_t width = 0; ///< 0: no terminal, a pipe
    size_t height = 0;
    std::map<std::string, std::string> environment;
    std::string typed; ///< what the operator answers
    bool in_is_terminal = false;
    std::string program;
    std::function<bool(std::chrono::milliseconds)> pause;
    std::function<void()> end_with_reader;
    std::function<bool()> reader_gone;
    std::streambuf *out_to = nullptr; ///< instead of collecting

    Seen run(Words words, bool with_socket = true) {
        std::ostringstream out, err;
        std::istringstream in(typed);
        std::ostream redirected(out_to);
        Io io{.out = out_to ? redirected : out,
              .err = err,
              .in = in,
              .out_is_terminal = width != 0,
              .err_is_terminal = false,
              .in_is_terminal = in_is_terminal,
              .terminal_size = [this] { return std::pair(width, height); },
              .environment = environment,
              .times = {[](std::time_t t) {
                            std::tm tm{};
                            ::gmtime_r(&t, &tm);
                            return tm;
                        },
                        1772359200}, // 2026-03-01 10:00 UTC
              .pause = pause,
              .end_with_reader = end_with_reader,
              .reader_gone = reader_gone,
              .program = program};
        if (with_socket && !socket_.empty()) io.environment.emplace("RIGGER_SOCKET", socket_);
        Seen seen;
        seen.code = cli::run(words, io);
        seen.out = out.str();
        seen.err = err.str();
        return seen;
    }

private:
    std::string socket_;
};

} // namespace rigger::cli
