#include "domain/placement/planner.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace rigger::placement {
namespace {

/// Every candidate is marked: the pair of the offer, then of the server, that failed longest ago; then the best.
/// nullopt: nothing fits at all.
Result<std::optional<Candidate>> longest_ago(const Board &board, const PlanTools &tools) {
    std::vector<OfferIndex> marked;
    for (const OfferIndex offer : board.market.listing()) {
        const Workload &workload = board.market.at(offer);
        const bool has_marks = workload.marks.everywhere || !workload.marks.on_server.empty();
        if (has_marks && workload.gate(false) == Rejection::none) marked.push_back(offer);
    }
    std::optional<Candidate> best;
    const auto failed_at = [&](const Candidate &pair) {
        const OfferMarks &marks = board.market.at(pair.offer).marks;
        const ServerId &server = board.fleet.server(pair.row).id;
        WallTime there{std::numeric_limits<int64_t>::min()};
        for (const auto &[id, when] : marks.on_server)
            if (id == server) there = when;
        return std::pair(marks.everywhere.value_or(there), there);
    };
    const auto stands_before = [&](const Candidate &a, const Candidate &b) {
        if (const auto fa = failed_at(a), fb = failed_at(b); fa != fb) return fa < fb;
        if (a.value != b.value) return a.value > b.value;
        const double gain_a = board.market.gain(a.offer), gain_b = board.market.gain(b.offer);
        if (gain_a != gain_b) return gain_a > gain_b;
        const uint32_t rank_a = board.market.rank(a.offer), rank_b = board.market.rank(b.offer);
        return std::tie(rank_a, board.fleet.key(a.row), a.row) < std::tie(rank_b, board.fleet.key(b.row), b.row);
    };
    PassOptions options;
    options.exclude_failed = false;
    RIG_TRY(score_offers(board, tools.scorers, marked, options, tools.benches[0], [&](const ScoredRows &rows) {
        rows.each([&](size_t i, RowIndex row) {
            if (!(rows.result[i] >= board.min_value) || rows.result[i] > std::numeric_limits<double>::max()) return;
            const Candidate pair{rows.offer, row, rows.result[i]};
            if (!best || stands_before(pair, *best)) best = pair;
        });
    }));
    return best;
}

class Planner {
public:
    Planner(const Board &board, const BestPairs &pairs, const PlanTools &tools)
        : board_(board), pairs_(pairs), tools_(tools) {}

    Result<std::vector<PlanStep>> run(size_t max_steps) {
        while (max_steps == 0 || steps_.size() < max_steps) {
            RIG_TRY_ASSIGN(const std::optional<Candidate> best, pairs_.best(board_));
            if (!best) break;
            RIG_TRY_ASSIGN(const std::optional<Candidate> runner_up, pairs_.runner_up(board_, *best));
            RIG_TRY(record(*best, runner_up, false));
            RIG_TRY(settle(*best));
        }
        return std::move(steps_);
    }
    Result<std::vector<PlanStep>> retry(const Candidate &failed) {
        RIG_TRY(record(failed, std::nullopt, true));
        return std::move(steps_);
    }

private:
    Status record(const Candidate &chosen, const std::optional<Candidate> &runner_up, bool retry) {
        PlanStep step{chosen, {}, chosen.value, 0, board_.market.gain(chosen.offer), runner_up, retry, false};
        if (tools_.scorers.has_preferences()) {
            RIG_TRY_ASSIGN(const PairScore score,
                           score_pair(board_, tools_.scorers, chosen.offer, chosen.row, tools_.benches[0]));
            step.base_value = score.base;
            step.preference = score.preference;
        }
        step.taken = board_.fleet.take(board_.market.demand(chosen.offer), chosen.row);
        board_.market.add_copy(chosen.offer, board_.fleet.server_of(chosen.row), board_.fleet);
        steps_.push_back(std::move(step));
        return {};
    }

    /// Brings the pairs up to date after a step.
    Status settle(const Candidate &placed) {
        if (tools_.scorers.reads_copies()) {
            const OfferIndex offers[]{placed.offer};
            RIG_TRY(tools_.scorers.appraise(board_.market, offers, tools_.benches[0].scratch));
        }
        if (tools_.scorers.reads_room()) {
            board_.fleet.outdate(placed.row);
            RIG_TRY(pairs_.score_rows(board_, board_.fleet.server_at(board_.fleet.server_of(placed.row)).rows));
        }
        return pairs_.score_offer(board_, placed.offer);
    }

    Board board_;
    BestPairs pairs_;
    const PlanTools &tools_;
    std::vector<PlanStep> steps_;
};

} // namespace

bool PlanTools::any_fault() const {
    return std::any_of(benches.begin(), benches.end(), [](const Workbench &bench) {
        return std::any_of(bench.scratch.faults.begin(), bench.scratch.faults.end(),
                           [](const ScorerFault &fault) { return fault.calls > 0; });
    });
}

Result<PairScore> score_pair(const Board &board, const ScorerSet &scorers, OfferIndex offer, RowIndex row,
                             Workbench &bench) {
    const RowIndex rows[]{row};
    const OfferIndex offers[]{offer};
    const CandidateTable &table =
        bench.row_copy.copy(board.fleet, rows, scorers.candidate_needs(), ++bench.next_table_id);
    bench.batch.gather(board.market, offers, scorers.workload_needs());
    PairScore score;
    RIG_TRY(scorers.score(table, bench.batch, board.market, board.preference_share,
                          {1, &score.result, &score.base, &score.preference}, bench.scratch));
    return score;
}

Result<std::vector<PlanStep>> plan_steps(const Board &board, BestPairs &pairs, size_t max_steps,
                                         const PlanTools &tools) {
    RIG_TRY_ASSIGN(const std::optional<Candidate> best, pairs.best(board));
    if (best) return Planner(board, pairs, tools).run(max_steps);
    RIG_TRY_ASSIGN(const std::optional<Candidate> failed, longest_ago(board, tools));
    if (failed) return Planner(board, pairs, tools).retry(*failed);
    return std::vector<PlanStep>();
}

} // namespace rigger::placement
