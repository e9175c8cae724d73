// Shares of GPUs through the very planner and the deployer: two halves per card, every time, also over restarts and
// departures.
#include "control/engine_planner.hpp"
#include "simulation/simulator.hpp"

#include <gtest/gtest.h>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Halves : testing::TestWithParam<uint64_t> {
    Halves() {
        ControlConfig config;
        config.automatic_placement = true;
        sim = std::make_unique<Simulator>(GetParam(), config);
        sim->planner_in_use = &engine;
        sim->cluster.add_node({"gpu-01", "h100", 8, false});
        sim->cluster.pods_per_gpu = 2;
        for (int i = 0; i < 16; ++i) add_share("half-" + std::to_string(i), 500);
        sim->start();
    }
    void add_share(const std::string &id, int milli) {
        sim->market.add_offer(id, 1, "h100");
        Offer offer = sim->market.offers.at(id);
        offer.needs.gpu_milli = milli;
        sim->market.offers[id] = offer;
        if (sim->market.on_offer) sim->market.on_offer(offer);
    }
    std::map<GpuId, int> milli_by_card() const {
        std::map<GpuId, int> milli;
        for (const DeploymentPtr &d : sim->live())
            for (const GpuId &gpu : d->gpus) milli[gpu] += d->gpu_milli;
        return milli;
    }
    size_t active() const {
        size_t count = 0;
        for (const DeploymentPtr &d : sim->live()) count += d->phase == Phase::active;
        return count;
    }
    void expect_two_per_card() const {
        const auto milli = milli_by_card();
        EXPECT_EQ(milli.size(), 8u);
        for (const auto &[gpu, sum] : milli) EXPECT_EQ(sum, 1000) << gpu.value;
    }
    EnginePlanner engine;
    std::unique_ptr<Simulator> sim;
};

TEST_P(Halves, OfSixteenOnEightGpus_LieTwoPerCard_AlsoAcrossARestart) {
    ASSERT_TRUE(sim->run_until([&] { return sim->running() && sim->live().size() >= 5; }, 10min));
    sim->crash();
    sim->start();
    ASSERT_TRUE(sim->run_until([&] { return sim->running() && active() == 16; }, 2h)) << active();
    expect_two_per_card();
    EXPECT_EQ(sim->converge(2h), "");
    EXPECT_EQ(sim->auditor.violation(), "");

    // What is stored says the same, and nobody takes a shared card for free.
    sim->crash();
    sim->start();
    ASSERT_TRUE(sim->run_until([&] { return sim->running() && active() == 16; }, 2h));
    expect_two_per_card();
    add_share("small", 100);
    sim->market.add_offer("whole", 1, "h100");
    sim->run(30min);
    EXPECT_EQ(sim->live().size(), 16u) << "nothing more fits";
    EXPECT_EQ(sim->auditor.violation(), "");
}

TEST_P(Halves, WhenTheOwnerOfACardLeaves_TheOtherHalfKeepsItsShare) {
    ASSERT_TRUE(sim->run_until([&] { return sim->running() && active() == 16; }, 2h));
    const auto owner_of = [&](const GpuId &id) {
        for (const ServerPtr &server : sim->snapshot()->servers)
            for (const Gpu &gpu : server->gpus)
                if (gpu.id == id) return gpu.deployment;
        return DeploymentId();
    };
    const auto live = sim->live();
    const GpuId card = live.front()->gpus.front();
    const DeploymentId owner = owner_of(card);
    ASSERT_FALSE(owner.empty());
    OfferId offer;
    for (const DeploymentPtr &d : live)
        if (d->id == owner) offer = d->offer;
    sim->market.remove_offer(offer.value); // or it would come again at once
    sim->undeploy(owner.value);
    ASSERT_TRUE(sim->run_until([&] { return sim->running() && active() == 15 && owner_of(card) != owner; }, 2h));
    EXPECT_FALSE(owner_of(card).empty()) << "another program would take the card for free";
    EXPECT_EQ(milli_by_card().at(card), 500);
    EXPECT_EQ(sim->converge(2h), "");
    EXPECT_EQ(sim->auditor.violation(), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Halves, testing::Range<uint64_t>(1, 21));

} // namespace
} // namespace rigger::sim
