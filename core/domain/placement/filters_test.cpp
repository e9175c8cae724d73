// Every rule keeps a pair out by itself and says so.
#include "domain/placement/testing/world.hpp"

#include <functional>
#include <set>

namespace rigger::placement {
namespace {

using namespace rigger::placement::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct FilterCase {
    const char *code;
    bool physical; ///< holds for an operator too
    std::function<void(World &, PlacementRules &)> spoil;
};

class Filter : public ::testing::TestWithParam<FilterCase> {};

INSTANTIATE_TEST_SUITE_P(
    Codes, Filter,
    ::testing::Values(
        FilterCase{"NotDeployable", true, [](World &w, PlacementRules &) { w.offers[0].deployable = false; }},
        FilterCase{"NoMetrics", false, [](World &w, PlacementRules &) { w.offers[0].economics.has_metrics = false; }},
        FilterCase{"NoUtilization", false, [](World &w, PlacementRules &) { w.offers[0].economics.has_utilization = false; }},
        FilterCase{"NotScalable", false, [](World &w, PlacementRules &) { w.offers[0].economics.scalable = false; }},
        FilterCase{"UpdateInProgress", false, [](World &w, PlacementRules &) { w.offers[0].economics.update_in_progress = true; }},
        FilterCase{"Banned", true, [](World &w, PlacementRules &) { w.rest.bans[OfferId("id-a")] = "too slow"; }},
        FilterCase{"Banned", true, [](World &, PlacementRules &r) { r.banned.insert(OfferId("id-a")); }},
        FilterCase{"NotWhitelisted", false, [](World &, PlacementRules &r) { r.whitelist.emplace(); }},
        FilterCase{"OfferCapReached", false, [](World &w, PlacementRules &) { w.offers[0].max_instances = 0; }},
        FilterCase{"Backoff", false, [](World &w, PlacementRules &) { w.rest.backoffs.push_back({OfferId("id-a"), now + 1s, "423"}); }},
        FilterCase{"RecentlyFailed", false, [](World &w, PlacementRules &) { w.mark("a", "", now + -59min); }},
        FilterCase{"RecentlyFailedHere", false, [](World &w, PlacementRules &) { w.mark("a", "n", now + -59min); }},
        FilterCase{"GpuModelMismatch", true, [](World &w, PlacementRules &) { w.offers[0].needs.gpu_models = {"a100", "h200"}; }},
        FilterCase{"GpuModelMismatch", true, [](World &w, PlacementRules &) { w.offers[0].needs.gpu_models.clear(); }},
        FilterCase{"NotEnoughFreeGpus", true, [](World &w, PlacementRules &) { w.offers[0].needs.gpu_count = 9; }},
        FilterCase{"NotEnoughFreeGpus", true, [](World &w, PlacementRules &) { for (Gpu &g : w.servers[0].gpus) g.verified = false; }},
        FilterCase{"NotEnoughFreeGpus", true, [](World &w, PlacementRules &) { for (Gpu &g : w.servers[0].gpus) g.reserved = true; }},
        FilterCase{"NotEnoughFreeGpus", true, [](World &w, PlacementRules &) { w.servers[0].gpus_of_others = 99; w.servers[0].set_gpus_aside(); }},
        FilterCase{"NotEnoughFreeGpus", true, [](World &w, PlacementRules &) { for (Gpu &g : w.servers[0].gpus) g.deployment = DeploymentId("x"); }},
        FilterCase{"ServerLocked", true, [](World &w, PlacementRules &) { w.servers[0].locked = true; }},
        FilterCase{"ServerNotReady", true, [](World &w, PlacementRules &) { w.servers[0].ready = false; }},
        FilterCase{"ServerUnknown", true, [](World &w, PlacementRules &) { w.rest.clusters.clear(); }},
        FilterCase{"ServerUnknown", true, [](World &w, PlacementRules &) { w.rest.clusters[0].pods.complete = false; }},
        FilterCase{"TeeMismatch", true, [](World &w, PlacementRules &) { w.offers[0].needs.tee = true; }},
        FilterCase{"TeeMismatch", true, [](World &w, PlacementRules &) { w.servers[0].tee = true; }},
        FilterCase{"ValidatorMismatch", true, [](World &w, PlacementRules &) { w.servers[0].validator = "another"; }},
        FilterCase{"ValidatorMismatch", true, [](World &w, PlacementRules &) { w.offers[0].validator = "5Hotkey", w.servers[0].validator = w.offers[0].source.str(); }},
        FilterCase{"NotEnoughDisk", true, [](World &w, PlacementRules &) { w.servers[0].disk_total_gb = 100; w.servers[0].disk_used_gb = 71; }},
        FilterCase{"NotEnoughCpu", true, [](World &w, PlacementRules &) {
            w.offers[0].needs.cpu_milli = 4001;
            auto node = std::make_shared<NodeView>(); node->name = "n"; node->cpu_milli = 4000; w.rest.clusters[0].node_list.push_back(node); }},
        FilterCase{"NotEnoughMemory", true, [](World &w, PlacementRules &) {
            w.offers[0].needs.memory_mib = 1025;
            auto node = std::make_shared<NodeView>(); node->name = "n"; node->memory_mib = 1024; w.rest.clusters[0].node_list.push_back(node); }}));

TEST_P(Filter, KeepsThePairOut_AndSaysSo) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"))
        << "without the obstacle it is placed";
    PlacementRules rules;
    GetParam().spoil(world, rules);
    PlacementEngine engine = profit_engine(rules);
    const SnapshotPtr snapshot = world.snapshot();
    const std::string code = GetParam().code;
    // What failed lately is tried again when nothing else is left; all else stays out.
    if (code.find("RecentlyFailed") == std::string::npos) {
        EXPECT_THAT(summary(engine.plan(snapshot)), IsEmpty());
        const auto why = engine.why_not(snapshot, OfferId("id-a"));
        ASSERT_TRUE(why.ok());
        EXPECT_EQ(why->servers.at(0).verdict, Verdict::rejected);
        EXPECT_THAT(codes(why->servers.at(0).reasons), ElementsAre(code));
    }
    const auto wish = engine.operator_rejections(snapshot, OfferId("id-a"), ServerId("id-n"));
    ASSERT_TRUE(wish.ok());
    EXPECT_EQ(codes(*wish), GetParam().physical ? std::vector<std::string>{code} : std::vector<std::string>{});
}

TEST(Filters, EveryRuleThatRefuses_IsListedInOrder) {
    World world;
    Offer &offer = world.offer("a", 100, 9);
    offer.economics.scalable = offer.economics.has_metrics = false;
    offer.needs.tee = true;
    world.server("n", 1).locked = true;
    const auto why = profit_engine().why_not(world.snapshot(), OfferId("id-a"), ServerId("id-n"));
    ASSERT_TRUE(why.ok());
    EXPECT_THAT(codes(why->servers.at(0).reasons),
                ElementsAre("NoMetrics", "NotScalable", "NotEnoughFreeGpus", "ServerLocked", "TeeMismatch"));
}

TEST(Filters, EmptyWhitelist_MeansNothing_NotEverything) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    PlacementRules rules;
    rules.whitelist = {OfferId("no-such-offer")};
    EXPECT_THAT(summary(profit_engine(rules).plan(world.snapshot())), IsEmpty());
}

TEST(Filters, ListsOfOffers_TakeNamesAsWellAsIds) {
    World world;
    for (const char *name : {"a", "b", "c"}) world.offer(name, 100);
    for (const char *name : {"n", "m", "o"}) world.server(name, 1);
    const auto placed = [&](const PlacementRules &rules) {
        std::set<std::string> offers;
        for (const std::string &pair : summary(profit_engine(rules).plan(world.snapshot())))
            offers.insert(pair.substr(0, pair.find('@')));
        return offers;
    };
    PlacementRules rules;
    rules.whitelist = {OfferId("a"), OfferId("id-b"), OfferId("no-such-offer")};
    EXPECT_THAT(placed(rules), ElementsAre("a", "b"));
    rules.banned = {OfferId("b")};
    EXPECT_THAT(placed(rules), ElementsAre("a"));
}

TEST(Filters, BackoffAndMarks_LapseWithTime) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    world.rest.backoffs.push_back({OfferId("id-a"), now, "423"});
    world.mark("a", "", now + -60min);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Filters, UnknownDisk_IsNoObstacle) {
    World world;
    world.offer("a", 100).needs.disk_gb = 5000;
    world.server("n", 1);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Filters, PledgedServer_TakesOffersOfItsSource) {
    World world;
    world.offer("a", 100);
    world.server("n", 1).validator = "market";
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Filters, MoreThanSixtyFourModels_Work) {
    World world;
    for (int i = 0; i < 150; ++i) {
        const std::string model = "model_" + std::to_string(i);
        world.offer("o" + std::to_string(i), 100 + i).needs.gpu_models = {model};
        world.server("n" + std::to_string(i), 1, 1, model);
    }
    const auto plan = profit_engine().plan(world.snapshot());
    ASSERT_EQ(plan->placements.size(), 150u);
    for (const Placement &one : plan->placements) EXPECT_EQ(one.offer->needs.gpu_models[0], one.server->gpus[0].model);
}

TEST(Filters, MixedServer_CountsEachModelByItself) {
    World world;
    world.offer("a", 100, 3);
    Server &server = world.server("n", 1, 4);
    server.gpus[0].model = server.gpus[1].model = "a100";
    world.offers[0].needs.gpu_models = {"a100", "h100"};
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), IsEmpty());
    world.offers[0].needs.gpu_count = 2;
    const auto plan = profit_engine().plan(world.snapshot());
    ASSERT_EQ(plan->placements.size(), 1u) << "never twice on one server, whatever its groups";
    EXPECT_EQ(plan->placements[0].model, "a100");
    EXPECT_THAT(plan->placements[0].gpus, ElementsAre(GpuId("n-0"), GpuId("n-1")));
}

} // namespace
} // namespace rigger::placement
