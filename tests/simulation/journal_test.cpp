// Who commanded it stands in the journal, and in what `rigger events` shows of it.
#include "control/views/views.hpp"
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

struct Journal : OneServer {
    Journal() : OneServer(29) {}
    void SetUp() override { start_active(); }
    /// Member `by` of the newest entry of that type; "-": there is none, "null": it names nobody.
    std::string by(const std::string &type) {
        sim.run(2s);
        const auto &all = sim.store.entries();
        const auto at =
            std::find_if(all.rbegin(), all.rend(), [&](const JournalEntry &entry) { return entry.type == type; });
        if (at == all.rend()) return "-";
        const json name = json::parse(at->document).value("by", json());
        return name.is_string() ? name.get<std::string>() : "null";
    }
    std::string shown(const std::string &type) {
        views::Arguments arguments;
        arguments.type = type;
        const auto answer =
            views::events({*sim.controller_view().published(), sim.world.monotonic()}, sim.store, arguments);
        return json::parse(*answer)["items"].at(0)["message"].dump();
    }
};

TEST_F(Journal, Deploy) { EXPECT_EQ(by("deployment.planned"), "tester"); }

TEST_F(Journal, Undeploy_AlsoWithAReasonOfItsOwn) {
    sim.undeploy(id);
    EXPECT_EQ(by("deployment.terminating"), "tester");
    EXPECT_NE(shown("deployment.terminating").find("asked for by a test, by tester"), std::string::npos);
}

TEST_F(Journal, WhatNobodyCommanded_NamesNobody) {
    sim.cluster.fail_pod(id);
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    EXPECT_EQ(by("deployment.terminating"), "null");
}

TEST_F(Journal, BanAndLock) {
    sim.command(BanRequest{OfferId("a"), "too slow"});
    EXPECT_EQ(by("operator.ban"), "tester");
    sim.command(BanRequest{OfferId("a"), ""});
    EXPECT_EQ(by("operator.unban"), "tester");
    sim.command(LockRequest{server("gpu-01")->id, true});
    EXPECT_EQ(by("operator.lock"), "tester");
    EXPECT_NE(shown("operator.lock").find("by tester"), std::string::npos);
}

TEST_F(Journal, Forget) {
    const ServerId gone = server("gpu-01")->id;
    sim.cluster.label_node("gpu-01", "chutes/worker", "false");
    sim.run(1s);
    sim.command(ForgetRequest{gone, true, true});
    EXPECT_EQ(by("operator.forget"), "-") << "a dry run";
    sim.command(ForgetRequest{gone, false, true});
    EXPECT_EQ(by("operator.forget"), "tester");
    EXPECT_EQ(by("deployment.terminating"), "tester");
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    EXPECT_EQ(by("server.forgotten"), "tester");
}

TEST_F(Journal, Recycle) {
    sim.command(RecycleRequest{true, true});
    sim.run(30s);
    EXPECT_EQ(by("operator.recycle"), "-") << "a dry run";
    sim.passes_hang = true; // so that it is the recycle's own pass that ends it
    sim.run(2min);
    sim.cluster.fail_pod(id);
    sim.passes_hang = false;
    sim.auditor.budget_lifted = true;
    const auto answer = sim.command(RecycleRequest{false, true});
    ASSERT_TRUE(sim.run_until([&] { return answer->has_value(); }, 5min));
    EXPECT_EQ(by("operator.recycle"), "tester");
    EXPECT_EQ(by("deployment.terminating"), "tester");
}

} // namespace
} // namespace rigger::sim
