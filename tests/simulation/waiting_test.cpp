// A cluster is asked why a deployment has no pod, and whether what is not listed exists: nothing waits for the answer.
#include "simulation/fixture.hpp"

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Waiting : OneServer {
    Waiting() : OneServer(23) {}
    bool asks(const std::string &effect) const {
        return std::any_of(state().in_flight.begin(), state().in_flight.end(),
                           [&](const auto &flight) { return flight.second.name == effect; });
    }
    std::string waits() const { return state().tracks.begin()->second.waits.message; }
};

TEST_F(Waiting, SlowAnswerToWhyThereIsNoPod_DelaysNoAnnouncement) {
    sim.questions_hang = true;
    sim.cluster.least_start = sim.cluster.most_start = 20s;
    start();
    sim.deploy("a", "gpu-01");
    ASSERT_TRUE(sim.run_until([&] { return asks("explain"); }, 1min));
    ASSERT_TRUE(
        sim.run_until([&] { return sim.cluster.runs(sim.deployment_of("a")->id.value) && asks("announce"); }, 25s));
    EXPECT_TRUE(wait_active(sim, "a"));
    sim.run(2min); // the question is written off
    EXPECT_EQ(waits(), "") << "an answer that comes too late is of no interest";
}

TEST_F(Waiting, InstanceThatSpeaksForItself_EndsTheComplaint) {
    sim.cluster.least_start = sim.cluster.most_start = 5min;
    start();
    sim.deploy("a", "gpu-01");
    ASSERT_TRUE(sim.run_until([&] { return sim.deployment_of("a") && !waits().empty(); }, 2min));
    const Deployment &d = *sim.deployment_of("a");
    sim.hear(
        SourceEvent{SourceName("sim"), "early",
                    R"({"type":"instance_created","data":{"instance_id":"i","config_id":")" + d.config_id + R"("}})"});
    EXPECT_TRUE(is(Phase::registered));
    EXPECT_EQ(waits(), "");
}

TEST_F(Waiting, SlowAnswerToWhatExists_DelaysNoEnding) {
    start_active();
    sim.crash();
    sim.cluster.hides = true;
    sim.questions_hang = true;
    sim.start();
    ASSERT_TRUE(sim.run_until([&] { return asks("look"); }, 10min));
    sim.undeploy(id);
    sim.run(2s);
    EXPECT_TRUE(asks("look"));
    EXPECT_TRUE(asks("list") || asks("remove") || asks("release") || sim.market.instances.empty());
    EXPECT_TRUE(sim.run_until([&] { return state().tracks.begin()->second.teardown->empty_listings > 0; }, 10s));
}

} // namespace
} // namespace rigger::sim
