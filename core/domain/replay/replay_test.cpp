#include "domain/replay/replay.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rigger::replay {
namespace {

/// Looks for the future in all that it is given: keeps what every call brought.
class SpyScorer final : public PlacementScorer {
public:
    SpyScorer() {
        traits_.name = "spy";
        traits_.reads_mix = true;
        for (const char *name : {"gpu.free", "gpu.milli_0", "gpu.milli_1", "node.cpu_free_milli"})
            traits_.candidate_columns.push_back({name, ColumnType::f64, false});
        for (const char *name : {"gpu.count", "gpu.milli", "cpu.milli", "offer.instances"})
            traits_.workload_columns.push_back({name, ColumnType::f64, false});
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &batch) override {
        std::vector<double> all;
        for (const TableView &table : {batch.candidates, batch.workloads})
            for (const ColumnView &column : table.columns)
                for (uint64_t i = 0; i < table.rows; ++i) all.push_back(static_cast<const double *>(column.data)[i]);
        if (batch.mix)
            for (const auto *column : {&batch.mix->share, &batch.mix->gpus, &batch.mix->milli, &batch.mix->cpu_milli,
                                       &batch.mix->memory_mib})
                all.insert(all.end(), column->begin(), column->end());
        seen.push_back(std::move(all));
        for (uint64_t c = 0; c < batch.candidates.rows; ++c) batch.scores[c] = 0.5;
        return {};
    }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override {
        return Error{Code::unsupported, "Unsupported", "", 0};
    }
    Status appraise(const TableView &, std::span<double>) override {
        return Error{Code::unsupported, "Unsupported", "", 0};
    }
    std::vector<std::vector<double>> seen;

private:
    ScorerTraits traits_;
};

TraceTask task(int gpus, int milli, int cpu) {
    TraceTask out;
    out.needs.gpu_count = gpus;
    out.needs.gpu_milli = milli;
    out.needs.cpu_milli = cpu;
    return out;
}

Trace small_trace() {
    Trace trace;
    for (const char *name : {"a", "b", "c"}) trace.nodes.push_back({name, "t4", 2, 64000, 262144});
    trace.tasks = {task(1, 500, 1000), task(2, 1000, 4000), task(1, 300, 2000), task(0, 1000, 8000)};
    return trace;
}

std::vector<std::vector<double>> seen_in(const std::vector<uint32_t> &order) {
    const Trace trace = small_trace();
    auto spy = std::make_shared<SpyScorer>();
    const auto result = replay_saturation(trace, market_of(trace), order, {{spy, {}}});
    EXPECT_TRUE(result.ok());
    return spy->seen;
}

TEST(Replay, ScorerThatWouldCheat_SeesNothingOfLaterTasks) {
    const auto past = seen_in({0, 2, 0, 3});
    const auto one = seen_in({0, 2, 0, 3, 1, 1}), other = seen_in({0, 2, 0, 3, 2, 0, 3});
    ASSERT_EQ(past.size(), 4u);
    for (size_t i = 0; i < past.size(); ++i) {
        EXPECT_EQ(one[i], past[i]) << i;
        EXPECT_EQ(other[i], past[i]) << i;
    }
    EXPECT_NE(one[4], other[4]);
}

TEST(Replay, SixteenHalves_FillEightCards) {
    Trace trace;
    trace.nodes.push_back({"a", "t4", 8, 64000, 262144});
    trace.tasks = {task(1, 500, 100)};
    const auto result = replay_saturation(trace, market_of(trace), std::vector<uint32_t>(17, 0), {});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->placed, 16u);
    EXPECT_EQ(result->allocated_milli, 8000);
    EXPECT_EQ(result->failed.at("NotEnoughFreeGpus"), 1u);
}

TEST(Replay, Defrag_MakesRoomForARefusedTask) {
    Trace trace;
    for (const char *name : {"a", "b"}) trace.nodes.push_back({name, "t4", 2, 64000, 262144});
    trace.tasks = {task(1, 1000, 100), task(2, 1000, 100), task(1, 1000, 100)};
    trace.tasks[0].deleted_s = 3; // it leaves a hole beside the third
    trace.tasks[1].created_s = 5;
    trace.tasks[2].created_s = 1;
    trace.tasks.insert(trace.tasks.begin() + 1,
                       task(1, 1000, 100)); // fills the first node, so that the third goes to the second
    trace.tasks[1].deleted_s = 0;
    ReplaySettings settings;
    settings.defrag = placement::DefragBudget{1, 0};
    const auto result = replay_online(trace, market_of(trace), {}, settings);
    ASSERT_TRUE(result.ok());
    ASSERT_TRUE(result->defrag);
    EXPECT_EQ(result->failed.at("NotEnoughFreeGpus"), 1u);
    ASSERT_EQ(result->defrag->moves.size(), 1u);
    EXPECT_EQ(result->defrag->running, 2u);
    EXPECT_EQ(result->defrag->placed, 1u);
    EXPECT_DOUBLE_EQ(result->allocated(), 0.5); // the moves are told apart from the run
    EXPECT_DOUBLE_EQ(result->defrag->allocated, 1);
    EXPECT_LT(result->defrag->fragmentation, result->fragmentation);
}

TEST(Replay, Online_GivesRoomBack) {
    Trace trace = small_trace();
    trace.nodes.resize(1);
    trace.tasks = {task(2, 1000, 0), task(2, 1000, 0), task(2, 1000, 0)};
    trace.tasks[0].deleted_s = 10;
    trace.tasks[1].created_s = 5;  // while the first runs
    trace.tasks[2].created_s = 10; // when it has left
    const auto result = replay_online(trace, market_of(trace), {});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->placed, 2u);
    EXPECT_DOUBLE_EQ(result->mean_allocated, 1);
}

TEST(Replay, Saturation_StopsBelowTheLoad_AndRepeats) {
    const Trace trace = small_trace();
    const auto order = saturate(trace, 1.3, 7);
    int64_t demanded = 0;
    for (const uint32_t one : order) demanded += trace.tasks[one].milli();
    EXPECT_LE(demanded, 7800);
    EXPECT_EQ(order, saturate(trace, 1.3, 7));
    EXPECT_NE(order, saturate(trace, 1.3, 8));
}

} // namespace
} // namespace rigger::replay
