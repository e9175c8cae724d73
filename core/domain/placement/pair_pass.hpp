// core/domain/placement/pair_pass.hpp -- filters and scores offers against whole segments, tile by tile, and hands each
// offer's feasible rows on.
//
// A tile is a few offers of equal demand against the rows of one segment: the scores stay in the second-level cache,
// and the feasibility mask is computed once per demand. Where few rows are feasible they are first copied together.
#pragma once
#include "domain/placement/scoring.hpp"

#include <bit>
#include <functional>
#include <span>

namespace rigger::placement {

/// What a decision is made on. Values copy.
struct Board {
    Fleet fleet;
    Market market;
    double min_value = 0, preference_share = 1;
};

/// One worker's working memory. Kept between passes; `next_table_id` never goes back.
struct Workbench {
    ScoreScratch scratch;
    WorkloadBatch batch;
    RowCopy row_copy;
    Column<double> result, base, preference;
    std::vector<uint64_t> mask, offer_mask;
    std::vector<RowIndex> picked;
    std::vector<OfferIndex> admitting;
    uint64_t next_table_id = 0;
};

/// One offer against one segment.
struct ScoredRows {
    OfferIndex offer = 0;
    const Segment *segment = nullptr;
    std::span<const RowIndex>
        picked; ///< rows of result[0..]; empty: result[i] is of row segment->begin + i, for i < segment->used
    const uint64_t *mask = nullptr; ///< without `picked`: bit i says whether that row is feasible
    const double *result = nullptr, *base = nullptr, *preference = nullptr; ///< the latter two only in detail

    /// Calls one(i, row) for every feasible row, in order; result[i] is its score.
    template <typename One> void each(const One &one) const {
        for (size_t i = 0; i < picked.size(); ++i) one(i, picked[i]);
        if (!picked.empty()) return;
        for (size_t block = 0; block * block_rows < segment->used; ++block)
            for (uint64_t word = mask[block]; word != 0; word &= word - 1) {
                const size_t i = block * block_rows + static_cast<size_t>(std::countr_zero(word));
                one(i, segment->begin + static_cast<RowIndex>(i));
            }
    }
};

struct PassOptions {
    FilterMode mode = FilterMode::automatic;
    bool exclude_here = true;   ///< skip servers with a copy
    bool exclude_failed = true; ///< skip servers where the offer is marked
    bool detail = false;        ///< fill base and preference
};

/// The offers that no rule closes. Those of equal demand stand side by side, so that score_offers() filters once for
/// them.
std::vector<OfferIndex> open_offers(const Market &market);

/// Calls sink for each offer and segment with at least one feasible row. Gates of offers are not looked at.
Status score_offers(const Board &board, const ScorerSet &scorers, std::span<const OfferIndex> offers,
                    const PassOptions &options, Workbench &bench, const std::function<void(const ScoredRows &)> &sink);

} // namespace rigger::placement
