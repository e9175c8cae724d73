#include "cli/watch.hpp"

#include "cli/failure.hpp"
#include "cli/render/text_width.hpp"

#include <optional>
#include <ostream>

namespace rigger::cli {
namespace {

constexpr std::chrono::milliseconds kRetry{1'000};

class Watch {
public:
    Watch(Client &client, const WatchOrder &order, Io &io) : client_(client), order_(order), io_(io) {}

    int run() {
        while (true) {
            const Status status =
                client_.stream(order_.path, order_.body, [&](const StreamEvent &event) { return hear(event); });
            if (final_) return *final_;
            const Error lost = status.ok()
                                   ? Error{Code::unavailable, "Unreachable",
                                           std::string(Text{"the daemon ended the stream", "守护进程结束了数据流"}.in(
                                               order_.style.language)),
                                           0}
                                   : status.error();
            const bool again = shown_ && (lost.code == Code::unavailable || lost.code == Code::exhausted ||
                                          lost.code == Code::deadline);
            if (!again || !io_.pause) return report(io_, lost, order_.style.format, order_.style.language);
            if (!waiting_)
                io_.err << "rigger: " << lost.message << Text{"; trying again", "；正在重试"}.in(order_.style.language)
                        << std::endl;
            waiting_ = true;
            if (!io_.pause(kRetry)) return exit_interrupted;
        }
    }

private:
    bool hear(const StreamEvent &event) {
        if (event.name == "result") return show(event.data);
        if (event.name != "error") return true;
        const Error error = read_problem(event.data, 0, order_.style.language);
        const bool may_pass = error.code == Code::unavailable || error.code == Code::deadline ||
                              error.code == Code::exhausted || error.code == Code::conflict ||
                              error.code == Code::internal;
        const int code = report(io_, error, order_.style.format, order_.style.language);
        if (!may_pass) final_ = code;
        return may_pass;
    }

    bool show(const std::string &document) {
        waiting_ = false;
        RenderStyle style = order_.style;
        style.one_line = true;
        size_t rows = 0;
        if (io_.out_is_terminal && io_.terminal_size) std::tie(style.width, rows) = io_.terminal_size();
        const auto rendered = render_result(document, order_.shape, style);
        if (!rendered.ok()) {
            final_ = report(io_, rendered.error(), style.format, style.language);
            return false;
        }
        const bool picture = io_.out_is_terminal && (style.format == Format::table || style.format == Format::wide);
        if (picture) {
            std::string text = rendered->text;
            for (const std::string &note : rendered->notes)
                text += (style.width ? elide(note, style.width) : note) + "\n";
            redraw(text, rows);
        } else {
            if (shown_ && style.format != Format::json && style.format != Format::yaml) io_.out << '\n';
            io_.out << rendered->text << std::flush;
            for (const std::string &note : rendered->notes) io_.err << note << '\n';
        }
        shown_ = true;
        if (!io_.out.good()) final_ = exit_failed;
        return io_.out.good();
    }

    /// In place, without flicker: every line is cleared to its end, the rest of the screen after the last.
    void redraw(const std::string &text, size_t rows) {
        std::string screen = shown_ ? "\x1b[H" : "\x1b[2J\x1b[H";
        size_t at = 0, line = 0;
        while (at < text.size() && (rows == 0 || line + 1 < rows)) {
            const size_t end = text.find('\n', at);
            screen += text.substr(at, end - at) + "\x1b[K\n";
            at = end == std::string::npos ? text.size() : end + 1;
            ++line;
        }
        io_.out << screen << "\x1b[J" << std::flush;
    }

    Client &client_;
    const WatchOrder &order_;
    Io &io_;
    bool shown_ = false, waiting_ = false;
    std::optional<int> final_;
};

} // namespace

int run_watch(Client &client, const WatchOrder &order, Io &io) {
    if (io.end_with_reader) io.end_with_reader();
    return Watch(client, order, io).run();
}

} // namespace rigger::cli
