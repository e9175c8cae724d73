// What a plan fills, and what it answers when asked why not.
#include "domain/placement/testing/world.hpp"

#include <map>

namespace rigger::placement {
namespace {

using namespace rigger::placement::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Planning, AllCapacityIsFilledInOnePass_BestFirst_WithFallingValues) {
    World world;
    world.offer("rich", 1000);
    world.offer("poor", 400);
    world.server("n1", 1, 2);
    world.server("n2", 2, 2);
    // rich@n1 1000; then rich is worth 500: poor@n1 400 beats rich@n2 250, then 333/2 < 200/2 is compared.
    const auto plan = profit_engine().plan(world.snapshot());
    EXPECT_THAT(summary(plan), ElementsAre("rich@n1", "poor@n1", "rich@n2", "poor@n2"));
    EXPECT_DOUBLE_EQ(plan->placements[2].value, 250);
    EXPECT_DOUBLE_EQ(plan->value, 1000 + 400 + 250 + 100);
    ASSERT_TRUE(plan->placements[0].runner_up);
    EXPECT_EQ(plan->placements[0].runner_up->server->name, "n2");
    EXPECT_DOUBLE_EQ(plan->placements[0].runner_up->value, 500);
    EXPECT_THAT(plan->placements[0].reason(), ::testing::HasSubstr("next best was rich on n2 at 500"));
}

TEST(Planning, SameOfferTwiceOnOneServer_NeverHappens) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 8);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Planning, LiveCopyOnAServer_KeepsTheOfferAway_ATerminatingOneDoesNot) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 8);
    Deployment copy;
    copy.id = DeploymentId("d");
    copy.offer = OfferId("id-a");
    copy.server = ServerId("id-n");
    copy.phase = Phase::active;
    world.rest.deployments = {std::make_shared<Deployment>(copy)};
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), IsEmpty());
    copy.phase = Phase::terminating;
    world.rest.deployments = {std::make_shared<Deployment>(copy)};
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Planning, Caps_CountCopiesThatRunAndThatArePlanned) {
    World world;
    world.offer("a", 100);
    for (int i = 0; i < 5; ++i) world.server("n" + std::to_string(i), 1 + i);
    PlacementRules rules;
    rules.max_copies_per_offer = 3;
    Deployment copy;
    copy.id = DeploymentId("d");
    copy.offer = OfferId("id-a");
    copy.server = ServerId("id-n0");
    copy.phase = Phase::active;
    world.rest.deployments = {std::make_shared<Deployment>(copy)};
    EXPECT_THAT(summary(profit_engine(rules).plan(world.snapshot())), ElementsAre("a@n1", "a@n2"));
    world.offers[0].max_instances = 2;
    EXPECT_THAT(summary(profit_engine(rules).plan(world.snapshot())), ElementsAre("a@n1"));
}

TEST(Planning, DiskCpuAndMemory_AreUsedUp) {
    World world;
    for (const char *name : {"a", "b", "c"}) {
        Offer &offer = world.offer(name, 100);
        offer.needs.disk_gb = 40;
    }
    Server &server = world.server("n", 1, 8);
    server.disk_total_gb = 100; // 80 beyond the margin
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n", "b@n"));
    world.servers[0].disk_total_gb = 0;
    for (Offer &offer : world.offers) offer.needs.memory_mib = 600;
    auto node = std::make_shared<NodeView>();
    node->name = "n";
    node->memory_mib = 1000;
    world.rest.clusters[0].node_list = {node};
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(Planning, SixteenHalvesOnEightGpus_LandTwoPerCard) {
    World world;
    for (int i = 0; i < 16; ++i) world.offer("half" + std::to_string(i), 100).needs.gpu_milli = 500;
    world.server("n", 1, 8);
    const auto plan = profit_engine().plan(world.snapshot());
    ASSERT_EQ(plan->placements.size(), 16u);
    std::map<GpuId, int> on_card;
    for (const Placement &one : plan->placements) {
        ASSERT_EQ(one.gpus.size(), 1u);
        ++on_card[one.gpus[0]];
    }
    ASSERT_EQ(on_card.size(), 8u);
    for (const auto &[gpu, shares] : on_card) EXPECT_EQ(shares, 2) << gpu.str();
}

TEST(Planning, SharesOfRunningDeployments_LeaveTheRestOfTheCard) {
    World world;
    Offer &runs = world.offer("runs", 1);
    runs.deployable = false;
    world.offer("fits", 100).needs.gpu_milli = 300;
    world.offer("does-not", 90).needs.gpu_milli = 400;
    world.offer("whole", 80);
    Server &server = world.server("n", 1, 1);
    server.gpus[0].deployment = DeploymentId("d");
    Deployment share;
    share.id = DeploymentId("d");
    share.offer = OfferId("id-runs");
    share.server = server.id;
    share.phase = Phase::active;
    share.gpus = {server.gpus[0].id};
    share.gpu_milli = 700;
    world.rest.deployments = {std::make_shared<Deployment>(share)};
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("fits@n"));
}

TEST(Planning, MaxActions_StopsThere) {
    World world;
    for (int i = 0; i < 5; ++i) world.offer("o" + std::to_string(i), 100 - i);
    world.server("n", 1);
    PlacementRules rules;
    rules.max_actions = 2;
    EXPECT_THAT(summary(profit_engine(rules).plan(world.snapshot())), ElementsAre("o0@n", "o1@n"));
}

TEST(Planning, MinValue_LeavesTheWorthlessOut) {
    World world;
    world.offer("worthless", 0);
    world.offer("good", 10);
    world.server("n", 1);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("good@n", "worthless@n"))
        << "nothing is below a least value of 0";
    PlacementRules rules;
    rules.min_value = 0.5;
    PlacementEngine engine = profit_engine(rules);
    EXPECT_THAT(summary(engine.plan(world.snapshot())), ElementsAre("good@n"));
    EXPECT_THAT(codes(engine.why_not(world.snapshot(), OfferId("id-worthless"))->servers.at(0).reasons),
                ElementsAre("NoValue"));
}

TEST(Planning, EveryCandidateMarked_TriesTheOneThatFailedLongestAgo) {
    World world;
    world.offer("best", 1000);
    world.offer("older", 10);
    world.server("n1", 1);
    world.server("n2", 2);
    world.mark("best", "", now + -10min);
    world.mark("older", "", now + -30min);
    world.mark("older", "n1", now + -30min);
    const auto plan = profit_engine().plan(world.snapshot());
    EXPECT_THAT(summary(plan), ElementsAre("older@n2")) << "one, and not where it failed while another server is left";
    EXPECT_TRUE(plan->placements[0].retry_of_failed);
    world.offer("unmarked", 1);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("unmarked@n1", "unmarked@n2"));
}

TEST(Planning, EmptyWorlds_GiveEmptyPlans) {
    EXPECT_THAT(summary(profit_engine().plan(std::make_shared<Snapshot>())), IsEmpty());
    World offers_only, servers_only;
    offers_only.offer("a", 1);
    servers_only.server("n", 1);
    servers_only.server("bare", 1, 0);
    EXPECT_THAT(summary(profit_engine().plan(offers_only.snapshot())), IsEmpty());
    EXPECT_THAT(summary(profit_engine().plan(servers_only.snapshot())), IsEmpty());
    EXPECT_TRUE(profit_engine().rank_pairs(offers_only.snapshot())->items.empty());
}

TEST(Planning, DuplicateIds_CountOnce) {
    World world;
    world.offer("a", 100);
    world.offers.push_back(world.offers[0]);
    world.server("n", 1);
    world.servers.push_back(world.servers[0]);
    EXPECT_THAT(summary(profit_engine().plan(world.snapshot())), ElementsAre("a@n"));
}

TEST(WhyNotQuery, FeasibleButBeaten_NamesThePlacementThatTookTheRoom) {
    World world;
    world.offer("winner", 1000);
    world.offer("loser", 10);
    world.server("n", 1, 1);
    const auto why = profit_engine().why_not(world.snapshot(), OfferId("id-loser"));
    ASSERT_TRUE(why.ok());
    const ServerVerdict &verdict = why->servers.at(0);
    EXPECT_EQ(verdict.verdict, Verdict::feasible);
    EXPECT_THAT(verdict.reasons, IsEmpty());
    EXPECT_DOUBLE_EQ(verdict.value.value(), 10);
    ASSERT_TRUE(verdict.better);
    EXPECT_EQ(verdict.better->offer->name, "winner");
    EXPECT_DOUBLE_EQ(verdict.better->value, 1000);
}

TEST(WhyNotQuery, CapUsedUpElsewhere_NamesTheOffersOwnBetterPair) {
    World world;
    world.offer("a", 100).max_instances = 1;
    world.server("cheap", 1);
    world.server("dear", 2);
    const auto why = profit_engine().why_not(world.snapshot(), OfferId("id-a"));
    ASSERT_EQ(why->servers.size(), 2u);
    EXPECT_EQ(why->servers[0].verdict, Verdict::placed);
    EXPECT_EQ(why->servers[1].verdict, Verdict::feasible);
    ASSERT_TRUE(why->servers[1].better);
    EXPECT_EQ(why->servers[1].better->server->name, "cheap");
}

TEST(WhyNotQuery, LiveCopy_IsAlreadyHere) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    Deployment copy;
    copy.id = DeploymentId("d");
    copy.offer = OfferId("id-a");
    copy.server = ServerId("id-n");
    copy.phase = Phase::active;
    world.rest.deployments = {std::make_shared<Deployment>(copy)};
    PlacementEngine engine = profit_engine();
    EXPECT_THAT(codes(engine.why_not(world.snapshot(), OfferId("id-a"))->servers.at(0).reasons),
                ElementsAre("AlreadyHere"));
    EXPECT_TRUE(engine.check_operator_deploy(world.snapshot(), OfferId("id-a"), ServerId("id-n")).ok())
        << "an operator may want two";
}

TEST(WhyNotQuery, UnknownNames_AreDefiniteErrors) {
    World world;
    world.offer("a", 100);
    PlacementEngine engine = profit_engine();
    EXPECT_EQ(engine.why_not(world.snapshot(), OfferId("x")).error().reason, "UnknownOffer");
    EXPECT_EQ(engine.why_not(world.snapshot(), OfferId("id-a"), ServerId("x")).error().reason, "UnknownServer");
    EXPECT_EQ(engine.check_operator_deploy(world.snapshot(), OfferId("id-a"), ServerId("x")).error().code,
              Code::not_found);
}

TEST(OperatorDeploy, TakesTheGpusThatAPlanWouldTake_AndCarriesTheValue) {
    World world;
    world.offer("a", 100, 2).economics.scalable = false;
    Server &server = world.server("n", 2, 4);
    server.gpus[0].reserved = true;
    const auto placement = profit_engine().check_operator_deploy(world.snapshot(), OfferId("id-a"), ServerId("id-n"));
    ASSERT_TRUE(placement.ok());
    EXPECT_THAT(placement->gpus, ElementsAre(GpuId("n-1"), GpuId("n-2")));
    EXPECT_DOUBLE_EQ(placement->value, 25);
    EXPECT_TRUE(placement->operator_wish);
}

TEST(OperatorDeploy, Infeasible_ListsTheRules) {
    World world;
    world.offer("a", 100, 9);
    world.server("n", 2).locked = true;
    const auto placement = profit_engine().check_operator_deploy(world.snapshot(), OfferId("id-a"), ServerId("id-n"));
    ASSERT_FALSE(placement.ok());
    EXPECT_EQ(placement.error().reason, "Infeasible");
    EXPECT_THAT(placement.error().message,
                ::testing::AllOf(::testing::HasSubstr("NotEnoughFreeGpus"), ::testing::HasSubstr("ServerLocked")));
}

} // namespace
} // namespace rigger::placement
