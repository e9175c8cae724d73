#include "simulation/simulator.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace rigger::sim {
using nlohmann::json;

Result<placement::PlacementPlan> GreedyPlanner::plan(const SnapshotPtr &snapshot) {
    placement::PlacementPlan plan;
    plan.snapshot = snapshot;
    std::map<ServerId, std::set<GpuId>> taken;
    std::set<std::pair<OfferId, ServerId>> here;
    for (const DeploymentPtr &d : snapshot->deployments)
        if (d->live()) here.emplace(d->offer, d->server);
    const auto marked = [&](const OfferId &offer, const ServerId &server) {
        const bool backoff = std::any_of(snapshot->backoffs.begin(), snapshot->backoffs.end(), [&](const Backoff &b) {
            return b.offer == offer && b.until > snapshot->taken_at;
        });
        return backoff || std::any_of(snapshot->failures.begin(), snapshot->failures.end(), [&](const FailureMark &m) {
                   return m.offer == offer && m.until > snapshot->taken_at && (m.server.empty() || m.server == server);
               });
    };
    for (const OfferPtr &offer : snapshot->offers)
        for (const ServerPtr &server : snapshot->servers) {
            if (server->locked || !server->ready || snapshot->bans.contains(offer->id) ||
                here.contains({offer->id, server->id}) || marked(offer->id, server->id))
                continue;
            placement::Placement p;
            p.offer = offer;
            p.server = server;
            for (const Gpu &gpu : server->gpus)
                if (gpu.free() && gpu.model == offer->needs.gpu_models.front() && !taken[server->id].contains(gpu.id) &&
                    static_cast<int>(p.gpus.size()) < offer->needs.gpu_count)
                    p.gpus.push_back(gpu.id);
            if (static_cast<int>(p.gpus.size()) != offer->needs.gpu_count) continue;
            taken[server->id].insert(p.gpus.begin(), p.gpus.end());
            here.emplace(offer->id, server->id);
            plan.placements.push_back(std::move(p));
        }
    return plan;
}

Result<placement::Placement> GreedyPlanner::check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                                  const ServerId &server) {
    placement::Placement p;
    for (const OfferPtr &o : snapshot->offers)
        if (o->id == offer) p.offer = o;
    for (const ServerPtr &s : snapshot->servers)
        if (s->id == server) p.server = s;
    if (!p.offer || !p.server) return not_found("UnknownOffer", "no such offer or server");
    for (const Gpu &gpu : p.server->gpus)
        if (gpu.free() && static_cast<int>(p.gpus.size()) < p.offer->needs.gpu_count) p.gpus.push_back(gpu.id);
    if (static_cast<int>(p.gpus.size()) != p.offer->needs.gpu_count || p.server->locked)
        return Error{Code::conflict, "Infeasible", p.server->locked ? "ServerLocked" : "NotEnoughFreeGpus", 0};
    return p;
}

Result<placement::OfferRanking> GreedyPlanner::rank_offers(const SnapshotPtr &snapshot, const placement::OfferQuery &) {
    placement::OfferRanking ranking{snapshot, {}, {}};
    for (const OfferPtr &offer : snapshot->offers)
        ranking.items.push_back({offer.get(), 1.0, placement::Rejection::none});
    return ranking;
}

Result<placement::PairRanking> GreedyPlanner::rank_pairs(const SnapshotPtr &snapshot, const placement::PairQuery &) {
    return placement::PairRanking{snapshot, {}, 0, {}};
}
Result<placement::DefragPlan> GreedyPlanner::defrag(const SnapshotPtr &, const placement::DefragBudget &) {
    return placement::DefragPlan{};
}
Result<placement::WhyNot> GreedyPlanner::why_not(const SnapshotPtr &, const OfferId &,
                                                 const std::optional<ServerId> &) {
    return placement::WhyNot{};
}

namespace {

void propose(Reconciliation &out, std::string id, json action) {
    out.actions.push_back({std::move(id), action.dump()});
}

json terminate(const json &d, const char *cause, const char *evidence, json views) {
    return {{"verb", "terminate"},  {"target", {{"deploymentId", d["id"]}}},
            {"cause", cause},       {"reason", cause},
            {"evidence", evidence}, {"views", std::move(views)}};
}

} // namespace

Result<Reconciliation> BluntReconciler::reconcile(const CallContext &, std::string_view key,
                                                  std::string_view desired_text, std::string_view observed_text) {
    Reconciliation out;
    const json desired = json::parse(desired_text), observed = json::parse(observed_text);
    const std::string k(key);
    if (desired.contains("deployment")) {
        const json &d = desired["deployment"];
        const std::string phase = d["phase"];
        if (phase == "terminating" || phase == "planned" || phase == "claimed") return out;
        const json &job = observed["job"];
        if (job.is_object() && (job["failed"] > 0 || job["succeeded"] > 0))
            propose(out, k + "/job", terminate(d, "JobFailed", "definite", {"jobs"}));
        if (job.is_null()) propose(out, k + "/nojob", terminate(d, "JobMissing", "absence", {"jobs", "pods"}));
        if (observed["pods"].empty()) propose(out, k + "/nopod", terminate(d, "PodMissing", "absence", {"pods"}));
        if (observed["instance"].is_null() && !d["instanceId"].is_null())
            propose(out, k + "/noinst", terminate(d, "InstanceMissing", "absence", {"instances"}));
        if (observed["offer"].is_null())
            propose(out, k + "/nooffer", terminate(d, "OfferMissing", "absence", {"offers"}));
        const auto at = parse_rfc3339(d["createdAt"].get<std::string>()),
                   now = parse_rfc3339(desired["now"].get<std::string>());
        if (phase != "active" &&
            std::chrono::duration<double>(*now - *at).count() > desired["limits"]["initSeconds"].get<double>())
            propose(out, k + "/slow", terminate(d, "TooSlow", "policy", json::array()));
    } else if (observed.contains("stored")) {
        std::set<std::string> configs, instances, offers;
        for (const json &d : desired["deployments"]) {
            if (d["configId"].is_string()) configs.insert(d["configId"]);
            if (d["instanceId"].is_string()) instances.insert(d["instanceId"]);
        }
        for (const json &o : observed["offers"]) offers.insert(o["id"]);
        for (const json &i : observed["instances"])
            if (!instances.contains(i["id"]) && !(i["configId"].is_string() && configs.contains(i["configId"])))
                propose(out, "release/" + i["id"].get<std::string>(),
                        {{"verb", "release-instance"},
                         {"target", {{"source", k}, {"instanceId", i["id"]}, {"offerId", i["offerId"]}}},
                         {"cause", "UnknownInstance"},
                         {"reason", "no deployment"},
                         {"evidence", "absence"},
                         {"views", {"instances"}}});
        for (const json &row : observed["stored"])
            if (!offers.contains(row["id"]))
                propose(out, "offer/" + row["id"].get<std::string>(),
                        {{"verb", "delete-offer"},
                         {"target", {{"source", k}, {"offerId", row["id"]}}},
                         {"cause", "OfferGone"},
                         {"reason", "not listed"},
                         {"evidence", "absence"},
                         {"views", {"offers"}}});
    } else {
        std::set<std::string> known;
        for (const json &d : desired["deployments"]) known.insert(d["id"]);
        for (const json &o : observed["objects"])
            if (!known.contains(o["deploymentId"]))
                propose(out, "remove/" + o["uid"].get<std::string>(),
                        {{"verb", "remove-object"},
                         {"target",
                          {{"cluster", k},
                           {"apiVersion", o["apiVersion"]},
                           {"kind", o["kind"]},
                           {"namespace", o["namespace"]},
                           {"name", o["name"]},
                           {"uid", o["uid"]}}},
                         {"cause", "Orphan"},
                         {"reason", "no deployment"},
                         {"evidence", "absence"},
                         {"views", {"pods", "jobs", "services"}}});
    }
    return out;
}

} // namespace rigger::sim
