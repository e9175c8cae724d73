// The plugin's surface on a fake host: timers, the fleet file, configuration, refusals.
#include "config.hpp"
#include "fixture.hpp"

#include <filesystem>
#include <fstream>

namespace cluster_local {
namespace {
using rig::testing::FakeHost;
using rig::testing::Instance;

class Plugin : public ::testing::Test {
protected:
    Plugin() {
        std::string pattern = (std::filesystem::temp_directory_path() / "cluster-local-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
        write_fleet("a");
    }
    ~Plugin() override {
        instance.reset();
        std::filesystem::remove_all(directory);
    }
    void write_text(const std::string &text) { std::ofstream(directory / "fleet.yaml") << text; }
    void write_fleet(const std::string &names) {
        std::string text = "servers:";
        for (const char c : names)
            text += std::string("\n  - {id: s-") + c + ", name: node-" + c +
                    ", address: 192.0.2.1, model: l4, count: 1, hourly_cost: 0.2}";
        write_text(names.empty() ? "servers: []" : text);
    }
    rig::Status start(Json config = Json::object()) {
        config["stateDir"] = directory.string();
        config["fleet"] = (directory / "fleet.yaml").string();
        auto made = Instance::create(rig_plugin_v1, host, config.dump());
        if (!made.ok()) return made.error();
        instance.emplace(*std::move(made));
        return instance->start();
    }
    const rig_cluster_backend &table() { return *instance->table<rig_cluster_backend>(RIG_KIND_CLUSTER_BACKEND); }
    size_t count(const std::string &kind) {
        rig::testing::ObjectRecorder recorder;
        const std::string query = Json{{"apiVersion", "v1"}, {"kind", kind}}.dump();
        rig_error error = rig::detail::fresh_error();
        EXPECT_EQ(table().list(instance->raw(), nullptr, rig::doc(query), recorder.raw(), &error), RIG_OK)
            << error.message;
        return recorder.all(rig::testing::Delivery::put).size();
    }
    std::string phase(const std::string &name) {
        const std::string reference = Json{{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", name}}.dump();
        rig::testing::TextSink out;
        rig_error error = rig::detail::fresh_error();
        if (table().get(instance->raw(), nullptr, rig::doc(reference), out.raw(), &error) != RIG_OK)
            return error.reason;
        return Json::parse(out.text())["status"]["phase"];
    }
    rig_code apply(const std::string &object, const rig_call *call = nullptr) {
        rig::testing::TextSink out;
        rig_error error = rig::detail::fresh_error();
        return table().apply(instance->raw(), call, {}, rig::doc(object), 0, out.raw(), &error);
    }
    Json probe() {
        rig::testing::TextSink out;
        rig_error error = rig::detail::fresh_error();
        EXPECT_EQ(table().probe(instance->raw(), nullptr, out.raw(), &error), RIG_OK);
        return Json::parse(out.text())["clusters"][0];
    }
    static std::string pod() {
        return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"app.kubernetes.io/managed-by":"rigger"}},
                   "spec":{"containers":[{"name":"c","image":"i"}]}})";
    }
    std::filesystem::path directory;
    FakeHost host;
    std::optional<Instance> instance;
};

TEST(Config, KeepsNoDatabaseBesideWhateverTheProcessWasStartedFrom) {
    EXPECT_EQ(parse_config("{}")->cluster.store.path, ":memory:");
    EXPECT_EQ(parse_config(R"({"stateDir":"/state"})")->cluster.store.path, "/state/cluster-local.sqlite");
    EXPECT_EQ(parse_config(R"({"database":"/elsewhere/a.sqlite"})")->cluster.store.path, "/elsewhere/a.sqlite");
    const auto relative = parse_config(R"({"database":"a.sqlite"})");
    ASSERT_FALSE(relative.ok());
    EXPECT_NE(relative.error().message.find("set stateDir"), std::string::npos) << relative.error().message;
}

TEST_F(Plugin, Timers_DriveThePods) {
    ASSERT_TRUE(start({{"simulation", {{"pullSeconds", {3, 3}}}}}).ok());
    ASSERT_EQ(apply(pod()), RIG_OK);
    host.run_pending();
    EXPECT_EQ(phase("p"), "Pending");
    host.advance(4 * kSecond);
    EXPECT_EQ(phase("p"), "Running");
}
TEST_F(Plugin, AnIdleCluster_AsksForNothingButItsFleetPoll) {
    ASSERT_TRUE(start().ok());
    host.advance(60 * kSecond);
    EXPECT_EQ(host.pending(), 1U);
}
TEST_F(Plugin, Stop_LeavesNoTimers_AndMayComeTwice) {
    ASSERT_TRUE(start().ok());
    ASSERT_EQ(apply(pod()), RIG_OK);
    ASSERT_TRUE(instance->stop().ok());
    ASSERT_TRUE(instance->stop().ok());
    host.advance(60 * kSecond); // a task that was posted before finds nothing to do
    EXPECT_EQ(host.pending(), 0U);
    EXPECT_EQ(apply(pod()), RIG_E_UNAVAILABLE);
}
TEST_F(Plugin, AStoppedInstance_StartsAgain_WithItsObjects) {
    ASSERT_TRUE(start().ok());
    ASSERT_EQ(apply(pod()), RIG_OK);
    host.advance(30 * kSecond);
    ASSERT_TRUE(instance->stop().ok());
    ASSERT_TRUE(instance->start().ok());
    EXPECT_EQ(phase("p"), "Running");
}
TEST_F(Plugin, AChangedFleet_CountsOnceItStandsStill) {
    ASSERT_TRUE(start().ok());
    EXPECT_EQ(count("Node"), 1U);
    write_fleet("abc");
    host.advance(2 * kSecond);
    EXPECT_EQ(count("Node"), 1U) << "it may be half-written";
    host.advance(2 * kSecond);
    EXPECT_EQ(count("Node"), 3U);
}
TEST_F(Plugin, ABrokenFleet_ChangesNothing_AndIsReported_UntilItIsMended) {
    write_fleet("ab");
    ASSERT_TRUE(start().ok());
    EXPECT_FALSE(probe().contains("error"));
    for (const char *text : {"", "servers:\n  - {id: x}\n", "server: []"}) {
        write_text(text);
        host.advance(6 * kSecond);
        EXPECT_EQ(count("Node"), 2U) << text;
        EXPECT_NE(probe()["error"].get<std::string>().find("fleet.yaml:"), std::string::npos);
    }
    std::filesystem::remove(directory / "fleet.yaml");
    host.advance(6 * kSecond);
    EXPECT_EQ(count("Node"), 2U);
    write_fleet("a");
    host.advance(6 * kSecond);
    EXPECT_EQ(count("Node"), 1U);
    EXPECT_FALSE(probe().contains("error"));
    EXPECT_TRUE(host.logged("fleet.yaml:2: server 1: 'name' is missing"));
}
TEST_F(Plugin, ABrokenFleetAtTheStart_RefusesToStart) {
    write_text("servers: [ {id: x} ]");
    const rig::Status started = start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, RIG_E_INVALID);
    EXPECT_NE(started.error().message.find("fleet.yaml:1"), std::string::npos);
    EXPECT_EQ(apply(pod()), RIG_E_UNAVAILABLE);
}
TEST_F(Plugin, ImpossibleConfig_IsRefused) {
    const std::pair<Json, const char *> cases[] = {
        {{{"nodePorts", {{"first", 31000}, {"last", 30000}}}}, "nodePorts"},
        {{{"simulation", {{"pullSeconds", {5, 1}}}}}, "pullSeconds"},
        {{{"simulation", {{"rules", Json::array({Json{{"outcome", "Error"}, {"label", "nolabel"}}})}}}}, "label"},
        {{{"simulation", {{"outages", Json::array({Json{{"node", "*"}, {"forSeconds", 50}, {"everySeconds", 10}}})}}}},
         "everySeconds"},
        {{{"namespaces", {"Bad Name"}}}, "namespaces"}};
    for (const auto &[config, says] : cases) {
        const rig::Status started = start(config);
        ASSERT_FALSE(started.ok()) << config;
        EXPECT_EQ(started.error().code, RIG_E_INVALID);
        EXPECT_NE(started.error().message.find(says), std::string::npos) << started.error().message;
    }
}
TEST_F(Plugin, WithoutAClockOrTimers_ItDoesNotStart) {
    for (const char *service : {RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS}) {
        host.withhold(service);
        EXPECT_EQ(start().error().code, RIG_E_UNSUPPORTED) << service;
        instance.reset();
        host.grant(service);
    }
    EXPECT_TRUE(start().ok());
}
TEST_F(Plugin, ACancelledOrLateCall_DoesNothing) {
    ASSERT_TRUE(start().ok());
    rig::testing::FakeCall cancelled, late(host.now_ns());
    cancelled.cancel();
    EXPECT_EQ(apply(pod(), cancelled.raw()), RIG_E_CANCELLED);
    EXPECT_EQ(apply(pod(), late.raw()), RIG_E_DEADLINE);
    EXPECT_EQ(count("Pod"), 0U);
}
TEST_F(Plugin, TheSameSeed_GivesTheSameIds) {
    std::string uids[2];
    for (std::string &uid : uids) {
        ASSERT_TRUE(start({{"database", ":memory:"}, {"simulation", {{"seed", 42}}}}).ok());
        ASSERT_EQ(apply(pod()), RIG_OK);
        rig::testing::TextSink out;
        rig_error error = rig::detail::fresh_error();
        ASSERT_EQ(table().get(instance->raw(), nullptr, rig::doc(R"({"apiVersion":"v1","kind":"Pod","name":"p"})"),
                              out.raw(), &error),
                  RIG_OK);
        uid = Json::parse(out.text())["metadata"]["uid"];
        instance.reset();
    }
    EXPECT_EQ(uids[0], uids[1]);
}
} // namespace
} // namespace cluster_local
