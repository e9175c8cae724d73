#include "domain/placement/defrag_plan.hpp"

#include "domain/placement/defrag.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace rigger::placement {
namespace {

/// A copy of the offer could be claimed and placed now, if there were room; caps do not matter, for one copy goes when
/// the other comes.
bool claimable(const Workload &workload) {
    return workload.offer && workload.market == Rejection::none && workload.policy == Rejection::none &&
           !workload.marks.everywhere;
}

/// What the deployment holds, as the planner would have taken it; nullopt: it may not be moved.
std::optional<Resident> resident_of(const Board &board, const Deployment &deployment) {
    if (deployment.phase != Phase::active || !deployment.preemptible || !deployment.job_id.empty() ||
        deployment.gpus.empty())
        return std::nullopt;
    const OfferIndex offer = board.market.find(deployment.offer);
    const ServerIndex server = board.fleet.find_server(deployment.server);
    if (offer == no_index || server == no_index || !claimable(board.market.at(offer))) return std::nullopt;
    const Server &where = *board.fleet.server_at(server).server;
    if (where.locked) return std::nullopt;
    const double each = deployment.gpu_milli;
    if (each != board.market.demand(offer).milli_each()) return std::nullopt; // it asks for something else by now
    for (const RowIndex row : board.fleet.server_at(server).rows) {
        Taken taken{row, {}};
        for (const Card &card : board.fleet.cards(row))
            if (const auto &ids = deployment.gpus;
                std::find(ids.begin(), ids.end(), where.gpus[card.position].id) != ids.end() &&
                card.milli_free + each <= 1000)
                taken.cards.push_back(card.position);
        std::sort(taken.cards.begin(), taken.cards.end());
        if (taken.cards.size() == deployment.gpus.size() &&
            static_cast<int>(taken.cards.size()) == board.market.at(offer).offer->needs.gpu_count)
            return Resident{offer, std::move(taken)};
    }
    return std::nullopt;
}

} // namespace

std::string Migration::reason() const {
    char text[160];
    std::snprintf(text, sizeof text,
                  "%.2f GPUs that are free on the two servers can then be used by what the market asks for",
                  gain / 1000);
    return text;
}

Result<DefragPlan> plan_moves(const LiveBoard &live, const DefragBudget &budget, const PlanTools &tools) {
    const Board &board = live.board();
    std::vector<Resident> residents;
    std::vector<DeploymentPtr> deployments;
    for (const DeploymentPtr &deployment : live.around().snapshot()->deployments)
        if (auto resident = resident_of(board, *deployment)) {
            residents.push_back(std::move(*resident));
            deployments.push_back(deployment);
        }
    std::vector<double> weight(board.market.size());
    for (const OfferIndex offer : board.market.listing()) weight[offer] = 1;

    Status failure;
    std::map<std::pair<OfferIndex, RowIndex>, bool> asked;
    const auto may_stand = [&](OfferIndex offer, RowIndex row) {
        const auto [at, fresh] = asked.try_emplace({offer, row}, false);
        if (!fresh) return at->second;
        if (board.market.at(offer).failed_on(board.fleet.server(row).id)) return false;
        const auto score = score_pair(board, tools.scorers, offer, row, tools.benches[0]);
        if (!score.ok()) failure = score.error();
        return at->second = score.ok() && std::isfinite(score->result) && score->result >= board.min_value;
    };
    DefragPlan plan;
    plan.movable = residents.size();
    plan.budget = budget.of(residents.size());
    const Fragmentation measure(board.fleet, board.market, weight);
    const DefragSteps steps = defragment(board.fleet, board.market, measure, residents, plan.budget, {true, may_stand});
    if (!failure.ok()) return failure.error();
    plan.lost_before = steps.lost_before;
    plan.lost_after = steps.lost_after;
    for (const DefragMove &step : steps.moves) {
        const Resident &resident = residents[step.resident];
        const auto server = [&](RowIndex row) { return board.fleet.server_at(board.fleet.server_of(row)).server; };
        Migration move{deployments[step.resident],
                       board.market.at(resident.offer).offer,
                       server(resident.taken.row),
                       server(step.to.row),
                       board.fleet.model_of(step.to.row),
                       {},
                       step.gain};
        for (const uint32_t position : step.to.cards) move.gpus.push_back(move.to->gpus[position].id);
        plan.moves.push_back(std::move(move));
    }
    return plan;
}

SnapshotPtr moved(const Snapshot &snapshot, const std::vector<Migration> &moves) {
    auto after = std::make_shared<Snapshot>(snapshot);
    const auto mark = [&](const ServerId &id, const std::vector<GpuId> &gpus, const DeploymentId &was,
                          const DeploymentId &is) {
        const size_t at = place_of(after->servers, id);
        auto changed = std::make_shared<Server>(*after->servers[at]);
        for (Gpu &gpu : changed->gpus)
            if (gpu.deployment == was && std::find(gpus.begin(), gpus.end(), gpu.id) != gpus.end()) gpu.deployment = is;
        after->servers.set(at, std::move(changed));
    };
    for (const Migration &move : moves) {
        const size_t at = place_of(after->deployments, move.deployment->id);
        auto there = std::make_shared<Deployment>(*after->deployments[at]);
        mark(there->server, there->gpus, there->id, {});
        there->server = move.to->id;
        there->cluster = move.to->cluster;
        there->node_name = move.to->name;
        there->gpus = move.gpus;
        mark(there->server, there->gpus, {}, there->id);
        after->deployments.set(at, std::move(there));
    }
    return after;
}

} // namespace rigger::placement
