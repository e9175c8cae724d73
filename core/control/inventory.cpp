#include "control/inventory.hpp"

#include "control/deployer.hpp"
#include "control/nodes.hpp"
#include "control/same_cluster.hpp"
#include "domain/objects.hpp"

#include <algorithm>

namespace rigger::inventory {
namespace {

bool ended(const PodView &pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

/// What a pod takes of the node that it names. `known`: its deployment is on record.
NodeUse use_of(const PodView *pod, bool known) {
    if (!pod || pod->node_name.empty() || ended(*pod)) return {};
    const bool uses_disk = pod->phase == "Running" || pod->phase == "Pending";
    const bool ours = !pod->deployment.empty();
    return {uses_disk ? pod->disk_request_gb : 0, ours ? 0 : pod->gpu_request, ours && !known};
}

void add(ClusterBook &book, const PodView *pod, const NodeUse &use, int sign) {
    if (use == NodeUse{}) return;
    NodeUse &used = book.used[pod->node_name];
    used.disk_gb = std::max(0.0, used.disk_gb + sign * use.disk_gb);
    used.gpus_of_others = std::max(0, used.gpus_of_others + sign * use.gpus_of_others);
    used.pods_of_nobody = std::max(0, used.pods_of_nobody + sign * use.pods_of_nobody);
}

void account(Turn &turn, ClusterBook &book, const PodView *old, const PodView *now) {
    const auto known = [&](const PodView *pod) { return pod && turn.state.tracks.contains(pod->deployment); };
    const NodeUse before = use_of(old, known(old)), after = use_of(now, known(now));
    add(book, old, before, -1);
    add(book, now, after, +1);
    if (before.gpus_of_others != after.gpus_of_others || before.pods_of_nobody != after.pods_of_nobody) turn.replan();
    if (after.pods_of_nobody > before.pods_of_nobody)
        turn.problem("inventory", "pod " + now->name + " on " + now->node_name + " is of deployment " +
                                      now->deployment.value + ", which is not on record; which GPUs it uses is not " +
                                      "known, so nothing new is placed there until it is gone");
}

void replaced(Turn &turn, const ClusterName &cluster, ClusterBook &, const std::shared_ptr<const NodeView> &old,
              const std::shared_ptr<const NodeView> &now) {
    nodes::tell_of_unlabelled(turn, cluster, old.get(), *now);
    if (old && old->uid != now->uid) nodes::shut(turn, cluster, *old, "was replaced by another of its name");
    nodes::on_node(turn, cluster, *now);
}
void replaced(Turn &turn, const ClusterName &, ClusterBook &book, const std::shared_ptr<const PodView> &old,
              const std::shared_ptr<const PodView> &now) {
    account(turn, book, old.get(), now.get());
    if (!now->deployment.empty()) deployer::on_objects_changed(turn, now->deployment);
}
template <typename P> void replaced(Turn &turn, const ClusterName &, ClusterBook &, const P &, const P &now) {
    if (!now->deployment.empty()) deployer::on_objects_changed(turn, now->deployment);
}

void went(Turn &turn, const ClusterName &cluster, ClusterBook &, const std::shared_ptr<const NodeView> &old) {
    nodes::shut(turn, cluster, *old, "is gone");
    nodes::forget_kept_out(turn, cluster, old->name);
    same_cluster::reconsider(turn, cluster);
}
void went(Turn &turn, const ClusterName &, ClusterBook &book, const std::shared_ptr<const PodView> &old) {
    account(turn, book, old.get(), nullptr);
    if (!old->deployment.empty()) deployer::on_objects_changed(turn, old->deployment);
}
template <typename P> void went(Turn &turn, const ClusterName &, ClusterBook &, const P &old) {
    if (!old->deployment.empty()) deployer::on_objects_changed(turn, old->deployment);
}

template <typename F> void with_book(ClusterBook &book, ObjectKind kind, F &&f) {
    switch (kind) {
    case ObjectKind::node: return f(book.nodes);
    case ObjectKind::pod: return f(book.pods);
    case ObjectKind::job: return f(book.jobs);
    case ObjectKind::service: return f(book.services);
    }
}

template <typename V> Book<V> &book_of(ClusterBook &book) {
    if constexpr (std::is_same_v<V, NodeView>) return book.nodes;
    if constexpr (std::is_same_v<V, PodView>) return book.pods;
    if constexpr (std::is_same_v<V, JobView>) return book.jobs;
    if constexpr (std::is_same_v<V, ServiceView>) return book.services;
}

/// Must there be a pod of this deployment in that cluster if all is well?
bool has_pod(const Deployment &d, const ClusterName &cluster) {
    return d.live() && d.cluster == cluster && d.phase >= Phase::registered;
}

bool others_are_whole(ClusterBook &cluster) {
    for (const ObjectKind kind : {ObjectKind::node, ObjectKind::job, ObjectKind::service})
        if (!cluster.listing(kind).freshness().complete) return false;
    return true;
}

/// Do the other views of the cluster bear out that it has no pods? They show the nodes that these deployments were put
/// on, by their uids, and still each one's Service, but no Job that counts an active pod: so the cluster is the one
/// that it was, its namespace can be read, and what ran has ended (a Job is collected when it is over, with its pod,
/// and its Service is not). Where the Service is not there either, somebody deleted all of it, or the listings hide it:
/// then only counts that the cluster, asked by name for what was made, says each time that it does not exist.
bool others_bear_out(Turn &turn, const ClusterName &name) {
    ClusterBook &cluster = turn.state.clusters[name];
    if (!others_are_whole(cluster)) return false;
    return std::all_of(turn.state.tracks.begin(), turn.state.tracks.end(), [&](const auto &entry) {
        const Deployment &d = *entry.second.d;
        if (!has_pod(d, name)) return true;
        bool active = false;
        cluster.jobs.each_of(d.id, [&](const JobView &job) { active = active || job.active > 0; });
        return cluster.node(d.node_name, d.server) && !active &&
               (cluster.services.any_of(d.id) || deployer::is_confirmed_missing(turn, entry.second));
    });
}

/// Gathers what others_bear_out() wants to know about deployments of which nothing is listed.
void look_for_missing(Turn &turn, const ClusterName &name) {
    ClusterBook &cluster = turn.state.clusters[name];
    if (!others_are_whole(cluster)) return;
    for (auto &[id, track] : turn.state.tracks)
        if (has_pod(*track.d, name) && cluster.node(track.d->node_name, track.d->server) &&
            !cluster.services.any_of(id) && !cluster.jobs.any_of(id))
            deployer::look_for(turn, track);
}

/// How many objects of the kind must be there if all is well. Not every workload has a job or a service, so of those
/// only what was seen counts; but a deployment that was announced has a pod, also after a restart, when nothing was
/// listed yet.
template <typename V> size_t expected(Turn &turn, const ClusterName &cluster, const Book<V> &book) {
    if constexpr (std::is_same_v<V, NodeView>) return book.size();
    if constexpr (std::is_same_v<V, PodView>)
        if (book.listing.empties() > 0 && others_bear_out(turn, cluster)) return 0; // it said so before
    return static_cast<size_t>(
        std::count_if(turn.state.tracks.begin(), turn.state.tracks.end(), [&](const auto &entry) {
            const Deployment &d = *entry.second.d;
            if (!d.live() || d.cluster != cluster) return false;
            return (std::is_same_v<V, PodView> && has_pod(d, cluster)) || book.any_of(d.id);
        }));
}

} // namespace

void on_object(Turn &turn, const ObjectPut &m) {
    ClusterBook &cluster = turn.state.clusters[m.cluster];
    std::visit(
        [&](const auto &view) {
            using V = std::remove_const_t<typename std::remove_reference_t<decltype(view)>::element_type>;
            Book<V> &book = book_of<V>(cluster);
            if (m.sync) book.listing.item();
            else book.listing.item_if_open();
            book.listing.change(turn.mono);
            const auto old = book.put(view, turn.mono);
            replaced(turn, m.cluster, cluster, old, view);
        },
        m.view);
    turn.touch();
}

void on_gone(Turn &turn, const ObjectGone &m) {
    ClusterBook &cluster = turn.state.clusters[m.cluster];
    with_book(cluster, m.kind, [&](auto &book) {
        book.listing.change(turn.mono);
        // A late word about an object whose name was taken by another says nothing about the new one.
        if (const auto known = book.find(m.namespace_name, m.name); known && !m.uid.empty() && known->uid != m.uid)
            return;
        if (const auto old = book.take(m.namespace_name, m.name)) went(turn, m.cluster, cluster, old);
    });
    turn.touch();
}

void on_malformed(Turn &turn, const ObjectMalformed &m) {
    ClusterBook &cluster = turn.state.clusters[m.cluster];
    ++cluster.malformed;
    const std::string port = "backend/" + backend_of(m.cluster);
    ++turn.state.status.ports[port].malformed;
    turn.metrics.malformed(port);
    with_book(cluster, m.kind, [&](auto &book) {
        if (m.name.empty()) book.listing.poison(m.why.message);
        else book.touch(m.namespace_name, m.name);
        book.listing.item_if_open();
    });
    turn.problem(port, "cannot read a " + std::string(kind_name(m.kind)) + " of cluster " + m.cluster.value + ": " +
                           m.why.message);
}

namespace {
void note_error(Turn &turn, const ClusterName &cluster, ObjectKind kind, const Listing &listing) {
    turn.state.status.cluster_errors[cluster][static_cast<size_t>(kind)] = {listing.freshness().error, turn.wall};
}
} // namespace

void on_mark(Turn &turn, const ClusterMark &m) {
    ClusterBook &cluster = turn.state.clusters[m.cluster];
    const bool was_complete = cluster.listing(m.kind).freshness().complete;
    with_book(cluster, m.kind, [&](auto &book) {
        switch (m.mark) {
        case Mark::begin: book.listing.begin(); break;
        case Mark::fresh: book.listing.fresh(turn.mono); break;
        case Mark::lost:
            book.listing.lost(m.detail);
            note_error(turn, m.cluster, m.kind, book.listing);
            turn.relist_later(false, backend_of(m.cluster)); // unless it comes back by itself before
            let_go_if_unused(turn, m.cluster);               // its name may be gone from the configuration
            break;
        case Mark::complete:
            if (book.listing.complete(turn.mono, turn.empty_is_meant() ? 0 : expected(turn, m.cluster, book)) ==
                Listing::Outcome::accepted) {
                for (const auto &old : book.sweep()) went(turn, m.cluster, cluster, old);
                break;
            }
            note_error(turn, m.cluster, m.kind, book.listing);
            turn.problem("backend/" + backend_of(m.cluster), std::string(view_name(m.kind)) + " of cluster " +
                                                                 m.cluster.value + ": " +
                                                                 book.listing.freshness().error);
            if (m.kind == ObjectKind::pod && book.listing.empties() > 0) look_for_missing(turn, m.cluster);
            turn.relist_later(false, backend_of(m.cluster));
            break;
        }
    });
    if (was_complete != cluster.listing(m.kind).freshness().complete) turn.replan();
    if (m.kind == ObjectKind::node) same_cluster::reconsider(turn, m.cluster);
    turn.touch();
}

namespace {
bool is_unused(const State &s, const ClusterName &cluster) {
    const auto known = s.clusters.find(cluster);
    return known != s.clusters.end() && !known->second.nodes.listing.freshness().complete &&
           std::none_of(s.servers.begin(), s.servers.end(),
                        [&](const auto &entry) { return entry.second->cluster == cluster; }) &&
           std::none_of(s.tracks.begin(), s.tracks.end(),
                        [&](const auto &entry) { return entry.second.d->cluster == cluster; });
}
} // namespace

void let_go_if_unused(Turn &turn, const ClusterName &cluster) {
    if (!is_unused(turn.state, cluster)) return;
    if (!turn.state.backends.contains(backend_of(cluster))) return drop_if_unused(turn, cluster);
    turn.launch(RecognizeEffect{cluster, "any"}, turn.config.cluster_timeout);
}

void drop_if_unused(Turn &turn, const ClusterName &cluster) {
    if (!is_unused(turn.state, cluster)) return;
    turn.state.clusters.erase(cluster);
    turn.state.refused.erase(cluster);
    turn.state.kept_out.erase(cluster);
    turn.state.asked_for.erase(cluster);
    turn.state.status.cluster_errors.erase(cluster);
    turn.touch();
}

void reconsider_node(Turn &turn, const ClusterName &cluster, const std::string &name) {
    const auto at = turn.state.clusters.find(cluster);
    if (at == turn.state.clusters.end()) return;
    const auto node = at->second.nodes.find({}, name);
    if (node) nodes::on_node(turn, cluster, *node);
}

void reconsider_kept_out(Turn &turn) {
    for (const auto &[cluster, nodes] : std::map(turn.state.kept_out))
        for (const auto &[node, why] : nodes) reconsider_node(turn, cluster, node);
}

void disown(Turn &turn, const DeploymentId &deployment) {
    for (auto &[name, cluster] : turn.state.clusters)
        cluster.pods.each_of(deployment, [&, &book = cluster](const PodView &pod) {
            add(book, &pod, {0, 0, use_of(&pod, false).pods_of_nobody}, +1);
        });
}

void attach(Turn &turn, const std::string &backend) {
    turn.state.backends.insert(backend);
    PortStatus &port = turn.state.status.ports["backend/" + backend];
    port = {backend, "backend", true, port.disconnects, port.malformed, {}, {}};
    turn.touch();
}

namespace {
void lose(Turn &turn, const std::string &backend, std::optional<ObjectKind> kind, const std::string &why) {
    for (auto &[name, cluster] : turn.state.clusters) {
        if (backend_of(name) != backend) continue;
        for (const ObjectKind k : watched_kinds)
            if (!kind || *kind == k) {
                cluster.listing(k).lost(why);
                note_error(turn, name, k, cluster.listing(k));
            }
    }
    turn.touch();
    turn.replan();
}
} // namespace

void detach(Turn &turn, const std::string &backend) {
    turn.state.backends.erase(backend);
    turn.state.status.ports["backend/" + backend].attached = false;
    lose(turn, backend, {}, "the plugin is not loaded");
}

void on_watch_ended(Turn &turn, const WatchEnded &m) {
    lose(turn, m.port, m.kind, m.why.message);
    PortStatus &port = turn.state.status.ports["backend/" + m.port];
    ++port.disconnects;
    port.last_error = m.why.message;
    port.last_error_at = turn.wall;
    turn.metrics.disconnect("backend/" + m.port);
    turn.problem("backend/" + m.port, "the watch of " + std::string(view_name(m.kind)) + " ended: " + m.why.message +
                                          "; it is started again by itself");
}

ServerPtr with_use(State &state, const ServerPtr &server) {
    NodeUse used;
    if (const auto cluster = state.clusters.find(server->cluster); cluster != state.clusters.end())
        if (const auto at = cluster->second.used.find(server->name); at != cluster->second.used.end())
            used = at->second;
    const bool plain = used.gpus_of_others == 0 && used.pods_of_nobody == 0 && !server->held_by_number();
    if (plain && used.disk_gb == server->disk_used_gb) return server;
    ServerInUse &known = state.servers_in_use[server->id];
    if (known.server == server && known.use == used) return known.shown;
    Server changed = *server;
    changed.disk_used_gb = used.disk_gb;
    changed.gpus_of_others = used.pods_of_nobody > 0 ? static_cast<int>(server->gpus.size()) : used.gpus_of_others;
    changed.set_gpus_aside();
    known = {server, used, std::make_shared<const Server>(std::move(changed))};
    return known.shown;
}

} // namespace rigger::inventory
