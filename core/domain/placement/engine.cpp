#include "domain/placement/engine.hpp"

#include "domain/placement/better_plan.hpp"
#include "domain/placement/defrag_plan.hpp"
#include "domain/placement/explain.hpp"
#include "domain/placement/live_board.hpp"
#include "domain/placement/ranking.hpp"
#include "domain/placement/standing_pairs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace rigger::placement {
namespace {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

Error unknown_offer(const OfferId &id) {
    return not_found("UnknownOffer", "no offer '" + id.str() + "' is known; `rigger chutes` lists those that are");
}
Error unknown_server(const ServerId &id) {
    return not_found("UnknownServer", "no server '" + id.str() + "' is known; `rigger nodes` lists those that are");
}

std::vector<GpuId> gpu_ids(const Server &server, const std::vector<uint32_t> &positions) {
    std::vector<GpuId> ids;
    ids.reserve(positions.size());
    for (const uint32_t position : positions) ids.push_back(server.gpus[position].id);
    return ids;
}

} // namespace

std::string_view verdict_name(Verdict verdict) noexcept {
    static constexpr std::array<std::string_view, 3> names{"feasible", "rejected", "placed"};
    return names[static_cast<size_t>(verdict)];
}

std::vector<std::string> Placement::reasons() const {
    std::vector<std::string> phrases;
    if (operator_wish) phrases.push_back("an operator asked for it");
    if (retry_of_failed) phrases.push_back("every candidate died young lately; this one did longest ago");
    if (exchanged) phrases.push_back("not the best pair by itself, but the plan as a whole earns more with it");
    phrases.push_back("value " + number(value));
    const int count = offer->needs.gpu_count;
    phrases.push_back("on " + std::to_string(count) + " " + model + " at " + number(server->hourly_cost) +
                      " USD per GPU-hour");
    if (std::isfinite(gain)) phrases.push_back("gain " + number(gain));
    if (preference > 0)
        phrases.push_back("preference " + number(preference) + " on a base value of " + number(base_value));
    if (runner_up)
        phrases.push_back("next best was " + runner_up->offer->name + " on " + runner_up->server->name + " at " +
                          number(runner_up->value));
    return phrases;
}

std::string Placement::reason() const {
    std::string line;
    for (const std::string &phrase : reasons()) line += (line.empty() ? "" : "; ") + phrase;
    return line;
}

struct PlacementEngine::State {
    State(PlacementRules rules, ChunkExecutor *given)
        : live(std::move(rules)), executor(given ? given : &serial), benches(executor->width()) {
        // Table ids of copied rows: apart from those of segments and from each other's.
        for (size_t i = 0; i < benches.size(); ++i) benches[i].next_table_id = (i + 1) << 48;
    }

    Status sync(const SnapshotPtr &snapshot) {
        RIG_TRY_ASSIGN(const LiveBoard::Change change, live.sync(snapshot, scorers, benches[0].scratch));
        standing.note(change);
        return {};
    }
    Result<PlanOutcome> outcome() { return outcome(live, standing); }
    Result<PlanOutcome> outcome(const LiveBoard &on, StandingPairs &pairs_on) {
        RIG_TRY_ASSIGN(BestPairs *const pairs, pairs_on.up_to_date(on.board(), tools));
        return best_plan(on.board(), *pairs, on.rules(), tools);
    }
    Result<PlacementPlan> plan(const SnapshotPtr &snapshot) { return plan(live, standing, snapshot); }
    Result<PlacementPlan> plan(const LiveBoard &on, StandingPairs &pairs_on, const SnapshotPtr &snapshot) {
        RIG_TRY_ASSIGN(PlanOutcome outcome, this->outcome(on, pairs_on));
        PlacementPlan plan;
        plan.snapshot = snapshot;
        plan.per_hour = outcome.per_hour;
        plan.unbounded = std::move(outcome.unbounded);
        plan.placements.reserve(outcome.steps.size());
        for (const PlanStep &step : outcome.steps) {
            plan.value += step.chosen.value;
            plan.placements.push_back(placement(on.board(), step));
        }
        plan.faults = faults();
        return plan;
    }
    std::vector<ScorerFault> faults() {
        std::vector<ScorerFault> all;
        for (Workbench &bench : benches) ScorerSet::collect(bench.scratch, all);
        return all;
    }
    Result<OfferIndex> find_offer(const OfferId &id) const {
        const OfferIndex index = live.board().market.find(id);
        if (index == no_index) return unknown_offer(id);
        return index;
    }
    Result<ServerIndex> find_server(const ServerId &id) const {
        const ServerIndex index = live.board().fleet.find_server(id);
        if (index == no_index) return unknown_server(id);
        return index;
    }
    PairRef pair_ref(const Candidate &pair) const { return pair_ref(live.board(), pair); }
    static PairRef pair_ref(const Board &board, const Candidate &pair) {
        return {board.market.at(pair.offer).offer, board.fleet.server_at(board.fleet.server_of(pair.row)).server,
                pair.value};
    }
    Placement placement(const PlanStep &step) const { return placement(live.board(), step); }
    static Placement placement(const Board &board, const PlanStep &step) {
        Placement out;
        const PairRef pair = pair_ref(board, step.chosen);
        out.offer = pair.offer;
        out.server = pair.server;
        out.model = board.fleet.model_of(step.chosen.row);
        out.gpus = gpu_ids(*out.server, step.taken.cards);
        out.value = step.chosen.value;
        out.base_value = step.base_value;
        out.preference = step.preference;
        if (std::isfinite(step.gain)) out.gain = step.gain;
        out.retry_of_failed = step.retry_of_failed;
        out.exchanged = step.exchanged;
        if (step.runner_up) out.runner_up = pair_ref(board, *step.runner_up);
        return out;
    }

    SerialExecutor serial;
    LiveBoard live;
    ChunkExecutor *executor;
    std::vector<Workbench> benches;
    ScorerSet scorers;
    PlanTools tools{scorers, *executor, benches};
    StandingPairs standing;
    RankingMemory ranking_memory;
};

PlacementEngine::PlacementEngine(PlacementRules rules, ChunkExecutor *executor)
    : state_(std::make_unique<State>(std::move(rules), executor)) {}
PlacementEngine::~PlacementEngine() = default;
PlacementEngine::PlacementEngine(PlacementEngine &&) noexcept = default;
PlacementEngine &PlacementEngine::operator=(PlacementEngine &&) noexcept = default;

void PlacementEngine::set_rules(PlacementRules rules) { state_->live.set_rules(std::move(rules)); }
const PlacementRules &PlacementEngine::rules() const noexcept { return state_->live.rules(); }

Status PlacementEngine::set_scorers(std::vector<ScorerBinding> scorers) {
    RIG_TRY_ASSIGN(state_->scorers, ScorerSet::make(std::move(scorers)));
    state_->live.forget();
    return {};
}

Result<OfferRanking> PlacementEngine::rank_offers(const SnapshotPtr &snapshot, const OfferQuery &query) {
    RIG_TRY(state_->sync(snapshot));
    return OfferRanking{snapshot, placement::rank_offers(state_->live.board(), query), state_->faults()};
}

Result<PairRanking> PlacementEngine::rank_pairs(const SnapshotPtr &snapshot, const PairQuery &query) {
    RIG_TRY(state_->sync(snapshot));
    PairRanking ranking;
    ranking.snapshot = snapshot;
    RIG_TRY(placement::rank_pairs(state_->live.board(), query, state_->tools, state_->ranking_memory, ranking));
    ranking.faults = state_->faults();
    return ranking;
}

Result<PlacementPlan> PlacementEngine::plan(const SnapshotPtr &snapshot) {
    RIG_TRY(state_->sync(snapshot));
    return state_->plan(snapshot);
}

Result<DefragPlan> PlacementEngine::defrag(const SnapshotPtr &snapshot, const DefragBudget &budget) {
    RIG_TRY(state_->sync(snapshot));
    RIG_TRY_ASSIGN(DefragPlan plan, plan_moves(state_->live, budget, state_->tools));
    RIG_TRY_ASSIGN(plan.now, state_->plan(snapshot));
    const SnapshotPtr after = moved(*snapshot, plan.moves);
    LiveBoard then(rules());
    RIG_TRY(then.sync(after, state_->scorers, state_->benches[0].scratch));
    StandingPairs pairs_then;
    RIG_TRY_ASSIGN(plan.then, state_->plan(then, pairs_then, after));
    return plan;
}

Result<WhyNot> PlacementEngine::why_not(const SnapshotPtr &snapshot, const OfferId &offer,
                                        const std::optional<ServerId> &server) {
    RIG_TRY(state_->sync(snapshot));
    const LiveBoard &live = state_->live;
    const Fleet &fleet = live.board().fleet;
    RIG_TRY_ASSIGN(const OfferIndex index, state_->find_offer(offer));
    std::vector<ServerIndex> servers;
    if (server) {
        RIG_TRY_ASSIGN(const ServerIndex one, state_->find_server(*server));
        servers.push_back(one);
    } else {
        for (ServerIndex i = 0; i < fleet.server_count(); ++i)
            if (fleet.server_at(i).server) servers.push_back(i);
        std::sort(servers.begin(), servers.end(),
                  [&](ServerIndex a, ServerIndex b) { return fleet.server_at(a).label < fleet.server_at(b).label; });
    }
    RIG_TRY_ASSIGN(const PlanOutcome outcome, state_->outcome());
    const std::vector<PlanStep> &steps = outcome.steps;
    const auto takers = taken_by(live.board(), steps, index, servers);

    WhyNot answer;
    answer.offer = live.board().market.at(index).offer;
    for (size_t i = 0; i < servers.size(); ++i) {
        ServerVerdict verdict;
        verdict.server = fleet.server_at(servers[i]).server;
        const auto is_it = [&](const PlanStep &step) {
            return step.chosen.offer == index && fleet.server_of(step.chosen.row) == servers[i];
        };
        const auto placed = std::find_if(steps.begin(), steps.end(), is_it);
        verdict.reasons = rejections(live, index, servers[i], FilterMode::automatic);
        RowIndex row = fitting_row(live.board(), index, servers[i], live.board().market.demand(index));
        if (row != no_index) {
            RIG_TRY_ASSIGN(const PairScore score,
                           score_pair(live.board(), state_->scorers, index, row, state_->benches[0]));
            if (std::isfinite(score.result)) verdict.value = score.result;
            if (std::isinf(score.result) && score.result < 0) {
                verdict.reasons.push_back({Rejection::vetoed, "a scorer vetoed the pair"});
            } else if (!verdict.value) {
                verdict.reasons.push_back({Rejection::no_value, "the value scorer gave no value for the pair"});
            } else if (*verdict.value < rules().min_value) {
                verdict.reasons.push_back({Rejection::no_value, "its value " + number(*verdict.value) +
                                                                    " is below the least allowed " +
                                                                    number(rules().min_value)});
            }
        }
        if (placed != steps.end()) {
            verdict.verdict = Verdict::placed;
            verdict.value = placed->chosen.value;
            verdict.reasons.clear();
        } else if (verdict.reasons.empty()) {
            verdict.verdict = Verdict::feasible;
            if (takers[i]) verdict.better = state_->pair_ref(steps[*takers[i]].chosen);
        }
        answer.servers.push_back(std::move(verdict));
    }
    answer.faults = state_->faults();
    return answer;
}

Result<std::vector<RejectionReason>>
PlacementEngine::operator_rejections(const SnapshotPtr &snapshot, const OfferId &offer, const ServerId &server) {
    RIG_TRY(state_->sync(snapshot));
    RIG_TRY_ASSIGN(const OfferIndex offer_index, state_->find_offer(offer));
    RIG_TRY_ASSIGN(const ServerIndex server_index, state_->find_server(server));
    return rejections(state_->live, offer_index, server_index, FilterMode::operator_wish);
}

Result<Placement> PlacementEngine::check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                         const ServerId &server) {
    RIG_TRY_ASSIGN(const std::vector<RejectionReason> reasons, operator_rejections(snapshot, offer, server));
    Board board = state_->live.board();
    const OfferIndex offer_index = board.market.find(offer);
    const ServerIndex server_index = board.fleet.find_server(server);
    const Offer &what = *board.market.at(offer_index).offer;
    if (!reasons.empty()) {
        std::string why;
        for (const RejectionReason &reason : reasons)
            why += (why.empty() ? "" : "; ") + std::string(rejection_code(reason.code)) + ": " + reason.text;
        return Error{Code::conflict, "Infeasible",
                     "cannot deploy '" + what.name + "' on '" + board.fleet.server_at(server_index).server->name +
                         "': " + why,
                     0};
    }
    const Demand demand = demand_of(what, FilterMode::operator_wish);
    const RowIndex row = fitting_row(board, offer_index, server_index, demand);
    PlanStep step;
    step.chosen = {offer_index, row, 0};
    // A scorer's silence or failure does not stand in an operator's way.
    if (const auto score = score_pair(board, state_->scorers, offer_index, row, state_->benches[0]);
        score.ok() && std::isfinite(score->result)) {
        step.chosen.value = score->result;
        step.base_value = score->base;
        step.preference = score->preference;
    }
    step.gain = board.market.gain(offer_index);
    step.taken = board.fleet.take(demand, row);
    Placement placement = state_->placement(step);
    placement.operator_wish = true;
    static_cast<void>(state_->faults());
    return placement;
}

} // namespace rigger::placement
