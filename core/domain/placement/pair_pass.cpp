#include "domain/placement/pair_pass.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace rigger::placement {
namespace {

constexpr size_t tile_bytes = size_t{128} << 10;
constexpr size_t widest_tile = 16;
/// Fewer than one feasible row in this many: worth copying them together before scoring.
constexpr size_t sparse_below = 4;

bool has_exclusions(const Workload &workload, const PassOptions &options) {
    return (options.exclude_here && !workload.here.empty()) ||
           (options.exclude_failed && !workload.marks.on_server.empty());
}

/// Clears the rows of servers that this offer may not use although its demand fits.
void exclude(const Board &board, const Workload &workload, const Segment &segment, const PassOptions &options,
             std::vector<uint64_t> &mask) {
    if (options.exclude_here && !workload.here_mask.empty()) {
        const uint64_t *here = workload.here_mask.data() + segment.begin / block_rows;
        for (size_t block = 0; block * block_rows < segment.used; ++block) mask[block] &= ~here[block];
    }
    if (!options.exclude_failed) return;
    for (const auto &[id, when] : workload.marks.on_server) {
        const ServerIndex server = board.fleet.find_server(id);
        if (server == no_index) continue;
        for (const RowIndex row : board.fleet.server_at(server).rows) {
            const RowIndex i = row - segment.begin; // wraps below the segment
            if (i < segment.used) mask[i / block_rows] &= ~(uint64_t{1} << i % block_rows);
        }
    }
}

class SegmentPass {
public:
    SegmentPass(const Board &board, const ScorerSet &scorers, const PassOptions &options, const Segment &segment,
                Workbench &bench, const std::function<void(const ScoredRows &)> &sink)
        : board_(board), scorers_(scorers), options_(options), segment_(segment), bench_(bench), sink_(sink) {}

    Status run(std::span<const OfferIndex> offers) {
        size_t first = 0;
        while (first < offers.size()) {
            const Demand demand = demand_at(offers[first]);
            size_t last = first + 1;
            while (last < offers.size() && demand_at(offers[last]) == demand) ++last;
            RIG_TRY(one_demand(demand, offers.subspan(first, last - first)));
            first = last;
        }
        return {};
    }

private:
    Demand demand_at(OfferIndex index) const {
        return options_.mode == FilterMode::automatic ? board_.market.demand(index)
                                                      : demand_of(*board_.market.at(index).offer, options_.mode);
    }

    Status one_demand(const Demand &demand, std::span<const OfferIndex> offers) {
        const size_t words = round_up_rows(segment_.used) / block_rows;
        bench_.mask.resize(std::max(bench_.mask.size(), words));
        board_.fleet.mask(demand, segment_, bench_.mask.data());
        size_t feasible = 0;
        for (size_t i = 0; i < words; ++i) feasible += static_cast<size_t>(std::popcount(bench_.mask[i]));
        if (feasible == 0) return {};
        const bool sparse = feasible * sparse_below < segment_.used;
        CandidateTable table = table_of(board_.fleet, segment_);
        if (sparse) {
            bench_.picked.clear();
            for (size_t block = 0; block < words; ++block)
                for (uint64_t word = bench_.mask[block]; word != 0; word &= word - 1)
                    bench_.picked.push_back(segment_.begin + static_cast<RowIndex>(block * block_rows) +
                                            static_cast<RowIndex>(std::countr_zero(word)));
            table =
                bench_.row_copy.copy(board_.fleet, bench_.picked, scorers_.candidate_needs(), ++bench_.next_table_id);
        }
        const size_t stride = round_up_rows(table.rows);
        const size_t width = std::clamp<size_t>(tile_bytes / (stride * sizeof(double)), 1, widest_tile);
        for (size_t at = 0; at < offers.size(); at += width)
            RIG_TRY(one_tile(table, stride, offers.subspan(at, std::min(width, offers.size() - at)), sparse));
        return {};
    }

    Status one_tile(const CandidateTable &table, size_t stride, std::span<const OfferIndex> offers, bool sparse) {
        const size_t cells = offers.size() * stride;
        if (bench_.result.size() < cells) bench_.result.resize(cells);
        ScoreOutput out{stride, bench_.result.data(), nullptr, nullptr};
        if (options_.detail) {
            bench_.base.resize(std::max(bench_.base.size(), cells));
            bench_.preference.resize(std::max(bench_.preference.size(), cells));
            out.base = bench_.base.data();
            out.preference = bench_.preference.data();
        }
        bench_.batch.gather(board_.market, offers, scorers_.workload_needs());
        RIG_TRY(scorers_.score(table, bench_.batch, board_.market, board_.preference_share, out, bench_.scratch));
        for (size_t w = 0; w < offers.size(); ++w) {
            const Workload &workload = board_.market.at(offers[w]);
            ScoredRows rows{offers[w],
                            &segment_,
                            sparse ? std::span<const RowIndex>(bench_.picked) : std::span<const RowIndex>(),
                            bench_.mask.data(),
                            out.result + w * stride,
                            out.base ? out.base + w * stride : nullptr,
                            out.preference ? out.preference + w * stride : nullptr};
            if (has_exclusions(workload, options_)) {
                bench_.offer_mask = bench_.mask;
                exclude(board_, workload, segment_, options_, bench_.offer_mask);
                rows.mask = bench_.offer_mask.data();
                if (sparse) blank_excluded(out.result + w * stride);
            }
            sink_(rows);
        }
        return {};
    }

    void blank_excluded(double *result) const {
        for (size_t i = 0; i < bench_.picked.size(); ++i) {
            const RowIndex at = bench_.picked[i] - segment_.begin;
            if ((bench_.offer_mask[at / block_rows] >> at % block_rows & 1) == 0)
                result[i] = std::numeric_limits<double>::quiet_NaN();
        }
    }

    const Board &board_;
    const ScorerSet &scorers_;
    const PassOptions &options_;
    const Segment &segment_;
    Workbench &bench_;
    const std::function<void(const ScoredRows &)> &sink_;
};

} // namespace

std::vector<OfferIndex> open_offers(const Market &market) {
    std::vector<OfferIndex> open;
    for (OfferIndex offer = 0; offer < market.size(); ++offer)
        if (market.at(offer).gate() == Rejection::none) open.push_back(offer);
    std::sort(open.begin(), open.end(), [&](OfferIndex a, OfferIndex b) {
        const uint32_t x = market.shape(a), y = market.shape(b);
        return x != y ? x < y : a < b;
    });
    return open;
}

Status score_offers(const Board &board, const ScorerSet &scorers, std::span<const OfferIndex> offers,
                    const PassOptions &options, Workbench &bench, const std::function<void(const ScoredRows &)> &sink) {
    const auto one_segment = [&](uint32_t index, std::span<const OfferIndex> admitting) {
        return SegmentPass(board, scorers, options, board.fleet.segments()[index], bench, sink).run(admitting);
    };
    if (offers.size() == 1) {
        for (const uint32_t index : board.market.at(offers[0]).segments) RIG_TRY(one_segment(index, offers));
        return {};
    }
    for (uint32_t index = 0; index < board.fleet.segments().size(); ++index) {
        bench.admitting.clear();
        for (const OfferIndex offer : offers) {
            const auto &segments = board.market.at(offer).segments;
            if (std::binary_search(segments.begin(), segments.end(), index)) bench.admitting.push_back(offer);
        }
        if (!bench.admitting.empty()) RIG_TRY(one_segment(index, bench.admitting));
    }
    return {};
}

} // namespace rigger::placement
