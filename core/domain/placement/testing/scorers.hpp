// core/domain/placement/testing/scorers.hpp -- scorers in plain C++ for tests and benchmarks: they do what a
// straightforward plugin would.
#pragma once
#include "domain/placement/engine.hpp"
#include "domain/ports/placement_scorer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace rigger::placement::testing {

using Scorers = std::vector<std::shared_ptr<PlacementScorer>>;

inline std::vector<ScorerBinding> bound(const Scorers &scorers) {
    std::vector<ScorerBinding> bindings;
    for (const auto &scorer : scorers) bindings.push_back({scorer, {}});
    return bindings;
}

inline const double *f64(const TableView &table, size_t column) {
    return static_cast<const double *>(table.columns[column].data);
}

/// Value per dollar as the chutes miner computes it: public offers by gain, private ones by multiplier.
class ProfitScorer : public PlacementScorer {
public:
    ProfitScorer() {
        traits_.name = "profit";
        traits_.role = ScoreRole::value;
        traits_.unit = "compute-unit/USD";
        traits_.pure = traits_.concurrent = true;
        traits_.candidate_columns = {{"node.price", ColumnType::f64, false}};
        for (const char *name : {"gpu.count", "offer.multiplier", "offer.compute_time", "offer.invocations",
                                 "offer.rate_limits", "offer.instances", "offer.private"})
            traits_.workload_columns.push_back({name, ColumnType::f64, false});
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &batch) override {
        const double *price = f64(batch.candidates, 0);
        for (size_t w = 0; w < batch.workloads.rows; ++w) {
            const double count = f64(batch.workloads, 0)[w];
            const double worth =
                f64(batch.workloads, 6)[w] != 0 ? 3600 * f64(batch.workloads, 1)[w] * 16 : gain(batch.workloads, w);
            double *out = batch.scores + w * batch.stride;
            for (size_t c = 0; c < batch.candidates.rows; ++c) out[c] = worth / (price[c] * count);
        }
        return {};
    }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override { return std::string("{}"); }
    Status appraise(const TableView &workloads, std::span<double> values) override {
        for (size_t w = 0; w < values.size(); ++w) values[w] = gain(workloads, w);
        return {};
    }

    ScorerTraits traits_;

private:
    static double gain(const TableView &workloads, size_t w) {
        const double instances = f64(workloads, 5)[w], units = f64(workloads, 2)[w] * f64(workloads, 1)[w];
        const double calls = f64(workloads, 3)[w] == 0 ? 1 : f64(workloads, 3)[w];
        const double limited = instances >= 5 ? f64(workloads, 4)[w] / 5 : f64(workloads, 4)[w];
        return (units + units / calls * limited) / (instances + 1);
    }
};

/// Prefers servers with few free GPUs left; abstains on CPU-only workloads; may veto pairs that would leave one GPU
/// alone.
class PackingScorer : public PlacementScorer {
public:
    explicit PackingScorer(double weight = 1, bool veto = false) {
        traits_.name = "packing";
        traits_.score_min = -16;
        traits_.score_max = 0;
        traits_.weight = weight;
        traits_.may_veto = veto;
        traits_.pure = traits_.concurrent = true;
        traits_.candidate_columns = {{"node.gpus_free", ColumnType::f64, false},
                                     {"no.such.column", ColumnType::f64, true}};
        traits_.workload_columns = {{"gpu.count", ColumnType::f64, false}};
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &batch) override {
        for (size_t w = 0; w < batch.workloads.rows; ++w)
            for (size_t c = 0; c < batch.candidates.rows; ++c) {
                const double left = f64(batch.candidates, 0)[c] - f64(batch.workloads, 0)[w];
                double &out = batch.scores[w * batch.stride + c];
                if (traits_.may_veto && left == 1) out = -std::numeric_limits<double>::infinity();
                else if (left >= 0) out = std::max(-16.0, -left); // otherwise it abstains
            }
        return {};
    }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override { return std::string("{}"); }
    Status appraise(const TableView &, std::span<double>) override {
        return Error{Code::unsupported, "Unsupported", "no notion of worth", 0};
    }

    ScorerTraits traits_;
};

/// Always fails, after having written half of its answer.
class FailingScorer : public PackingScorer {
public:
    explicit FailingScorer(ScoreRole role, bool fail_closed) {
        traits_.name = "failing";
        traits_.role = role;
        traits_.fail_closed = fail_closed;
    }
    Status score(const ScoreBatchView &batch) override {
        batch.scores[0] = 1e9;
        return Error{Code::deadline, "Deadline", "no answer within 50 ms", 0};
    }
};

/// A small whole number per pair that hangs on both sides: many ties.
class CoarseScorer : public PlacementScorer {
public:
    explicit CoarseScorer(ScoreRole role, double abstain_share = 0) : abstain_share_(abstain_share) {
        traits_.name = role == ScoreRole::value ? "coarse-value" : "coarse";
        traits_.role = role;
        traits_.score_max = 4;
        traits_.weight = 2.5;
        traits_.pure = traits_.concurrent = true;
        traits_.candidate_columns = {{"node.price", ColumnType::f64, false},
                                     {"gpu.free", ColumnType::f64, false},
                                     {"node.disk_free_gb", ColumnType::f64, false},
                                     {"gpu.model", ColumnType::u32, false},
                                     {"node.index", ColumnType::u32, false}};
        traits_.workload_columns = {{"offer.compute_time", ColumnType::f64, false},
                                    {"offer.local_instances", ColumnType::f64, false}};
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &batch) override {
        for (size_t w = 0; w < batch.workloads.rows; ++w)
            for (size_t c = 0; c < batch.candidates.rows; ++c) {
                const double pair = f64(batch.workloads, 0)[w] + 3 * f64(batch.workloads, 1)[w] +
                                    1000 * f64(batch.candidates, 0)[c] + 17 * f64(batch.candidates, 1)[c] +
                                    64 * f64(batch.candidates, 2)[c];
                const uint64_t mixed = static_cast<uint64_t>(pair + 4096);
                const uint64_t roll = mixed * 0x9e3779b97f4a7c15u >> 40;
                if (static_cast<double>(roll % 1000) < abstain_share_ * 1000) continue;
                batch.scores[w * batch.stride + c] = static_cast<double>(roll % 5);
            }
        return {};
    }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override { return std::string("{}"); }
    Status appraise(const TableView &workloads, std::span<double> values) override {
        for (size_t w = 0; w < values.size(); ++w) values[w] = std::floor(f64(workloads, 0)[w] / 7);
        return {};
    }

private:
    ScorerTraits traits_;
    double abstain_share_;
};

} // namespace rigger::placement::testing
