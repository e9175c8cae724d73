#include "fixture.hpp"
#include "fleet/fleet.hpp"

namespace cluster_local {
namespace {
std::string one(const std::string &more) {
    return "servers:\n  - id: a\n    name: node-a\n    address: 192.0.2.1\n    model: h100_sxm\n    count: 4\n    "
           "hourly_cost: 1.5\n" +
           more;
}

TEST(Fleet, TheSample_IsValid_AndAsPromised) {
    auto fleet = read_fleet(CL_SAMPLE_FLEET);
    ASSERT_TRUE(fleet.ok()) << fleet.error().message;
    std::set<std::string> models;
    int tee = 0, locked = 0, unverified = 0;
    const Fleet &f = *fleet;
    for (const FleetServer &s : f.servers) {
        models.insert(s.model);
        tee += s.tee;
        locked += s.locked;
        unverified += static_cast<int>(s.unverified.size());
        EXPECT_GT(s.hourly_cost, 0);
    }
    EXPECT_GE(f.servers.size(), 12U);
    EXPECT_GE(models.size(), 6U);
    EXPECT_EQ(tee, 1);
    EXPECT_EQ(locked, 1);
    EXPECT_EQ(unverified, 1);
}
TEST(Fleet, Defaults_FollowTheModel) {
    auto fleet = parse_fleet(one(""), "f");
    ASSERT_TRUE(fleet.ok()) << fleet.error().message;
    const FleetServer &s = fleet->servers.at(0);
    EXPECT_EQ(s.cpu, 50);
    EXPECT_EQ(s.memory_gb, 16 + 4 * 160);
    EXPECT_EQ(s.disk_gb, 1250);
    EXPECT_EQ(s.gpu_memory_mb, 81920);
    EXPECT_TRUE(s.unverified.empty());
    EXPECT_FALSE(s.locked || s.tee);
}
TEST(Fleet, VerifiedAndReserved_TakeIndexesAndIds) {
    auto fleet = parse_fleet(one("    verified: [0, " + gpu_id("a", 2) + "]\n    reserved: [3]\n"), "f");
    ASSERT_TRUE(fleet.ok()) << fleet.error().message;
    EXPECT_EQ(fleet->servers[0].unverified, (std::set<int>{1, 3}));
    EXPECT_EQ(fleet->servers[0].reserved, std::set<int>{3});
}
TEST(Fleet, Mistakes_AreRefused_WithFileLineAndReason) {
    const struct {
        std::string text, says;
    } cases[] = {
        {"", "f:1: the file must hold 'servers:'"},
        {"[]", "must hold 'servers:'"},
        {"server: []", "unknown key 'server'"},
        {"servers: 7", "'servers' must be a list"},
        {"servers: [7]", "must be a mapping"},
        {one("    colour: red\n"), "f:8: server 'node-a': unknown key 'colour'"},
        {one("    count: 3\n"), "'count' stands twice"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 0, hourly_cost: 1}",
         "f:2: server 'n': 'count' is 0; it must be between 1 and 16"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 17, hourly_cost: 1}", "'count' is 17"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: two, hourly_cost: 1}",
         "'count' must be a whole number"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: -1}",
         "'hourly_cost' must be a price"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: 0}",
         "'hourly_cost' must be a price in USD per GPU-hour, more than 0"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: .nan}",
         "'hourly_cost' must be a price"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: nan}",
         "'hourly_cost' must be a price"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: inf}",
         "'hourly_cost' must be a price"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1, hourly_cost: 1e9}",
         "'hourly_cost' must be a price"},
        {"servers:\n  - {id: a, name: n, address: x, model: l4, count: 1}", "'hourly_cost' is missing"},
        {"servers:\n  - {name: n, address: x, model: l4, count: 1, hourly_cost: 1}", "'id' is missing"},
        {"servers:\n  - {id: a, name: Bad_Name, address: x, model: l4, count: 1, hourly_cost: 1}",
         "'name' must be a DNS name"},
        {"servers:\n  - {id: a, name: n, address: x, model: quantum, count: 1, hourly_cost: 1}",
         "model 'quantum' is not known"},
        {one("    verified: [4]\n"), "'4' is no GPU of this server"},
        {one("    verified: some\n"), "'verified' must be all"},
        {one("    reserved: [1, 1]\n"), "stands twice"},
        {one("    locked: yes\n"), "'locked' must be true or false"},
        {one("    labels: { 'bad key': x }\n"), "is not a label name"},
        {one("    labels: { a: 'bad value' }\n"), "no valid value"},
        {one("") + "  - {id: a, name: other, address: x, model: l4, count: 1, hourly_cost: 1}\n",
         "f:8: server 'other': id 'a' was used at line 2 already"},
        {one("") + "  - {id: b, name: node-a, address: x, model: l4, count: 1, hourly_cost: 1}\n",
         "name 'node-a' was used at line 2 already"},
        {"servers: [", "f:1: "},
        {"servers: &a [*a]", "anchors and aliases"},
        {std::string("servers:\0", 9), "is not text"},
        {"servers: " + std::string(200, '['), "nested too deeply"},
        {"servers: # " + std::string(5 << 20, 'x'), "more than 4194304 bytes"},
    };
    for (const auto &c : cases) {
        const auto fleet = parse_fleet(c.text, "f");
        ASSERT_FALSE(fleet.ok()) << c.text.substr(0, 100);
        EXPECT_EQ(fleet.error().code, RIG_E_INVALID);
        EXPECT_NE(fleet.error().message.find(c.says), std::string::npos)
            << c.text.substr(0, 120) << "\n -> " << fleet.error().message;
    }
}
TEST(Fleet, AnEmptyList_IsAFleetWithoutServers) {
    auto fleet = parse_fleet("servers: []", "f");
    ASSERT_TRUE(fleet.ok());
    EXPECT_TRUE(fleet->servers.empty());
}
TEST(Fleet, AMissingFile_IsNotAnEmptyFleet) {
    EXPECT_EQ(read_fleet("/nonexistent/fleet.yaml").error().code, RIG_E_UNAVAILABLE);
}
TEST(Fleet, Ids_AreStable_Distinct_AndWellFormed) {
    EXPECT_EQ(gpu_id("srv-1", 0), gpu_id("srv-1", 0));
    std::set<std::string> ids, prefixes;
    for (int s = 0; s < 50; ++s)
        for (int i = 0; i < 8; ++i) {
            const std::string id = gpu_id("srv-" + std::to_string(s), i);
            EXPECT_EQ(id.size(), 32U);
            EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
            ids.insert(id);
            prefixes.insert(id.substr(0, 10));
        }
    EXPECT_EQ(ids.size(), 400U);
    EXPECT_EQ(prefixes.size(), 400U);
    EXPECT_EQ(server_uid("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"), "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
    EXPECT_EQ(server_uid("srv-1").size(), 36U);
    EXPECT_NE(server_uid("srv-1"), server_uid("srv-2"));
}
TEST(Fleet, GpuIds_AreFrozen) { // stored allocations name them: they must never change
    EXPECT_EQ(gpu_id("srv-l40s-01", 0), "a3c49c7283ade00dc3682a10485a1808");
    EXPECT_EQ(server_uid("srv-l40s-01"), "4cef43fe-d052-5468-ad66-d4a3dca190c5");
}

class FleetNodes : public ClusterTest {};

TEST_F(FleetNodes, AServer_BecomesANode_WithWhatInventoryNeeds) {
    FleetServer s = server("gpu-01", 4);
    s.tee = s.locked = true;
    s.hourly_cost = 1.85;
    s.validator = "5Hotkey";
    s.unverified = {1};
    s.reserved = {2};
    s.labels = {{"rack", "r1"}};
    fleet.servers = {s};
    open();
    const Json node = get("Node", "gpu-01");
    EXPECT_EQ(node["metadata"]["uid"], server_uid(s.id));
    const Json &labels = node["metadata"]["labels"];
    EXPECT_EQ(labels["chutes/worker"], "true");
    EXPECT_EQ(labels["chutes/external-ip"], "192.0.2.1");
    EXPECT_EQ(labels["gpu-short-ref"], "h100_sxm");
    EXPECT_EQ(labels["nvidia.com/gpu.count"], "4");
    EXPECT_EQ(labels["nvidia.com/gpu.memory"], "81920");
    EXPECT_EQ(labels["nvidia.com/gpu.present"], "true");
    EXPECT_EQ(labels["chutes/tee"], "true");
    EXPECT_EQ(labels["chutes/validator"], "5Hotkey");
    EXPECT_EQ(labels["rack"], "r1");
    const Json &annotations = node["metadata"]["annotations"];
    EXPECT_EQ(annotations["rigger.dev/hourly-cost"], "1.85");
    EXPECT_EQ(annotations["rigger.dev/locked"], "true");
    const Json gpus = Json::parse(annotations["rigger.dev/gpus"].get<std::string>());
    ASSERT_EQ(gpus.size(), 4U);
    EXPECT_EQ(gpus[1],
              Json({{"id", gpu_id(s.id, 1)}, {"model", "h100_sxm"}, {"verified", false}, {"reserved", false}}));
    EXPECT_EQ(gpus[2]["reserved"], true);
    EXPECT_EQ(node["status"]["capacity"], Json({{"cpu", "100"},
                                                {"memory", "512Gi"},
                                                {"ephemeral-storage", "1000Gi"},
                                                {"nvidia.com/gpu", "4"},
                                                {"pods", "110"}}));
    EXPECT_EQ(condition(node, "Ready")["status"], "True");
}
TEST_F(FleetNodes, APrice_KeepsItsLastDigit) {
    open();
    for (const double price : {0.1 + 0.2, 1.0 / 3, 5.2212345678901237, 1e-7, 10'000.0, 0.0}) {
        FleetServer s = server("gpu-01", 1);
        s.hourly_cost = price;
        fleet.servers = {s};
        ASSERT_TRUE(cluster->set_fleet(fleet).ok());
        const std::string said = get("Node", "gpu-01")["metadata"]["annotations"]["rigger.dev/hourly-cost"];
        EXPECT_EQ(std::stod(said), price) << said;
    }
}

TEST_F(FleetNodes, AnUnchangedFleet_ChangesNoNode) {
    open();
    const Json before = get("Node", "node-a");
    ASSERT_TRUE(cluster->set_fleet(fleet).ok());
    EXPECT_EQ(get("Node", "node-a")["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
}
TEST_F(FleetNodes, AChangedServer_KeepsItsIdentity) {
    open();
    const Json before = get("Node", "node-a");
    fleet.servers[0].hourly_cost = 9;
    ASSERT_TRUE(cluster->set_fleet(fleet).ok());
    const Json after = get("Node", "node-a");
    EXPECT_EQ(after["metadata"]["uid"], before["metadata"]["uid"]);
    EXPECT_EQ(after["metadata"]["annotations"]["rigger.dev/hourly-cost"], "9");
}
TEST_F(FleetNodes, ARenamedServer_IsANewNode_WithTheSameIdentity) {
    open();
    fleet.servers[0].name = "renamed";
    ASSERT_TRUE(cluster->set_fleet(fleet).ok());
    EXPECT_TRUE(get("Node", "node-a").is_null());
    EXPECT_EQ(get("Node", "renamed")["metadata"]["uid"], server_uid("srv-node-a"));
}
TEST_F(FleetNodes, ARemovedServer_TakesItsPodsAlong) {
    open();
    ASSERT_TRUE(apply(pod("p", "node-a")).ok());
    run(30);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    fleet.servers.erase(fleet.servers.begin());
    ASSERT_TRUE(cluster->set_fleet(fleet).ok());
    run(60);
    EXPECT_TRUE(get("Node", "node-a").is_null());
    EXPECT_TRUE(get("Pod", "p").is_null());
}

} // namespace
} // namespace cluster_local
