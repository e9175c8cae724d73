#include "domain/placement/explain.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace rigger::placement {
namespace {

std::string count_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string list_models(const std::vector<std::string> &models) {
    std::string text;
    for (const std::string &model : models) text += (text.empty() ? "" : ", ") + model;
    return text.empty() ? "no model at all" : text;
}

class Explainer {
public:
    Explainer(const LiveBoard &live, OfferIndex offer, ServerIndex server, FilterMode mode)
        : live_(live), board_(live.board()), workload_(board_.market.at(offer)), offer_(*workload_.offer),
          offer_index_(offer), index_(server), entry_(board_.fleet.server_at(server)), server_(*entry_.server),
          mode_(mode) {}

    std::vector<RejectionReason> run() {
        if (mode_ == FilterMode::automatic) {
            market_rules();
            policy_rules();
            memory_rules();
        } else {
            if (!offer_.deployable) not_deployable();
            if (mode_ == FilterMode::operator_wish && workload_.policy == Rejection::banned) banned();
        }
        server_rules();
        if (mode_ == FilterMode::automatic && workload_.is_here(index_))
            add(Rejection::already_here, "a live copy of " + offer_.name + " runs on " + server_.name + " already");
        std::stable_sort(reasons_.begin(), reasons_.end(),
                         [](const auto &a, const auto &b) { return a.code < b.code; });
        return std::move(reasons_);
    }

private:
    void add(Rejection code, std::string text) { reasons_.push_back({code, std::move(text)}); }
    void not_deployable() { add(Rejection::not_deployable, "the offer has no service to deploy (job-only)"); }
    void banned() {
        const auto &bans = live_.around().snapshot()->bans;
        const auto at = bans.find(offer_.id);
        const bool says_why = at != bans.end() && !at->second.empty();
        add(Rejection::banned, says_why ? "banned: " + at->second : std::string("banned by the operator"));
    }

    void market_rules() {
        const Economics &economics = offer_.economics;
        if (!offer_.deployable) not_deployable();
        if (!economics.has_metrics) add(Rejection::no_metrics, "the market reports no metrics for it");
        if (!economics.has_utilization) add(Rejection::no_utilization, "the market reports no utilization for it");
        if (!economics.scalable) add(Rejection::not_scalable, "the market does not let it scale now");
        if (economics.update_in_progress)
            add(Rejection::update_in_progress, "the market is rolling out an update of it");
    }

    void policy_rules() {
        const PlacementRules &rules = live_.rules();
        if (live_.around().snapshot()->bans.contains(offer_.id) || on_list(rules.banned, offer_)) banned();
        if (rules.whitelist && !on_list(*rules.whitelist, offer_))
            add(Rejection::not_whitelisted, "it is not on the whitelist");
        if (workload_.copies >= workload_.cap)
            add(Rejection::offer_cap_reached,
                std::to_string(workload_.copies) + " copies run and " + std::to_string(workload_.cap) + " are allowed");
        if (const Backoff *wait = live_.around().backoff(offer_.id))
            add(Rejection::backoff, "its source told us to wait until " + to_rfc3339(wait->until) +
                                        (wait->reason.empty() ? "" : ": " + wait->reason));
    }

    void memory_rules() {
        if (workload_.marks.everywhere)
            add(Rejection::recently_failed,
                "a copy died young at " + to_rfc3339(*workload_.marks.everywhere) + "; it is avoided for a while");
        for (const auto &[server, when] : workload_.marks.on_server)
            if (server == server_.id)
                add(Rejection::recently_failed_here, "a copy died young on " + server_.name + " at " +
                                                         to_rfc3339(when) + "; it is avoided there for a while");
    }

    /// The group of an admissible model with the most free GPUs; no_index: none.
    RowIndex nearest_group() const {
        RowIndex best = no_index;
        for (const RowIndex row : entry_.rows) {
            if (!std::binary_search(workload_.segments.begin(), workload_.segments.end(), board_.fleet.segment_of(row)))
                continue;
            if (best == no_index || board_.fleet.value(CandidateColumn::gpu_free, row) >
                                        board_.fleet.value(CandidateColumn::gpu_free, best))
                best = row;
        }
        return best;
    }

    void server_rules() {
        const Demand demand = demand_of(offer_, mode_);
        RowIndex row = fitting_row(board_, offer_index_, index_, demand);
        if (row != no_index) return;
        row = nearest_group();
        if (row == no_index) {
            std::string has;
            for (const RowIndex one : entry_.rows) has += (has.empty() ? "" : ", ") + board_.fleet.model_of(one);
            add(Rejection::gpu_model_mismatch, "it runs on " + list_models(offer_.needs.gpu_models) + "; " +
                                                   server_.name + " has " + (has.empty() ? "no GPU" : has));
            if (entry_.rows.empty()) return;
            row = entry_.rows.front();
        } else {
            gpu_rules(demand, row);
        }
        const Fleet::Room room = board_.fleet.room(row);
        const int64_t counted = room.gate & demand.gate_mask;
        if (counted & gate_locked) add(Rejection::server_locked, server_.name + " is locked");
        if (counted & gate_not_ready)
            add(Rejection::server_not_ready, server_.cordoned
                                                 ? server_.name + " is cordoned: kubectl uncordon " + server_.name
                                                 : server_.name + " is not ready");
        if (counted & gate_unknown)
            add(Rejection::server_unknown,
                "the state of cluster " + server_.cluster.str() + " is not completely known");
        if ((counted & gate_tee) != (demand.gate_want & gate_tee))
            add(Rejection::tee_mismatch, offer_.needs.tee ? "it needs a TEE server and " + server_.name + " is none"
                                                          : server_.name + " is a TEE server and it is no TEE offer");
        if (demand.validator != 0 && room.validator != 0 && room.validator != demand.validator)
            add(Rejection::validator_mismatch, server_.name + " is pledged to " + server_.validator +
                                                   ", the offer comes from " +
                                                   (offer_.validator.empty() ? offer_.source.str() : offer_.validator));
        const auto short_of = [&](Rejection code, const char *what, double wanted, double left) {
            if (wanted > left)
                add(code, "it needs " + count_text(wanted) + " " + what + "; " + server_.name + " has " +
                              count_text(left) + " left");
        };
        short_of(Rejection::not_enough_disk, "GB of disk", demand.disk_gb, room.disk_gb);
        short_of(Rejection::not_enough_cpu, "thousandths of a CPU", demand.cpu_milli, room.cpu_milli);
        short_of(Rejection::not_enough_memory, "MiB of memory", demand.memory_mib, room.memory_mib);
    }

    void gpu_rules(const Demand &demand, RowIndex row) {
        const Fleet::Room room = board_.fleet.room(row);
        const std::string &model = board_.fleet.model_of(row);
        if (room.whole_gpus < demand.whole_gpus)
            add(Rejection::not_enough_free_gpus, "it needs " + count_text(demand.whole_gpus) + " " + model + "; " +
                                                     server_.name + " has " + count_text(room.whole_gpus) + " free" +
                                                     of_others());
        if (room.share_milli < demand.share_milli)
            add(Rejection::not_enough_free_gpus, "it needs " + count_text(demand.share_milli) + " thousandths of one " +
                                                     model + "; the most that one on " + server_.name +
                                                     " has free is " + count_text(room.share_milli) + of_others());
    }
    std::string of_others() const {
        if (server_.held_by_number())
            return "; deployments hold its GPUs by number, from before these had names: nothing new until those ended";
        if (server_.gpus_of_others == 0) return {};
        return "; pods that are not rigger's ask for " + std::to_string(server_.gpus_of_others);
    }

    const LiveBoard &live_;
    const Board &board_;
    const Workload &workload_;
    const Offer &offer_;
    OfferIndex offer_index_;
    ServerIndex index_;
    const FleetServer &entry_;
    const Server &server_;
    FilterMode mode_;
    std::vector<RejectionReason> reasons_;
};

} // namespace

std::vector<RejectionReason> rejections(const LiveBoard &live, OfferIndex offer, ServerIndex server, FilterMode mode) {
    return Explainer(live, offer, server, mode).run();
}

Rejection first_rejection(const Board &board, OfferIndex offer, RowIndex row) {
    const Workload &workload = board.market.at(offer);
    const Demand &demand = board.market.demand(offer);
    const ServerIndex server = board.fleet.server_of(row);
    if (const Rejection gate = workload.gate(); gate != Rejection::none) return gate;
    if (!workload.marks.on_server.empty() && workload.failed_on(board.fleet.server(row).id))
        return Rejection::recently_failed_here;
    if (!board.fleet.fits(demand, row)) {
        const Fleet::Room room = board.fleet.room(row);
        const int64_t counted = room.gate & demand.gate_mask;
        if (room.whole_gpus < demand.whole_gpus || room.share_milli < demand.share_milli)
            return Rejection::not_enough_free_gpus;
        if (counted & gate_locked) return Rejection::server_locked;
        if (counted & gate_not_ready) return Rejection::server_not_ready;
        if (counted & gate_unknown) return Rejection::server_unknown;
        if ((counted & gate_tee) != (demand.gate_want & gate_tee)) return Rejection::tee_mismatch;
        if (demand.validator != 0 && room.validator != 0 && room.validator != demand.validator)
            return Rejection::validator_mismatch;
        if (room.disk_gb < demand.disk_gb) return Rejection::not_enough_disk;
        if (room.cpu_milli < demand.cpu_milli) return Rejection::not_enough_cpu;
        return Rejection::not_enough_memory;
    }
    return workload.is_here(server) ? Rejection::already_here : Rejection::none;
}

RowIndex fitting_row(const Board &board, OfferIndex offer, ServerIndex server, const Demand &demand) {
    const auto &segments = board.market.at(offer).segments;
    RowIndex best = no_index;
    for (const RowIndex row : board.fleet.server_at(server).rows) {
        if (!std::binary_search(segments.begin(), segments.end(), board.fleet.segment_of(row)) ||
            !board.fleet.fits(demand, row))
            continue;
        if (best == no_index || board.fleet.key(row) < board.fleet.key(best)) best = row;
    }
    return best;
}

std::vector<std::optional<size_t>> taken_by(Board board, const std::vector<PlanStep> &steps, OfferIndex offer,
                                            const std::vector<ServerIndex> &servers) {
    std::vector<std::optional<size_t>> taker(servers.size());
    const Demand demand = board.market.demand(offer);
    for (size_t i = 0; i < steps.size(); ++i) {
        const Candidate &chosen = steps[i].chosen;
        const ServerIndex server = board.fleet.server_of(chosen.row);
        board.fleet.take(board.market.demand(chosen.offer), chosen.row);
        board.market.add_copy(chosen.offer, server, board.fleet);
        const bool closed = board.market.at(offer).gate() != Rejection::none;
        for (size_t s = 0; s < servers.size(); ++s) {
            if (taker[s] || (servers[s] != server && !closed)) continue;
            if (closed || fitting_row(board, offer, servers[s], demand) == no_index) taker[s] = i;
        }
    }
    return taker;
}

} // namespace rigger::placement
