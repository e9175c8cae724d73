// Two sources that give one id to different things: what one says never touches what is the other's.
#include "simulation/fixture.hpp"

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct TwoSources : OneServer {
    TwoSources() : OneServer(17) {}
    void SetUp() override {
        start_active();
        instance = sim.deployment_of("a")->instance;
        config = sim.deployment_of("a")->config_id;
        sim.hear(SourceAttached{other});
        listed({});
    }
    /// The other source lists these instances and no offers, now and in its heartbeats.
    void listed(const std::vector<SourceInstance> &instances) {
        for (const ItemKind kind : {ItemKind::offer, ItemKind::instance}) {
            sim.hear(SourceMark{other, kind, Mark::begin, {}});
            if (kind == ItemKind::instance)
                for (const SourceInstance &i : instances)
                    sim.hear(InstancePut{std::make_shared<const SourceInstance>(i)});
            sim.hear(SourceMark{other, kind, Mark::complete, {}});
        }
    }
    SourceInstance same_id(bool active) const {
        SourceInstance i;
        i.id = instance;
        i.source = other;
        i.offer = OfferId("theirs");
        i.version = "v9";
        i.verified = i.active = active;
        return i;
    }
    void event(const std::string &type, const std::string &instance_id, const std::string &config_id) {
        sim.hear(SourceEvent{other, "event-" + std::to_string(++events),
                             R"({"type":")" + type + R"(","data":{"instance_id":")" + instance_id +
                                 R"(","config_id":")" + config_id + R"("}})"});
    }
    SourceName other{"zother"}; ///< comes after "sim" wherever the last one counts
    InstanceId instance;
    std::string config;
    int events = 0;
};

TEST_F(TwoSources, DeletedInstanceOfOne_EndsNothingOfTheOther) {
    event("instance_deleted", instance.value, "");
    event("instance_deleted", "x", config);
    event("instance_deleted", instance.value, config);
    EXPECT_TRUE(is(Phase::active));
    EXPECT_TRUE(state().sources.at(SourceName("sim")).instances.contains(instance)) << "nor is it forgotten";
    sim.market.delete_instance_of(id);
    EXPECT_TRUE(sim.run_until([&] { return !sim.deployment_of("a"); }, 1min)) << "its own source is believed";
}

TEST_F(TwoSources, DeletedInstanceOfOne_ReplayedAfterARestart_EndsNothingOfTheOther) {
    const std::string document = R"({"type":"instance_deleted","data":{"instance_id":")" + instance.value + R"("}})";
    ASSERT_TRUE(
        sim.store.commit({AppendJournal{{0, sim.world.wall(), "zother", "late", "instance_deleted", document, false}}})
            .ok());
    sim.crash();
    sim.start();
    sim.run(1s);
    EXPECT_TRUE(is(Phase::active));
}

TEST_F(TwoSources, InstanceThatOneRemoves_EndsNothingOfTheOther) {
    listed({same_id(true)});
    sim.hear(ItemRemoved{other, ItemKind::instance, instance.value, "gone"});
    EXPECT_TRUE(is(Phase::active));
    listed({same_id(true)});
    listed({});
    sim.run(5min);
    EXPECT_TRUE(is(Phase::active));
}

TEST_F(TwoSources, InstanceOfAnotherVersion_IsNotTakenForTheOthers) {
    listed({same_id(true)});
    sim.run(90s);
    EXPECT_TRUE(is(Phase::active));
}

TEST_F(TwoSources, OrphanOfOne_IsReleased_AlthoughTheOtherHasAnInstanceOfThatId) {
    sim.reconciler_ports = {std::make_shared<BluntReconciler>()};
    sim.log.keep = true;
    for (int i = 0; i < 10; ++i) {
        listed({same_id(true)});
        sim.run(30s);
    }
    EXPECT_TRUE(is(Phase::active));
    const auto &lines = sim.log.lines;
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [&](const std::string &line) {
        return line.find("release-instance instance " + instance.value + " of " + other.value) != std::string::npos;
    }));
}

/// Both list offer "a", as two sources of one market would.
struct OneOfferOfTwoSources : TwoSources {
    void SetUp() override {
        for (char c = 'b'; c < 'm'; ++c) sim.market.add_offer(std::string(1, c), 2, "h100");
        TwoSources::SetUp();
    }
    void other_lists_it() {
        sim.hear(SourceAttached{other});
        sim.hear(SourceMark{other, ItemKind::offer, Mark::begin, ""});
        for (char c = 'm'; c < 'z'; ++c) list(std::string(1, c));
        list("a");
        sim.hear(SourceMark{other, ItemKind::offer, Mark::complete, ""});
    }
    void list(const std::string &offer) {
        Offer theirs = sim.market.offers.at("b");
        theirs.id = OfferId(offer);
        theirs.source = other;
        theirs.deployable = false;
        sim.hear(OfferPut{std::make_shared<const Offer>(std::move(theirs))});
    }
    void heartbeats(Duration span) {
        for (Duration t{}; t < span; t += 15s) {
            for (const ItemKind kind : {ItemKind::offer, ItemKind::instance})
                sim.hear(SourceMark{other, kind, Mark::fresh, ""});
            sim.run(15s);
        }
    }
    bool has_it(const SourceName &source) const {
        const auto at = state().sources.find(source);
        return at != state().sources.end() && at->second.offers.contains(OfferId("a"));
    }
};

TEST_F(OneOfferOfTwoSources, StaysWithTheFirst_WhicheverIsHeardFirstAfterARestart) {
    sim.crash();
    sim.start();
    other_lists_it();
    heartbeats(10min);
    EXPECT_TRUE(is(Phase::active)) << "the market lists it all the time";
    EXPECT_TRUE(has_it(SourceName("sim")));
    EXPECT_FALSE(has_it(other));
}

TEST_F(OneOfferOfTwoSources, GoesToTheOther_WhenTheFirstListsItNoMore) {
    other_lists_it();
    EXPECT_FALSE(has_it(other));
    sim.market.remove_offer("a");
    sim.run(1s);
    other_lists_it(); // it is asked to
    EXPECT_TRUE(has_it(other));
}

TEST_F(OneOfferOfTwoSources, GoesToTheOther_WhenTheFirstIsNotLoaded) {
    other_lists_it();
    sim.hear(SourceDetached{SourceName("sim")});
    other_lists_it(); // it is asked to
    EXPECT_TRUE(has_it(other));
}

TEST_F(OneOfferOfTwoSources, EndsNothingOfTheOneThatIsIgnored) {
    sim.crash();
    Deployment theirs = sim.store.deployments().at(DeploymentId(id));
    theirs.source = other;
    ASSERT_TRUE(sim.store.commit({PutDeployment{theirs}}).ok());
    SourceInstance i = sim.market.instances.at(id);
    i.source = other;
    sim.start();
    sim.run(3s);
    sim.hear(SourceAttached{other});
    listed({i});
    other_lists_it();
    heartbeats(10min);
    EXPECT_FALSE(has_it(other));
    EXPECT_TRUE(is(Phase::active));
}

TEST(TwoSourcesAtOnce, InstanceOfOne_DoesNotMoveTheDeploymentOfTheOther) {
    Simulator sim(17);
    sim.market.verifies = false;
    sim.market.add_offer("a", 2, "h100");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.start();
    ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    const auto registered = [&] {
        return sim.deployment_of("a") && sim.deployment_of("a")->phase == Phase::registered;
    };
    ASSERT_TRUE(sim.run_until(registered, 10min));
    SourceInstance i;
    i.id = sim.deployment_of("a")->instance;
    i.source = SourceName("zother");
    i.verified = i.active = true;
    sim.hear(InstancePut{std::make_shared<const SourceInstance>(i)});
    EXPECT_TRUE(registered());
}

} // namespace
} // namespace rigger::sim
