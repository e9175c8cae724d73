#include "domain/replay/market_replay.hpp"

#include "domain/placement/testing/scorers.hpp"

#include <gtest/gtest.h>

namespace rigger::replay {
namespace {

using placement::testing::ProfitScorer;

const ClusterName test_cluster{"replay/fleet"};

OfferPtr offer(const std::string &name, double compute_time, int gpus = 1, const std::string &version = "1") {
    auto made = std::make_shared<Offer>();
    made->id = OfferId(name);
    made->name = name;
    made->version = version;
    made->source = SourceName("market");
    made->needs.gpu_count = gpus;
    made->needs.disk_gb = 0;
    made->needs.gpu_models = {"h100"};
    made->economics.has_metrics = made->economics.has_utilization = made->economics.scalable = true;
    made->economics.total_compute_time = compute_time;
    return made;
}

std::vector<ServerPtr> servers(int count, int gpus) {
    std::vector<ServerPtr> made;
    for (int i = 0; i < count; ++i) {
        auto server = std::make_shared<Server>();
        server->name = "s" + std::to_string(i);
        server->id = ServerId(server->name);
        server->cluster = test_cluster;
        server->hourly_cost = 2;
        server->ready = true;
        for (int g = 0; g < gpus; ++g) {
            Gpu gpu;
            gpu.id = GpuId(server->name + "-" + std::to_string(g));
            gpu.server = server->id;
            gpu.model = "h100";
            gpu.verified = true;
            server->gpus.push_back(gpu);
        }
        made.push_back(std::move(server));
    }
    return made;
}

ClusterState cluster() {
    ClusterState state;
    state.name = test_cluster;
    state.nodes.complete = state.pods.complete = true;
    return state;
}

/// Keeps all that it is given, in order.
class Spy final : public ProfitScorer {
public:
    Status score(const ScoreBatchView &batch) override {
        std::vector<double> all;
        for (const TableView &table : {batch.candidates, batch.workloads})
            for (const ColumnView &column : table.columns)
                for (uint64_t i = 0; i < table.rows; ++i) all.push_back(static_cast<const double *>(column.data)[i]);
        seen.push_back(std::move(all));
        return ProfitScorer::score(batch);
    }
    std::vector<std::vector<double>> seen;
};

Result<MarketResult> run(const MarketTape &tape, int fleet = 1, int gpus = 2,
                         std::shared_ptr<PlacementScorer> scorer = std::make_shared<ProfitScorer>()) {
    return replay_market(tape, servers(fleet, gpus), cluster(), {{std::move(scorer), {}}},
                         {{std::make_shared<ProfitScorer>(), {}}});
}

TEST(MarketReplay, WhatRuns_EarnsFromWhenItIsActive) {
    MarketTape tape;
    tape.steps.push_back({0, {offer("a", 3600)}, {}, {}});
    tape.span_s = 3600;
    const auto result = run(tape);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->starts, 1u); // one copy on the one server
    EXPECT_EQ(result->ended, 0u);
    EXPECT_DOUBLE_EQ(result->hours, 1);
    EXPECT_DOUBLE_EQ(result->idle(), 0.5);
    EXPECT_NEAR(result->active_gpu_hours, 58.0 / 60, 1e-9); // two minutes of starting
    const double full = result->curve.back().value_per_hour;
    EXPECT_GT(full, 0);
    EXPECT_NEAR(result->value, full * 58 / 60, 1e-9);
}

TEST(MarketReplay, WhatTheMarketEnds_Ends_AndIsAvoidedWhenItDiedYoung) {
    MarketTape tape;
    tape.steps.push_back({0, {offer("a", 3600)}, {}, {}});
    tape.steps.push_back({600, {}, {}, {{OfferId(), 1}}}); // ten minutes old: a failure
    tape.span_s = 7200;
    const auto result = run(tape);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->ended, 1u);
    // Every candidate is marked, so the planner tries the one that failed longest ago at once; that is its rule, not
    // the replay's.
    EXPECT_EQ(result->starts, 2u);

    MarketTape gone;
    gone.steps.push_back({0, {offer("a", 3600), offer("b", 1800)}, {}, {}});
    gone.steps.push_back({3600, {}, {OfferId("a")}, {}});
    gone.span_s = 7200;
    const auto without = run(gone);
    ASSERT_TRUE(without.ok());
    EXPECT_EQ(without->starts, 2u);
    EXPECT_EQ(without->ended, 1u);
    EXPECT_NEAR(without->busy_gpu_hours, 3, 0.05);

    MarketTape updated;
    updated.steps.push_back({0, {offer("a", 3600)}, {}, {}});
    updated.steps.push_back({3600, {offer("a", 3600, 1, "2")}, {}, {}});
    updated.span_s = 7200;
    const auto again = run(updated);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->starts, 2u);
    EXPECT_EQ(again->ended, 1u);
}

TEST(MarketReplay, ScorerThatWouldCheat_SeesNothingOfLaterSteps) {
    MarketTape past;
    past.steps.push_back({0, {offer("a", 3600), offer("b", 100)}, {}, {}});
    past.steps.push_back({900, {offer("b", 9000)}, {}, {}});
    past.span_s = 1799;
    MarketTape one = past, other = past;
    one.steps.push_back({1800, {offer("c", 1e6)}, {OfferId("a")}, {}});
    other.steps.push_back({1800, {offer("a", 7)}, {}, {{OfferId(), 2}}});
    one.span_s = other.span_s = 3600;
    const auto seen = [](const MarketTape &tape) {
        auto spy = std::make_shared<Spy>();
        EXPECT_TRUE(run(tape, 2, 4, spy).ok());
        return spy->seen;
    };
    const auto now = seen(past), then = seen(one), or_then = seen(other);
    ASSERT_GT(now.size(), 1u);
    ASSERT_GT(then.size(), now.size());
    ASSERT_GT(or_then.size(), now.size());
    for (size_t i = 0; i < now.size(); ++i) {
        EXPECT_EQ(then[i], now[i]) << i;
        EXPECT_EQ(or_then[i], now[i]) << i;
    }
    EXPECT_NE(then.back(), or_then.back());
}

TEST(MarketReplay, TheBetterScorer_EarnsMore) {
    /// Likes what earns least.
    class Contrary final : public ProfitScorer {
    public:
        Status score(const ScoreBatchView &batch) override {
            RIG_TRY(ProfitScorer::score(batch));
            for (size_t w = 0; w < batch.workloads.rows; ++w)
                for (size_t c = 0; c < batch.candidates.rows; ++c)
                    batch.scores[w * batch.stride + c] = 1 / (1 + batch.scores[w * batch.stride + c]);
            return {};
        }
    };
    MarketTape tape;
    tape.steps.push_back({0, {offer("a", 3600), offer("b", 1800), offer("c", 100)}, {}, {}});
    tape.span_s = 3600;
    const auto good = run(tape, 1, 1), bad = run(tape, 1, 1, std::make_shared<Contrary>());
    ASSERT_TRUE(good.ok() && bad.ok());
    EXPECT_GT(good->value, 2 * bad->value);
    EXPECT_DOUBLE_EQ(good->idle(), bad->idle());
}

} // namespace
} // namespace rigger::replay
