#include "domain/placement/better_plan.hpp"

#include "domain/optimum/improve.hpp"
#include "domain/optimum/worth_bound.hpp"
#include "domain/placement/stock_of.hpp"

#include <algorithm>
#include <queue>
#include <set>
#include <tuple>

namespace rigger::placement {
namespace {

using Pair = std::pair<OfferIndex, RowIndex>;

std::string refusal(const std::vector<PlanStep> &greedy, const PlacementRules &rules, const ScorerSet &scorers) {
    if (scorers.has_preferences()) return "preference scorers are active";
    if (!scorers.per_usd()) return "the value scorers do not all state values per USD";
    if (!scorers.pure()) return "a scorer is not pure";
    if (scorers.reads_room()) return "a value depends on what is left of a server";
    if (rules.max_actions > 0) return "the plan is cut short by max_actions";
    if (!greedy.empty() && greedy[0].retry_of_failed) return "every candidate died young lately; one is tried again";
    return {};
}

double per_hour(const Board &board, const std::vector<PlanStep> &steps) {
    double sum = 0;
    for (const PlanStep &step : steps)
        sum += step.chosen.value * cost_per_hour(board, step.chosen.offer, step.chosen.row);
    return sum;
}

/// The chosen pairs as steps, highest value of the moment first. Empty: a pair does not fit, which would be a bug of
/// the choice.
class Replay {
public:
    Replay(const Board &board, const BoardStock &stock, const std::vector<PlanStep> &greedy, const PlanTools &tools)
        : board_(board), stock_(stock), tools_(tools) {
        for (const PlanStep &step : greedy) greedy_.emplace(step.chosen.offer, step.chosen.row);
    }

    Result<std::vector<PlanStep>> run(const std::vector<optimum::Choice> &choices) {
        rows_.resize(stock_.offers.size());
        for (const optimum::Choice &choice : choices) rows_[choice.lot].push_back(stock_.rows[choice.bin]);
        next_.assign(rows_.size(), 0);
        for (uint32_t lot = 0; lot < rows_.size(); ++lot) {
            std::sort(rows_[lot].begin(), rows_[lot].end(), [&](RowIndex a, RowIndex b) {
                return std::tie(board_.fleet.key(a), a) < std::tie(board_.fleet.key(b), b);
            });
            queue(lot);
        }
        std::vector<PlanStep> steps;
        while (!queue_.empty()) {
            const uint32_t lot = queue_.top().lot;
            queue_.pop();
            RIG_TRY_ASSIGN(const std::optional<PlanStep> step, place({stock_.offers[lot], rows_[lot][next_[lot]]}));
            if (!step) return std::vector<PlanStep>{};
            if (step->chosen.value >= board_.min_value) steps.push_back(*step);
            ++next_[lot];
            queue(lot);
        }
        return steps;
    }

private:
    struct Entry {
        double value = 0;
        uint32_t lot = 0;
        bool operator<(const Entry &other) const {
            return value != other.value ? value < other.value : lot > other.lot;
        }
    };
    void queue(uint32_t lot) {
        const size_t at = next_[lot];
        if (at >= rows_[lot].size()) return;
        queue_.push(
            {stock_.stock.lots[lot].worth[at] / cost_per_hour(board_, stock_.offers[lot], rows_[lot][at]), lot});
    }
    Result<std::optional<PlanStep>> place(const Pair &pair) {
        const auto [offer, row] = pair;
        const Demand &demand = board_.market.demand(offer);
        const ServerIndex server = board_.fleet.server_of(row);
        if (!board_.fleet.fits(demand, row) || board_.market.at(offer).is_here(server))
            return std::optional<PlanStep>{};
        RIG_TRY_ASSIGN(const PairScore score, score_pair(board_, tools_.scorers, offer, row, tools_.benches[0]));
        PlanStep step;
        step.chosen = {offer, row, score.result};
        step.base_value = score.base;
        step.gain = board_.market.gain(offer);
        step.exchanged = !greedy_.contains(pair);
        if (!(score.result >= board_.min_value)) return std::optional(step);
        step.taken = board_.fleet.take(demand, row);
        board_.market.add_copy(offer, server, board_.fleet);
        if (tools_.scorers.reads_copies()) {
            const OfferIndex offers[]{offer};
            RIG_TRY(tools_.scorers.appraise(board_.market, offers, tools_.benches[0].scratch));
        }
        return std::optional(step);
    }

    Board board_;
    const BoardStock &stock_;
    const PlanTools &tools_;
    std::set<Pair> greedy_;
    std::vector<std::vector<RowIndex>> rows_;
    std::vector<size_t> next_;
    std::priority_queue<Entry> queue_;
};

} // namespace

Result<PlanOutcome> best_plan(const Board &board, BestPairs &pairs, const PlacementRules &rules,
                              const PlanTools &tools) {
    PlanOutcome outcome;
    RIG_TRY_ASSIGN(outcome.steps, plan_steps(board, pairs, rules.max_actions, tools));
    outcome.unbounded =
        rules.improvement_steps == 0 ? "improvement_steps is 0" : refusal(outcome.steps, rules, tools.scorers);
    if (outcome.unbounded.empty() && tools.any_fault()) outcome.unbounded = "a scorer failed";
    if (!outcome.unbounded.empty()) return outcome;
    if (outcome.steps.empty()) { // nothing fits: no plan earns anything
        outcome.per_hour = WorthPerHour{};
        return outcome;
    }
    RIG_TRY_ASSIGN(const BoardStock stock, stock_of(board, tools));
    if (tools.any_fault()) outcome.unbounded = "a scorer failed";
    else outcome.unbounded = stock.refusal;
    if (!outcome.unbounded.empty()) return outcome;

    std::vector<optimum::Choice> greedy;
    for (const PlanStep &step : outcome.steps)
        greedy.push_back({stock.lot_of.at(step.chosen.offer), stock.bin_of.at(step.chosen.row)});
    const optimum::WorthBound bound = optimum::worth_at_most(stock.stock);
    WorthPerHour figures;
    figures.best_first = figures.value = per_hour(board, outcome.steps);
    figures.at_most = bound.per_hour;
    const std::vector<optimum::Choice> better =
        optimum::improve(stock.stock, greedy, bound.price, bound.per_hour, rules.improvement_steps);
    if (better != greedy) {
        RIG_TRY_ASSIGN(std::vector<PlanStep> steps, Replay(board, stock, outcome.steps, tools).run(better));
        if (const double value = per_hour(board, steps); value > figures.value) {
            figures.value = value;
            outcome.steps = std::move(steps);
        }
    }
    outcome.per_hour = figures;
    return outcome;
}

} // namespace rigger::placement
