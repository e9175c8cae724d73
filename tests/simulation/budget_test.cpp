// The deletion budget holds over restarts and over clocks that are set: a daemon that dies again and again deletes no
// more than one that lives.
#include "simulation/fixture.hpp"

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

constexpr int fleet = 5;

/// Offers a, b, ... each fill a server of their own; one deletion per period is allowed.
struct Budget : testing::Test {
    Budget() : sim(23) {
        sim.reconciler_ports = real_reconcilers();
        for (int n = 0; n < fleet; ++n) {
            sim.market.add_offer(offer(n), 2, "h100");
            sim.cluster.add_node({"gpu-0" + std::to_string(n), "h100", 2, false});
        }
    }
    void SetUp() override {
        sim.start();
        for (int n = 0; n < fleet; ++n) {
            ASSERT_NE(insist_on_deploy(sim, offer(n), "gpu-0" + std::to_string(n)), "");
            ASSERT_TRUE(wait_active(sim, offer(n)));
        }
        sim.run(5min);
    }
    static std::string offer(int n) { return std::string(1, static_cast<char>('a' + n)); }

    void fail_all() {
        for (const auto &d : sim.live()) sim.cluster.fail_pod(d->id.value);
        ASSERT_TRUE(sim.run_until([&] { return ended() == 1; }, 2min));
        sim.run(10ms); // and it is on record
    }
    void restart(Duration clock_jump) {
        sim.crash();
        sim.world.wall_offset += clock_jump;
        sim.start();
    }
    size_t ended() const { return sim.auditor.ended_by_passes; }
    bool held_for_budget() const {
        const auto &held = sim.controller_view().state().reconcile.held;
        return std::any_of(held.begin(), held.end(), [](const HeldBack &h) { return h.code == "BudgetExhausted"; });
    }

    Simulator sim;
};

TEST_F(Budget, OfADaemonThatRestarts_IsNoNewOne) {
    fail_all();
    for (int i = 0; i < 10; ++i) {
        restart(0s);
        sim.run(15s);
        EXPECT_EQ(ended(), 1u) << i;
    }
    EXPECT_TRUE(held_for_budget());
    ASSERT_TRUE(sim.run_until([&] { return ended() == 2; }, 2min)) << "it comes back when a run lives for a period";
    EXPECT_EQ(sim.converge(30min), "");
    EXPECT_EQ(ended(), size_t{fleet});
}

TEST_F(Budget, OfAClockThatIsSet_IsNoNewOne) {
    for (const Duration jump : {Duration(48h), Duration(-96h), Duration(61s), Duration(-1s)}) {
        ASSERT_TRUE(sim.run_until([&] { return sim.controller_view().state().reconcile.held.empty(); }, 1h));
        const size_t before = ended();
        sim.cluster.fail_pod(sim.live().at(0)->id.value);
        sim.cluster.fail_pod(sim.live().at(1)->id.value);
        ASSERT_TRUE(sim.run_until([&] { return ended() == before + 1; }, 2min));
        sim.world.wall_offset += jump; // while it runs
        sim.run(2s);
        restart(jump); // and while it does not
        sim.run(1s);
        restart(0s); // the next run trusts what the second noted as little as the second trusted the first
        sim.run(20s);
        EXPECT_EQ(ended(), before + 1);
        ASSERT_TRUE(sim.run_until([&] { return ended() == before + 2; }, 2min));
        for (int n = 0; n < fleet; ++n) insist_on_deploy(sim, offer(n), "gpu-0" + std::to_string(n));
        sim.run(5min);
    }
    EXPECT_EQ(sim.converge(30min), "");
}

TEST_F(Budget, IsNotUsedByWhatAnOperatorEnds) {
    sim.undeploy(sim.deployment_of("a")->id.value);
    sim.run(1s);
    restart(0s);
    fail_all();
    EXPECT_EQ(ended(), 1u);
}

TEST_F(Budget, LiftedByAnOperator_IsUsedUpAfterwards_AlsoByTheNextRun) {
    sim.auditor.budget_lifted = true;
    for (const char *one : {"a", "b", "c"}) sim.cluster.fail_pod(sim.deployment_of(one)->id.value);
    const auto recycled = sim.command(RecycleRequest{false, true});
    ASSERT_TRUE(sim.run_until([&] { return recycled->has_value(); }, 1min));
    sim.run_until([&] { return ended() == 3; }, 1min);
    ASSERT_EQ(ended(), 3u);
    sim.run(1s);
    sim.cluster.fail_pod(sim.deployment_of("d")->id.value);
    restart(0s);
    sim.run(30s);
    EXPECT_EQ(ended(), 3u);
    EXPECT_TRUE(sim.run_until([&] { return ended() == 4; }, 2min));
}

TEST_F(Budget, ThatWasDecidedAndNeverWritten_IsNotUsed) {
    sim.store.failing = true;
    sim.cluster.fail_pod(sim.deployment_of("a")->id.value);
    sim.run(30s);
    sim.store.failing = false;
    restart(0s);
    EXPECT_TRUE(sim.run_until([&] { return !sim.deployment_of("a"); }, 20s));
}

} // namespace
} // namespace rigger::sim
