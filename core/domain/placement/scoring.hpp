// core/domain/placement/scoring.hpp -- the active scorers: tables for them, calls to them, and one result per pair out
// of their scores.
//
// result = value x (1 + share x preference). The value is the value scorer's, 1 where none covers the offer's source.
// The preference is the weighted mean, over the preference scorers that did not abstain on the pair, of their scores
// rescaled to 0..1; 0 when all abstained.
#pragma once
#include "domain/placement/engine.hpp"
#include "domain/placement/fleet.hpp"
#include "domain/placement/market.hpp"

#include <span>
#include <vector>

namespace rigger::placement {

/// Candidate columns of consecutive rows, without copying.
struct CandidateTable {
    uint64_t id = 0;
    size_t rows = 0;
    std::array<const void *, candidate_columns> columns{};
};
CandidateTable table_of(const Fleet &fleet, const Segment &segment);

/// A copy of chosen rows: a small dense table of its own.
class RowCopy {
public:
    /// Copies the columns of which the bit in `needed` is set.
    const CandidateTable &copy(const Fleet &fleet, std::span<const RowIndex> rows, uint32_t needed, uint64_t id);

private:
    std::array<Column<double>, candidate_f64_columns> f64_;
    std::array<Column<uint32_t>, candidate_columns - candidate_f64_columns> u32_;
    CandidateTable table_;
};

/// Workload columns of chosen offers.
class WorkloadBatch {
public:
    /// Copies the columns of which the bit in `needed` is set.
    void gather(const Market &market, std::span<const OfferIndex> offers, uint32_t needed);
    /// Copies the columns of one of the offers anew.
    void update(const Market &market, size_t w);
    /// Only the first `count` of the offers gathered are scored, until this is said again.
    void show_first(size_t count) noexcept { shown_ = count; }
    /// As if so many copies more of the offer ran.
    void add_copies(size_t w, double copies);
    size_t size() const noexcept { return shown_; }
    OfferIndex offer(size_t w) const { return offers_[w]; }
    const std::vector<OfferIndex> &gathered() const noexcept { return offers_; }
    const double *column(WorkloadColumn column) const noexcept { return columns_[static_cast<size_t>(column)].data(); }

private:
    uint32_t needed_ = 0;
    size_t shown_ = 0;
    std::vector<OfferIndex> offers_;
    std::array<Column<double>, workload_columns> columns_;
};

/// One worker's working memory; never shared between calls that overlap.
struct ScoreScratch {
    std::vector<ColumnView> candidate_views, workload_views;
    Column<double> scores, weighted, weights;
    std::vector<ScorerFault> faults; ///< by scorer
};

/// Where a pass writes, [w * stride + c]. result: finite, or NaN (no value), or -infinity (vetoed); base and preference
/// only where wanted.
struct ScoreOutput {
    size_t stride = 0;
    double *result = nullptr, *base = nullptr, *preference = nullptr;
};

class ScorerSet {
public:
    ScorerSet() = default;
    static Result<ScorerSet> make(std::vector<ScorerBinding> bindings);

    bool concurrent() const noexcept { return concurrent_; } ///< calls may overlap
    bool pure() const noexcept { return pure_; }             ///< equal columns, equal scores: scores may be kept
    bool per_usd() const noexcept; ///< every source has a value scorer, and all state one unit per USD
    bool has_preferences() const noexcept { return !preference_slots_.empty(); }
    bool reads_room() const noexcept {
        return reads_room_;
    } ///< a placement on a server changes what other offers score there
    bool reads_mix() const noexcept { return reads_mix_; }
    bool reads_copies() const noexcept { return reads_copies_; } ///< a copy placed changes what the offer scores
    uint32_t candidate_needs() const noexcept { return candidate_needs_; } ///< bit c: some scorer reads column c
    uint32_t workload_needs() const noexcept { return workload_needs_; }

    /// An error only when a fail_closed scorer failed.
    Status score(const CandidateTable &candidates, const WorkloadBatch &workloads, const Market &market,
                 double preference_share, const ScoreOutput &out, ScoreScratch &scratch) const;
    /// The value scorers' appraisals into market.gain of these offers; -infinity where unknown.
    Status appraise(Market &market, std::span<const OfferIndex> offers, ScoreScratch &scratch) const;
    /// Moves the faults of a pass to a list; the scratch starts afresh.
    static void collect(ScoreScratch &scratch, std::vector<ScorerFault> &faults);

private:
    struct Slot {
        ScorerBinding binding;
        std::vector<int> candidate_columns, workload_columns; ///< -1: optional and unknown
        bool covers(const SourceName &source) const;
    };
    static void view_workloads(const Slot &slot, const WorkloadBatch &workloads, ScoreScratch &scratch);
    Status call(const Slot &slot, const CandidateTable &candidates, const WorkloadBatch &workloads,
                const Market &market, size_t stride, double *scores, ScoreScratch &scratch) const;
    Status values(const CandidateTable &candidates, const WorkloadBatch &workloads, const Market &market,
                  const ScoreOutput &out, ScoreScratch &scratch) const;
    size_t value_slot(const Offer &offer) const; ///< value_slots_.size(): none

    std::vector<Slot> value_slots_, preference_slots_;
    bool concurrent_ = true, pure_ = true, reads_room_ = false, reads_copies_ = false, reads_mix_ = false;
    uint32_t candidate_needs_ = 0, workload_needs_ = 0;
};

} // namespace rigger::placement
