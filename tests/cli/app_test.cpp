// What must hold whatever it looks like: tokens, watching, progress, colour, completion, timeouts.
#include "catalogue.hpp"
#include "cli/render/result.hpp"
#include "terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

namespace rigger::cli {
namespace {

using Json = nlohmann::json;

class App : public ::testing::Test {
protected:
    void SetUp() override {
        daemon.commands.declare(gepetto::catalogue());
        daemon.options.limits.watch_pause = std::chrono::milliseconds(1);
        ASSERT_TRUE(daemon.start().ok());
    }
    /// Commands without a handler answer with what they were asked.
    Json asked(const Words &words) {
        Words all{"-o", "json"};
        all.insert(all.end(), words.begin(), words.end());
        const Seen seen = terminal().run(all);
        EXPECT_EQ(seen.code, 0) << seen.err;
        return Json::parse(seen.out, nullptr, false);
    }
    Terminal terminal() { return Terminal(daemon.socket_path()); }
    http_server::FakeDaemon daemon;
};

struct Line {
    Words words;
    const char *arguments;
};
class Lines : public App, public ::testing::WithParamInterface<Line> {};
TEST_P(Lines, BecomeArguments) { EXPECT_EQ(asked(GetParam().words)["arguments"], Json::parse(GetParam().arguments)); }
INSTANTIATE_TEST_SUITE_P(
    All, Lines,
    ::testing::Values(
        Line{{"pods"}, "{}"}, Line{{"pods", "-n", "chutes"}, R"({"namespace":"chutes"})"},
        Line{{"pods", "--ns", "chutes"}, R"({"namespace":"chutes"})"},
        Line{{"pods", "--namespace=chutes"}, R"({"namespace":"chutes"})"},
        Line{{"insts", "-dgpu"}, R"({"node":"gpu"})"}, Line{{"insts", "--node", "gpu"}, R"({"node":"gpu"})"},
        Line{{"scales", "-g", "h100", "-s", "x", "--limit", "5"}, R"({"gpu":"h100","server":"x","limit":5})"},
        Line{{"deploy", "--chute", "a", "--server", "b"}, R"({"chute":"a","server":"b"})"},
        Line{{"deploy", "-c", "a", "-s", "b", "--dry-run"}, R"({"chute":"a","server":"b","dryRun":true})"},
        Line{{"deploy", "-c", "a", "-s", "b", "--dryRun"}, R"({"chute":"a","server":"b","dryRun":true})"},
        Line{{"deploy", "-c", "a", "-s", "b", "--no-dry-run"}, R"({"chute":"a","server":"b","dryRun":false})"},
        Line{{"undeploy", "-i", "x"}, R"({"deployment":"x"})"},
        Line{{"undeploy", "--depl_id", "x"}, R"({"deployment":"x"})"}, Line{{"undeploy", "x"}, R"({"deployment":"x"})"},
        Line{{"undeploy", "--reason", "two words", "x"}, R"({"deployment":"x","reason":"two words"})"},
        Line{{"why-not", "Qwen/Qwen3-32B"}, R"({"chute":"Qwen/Qwen3-32B"})"},
        Line{{"--lang", "en", "-v", "why-not", "a"}, R"({"chute":"a"})"},
        Line{{"ban", "a", "-r", ""}, R"({"chute":"a","reason":""})"},
        Line{{"ban", "--reason=--lang", "a"}, R"({"chute":"a","reason":"--lang"})"},
        Line{{"why-not", "--", "-odd"}, R"({"chute":"-odd"})"}, Line{{"ban", "节点"}, R"({"chute":"节点"})"},
        Line{{"ban", "[a,b]"}, R"({"chute":"[a,b]"})"}));

TEST_F(App, ATokenComesFromAFileOrTheEnvironment) {
    const std::string url = "http://127.0.0.1:" + std::to_string(daemon.server->tcp_port());
    const std::string file = daemon.directory + "/token";
    std::ofstream(file) << http_server::FakeDaemon::kReader << "\n";
    Terminal t("");
    EXPECT_EQ(t.run({"nodes", "--url", url}).code, exit_denied);
    EXPECT_EQ(t.run({"nodes", "--url", url, "--token-file", file, "-o", "json"}).code, 0);
    t.environment = {{"RIGGER_URL", url}, {"RIGGER_TOKEN", http_server::FakeDaemon::kReader}};
    EXPECT_EQ(t.run({"nodes", "-o", "json"}).code, 0);
    EXPECT_EQ(t.run({"lock", "x"}).code, exit_denied) << "a reader may not lock";
    t.environment["RIGGER_TOKEN"] = http_server::FakeDaemon::kOperator;
    EXPECT_EQ(t.run({"lock", "x"}).code, 0);
}

TEST_F(App, ATokenIsNeverShown) {
    const std::string url = "http://127.0.0.1:" + std::to_string(daemon.server->tcp_port());
    Terminal t("");
    t.environment = {{"RIGGER_URL", url}, {"RIGGER_TOKEN", "wrong-secret-wrong-secret"}};
    for (const Words &words : std::vector<Words>{{"nodes", "-v"}, {"nodes", "-v", "-o", "json"}, {"--help"}}) {
        const Seen seen = t.run(words);
        EXPECT_EQ((seen.out + seen.err).find("wrong-secret"), std::string::npos);
    }
}

TEST_F(App, ThereIsNoOptionForATokenItself) { EXPECT_EQ(terminal().run({"nodes", "--token", "x"}).code, exit_usage); }

TEST_F(App, TheSocketOfTheCommandLineWinsOverTheEnvironment) {
    Terminal t("/nonexistent/socket");
    EXPECT_EQ(t.run({"nodes"}).code, exit_unreachable);
    EXPECT_EQ(t.run({"nodes", "--socket", daemon.socket_path(), "-o", "json"}).code, 0);
}

TEST_F(App, TheConfigurationNamesTheSocket_EvenWhenItHasMistakesElsewhere) {
    const std::string file = daemon.directory + "/rigger.yaml";
    std::ofstream(file) << "http:\n  unix_socket:\n    path: " << daemon.socket_path() << "\n";
    Terminal t("/nonexistent/socket");
    EXPECT_EQ(t.run({"--config", file, "nodes", "-o", "json"}).code, 0) << "--config wins over RIGGER_SOCKET";
    std::ofstream(file, std::ios::app) << "no_such_key: 1\n";
    EXPECT_EQ(t.run({"--config", file, "nodes", "-o", "json"}).code, 0);
}

TEST_F(App, AConfigurationThatSaysNothing_LeadsToNoOtherDaemon) {
    const std::string file = daemon.directory + "/rubbish.yaml";
    for (const char *text : {"rubbish [\n", "rubbish\n", "- a\n", "no_such_key: 1\n"}) {
        std::ofstream(file) << text;
        const Seen seen = Terminal("").run({"nodes", "--config", file});
        EXPECT_EQ(seen.code, exit_usage) << text;
        EXPECT_NE(seen.err.find("cannot learn from the configuration where the daemon is: " + file), std::string::npos)
            << seen.err;
    }
    std::ofstream(file) << "# every key has its default\n";
    EXPECT_EQ(Terminal("").run({"nodes", "--config", file}).code, exit_unreachable);
}

TEST_F(App, TheTimeoutReachesTheDaemon) {
    std::atomic<uint64_t> deadline{0};
    daemon.commands.on("nodes", [&](const Principal &, const CallContext &call, auto &&...) -> Result<std::string> {
        deadline = call.deadline.ns;
        return std::string(R"({"items":[]})");
    });
    terminal().run({"nodes", "--timeout", "2m"});
    EXPECT_EQ(deadline.load(), 120'000'001'000u);
}

TEST_F(App, ColourIsForTerminalsAlone) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"nodeName":"a","status":"Ready"}]})");
    });
    const auto coloured = [&](size_t width, const Words &words, const std::map<std::string, std::string> &environment) {
        Terminal t = terminal();
        t.width = width;
        t.environment = environment;
        return t.run(words).out.find('\x1b') != std::string::npos;
    };
    EXPECT_TRUE(coloured(80, {"nodes"}, {}));
    EXPECT_FALSE(coloured(0, {"nodes"}, {}));
    EXPECT_FALSE(coloured(80, {"nodes"}, {{"NO_COLOR", "1"}}));
    EXPECT_FALSE(coloured(80, {"nodes"}, {{"TERM", "dumb"}}));
    EXPECT_FALSE(coloured(80, {"nodes", "--color", "never"}, {}));
    EXPECT_TRUE(coloured(0, {"nodes", "--color", "always"}, {{"NO_COLOR", "1"}}));
    EXPECT_FALSE(coloured(80, {"nodes", "-o", "json"}, {}));
}

TEST_F(App, WaitingShowsWhatHappens) {
    daemon.commands.on("deploy",
                       [](const Principal &, const CallContext &, std::string_view,
                          const std::function<void(std::string_view)> &progress) -> Result<std::string> {
                           progress("claimed");
                           progress(R"({"message":"pod starts"})");
                           return std::string(R"({"dryRun":false,"actions":[],"heldBack":[]})");
                       });
    const Seen seen = terminal().run({"deploy", "-c", "a", "-s", "b", "--wait", "-v"});
    EXPECT_EQ(seen.code, 0);
    EXPECT_LT(seen.err.find("  claimed\n"), seen.err.find("  pod starts\n"));
}

TEST_F(App, AFailureWhileWaitingHasItsExitCode) {
    daemon.commands.on("deploy", [](auto &&...) -> Result<std::string> {
        return Error{Code::conflict, "DeploymentFailed", "it ended", 0};
    });
    EXPECT_EQ(terminal().run({"deploy", "-c", "a", "-s", "b", "--wait"}).code, exit_held_back);
}

/// Answers the first request of a connection with its catalogue, and hangs up at the second.
class HangsUp {
public:
    HangsUp(const std::string &path, std::string catalogue)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        struct ::sockaddr_un address {};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), address.sun_path);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 8), 0);
        thread_ = std::thread([this, catalogue = std::move(catalogue)] {
            for (int peer; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
                if (read_head(peer)) {
                    const std::string answer =
                        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(catalogue.size()) + "\r\n\r\n" +
                        catalogue;
                    (void)!::write(peer, answer.data(), answer.size());
                    read_head(peer);
                }
            }
        });
    }
    ~HangsUp() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

private:
    static bool read_head(int peer) {
        std::string seen;
        char piece[4096];
        while (seen.find("\r\n\r\n") == std::string::npos) {
            const ssize_t got = ::read(peer, piece, sizeof piece);
            if (got <= 0) return false;
            seen.append(piece, static_cast<size_t>(got));
        }
        return true;
    }
    int listener_;
    std::thread thread_;
};

TEST_F(App, AConnectionThatBreaksLeavesTheOutcomeOfAChangeUnknown) {
    const std::string path = daemon.directory + "/hangs-up";
    const HangsUp peer(path, gepetto::catalogue());
    Terminal t(path);
    for (const Words &words :
         std::vector<Words>{{"recycle"}, {"undeploy", "x"}, {"deploy", "-c", "a", "-s", "b", "--wait"}}) {
        const Seen seen = t.run(words);
        EXPECT_EQ(seen.code, exit_timeout) << words.front();
        EXPECT_NE(seen.err.find("ook with `rigger status`"), std::string::npos) << seen.err;
    }
    const Seen read = t.run({"nodes"});
    EXPECT_EQ(read.code, exit_unreachable);
    EXPECT_NE(read.err.find("ended the connection before it answered"), std::string::npos) << read.err;
}

TEST_F(App, ATokenThatIsNoTextIsNotSent) {
    const std::string file = daemon.directory + "/binary";
    std::ofstream(file) << std::string(100, '\0');
    const Seen seen = terminal().run({"nodes", "--url", "http://127.0.0.1:1", "--token-file", file});
    EXPECT_EQ(seen.code, exit_usage);
    EXPECT_NE(seen.err.find("the token is not text"), std::string::npos) << seen.err;
}

TEST(Rendering, ATextIsItsLinesAndNoMore) {
    ResultDeclaration shape;
    shape.kind = ResultKind::text;
    const auto shown = [&](const std::string &text) {
        const auto rendered = render_result(Json{{"text", text}}.dump(), shape, {});
        return rendered.ok() ? rendered->text : rendered.error().message;
    };
    EXPECT_EQ(shown(""), "");
    EXPECT_EQ(shown("a"), "a\n");
    EXPECT_EQ(shown("a\n"), "a\n");
    EXPECT_EQ(shown("\na\n\nb"), "\na\n\nb\n");
}

TEST_F(App, AFileWithoutATokenIsNamed) {
    for (const char *text : {"", "\n", " \n\n"}) {
        const std::string file = daemon.directory + "/empty";
        std::ofstream(file) << text;
        const Seen seen = terminal().run({"nodes", "--url", "http://127.0.0.1:1", "--token-file", file});
        EXPECT_EQ(seen.code, exit_usage);
        EXPECT_NE(seen.err.find("cannot read a token from " + file), std::string::npos) << seen.err;
    }
}

/// Collects what is written and lets the test act on it.
class Screen : public std::streambuf {
public:
    std::function<void(const std::string &)> on_flush;
    std::string all;

protected:
    int overflow(int c) override {
        if (c != EOF) all += static_cast<char>(c);
        return c;
    }
    std::streamsize xsputn(const char *text, std::streamsize count) override {
        all.append(text, static_cast<size_t>(count));
        return count;
    }
    int sync() override {
        if (on_flush && all.size() != flushed_) {
            flushed_ = all.size();
            on_flush(all);
        }
        return 0;
    }

private:
    size_t flushed_ = 0; ///< of it, before
};

TEST_F(App, AWatchInAPipeIsAStreamOfResults) {
    std::atomic<int> value{1};
    daemon.commands.on("nodes", [&](auto &&...) -> Result<std::string> {
        return "{\"items\":[{\"nodeName\":\"n" + std::to_string(value.load()) + "\"}]}";
    });
    Screen screen;
    screen.on_flush = [&](const std::string &) {
        if (value < 3) {
            ++value;
            daemon.server->snapshot_changed(static_cast<uint64_t>(value));
        } else {
            daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return not_found("Over", "enough"); });
            daemon.server->snapshot_changed(99);
        }
    };
    Terminal t = terminal();
    t.out_to = &screen;
    EXPECT_EQ(t.run({"nodes", "--watch", "-o", "json"}).code, exit_not_found);
    EXPECT_EQ(screen.all, "{\"items\":[{\"nodeName\":\"n1\"}]}\n{\"items\":[{\"nodeName\":\"n2\"}]}\n{\"items\":[{"
                          "\"nodeName\":\"n3\"}]}\n");
}

TEST_F(App, AWatchEndsWhenItsOutputIsLost) {
    daemon.commands.on(
        "nodes", [](auto &&...) -> Result<std::string> { return std::string(R"({"items":[{"nodeName":"a"}]})"); });
    Screen screen;
    screen.on_flush = [](const std::string &) { throw std::runtime_error("the pipe is closed"); };
    Terminal t = terminal();
    t.out_to = &screen;
    const Seen seen = t.run({"nodes", "--watch"});
    EXPECT_EQ(seen.code, exit_failed);
    EXPECT_EQ(seen.err, "rigger: the output could not be written to its end: it is closed, or its disk is full\n");
}

TEST_F(App, AStartOrderThatIsTooLargeIsNotCutToOneThatIsNot) {
    const Seen seen = terminal().run({"plugins", "enable", "x", "--order", "4294967346", "--yes"}); // 2^32 + 50
    EXPECT_EQ(seen.code, exit_usage);
    EXPECT_NE(seen.err.find("--order is 4294967346"), std::string::npos) << seen.err;
}

TEST_F(App, HelpTakesOptionsBeforeAndBehindIt) {
    const std::string all = terminal().run({"help"}).out, zh = terminal().run({"--lang", "zh", "help"}).out,
                      one = terminal().run({"help", "version"}).out;
    for (const Words &words : std::vector<Words>{{"help", "-v"}, {"help", "-o", "json"}, {"-v", "help"}})
        EXPECT_EQ(terminal().run(words).out, all) << words.back();
    EXPECT_EQ(terminal().run({"help", "--lang", "zh"}).out, zh);
    EXPECT_EQ(terminal().run({"help", "-v", "version"}).out, one);
    EXPECT_EQ(terminal().run({"help", "--lang", "zh", "plugins", "list"}).out,
              terminal().run({"--lang", "zh", "help", "plugins", "list"}).out);
}

TEST_F(App, AMisspeltPluginCommandIsSuggestedWhole) {
    EXPECT_NE(terminal().run({"plugins", "lst"}).err.find("did you mean plugins list?"), std::string::npos);
}

TEST_F(App, OutputThatIsLostIsAFailure) {
    Screen screen;
    screen.on_flush = [](const std::string &) { throw std::runtime_error("the disk is full"); };
    Terminal t = terminal();
    t.out_to = &screen;
    for (const Words &words : std::vector<Words>{{"nodes", "-o", "json"},
                                                 {"help"},
                                                 {"nodes", "--help"},
                                                 {"version"},
                                                 {"completion", "bash"},
                                                 {"cluster", "rbac"},
                                                 {"plugins", "--help"}}) {
        const Seen seen = t.run(words);
        EXPECT_EQ(seen.code, exit_failed) << words.front();
        EXPECT_NE(seen.err.find("could not be written"), std::string::npos) << words.front();
    }
    t.reader_gone = [] { return true; }; // `| head` has seen enough
    const Seen quiet = t.run({"nodes", "-o", "json"});
    EXPECT_EQ(quiet.code, 141);
    EXPECT_EQ(quiet.err, "");
    t.reader_gone = [] { return false; };
    EXPECT_NE(t.run({"nodes", "--lang", "zh", "-o", "yaml"}).err.find("输出未能完整写出"), std::string::npos);
}

TEST_F(App, OutputThatGoesOnEndsWithItsReader_OtherCommandsFinish) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return not_found("Over", "enough"); });
    Terminal t = terminal();
    int told = 0;
    t.end_with_reader = [&] { ++told; };
    t.run({"nodes", "--watch"});
    EXPECT_EQ(told, 1);
    t.run({"nodes"});
    t.run({"deploy", "-c", "a", "-s", "b", "--wait"});
    t.run({"recycle"});
    EXPECT_EQ(told, 1);
}

TEST_F(App, AWatchOnATerminalRedrawsAndFitsTheScreen) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"nodeName":"a"},{"nodeName":"b"},{"nodeName":"c"},{"nodeName":"d"}]})");
    });
    Screen screen;
    screen.on_flush = [&](const std::string &) {
        daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return not_found("Over", "enough"); });
        daemon.server->snapshot_changed(1);
    };
    Terminal t = terminal();
    t.width = 80;
    t.height = 4;
    t.out_to = &screen;
    t.run({"nodes", "--watch", "--color", "never"});
    EXPECT_EQ(screen.all.substr(0, 7), "\x1b[2J\x1b[H");
    EXPECT_EQ(std::count(screen.all.begin(), screen.all.end(), '\n'), 3);
}

TEST_F(App, AWatchComesBackWhenTheDaemonDoes) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return std::string(R"({"items":[]})"); });
    int pictures = 0, pauses = 0;
    Screen screen;
    Terminal t = terminal();
    t.out_to = &screen;
    std::thread stopper;
    screen.on_flush = [&](const std::string &) {
        ++pictures;
        stopper = std::thread([this] { daemon.server->stop(); });
    };
    t.pause = [&](std::chrono::milliseconds) {
        if (stopper.joinable()) stopper.join();
        if (++pauses == 2) {
            daemon.server.reset();
            EXPECT_TRUE(daemon.start().ok());
        }
        return pauses < 3;
    };
    EXPECT_EQ(t.run({"nodes", "-w", "-o", "json"}).code, exit_interrupted);
    EXPECT_EQ(pictures, 2);
}

class Completion : public App {
protected:
    std::vector<std::string> words(Words typed) {
        typed.insert(typed.begin(), {"__complete", "--"});
        const Seen seen = terminal().run(typed);
        EXPECT_EQ(seen.code, 0);
        EXPECT_EQ(seen.err, "");
        std::vector<std::string> out;
        std::istringstream lines(seen.out);
        for (std::string line; std::getline(lines, line);) out.push_back(line.substr(0, line.find('\t')));
        return out;
    }
    using Expected = std::vector<std::string>;
};

TEST_F(Completion, OffersCommands) {
    EXPECT_EQ(words({"ins"}), Expected{"insts"});
    EXPECT_THAT(words({"un"}), testing::UnorderedElementsAre("unban", "undeploy", "unlock"));
    EXPECT_GT(words({""}).size(), 20u);
}

TEST_F(Completion, OffersOptionsThatAreNotThereYet) {
    EXPECT_EQ(words({"insts", "--no"}), (Expected{"--node", "--no-headers"}));
    EXPECT_EQ(words({"insts", "--node", "x", "--nod"}), Expected{});
    EXPECT_EQ(words({"nodes", "--wa"}), Expected{"--watch"});
}

TEST_F(Completion, AsksTheDaemonForValues) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(
            R"({"items":[{"nodeName":"gpu-01","gpuModel":"h100"},{"nodeName":"gpu-02","gpuModel":"h100"},{"nodeName":"other","gpuModel":"a100"}]})");
    });
    daemon.commands.on("insts", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"deploymentId":"3f2a","offerName":"demo"}]})");
    });
    daemon.commands.on("chutes", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"offerId":"67df","offerName":"Qwen/Qwen3"}]})");
    });
    EXPECT_EQ(words({"lock", "gpu"}), (Expected{"gpu-01", "gpu-02"}));
    EXPECT_EQ(words({"deploy", "-s", ""}), (Expected{"gpu-01", "gpu-02", "other"}));
    EXPECT_EQ(words({"deploy", "--server=ot"}), Expected{"--server=other"});
    EXPECT_EQ(words({"undeploy", "-i", ""}), Expected{"3f2a"});
    EXPECT_EQ(words({"deploy", "--chute", "Qw"}), Expected{"Qwen/Qwen3"});
    EXPECT_EQ(words({"chutes", "-g", ""}), (Expected{"h100", "a100"}));
}

TEST_F(Completion, OffersFixedValuesAndPluginCommands) {
    EXPECT_EQ(words({"nodes", "-o", ""}), (Expected{"table", "wide", "json", "yaml", "name"}));
    EXPECT_EQ(words({"nodes", "--lang", ""}), (Expected{"en", "zh"}));
    EXPECT_EQ(words({"completion", ""}), (Expected{"bash", "zsh", "fish"}));
    EXPECT_EQ(words({"plugins", "en"}), Expected{"enable"});
    EXPECT_EQ(words({"plugins", "enable", "--y"}), Expected{"--yes"});
}

TEST_F(Completion, HeedsWhatAnAliasPutsBeforeIt) { // alias rigger='rigger --config ...'
    daemon.commands.on(
        "nodes", [](auto &&...) -> Result<std::string> { return std::string(R"({"items":[{"nodeName":"gpu-01"}]})"); });
    const Seen seen = Terminal("").run({"--socket", daemon.socket_path(), "__complete", "--", "lock", "gpu"}, false);
    EXPECT_EQ(seen.out, "gpu-01\n");
}

TEST_F(Completion, OffersAPositionOnce) {
    daemon.commands.on("chutes", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"offerId":"67df","offerName":"Qwen/Qwen3"}]})");
    });
    EXPECT_EQ(words({"why-not", ""}), Expected{"67df"});
    EXPECT_EQ(words({"why-not", "-s", "x", ""}), Expected{"67df"});
    EXPECT_EQ(words({"why-not", "-s", "x", "67df", ""}).front(), "--chute");
}

TEST_F(Completion, TellsTheShellWhenItIsAboutAFile) {
    for (const Words &typed : std::vector<Words>{{"nodes", "--config", "/e"},
                                                 {"nodes", "--config=/e"},
                                                 {"--token-file", ""},
                                                 {"--socket", ""},
                                                 {"plugins", "install", ""},
                                                 {"plugins", "inspect", "./b"},
                                                 {"plugins", "new", "--dir", ""},
                                                 {"replay", "openb", ""}}) {
        Words all{"__complete", "--"};
        all.insert(all.end(), typed.begin(), typed.end());
        const Seen seen = terminal().run(all);
        EXPECT_EQ(seen.code, 9) << typed.front();
        EXPECT_EQ(seen.out, "") << typed.front();
    }
    EXPECT_EQ(words({"ban", "--reason", ""}), Expected{}); // free text
    EXPECT_EQ(words({"replay", "o"}), Expected{"openb"});
}

TEST_F(Completion, HasHelpAsEveryCommandHas) {
    const Seen seen = terminal().run({"completion", "--help"});
    EXPECT_EQ(seen.code, 0);
    EXPECT_EQ(seen.out, terminal().run({"help", "completion"}).out);
}

TEST_F(Completion, IsSilentWithoutADaemon) {
    const Seen seen = Terminal("/nonexistent/socket").run({"__complete", "--", "pl"});
    EXPECT_EQ(seen.out.substr(0, 7), "plugins");
    EXPECT_EQ(seen.err, "");
    EXPECT_EQ(seen.code, 0);
}

TEST_F(Completion, NeverHandsControlCharactersToAShell) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"items":[{"nodeName":"a\u001b[2Jb\nc"}]})");
    });
    for (const std::string &word : words({"lock", ""})) EXPECT_EQ(word.find_first_of("\x1b\n"), std::string::npos);
}

} // namespace
} // namespace rigger::cli
