#include "support.hpp"

#include "host/command_service.hpp"

#include <nlohmann/json.hpp>

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

const Principal reader{"token:ci", Role::read}, operator_{"unix:uid=0", Role::operate}, nobody{"anonymous", Role::none};

class Control final : public ControlApi {
public:
    Result<std::string> query(const Principal &who, std::string_view view, std::string_view) override {
        return json{{"who", who.name}, {"view", view}}.dump();
    }
    Result<std::string> act(const Principal &who, const CallContext &, std::string_view verb, std::string_view,
                            const std::function<void(std::string_view)> &) override {
        if (who.role < Role::operate) return Error{Code::denied, "RoleTooLow", "it needs the role operate", 0};
        return json{{"did", verb}}.dump();
    }
    Status stream(const Principal &who, const CallContext &, std::string_view view, std::string_view,
                  const std::function<Status(std::string_view)> &pieces) override {
        for (const std::string_view piece : {std::string_view(who.name), std::string_view(" reads "), view})
            RIG_TRY(pieces(piece));
        return {};
    }
};

class Commands : public testing::Test {
protected:
    void start(const std::string &config = {}) {
        host.enable("50-front.yaml", "component: com.example.all.frontend\n" + config);
        host.start().serve(&control);
        commands = std::make_unique<PluginCommands>(*host.registry, host.clock);
    }
    Result<std::string> invoke(std::string_view command, std::string_view arguments, const Principal &who = reader) {
        return commands->invoke(who, {}, command, arguments, [this](std::string_view line) { progress += line; });
    }
    Result<std::string> ask(const std::string &what, const Principal &who = reader) {
        return invoke("show", json{{"what", what}}.dump(), who);
    }
    Host host;
    Control control;
    std::unique_ptr<PluginCommands> commands;
    std::string progress;
};

TEST_F(Commands, FillsDefaultsAndPassesThePrincipal) {
    start();
    const auto answer = ask("hello");
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    const json j = json::parse(*answer);
    EXPECT_EQ(j["arguments"]["count"], 3);
    EXPECT_EQ(j["principal"]["name"], "token:ci");
    EXPECT_EQ(j["principal"]["role"], "read");
    EXPECT_EQ(j["config"]["command"], "show") << "the schema's default";
    EXPECT_EQ(progress, "{\"step\":1}");
    EXPECT_THAT(host.log(), HasSubstr("[front] hello world")) << "a line stays one line";
}

TEST_F(Commands, RefusesWhatTheDeclarationDoesNotAllow) {
    start();
    struct Case {
        const char *command, *arguments, *reason, *text;
    };
    const std::string huge = R"({"what":")" + std::string(1 << 20, 'x') + "\"}";
    const std::string deep = R"({"what":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
    const Case cases[] = {
        {"nothing", "{}", "UnknownCommand", "there is no command 'nothing'"},
        {"show", "{}", "InvalidArguments", "what"},
        {"show", R"({"what":1})", "InvalidArguments", "show.what"},
        {"show", R"({"what":"x","count":0})", "InvalidArguments", "show.count"},
        {"show", R"({"what":"x","node":"n"})", "UnknownOption", "unknown option 'node'; its options are: count, what"},
        {"show", "[]", "InvalidArguments", "not a JSON object"},
        {"show", "{", "InvalidArguments", "not valid JSON"},
        {"show", huge.c_str(), "InvalidArguments", "the limit is 65536"},
        {"show", deep.c_str(), "InvalidArguments", "nested deeper"},
    };
    (void)commands->catalogue();
    const uint64_t calls = host.row("front").calls;
    for (const Case &c : cases) {
        const auto answer = invoke(c.command, c.arguments);
        ASSERT_FALSE(answer.ok()) << c.text;
        EXPECT_EQ(answer.error().reason, c.reason);
        EXPECT_THAT(answer.error().message, HasSubstr(c.text));
    }
    EXPECT_EQ(host.row("front").calls, calls) << "the plugin was not asked";
}

TEST_F(Commands, EachEffectNeedsItsRole) {
    start();
    EXPECT_EQ(ask("x", nobody).error().reason, "RoleTooLow");
    EXPECT_EQ(invoke("shared", "{}", reader).error().reason, "RoleTooLow");
    EXPECT_TRUE(invoke("shared", "{}", operator_).ok());
}

TEST_F(Commands, AFrontendActsForWhoCalledItAndForNobodyElse) {
    start();
    EXPECT_EQ(*ask("control"), R"({"view":"nodes","who":"token:ci"})");
    EXPECT_EQ(*ask("control-alone"), R"({"view":"nodes","who":"token:ci"})") << "the invocation that this thread runs";
    EXPECT_EQ(*ask("control-stream"), R"({"text":"token:ci reads logs"})") << "in pieces";
    EXPECT_EQ(ask("act", reader).error().code, Code::denied);
    EXPECT_TRUE(ask("act", operator_).ok());
    host.registry->serve(nullptr);
    EXPECT_EQ(ask("control").error().reason, "NotReady");
}

TEST_F(Commands, ABugNamesThePlugin_AnAnswerDoesNot) {
    start();
    EXPECT_THAT(ask("fail").error().message, HasSubstr("com.example.all"));
    host.registry->serve(nullptr);
    const Error not_now = ask("control").error();
    EXPECT_EQ(not_now.code, Code::unavailable);
    EXPECT_THAT(not_now.message, testing::Not(HasSubstr("com.example.all")));
}

TEST_F(Commands, TheFirstDeclarationOfANameIsServed) {
    host.enable("60-second.yaml", "component: com.example.all.frontend\nconfig: { command: other }\n");
    start();
    const json catalogue = json::parse(commands->catalogue());
    std::vector<std::string> names;
    for (const json &c : catalogue["commands"])
        names.push_back(c["name"].get<std::string>() + "@" + c["instance"].get<std::string>());
    EXPECT_THAT(names, testing::ElementsAre("other@second", "shared@front", "show@front"));
    ASSERT_EQ(commands->refused().size(), 1u);
    EXPECT_THAT(commands->refused()[0].why.message,
                HasSubstr("command 'shared' of frontend 'second' is not served: frontend 'front' declared it first"));
    EXPECT_THAT(host.log(), HasSubstr("(instance 'second'): command 'shared' of frontend 'second' is not served"));
}

TEST_F(Commands, ABrokenDeclarationIsRefusedByName) {
    start("config: { catalogue: broken }\n");
    EXPECT_EQ(json::parse(commands->catalogue())["commands"].size(), 0u);
    ASSERT_EQ(commands->refused().size(), 2u);
    EXPECT_THAT(commands->refused()[0].why.message, HasSubstr("Bad Name!"));
    EXPECT_THAT(commands->refused()[1].why.message, HasSubstr("must declare effect"));
    EXPECT_EQ(host.row("front").failures, 1u) << "one fault, whatever the number of commands";
    EXPECT_THAT(host.log(), HasSubstr("must declare effect"));
}

TEST_F(Commands, AResultThatNobodyCouldShowIsRefusedByName) {
    start("config: { catalogue: unreadable }\n");
    std::vector<std::string> served;
    const json catalogue = json::parse(commands->catalogue());
    for (const json &c : catalogue["commands"]) served.push_back(c["name"]);
    EXPECT_THAT(served, testing::ElementsAre("fine", "silent"));
    std::vector<std::string> refused;
    for (const RefusedCommand &r : commands->refused()) refused.push_back(r.why.message);
    EXPECT_THAT(refused,
                testing::ElementsAre(HasSubstr("'five': result must be an object"), HasSubstr("'items': result.kind"),
                                     HasSubstr("'columns': result.columns"), HasSubstr("'keyless': result.columns")));
}

TEST_F(Commands, FollowsTheRegistry) {
    start();
    ASSERT_TRUE(ask("x").ok());
    ASSERT_TRUE(host.registry->disable("front").ok());
    EXPECT_EQ(ask("x").error().reason, "UnknownCommand");
}

TEST_F(Commands, ACancelledCommandEnds) {
    start();
    std::atomic<uint32_t> cancelled{0};
    CallContext context;
    context.cancelled = &cancelled;
    Result<std::string> answer = std::string();
    std::atomic<bool> over{false};
    std::thread call([&] {
        answer = commands->invoke(reader, context, "show", R"({"what":"wait"})", {});
        over = true;
    });
    EXPECT_TRUE(host.until([&] { return host.row("front").calls >= 1; }));
    cancelled = 1;
    EXPECT_TRUE(host.until([&] { return over.load(); }));
    call.join();
    EXPECT_EQ(answer.error().code, Code::cancelled);
}

TEST_F(Commands, TheCallersDeadlineEndsACommand) {
    start();
    ASSERT_TRUE(ask("warm up").ok());
    CallContext context;
    context.deadline = host.clock.monotonic() + 2s;
    Result<std::string> answer = std::string();
    host.run_out([&] { answer = commands->invoke(reader, context, "show", R"({"what":"wait"})", {}); }, 100ms);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(host.row("front").failures, 0u) << "that is no fault of the plugin";
}

TEST_F(Commands, AnAnswerWithoutEndIsCutAndCounted) {
    start();
    EXPECT_FALSE(ask("huge").ok());
    EXPECT_GE(host.row("front").failures, 1u);
}

TEST_F(Commands, AnUnusedFrontendsBreakerLeavesTheOthersAlone) {
    host.enable("60-second.yaml", "component: com.example.all.frontend\nconfig: { command: other }\n");
    start();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("fail").error().reason, "ToldTo");
    EXPECT_EQ(ask("x").error().reason, "BreakerOpen");
    EXPECT_TRUE(invoke("other", R"({"what":"x"})").ok());
}

} // namespace
} // namespace rigger::host::test
