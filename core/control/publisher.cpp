#include "control/publisher.hpp"

#include "control/inventory.hpp"
#include "control/market.hpp"
#include "control/same_cluster.hpp"

#include <algorithm>

namespace rigger {
namespace {

/// A change is seen at once although another one, or a heartbeat, was published just before; only a stream of them is
/// slowed down to the interval.
constexpr int most_at_once = 8;

void fill_sources(State &s, Snapshot &shot) {
    for (const auto &[name, book] : s.sources) {
        shot.sources.push_back({name, book.offers_listing.freshness(), book.instances_listing.freshness()});
        for (const auto &[id, entry] : book.instances) shot.instances.push_back(entry.instance);
    }
    std::sort(shot.instances.begin(), shot.instances.end(), [](const auto &a, const auto &b) { return a->id < b->id; });
}

void fill_clusters(State &s, Snapshot &shot) {
    for (const auto &[name, book] : s.clusters) {
        ClusterState cluster;
        cluster.name = name;
        cluster.nodes = book.nodes.listing.freshness();
        cluster.pods = book.pods.listing.freshness();
        cluster.jobs = book.jobs.listing.freshness();
        cluster.services = book.services.listing.freshness();
        cluster.node_list = book.nodes.all();
        cluster.pod_list = book.pods.all();
        cluster.job_list = book.jobs.all();
        cluster.service_list = book.services.all();
        shot.clusters.push_back(std::move(cluster));
    }
}

void fill_status(const Turn &turn, LoopStatus &status) {
    const State &s = turn.state;
    status.store_failing = s.commits.failing;
    status.store_error = s.commits.failing ? s.commits.why.message : std::string();
    status.store_failures = s.commits.failures;
    status.commits_waiting = s.commits.waiting;
    status.effects_in_flight = s.in_flight.size();
    status.held_back = s.reconcile.held;
    status.same_clusters = same_cluster::standing(s);
    status.kept_out.clear();
    for (const auto &[cluster, nodes] : s.kept_out)
        for (const auto &[node, why] : nodes) status.kept_out.push_back(why);
    status.stuck.clear();
    for (const auto &[id, track] : s.tracks) {
        const std::string &why = track.last_error.empty() ? track.waits.message : track.last_error;
        if (why.empty()) continue;
        const auto flight = s.in_flight.find(track.pending);
        status.stuck.push_back({id, std::string(phase_name(track.d->phase)),
                                flight == s.in_flight.end() ? "" : flight->second.name, why,
                                track.last_error.empty() ? track.waits.reason : std::string(), track.attempts});
    }
}

} // namespace

std::shared_ptr<const Published> publish(Turn &turn) {
    State &s = turn.state;
    if (!s.changed && s.published) return s.published;
    static const Snapshot nothing;
    const Snapshot &last = s.published ? *s.published->snapshot : nothing;
    auto shot = std::make_shared<Snapshot>();
    shot->version = ++s.version;
    shot->taken_at = turn.wall;
    shot->taken_mono = turn.mono;
    shot->offers = market::all_offers(s, last.offers);
    SharedList<ServerPtr>::Successor servers(last.servers);
    for (const auto &[name, server] : s.servers) servers.add(inventory::with_use(s, server));
    shot->servers = std::move(servers).finish();
    SharedList<DeploymentPtr>::Successor deployments(last.deployments);
    for (const auto &[id, track] : s.tracks) deployments.add(track.d);
    shot->deployments = std::move(deployments).finish();
    shot->failures = s.failures;
    for (const auto &[id, pause] : s.backoffs)
        shot->backoffs.push_back({id, turn.wall + (pause.ends - turn.mono), pause.reason});
    shot->bans = s.bans;
    fill_sources(s, *shot);
    fill_clusters(s, *shot);
    fill_status(turn, s.status);
    s.published = std::make_shared<const Published>(Published{shot, std::make_shared<const LoopStatus>(s.status)});
    s.changed = s.publish_now = false;
    s.publications_paid = std::max(s.publications_paid, turn.mono) + turn.config.publish_interval;
    turn.metrics.snapshot(*shot, s.status);
    turn.out.published = s.published;
    return s.published;
}

std::optional<MonoTime> publish_due(const State &s, const ControlConfig &config) {
    if (!s.changed) return std::nullopt;
    if (s.publish_now || !s.published) return MonoTime{0};
    const auto advance = static_cast<uint64_t>((most_at_once * config.publish_interval).count());
    return MonoTime{s.publications_paid.ns - std::min(s.publications_paid.ns, advance)};
}

void publish_if_due(Turn &turn) {
    const auto when = publish_due(turn.state, turn.config);
    if (when && *when <= turn.mono) publish(turn);
}

} // namespace rigger
