// What the client can do beyond what the behaviour suite sees of it, on a real API server (RIGGER_TEST_KUBECONFIG).
#include <kube/access.hpp>
#include <kube/client.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <set>

namespace {
using Json = nlohmann::json;
using kube::Resource;

class SystemClock final : public kube::Clock {
public:
    uint64_t mono_ns() const override {
        return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    }
    int64_t wall_ns() const override { return std::chrono::system_clock::now().time_since_epoch().count(); }
};

const Resource config_maps = *kube::known_resource("v1", "ConfigMap"),
               namespaces = *kube::known_resource("v1", "Namespace"), jobs = *kube::known_resource("batch/v1", "Job");
constexpr const char *ns = "client-test";

class ClientOnACluster : public ::testing::Test {
protected:
    void SetUp() override {
        const char *path = std::getenv("RIGGER_TEST_KUBECONFIG");
        ASSERT_NE(path, nullptr);
        const auto text = kube::read_file(path);
        ASSERT_TRUE(text.ok());
        const auto access = kube::current_context(*text, "/");
        ASSERT_TRUE(access.ok()) << access.error().message;
        client = std::make_unique<kube::Client>(*access,
                                                kube::ClientSettings{.requests_per_second = 500,
                                                                     .burst = 500,
                                                                     .connect_ns = 10 * kube::second_ns,
                                                                     .request_ns = 60 * kube::second_ns,
                                                                     .page = 2},
                                                clock);
        const auto made = client->create(effort, namespaces, {}, Json{{"metadata", {{"name", ns}}}}.dump(), false);
        ASSERT_TRUE(made.ok() || made.error().reason == "AlreadyExists") << made.error().message;
    }
    void TearDown() override {
        for (const std::string &name : made_) (void)client->remove(effort, config_maps, ns, name, {});
    }
    Json make(const std::string &name, const Json &data) {
        made_.insert(name);
        const Json object{{"metadata", {{"name", name}}}, {"data", data}};
        return object_of(client->create(effort, config_maps, ns, object.dump(), false));
    }
    static Json object_of(const rig::Result<std::string> &answer) {
        EXPECT_TRUE(answer.ok()) << (answer.ok() ? "" : answer.error().message);
        return answer.ok() ? Json::parse(*answer) : Json::object();
    }
    Json now(const std::string &name) { return object_of(client->get(effort, config_maps, ns, name)); }

    SystemClock clock;
    const kube::Effort effort{&clock, kube::never, {}};
    std::unique_ptr<kube::Client> client;

private:
    std::set<std::string> made_;
};

TEST_F(ClientOnACluster, MergePatch_ChangesSomeFields_AndTakesOneAway) {
    make("patched", {{"a", "1"}, {"b", "2"}});
    const Json patch{{"data", {{"a", nullptr}, {"c", "3"}}}};
    const Json answer = object_of(client->patch(effort, config_maps, ns, "patched", "merge", patch.dump()));
    EXPECT_EQ(answer["data"], (Json{{"b", "2"}, {"c", "3"}}));
    EXPECT_EQ(now("patched")["data"], answer["data"]);
}

TEST_F(ClientOnACluster, JsonPatch_DoesAllOrNothing) {
    make("patched", {{"a", "1"}});
    const auto add = [](const char *value) { return Json{{"op", "add"}, {"path", "/data/b"}, {"value", value}}; };
    const auto failed =
        client->patch(effort, config_maps, ns, "patched", "json",
                      Json::array({add("2"), Json{{"op", "test"}, {"path", "/data/a"}, {"value", "other"}}}).dump());
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, RIG_E_INVALID) << failed.error().message;
    EXPECT_EQ(now("patched")["data"], (Json{{"a", "1"}}));
    object_of(client->patch(effort, config_maps, ns, "patched", "json", Json::array({add("2")}).dump()));
    EXPECT_EQ(now("patched")["data"], (Json{{"a", "1"}, {"b", "2"}}));
}

TEST_F(ClientOnACluster, TheStatusIsASubresource_WhichAPatchOfTheObjectDoesNotReach) {
    const Json job{
        {"metadata", {{"name", "status"}}},
        {"spec",
         {{"parallelism", 0},
          {"template",
           {{"spec",
             {{"restartPolicy", "Never"}, {"containers", Json::array({Json{{"name", "c"}, {"image", "any"}}})}}}}}}}};
    object_of(client->create(effort, jobs, ns, job.dump(), false));
    const Json patch{{"metadata", {{"labels", {{"seen", "yes"}}}}}, {"status", {{"failed", 7}}}};
    Json got = object_of(client->patch(effort, jobs, ns, "status", "merge", patch.dump()));
    EXPECT_EQ(got["metadata"]["labels"]["seen"], "yes");
    EXPECT_FALSE(got["status"].contains("failed"));
    got = object_of(client->patch(
        effort, jobs, ns, "status", "merge",
        Json{{"status", {{"conditions", Json::array({Json{{"type", "Suspicious"}, {"status", "True"}}})}}}}.dump(),
        "status"));
    EXPECT_EQ(got["status"]["conditions"][0]["type"], "Suspicious");
    EXPECT_TRUE(client->remove(effort, jobs, ns, "status", {"Background", -1, {}}).ok());
}

TEST_F(ClientOnACluster, ADeletion_WithTheUidOfAnother_IsRefused) {
    make("kept", {});
    const rig::Status refused =
        client->remove(effort, config_maps, ns, "kept", {{}, -1, "00000000-0000-0000-0000-000000000000"});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, RIG_E_CONFLICT) << refused.error().message;
    const std::string uid = now("kept")["metadata"]["uid"];
    EXPECT_TRUE(client->remove(effort, config_maps, ns, "kept", {{}, -1, uid}).ok());
    EXPECT_EQ(client->get(effort, config_maps, ns, "kept").error().code, RIG_E_NOT_FOUND);
}

/// From a list of several pages to the watch: what is made in between comes once, and nothing twice.
TEST_F(ClientOnACluster, AWatchGoesOnWhereAListOfManyPagesEnded) {
    for (int i = 0; i < 5; ++i) make("page-" + std::to_string(i), {});
    std::multiset<std::string> seen;
    const auto name = [](std::string_view object) {
        return Json::parse(object)["metadata"]["name"].get<std::string>();
    };
    const uint64_t before = client->requests();
    const auto end = client->list(effort, config_maps, {ns, {}, {}}, 0, [&](std::string_view object) -> rig::Status {
        if (const std::string one = name(object); one.starts_with("page-")) seen.insert(one);
        return {};
    });
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_GE(client->requests() - before, 3U) << "pages of two";
    make("page-5", {});
    const rig::Status ended = client->watch(
        effort, config_maps, {ns, {}, {}}, end->resource_version, [] {},
        [&](const kube::Event &event) -> rig::Status {
            if (const std::string one = name(event.object); event.type != "BOOKMARK") seen.insert(one);
            return rig::Error{RIG_E_CANCELLED, "Enough", "", 0};
        });
    EXPECT_EQ(ended.error().reason, "Enough") << ended.error().message;
    EXPECT_EQ(seen, (std::multiset<std::string>{"page-0", "page-1", "page-2", "page-3", "page-4", "page-5"}));
}
} // namespace
