#include "domain/placement/testing/world.hpp"

namespace rigger::placement::testing {
namespace {

void run(World &world, const std::string &id, const std::string &offer, Server &server, size_t gpu,
         Phase phase = Phase::active) {
    auto made = std::make_shared<Deployment>();
    made->id = DeploymentId(id);
    made->source = SourceName("market");
    made->offer = OfferId("id-" + offer);
    made->server = server.id;
    made->node_name = server.name;
    made->phase = phase;
    made->gpus = {server.gpus[gpu].id};
    server.gpus[gpu].deployment = made->id;
    world.rest.deployments.push_back(std::move(made));
}

/// Two servers of two GPUs, each with one taken; one offer wants both GPUs of a server.
struct HalfFull : World {
    HalfFull() {
        offers.reserve(8);
        servers.reserve(8);
        offer("one", 100);
        offer("other", 100);
        offer("pair", 1000, 2);
        server("a", 1, 2);
        server("b", 1, 2);
        run(*this, "d1", "one", servers[0], 0);
        run(*this, "d2", "other", servers[1], 0);
    }
    Deployment &deployment(size_t i) { return const_cast<Deployment &>(*rest.deployments[i]); }
};

TEST(DefragPlan, AMove_MakesRoomThatThePlanThenUses) {
    HalfFull world;
    const auto plan = profit_engine().defrag(world.snapshot(), {5, 0});
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    ASSERT_EQ(plan->moves.size(), 1u);
    const Migration &move = plan->moves[0];
    EXPECT_NE(move.from->id, move.to->id);
    EXPECT_EQ(move.gpus, std::vector<GpuId>{GpuId(move.to->name + "-1")});
    EXPECT_NEAR(move.gain, plan->lost_before - plan->lost_after, 1e-9);
    EXPECT_EQ(plan->movable, 2u);
    EXPECT_EQ(plan->budget, 5u);
    const auto places = [](const PlacementPlan &what) {
        return std::count_if(what.placements.begin(), what.placements.end(),
                             [](const Placement &p) { return p.offer->name == "pair"; });
    };
    EXPECT_EQ(places(plan->now), 0);
    EXPECT_EQ(places(plan->then), 1);
}

TEST(DefragPlan, WhatMayNotBeDisturbed_StaysWhereItIs) {
    const std::vector<std::pair<const char *, std::function<void(HalfFull &)>>> cases{
        {"jobs",
         [](HalfFull &w) {
             for (const size_t i : {0u, 1u}) w.deployment(i).job_id = "job";
         }},
        {"private",
         [](HalfFull &w) {
             for (const size_t i : {0u, 1u}) w.deployment(i).preemptible = false;
         }},
        {"starting",
         [](HalfFull &w) {
             for (const size_t i : {0u, 1u}) w.deployment(i).phase = Phase::created;
         }},
        {"locked servers",
         [](HalfFull &w) {
             for (Server &server : w.servers) server.locked = true;
         }},
        {"not scalable: no launch token",
         [](HalfFull &w) {
             for (Offer &offer : w.offers) offer.economics.scalable = false;
         }},
        {"GPUs unknown",
         [](HalfFull &w) {
             for (const size_t i : {0u, 1u}) w.deployment(i).gpus = {GpuId("elsewhere")};
         }},
        {"all failed there", [](HalfFull &w) {
             w.mark("one", "b", now + -1min);
             w.mark("other", "a", now + -1min);
         }}};
    for (const auto &[name, change] : cases) {
        HalfFull world;
        change(world);
        const auto plan = profit_engine().defrag(world.snapshot(), {5, 0});
        ASSERT_TRUE(plan.ok()) << name << plan.error().message;
        EXPECT_TRUE(plan->moves.empty()) << name;
    }
}

TEST(DefragPlan, AnOfferStandsOnAServerOnce) {
    HalfFull world;
    world.deployment(1).offer = OfferId("id-one"); // the same on both servers
    const auto plan = profit_engine().defrag(world.snapshot(), {5, 0});
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(plan->moves.empty());
}

TEST(DefragPlan, ShareOfTwoDeployments_ThatIsBelowOne_MovesNone) {
    HalfFull world;
    const auto plan = profit_engine().defrag(world.snapshot(), {0, 0.02});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->budget, 0u);
    EXPECT_TRUE(plan->moves.empty());
}

} // namespace
} // namespace rigger::placement::testing
