// core/domain/ports/placement_scorer.hpp -- a scorer over columns, as domain sees it.
#pragma once
#include "base/status.hpp"
#include "domain/ports/call.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rigger {

enum class ColumnType : int32_t { f64 = 1, i64 = 2, u32 = 3, u8 = 4 }; ///< RIG_COL_*
enum class ScoreRole : uint32_t { preference = 0, value = 1 };         ///< RIG_ROLE_*

struct ColumnSpec {
    std::string name;
    ColumnType type = ColumnType::f64;
    bool optional = false;
};

/// 64-byte aligned, readable up to the next multiple of 64 bytes; data nullptr: optional and absent.
struct ColumnView {
    const void *data = nullptr;
    const uint64_t *valid = nullptr; ///< bitmap; nullptr: all valid
    ColumnType type = ColumnType::f64;
};

struct TableView {
    uint64_t rows = 0;
    std::span<const ColumnView> columns; ///< in the order of the scorer's specs
};

/// What has been asked for so far: kinds of workload and how often each came. Columns side by side; immutable once
/// handed on.
struct WorkloadMix {
    std::vector<double> share;                              ///< of all arrivals; sums to 1
    std::vector<double> gpus, milli, cpu_milli, memory_mib; ///< of one copy; milli per GPU, 1000: whole
    std::vector<int64_t>
        models; ///< bit c: the model with gpu.model code c is admissible; bit 63 stands for all codes from 63 on
    friend bool operator==(const WorkloadMix &, const WorkloadMix &) = default;
};

struct ScoreBatchView {
    uint64_t snapshot_id = 0;
    TableView candidates, workloads;
    std::span<const uint32_t> select; ///< feasible candidate rows, ascending; empty with `all`
    bool all = true;
    uint64_t stride = 0;
    std::shared_ptr<const WorkloadMix> mix; ///< nullptr: not known, or no scorer reads it
    double *scores = nullptr;               ///< [w * stride + c]; the caller presets NaN
    std::shared_ptr<const void> owner; ///< keeps all columns above alive; without it the host copies them for every
                                       ///< call, because a scorer that never returns must not hold memory of its caller
};

struct ScorerTraits {
    std::string name; ///< instance name
    ScoreRole role = ScoreRole::preference;
    std::string unit;                    ///< of a value score
    double score_min = 0, score_max = 1; ///< of a preference score
    double weight = 1;
    bool may_veto = false, pure = false, concurrent = false;
    bool fail_closed = false; ///< on_failure: closed
    bool reads_mix = false;   ///< scores depend on the workload mix
    std::vector<ColumnSpec> candidate_columns, workload_columns;
};

/// score() may be called from several threads at once only if traits().concurrent. Never blocks.
/// A failure (deadline, breaker open, bad output) is an error: the engine lets the scorer abstain or, if fail_closed,
/// stops placing.
class PlacementScorer {
public:
    virtual ~PlacementScorer() = default;
    virtual const ScorerTraits &traits() const = 0;
    virtual Status score(const ScoreBatchView &) = 0;
    virtual Result<std::string> explain(const ScoreBatchView &, uint64_t workload, uint64_t candidate) = 0;
    /// values[w] for each workload; unsupported when the scorer has no such notion.
    virtual Status appraise(const TableView &workloads, std::span<double> values) = 0;
};

} // namespace rigger
