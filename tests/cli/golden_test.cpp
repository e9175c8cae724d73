// What the operator sees, held word by word. RIGGER_UPDATE_GOLDEN=1 rewrites the files; read the difference before you
// commit it.
#include "catalogue.hpp"
#include "terminal.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>

namespace rigger::cli {
namespace {

const std::string kHere = RIGGER_TESTS_DIR;

class Golden : public ::testing::Test {
protected:
    void SetUp() override {
        daemon.commands.declare(gepetto::catalogue());
        for (const char *command : {"nodes", "pods", "insts", "chutes", "scales", "plan", "why-not", "deploy",
                                    "recycle", "status", "lock", "events", "failures"}) {
            const std::string document = file_text(kHere + "/documents/" + command + ".json");
            ASSERT_FALSE(document.empty()) << command;
            daemon.commands.on(command, [document](auto &&...) -> Result<std::string> { return document; });
        }
        ASSERT_TRUE(daemon.start().ok());
    }

    void show(Words words) { show(words, 0, ""); }
    void show(Words words, size_t width, const std::string &language = "") {
        Terminal terminal(daemon.socket_path());
        terminal.width = width;
        terminal.environment["TERM"] = "dumb";
        if (!language.empty()) terminal.environment["LANG"] = language;
        note(words, terminal.run(words), width, language);
    }
    void note(const Words &words, Seen seen, size_t width = 0, const std::string &language = "") {
        transcript += "$ rigger";
        for (const std::string &word : words)
            transcript +=
                " " + (word.size() > 80 ? word.substr(0, 20) + "...(" + std::to_string(word.size()) + " bytes)" : word);
        transcript += (width ? "   [terminal of " + std::to_string(width) + " columns]" : "") +
                      (language.empty() ? "" : "   [LANG=" + language + "]") + "\n";
        transcript += seen.out;
        if (!seen.err.empty()) transcript += "--- stderr\n" + seen.err;
        transcript += "--- exit " + std::to_string(seen.code) + "\n\n";
    }

    void TearDown() override {
        if (HasFatalFailure()) return;
        for (const auto &[what, instead] : {std::pair<std::string, std::string>{daemon.directory, "/run/rigger"}})
            for (size_t at = transcript.find(what); at != std::string::npos; at = transcript.find(what, at))
                transcript.replace(at, what.size(), instead);
        std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        const std::string path = kHere + "/golden/" + name + ".txt";
        if (std::getenv("RIGGER_UPDATE_GOLDEN")) std::ofstream(path) << transcript;
        EXPECT_EQ(file_text(path), transcript) << "differs from " << path;
    }

    http_server::FakeDaemon daemon;
    std::string transcript;
};

TEST_F(Golden, nodes) {
    for (const size_t width : {40, 80, 120, 200}) show({"nodes"}, width);
    show({"nodes"});
    show({"nodes", "--no-headers"});
    show({"nodes", "-o", "wide"}, 80);
    show({"nodes", "-o", "json"});
    show({"nodes", "-o", "yaml"});
    show({"nodes", "-o", "name"});
    show({"nodes"}, 80, "zh_CN.UTF-8");
    show({"nodes", "-o", "wide", "--lang", "zh"});
}

TEST_F(Golden, insts) {
    for (const size_t width : {40, 80, 120, 200}) show({"insts"}, width);
    show({"insts"});
    show({"insts", "-o", "wide"});
    show({"insts", "-o", "yaml"});
    show({"insts", "-o", "name"});
    show({"insts"}, 120, "zh_CN.UTF-8");
}

TEST_F(Golden, other_lists) {
    for (const char *command : {"pods", "chutes", "scales", "events", "failures"}) {
        for (const size_t width : {40, 80, 120}) show({command}, width);
        show({command});
        show({command, "-o", "wide"});
    }
    for (const size_t width : {40, 80, 120, 200}) show({"why-not", "Qwen/Qwen3-32B"}, width);
    show({"why-not", "Qwen/Qwen3-32B", "-o", "wide"});
}

TEST_F(Golden, plans) {
    for (const size_t width : {40, 80, 120, 200})
        show({"deploy", "-c", "Qwen/Qwen3-32B", "-s", "gpu-01", "--dry-run"}, width);
    show({"deploy", "-c", "Qwen/Qwen3-32B", "-s", "gpu-01", "--dry-run"});
    for (const size_t width : {40, 80, 120, 200}) show({"recycle"}, width);
    show({"recycle"});
    show({"recycle"}, 80, "zh");
    show({"recycle", "-o", "name"});
    show({"recycle", "-o", "json"});
    for (const size_t width : {80, 120, 200}) show({"plan", "--defrag", "2%"}, width);
    show({"plan", "--defrag", "50"});
    show({"plan", "--defrag", "50"}, 80, "zh");
}

TEST_F(Golden, records) {
    for (const size_t width : {40, 80, 120}) show({"status"}, width);
    show({"status"});
    for (const size_t width : {20, 40, 80}) show({"status"}, width, "zh_CN.UTF-8");
    show({"status", "-o", "yaml"});
    show({"lock", "gpu-01"});
    show({"lock", "gpu-01"}, 80, "zh");
    show({"status", "-o", "name"});
    show({"status", "-o", "name"}, 0, "zh");
}

TEST_F(Golden, nothing_there) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(
            R"({"items":[],"snapshot":1,"takenAt":"2026-03-01T10:00:00Z","warnings":["source catalog: not heard of yet"]})");
    });
    daemon.commands.on("recycle", [](auto &&...) -> Result<std::string> {
        return std::string(R"({"dryRun":false,"actions":[],"heldBack":[]})");
    });
    for (const char *format : {"table", "wide", "json", "yaml", "name"}) show({"nodes", "-o", format});
    show({"nodes", "--no-headers"});
    show({"nodes"}, 80, "zh");
    show({"recycle"});
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return std::string(
            R"({"items":[{},{"nodeName":null},{"nodeName":5,"status":{"odd":true},"diskTotalGb":"text"},7]})");
    });
    show({"nodes"});
}

TEST_F(Golden, only_young_things_held_back) {
    daemon.commands.on("recycle", [](auto &&...) -> Result<std::string> {
        return std::string(
            R"({"dryRun":false,"actions":[],"heldBack":[{"verb":"terminate","target":"deployment 1","cause":"JobMissing","reason":"no job","code":"FirstObservation","text":"it was seen once; two observations are needed"}]})");
    });
    show({"recycle"});
}

TEST_F(Golden, help) {
    show({"--help"});
    show({"--help"}, 60);
    show({"--help"}, 80, "zh_CN.UTF-8");
    show({"insts", "--help"}, 80);
    show({"insts", "--help"}, 80, "zh_CN.UTF-8");
    show({"help", "undeploy"}, 100);
    show({"help", "deploy"}, 60, "zh");
    show({"plugins", "--help"}, 80);
    show({"plugins", "enable", "--help"}, 80);
    show({"plugins", "enable", "--help"}, 80, "zh");
    show({"help", "completion"}, 80);
    show({"help", "plugins", "enable"}, 80);
}

TEST_F(Golden, version) {
    show({"version", "-o", "json"});
    show({"--version"});
    show({"version"}, 80, "zh");
}

TEST_F(Golden, wrong_command_lines) {
    for (const char *language : {"", "zh"}) {
        show({}, 0, language);
        show({"nods"}, 0, language);
        show({"no-such-command"}, 0, language);
        show({"--no-headers"}, 0, language);
        show({"insts", "--nod", "x"}, 0, language);
        show({"insts", "--zzzzzzzz"}, 0, language);
        show({"insts", "-x"}, 0, language);
        show({"insts", "word"}, 0, language);
        show({"insts", "-d"}, 0, language);
        show({"insts", "-d", "a", "-d", "b"}, 0, language);
        show({"scales", "--limit", "many"}, 0, language);
        show({"scales", "--limit", "1.5"}, 0, language);
        show({"deploy", "-c", "x"}, 0, language);
        show({"why-not"}, 0, language);
        show({"why-not", "a", "b"}, 0, language);
        show({"nodes", "-o", "xml"}, 0, language);
        show({"nodes", "--timeout", "soon"}, 0, language);
        show({"nodes", "--timeout", "0"}, 0, language);
        show({"nodes", "--color", "blue"}, 0, language);
        show({"nodes", "--lang", "fr"}, 0, language);
        show({"deploy", "-c", "x", "-s", "y", "--watch"}, 0, language);
        show({"completion", "tcsh"}, 0, language);
        show({"plugins", "instal"}, 0, language);
        show({"plugins", "config", "x", "edit"}, 0, language);
        show({"plugins", "inspect"}, 0, language);
        show({"plugins", "reset", ""}, 0, language);
        show({"help", "plugins", "nope"}, 0, language);
        show({"completion"}, 0, language);
        show({"completion", "bash", "zsh"}, 0, language);
        show({"nodes", "--watch=maybe"}, 0, language);
        show({"nodes", "-o", "json", "-o", "yaml"}, 0, language);
        show({"nodes", "--config", "/"}, 0, language);
    }
    show({std::string(100'000, 'x')});
    show({"insts", std::string(100'000, 'x')});
    show({"insts", "--" + std::string(100'000, 'x')});
    show({"insts\x1b[2J"});
    show({"insts", "-d", std::string(2 << 20, 'x')});
    for (const char *option : {"--socket", "--config", "--url", "--token-file"}) {
        const std::string longest(100'000, 'x');
        Words words{"nodes", option, longest};
        if (option == std::string_view("--token-file")) words.insert(words.end(), {"--url", "http://127.0.0.1:1"});
        show(words);
    }
}

TEST_F(Golden, daemon_errors) {
    const Error errors[] = {
        not_found("UnknownOffer", "there is no chute 'x'"),
        invalid("AmbiguousOffer", "'67' could be any of these chutes: 67df1a2b (a), 67df1a2c (b); give the id"),
        not_found("UnknownServer", "there is no server 'x'"),
        invalid("AmbiguousServer", "'gpu' could be any of these servers: gpu-01, gpu-02; give the id"),
        not_found("UnknownDeployment", "there is no deployment 'x'; `rigger insts` lists them"),
        invalid("AmbiguousDeployment", "'3f' could be any of these deployments: 3f2a, 3f2b; give the id"),
        {Code::conflict, "Infeasible",
         "cannot deploy tiny on gpu-02: GpuModelMismatch: needs 4090, has a100; ServerLocked: the server is locked", 0},
        invalid("InvalidArguments", "option 'limit' must be at least 1"),
        {Code::denied, "RoleTooLow", "'token:ci' may read, but this changes something and needs the role operate", 0},
        {Code::denied, "TokenUnknown",
         "the bearer token is not known here; check it, or ask the operator for a new one", 0},
        {Code::unavailable, "BreakerOpen", "frontend 'gepetto' fails too often and is left alone for 28 s", 28'000},
        {Code::unavailable, "NotRunning", "the control loop is not running yet; try again in a moment", 1'000},
        {Code::deadline, "StillStarting", "deployment 3f2a is begun but only created so far; `rigger insts` follows it",
         0},
        {Code::exhausted, "TooManyWatchers", "too many event streams are open; close one or try again later", 5'000},
        {Code::cancelled, "Cancelled", "the daemon is stopping", 0},
        {Code::unsupported, "Unsupported", "logs is not supported by this plugin", 0},
        {Code::conflict, "Conflict", "the deployment has changed meanwhile; look again", 0},
        internal_error("secret detail"),
    };
    for (const Error &error : errors) {
        daemon.commands.on("nodes", [error](auto &&...) -> Result<std::string> { return error; });
        show({"nodes"});
        if (error.reason == "UnknownOffer" || error.reason == "NotRunning" || error.reason == "TokenUnknown") {
            show({"nodes"}, 0, "zh");
            show({"nodes", "-o", "json"});
        }
    }
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return std::string("not json"); });
    show({"nodes"});
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> { return std::string("{\"no\":\"items\"}"); });
    show({"nodes"});
    show({"nodes"}, 0, "zh");
    daemon.commands.declare("not a catalogue");
    show({"nodes"});
    show({"nodes"}, 0, "zh");
}

TEST_F(Golden, no_daemon) {
    Terminal terminal(daemon.directory + "/absent");
    for (const Words &words : std::vector<Words>{
             {"nodes"}, {"nodes", "--lang", "zh"}, {"nodes", "-o", "json"}, {"nodes", "--watch"}, {"version"}})
        note(words, terminal.run(words));
    note({"nodes", "--socket", "<a dead socket>"}, [&] {
        const std::string path = daemon.directory + "/dead";
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), address.sun_path);
        (void)::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address);
        ::close(fd);
        return terminal.run({"nodes", "--socket", path});
    }());
    for (const Words &words :
         std::vector<Words>{{"nodes", "--url", "nonsense"},
                            {"nodes", "--url", "https://example.com"},
                            {"nodes", "--url", "http://user:secret@127.0.0.1:1"},
                            {"nodes", "--url", "http://127.0.0.1:1"},
                            {"nodes", "--url", "http://127.0.0.1:1", "--token-file", "/no/such/token"},
                            {"nodes", "--config", "/no/such/rigger.yaml"}})
        for (const char *language : {"en", "zh"}) {
            Words spoken = words;
            spoken.insert(spoken.end(), {"--lang", language});
            note(spoken, terminal.run(spoken));
        }
}

} // namespace
} // namespace rigger::cli
