#include "domain/placement/surroundings.hpp"

#include "domain/failure_memory.hpp"

#include <algorithm>
#include <tuple>

namespace rigger::placement {
namespace {

template <typename Map, typename Key> const typename Map::mapped_type &value_or_empty(const Map &map, const Key &key) {
    static const typename Map::mapped_type empty{};
    const auto at = map.find(key);
    return at == map.end() ? empty : at->second;
}

template <typename T> void sort_unique(std::vector<T> &items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

/// The pairs (before, after) of records that differ; a null side: added or removed. Equal heads and tails are skipped
/// by pointer.
template <typename Ptr>
std::vector<std::pair<Ptr, Ptr>> differences(const SharedList<Ptr> &before, const SharedList<Ptr> &after) {
    const size_t head = before.first_difference(after), tail = before.common_tail(after, head);
    std::vector<std::pair<Ptr, Ptr>> changed;
    std::vector<Ptr> gone, come; // or moved
    const size_t before_end = before.size() - tail, after_end = after.size() - tail;
    if (before_end == after_end) {
        for (size_t i = head; i < before_end; i = before.first_difference(after, i + 1)) {
            if (before[i]->id == after[i]->id) {
                changed.emplace_back(before[i], after[i]);
            } else {
                gone.push_back(before[i]);
                come.push_back(after[i]);
            }
        }
    } else {
        for (size_t i = head; i < before_end; ++i) gone.push_back(before[i]);
        for (size_t i = head; i < after_end; ++i) come.push_back(after[i]);
    }
    std::unordered_map<decltype(before[0]->id), Ptr> old;
    for (const Ptr &record : gone) old.emplace(record->id, record);
    for (const Ptr &record : come) {
        const auto at = old.find(record->id);
        if (at == old.end()) {
            changed.emplace_back(nullptr, record);
        } else {
            if (at->second != record) changed.emplace_back(at->second, record);
            old.erase(at);
        }
    }
    for (auto &[id, record] : old) changed.emplace_back(record, nullptr);
    return changed;
}

std::string node_key(const ClusterName &cluster, const std::string &node) { return cluster.str() + '\n' + node; }

template <typename Map, typename Ids> void note_differences(const Map &a, const Map &b, Ids &ids) {
    for (const auto &[id, value] : a) {
        const auto at = b.find(id);
        if (at == b.end() || !(at->second == value)) ids.push_back(id);
    }
    for (const auto &[id, value] : b)
        if (!a.contains(id)) ids.push_back(id);
}

bool same_nodes(const ClusterState &a, const ClusterState &b) {
    return a.name == b.name && a.nodes.complete == b.nodes.complete && a.pods.complete == b.pods.complete &&
           a.node_list == b.node_list;
}

} // namespace

Surroundings::Surroundings(SnapshotPtr snapshot) : snapshot_(std::move(snapshot)) {
    offers_.reserve(snapshot_->offers.size());
    servers_.reserve(snapshot_->servers.size());
    for (const OfferPtr &offer : snapshot_->offers) put(offer);
    for (const ServerPtr &server : snapshot_->servers) put(server);
    for (const DeploymentPtr &deployment : snapshot_->deployments) put(deployment);
    index_memory();
    index_clusters();
}

void Surroundings::put(const OfferPtr &offer) {
    OfferPtr &slot = offers_[offer->id];
    // Of two records with one id the first by (source, ordinal) counts, in whatever order they come.
    if (!slot || std::tie(offer->source, offer->ordinal) < std::tie(slot->source, slot->ordinal)) slot = offer;
}

void Surroundings::put(const ServerPtr &server) {
    ServerPtr &slot = servers_[server->id];
    if (!slot || server->name < slot->name) slot = server;
}

void Surroundings::put(const DeploymentPtr &deployment) {
    if (deployment->phase == Phase::gone) return;
    on_server_[deployment->server].push_back(deployment);
    of_offer_[deployment->offer].push_back(deployment);
}

void Surroundings::remove(const DeploymentPtr &deployment) {
    std::erase(on_server_[deployment->server], deployment);
    std::erase(of_offer_[deployment->offer], deployment);
}

void Surroundings::index_memory() {
    marks_.clear();
    marks_on_.clear();
    backoffs_.clear();
    for (const FailureMark &mark : remember(snapshot_->failures, {}, now())) { // one per (offer, server), sorted
        OfferMarks &marks = marks_[mark.offer];
        if (mark.server.empty()) {
            marks.everywhere = mark.deleted_at;
        } else {
            marks.on_server.emplace_back(mark.server, mark.deleted_at);
            ++marks_on_[mark.server];
        }
    }
    for (const Backoff &backoff : snapshot_->backoffs) {
        if (backoff.until <= now()) continue;
        const Backoff *&slot = backoffs_[backoff.offer];
        if (!slot || slot->until < backoff.until) slot = &backoff;
    }
}

void Surroundings::index_clusters() {
    clusters_.clear();
    nodes_.clear();
    for (const ClusterState &cluster : snapshot_->clusters) {
        clusters_[cluster.name] = cluster.nodes.complete && cluster.pods.complete;
        for (const auto &node : cluster.node_list)
            nodes_.insert_or_assign(node_key(cluster.name, node->name),
                                    NodeCapacity{node->cpu_milli, node->memory_mib});
    }
}

void Surroundings::follow_clusters(std::vector<ServerId> &touched) {
    const auto clusters = std::move(clusters_);
    const auto nodes = std::move(nodes_);
    index_clusters();
    std::vector<ClusterName> clusters_changed;
    std::vector<std::string> nodes_changed;
    note_differences(clusters, clusters_, clusters_changed);
    note_differences(nodes, nodes_, nodes_changed);
    if (clusters_changed.empty() && nodes_changed.empty()) return;
    sort_unique(clusters_changed);
    sort_unique(nodes_changed);
    for (const auto &[id, server] : servers_)
        if (std::binary_search(clusters_changed.begin(), clusters_changed.end(), server->cluster) ||
            std::binary_search(nodes_changed.begin(), nodes_changed.end(), node_key(server->cluster, server->name)))
            touched.push_back(id);
}

Touched Surroundings::follow(SnapshotPtr next) {
    Touched touched;
    if (next == snapshot_) return touched;
    const SnapshotPtr before = std::exchange(snapshot_, std::move(next));
    const Snapshot &after = *snapshot_;
    for (const auto &[was, is] : differences(before->offers, after.offers)) {
        if (was) offers_.erase(was->id);
        touched.offers.push_back((is ? is : was)->id);
        // What an offer asks for decides how much of a server its copies hold.
        for (const DeploymentPtr &deployment : of_offer((is ? is : was)->id))
            touched.servers.push_back(deployment->server);
        if (is) put(is);
    }
    std::vector<ServerId> moved;
    for (const auto &[was, is] : differences(before->servers, after.servers)) {
        if (!was || !is || was->name != is->name) moved.push_back((is ? is : was)->id);
        if (was) servers_.erase(was->id);
        touched.servers.push_back((is ? is : was)->id);
        if (is) put(is);
    }
    for (const auto &[was, is] : differences(before->deployments, after.deployments)) {
        for (const DeploymentPtr &one : {was, is}) {
            if (!one) continue;
            touched.offers.push_back(one->offer);
            touched.servers.push_back(one->server);
        }
        if (was) remove(was);
        if (is) put(is);
    }
    // An offer is known to run on a server only while the server is there.
    for (const ServerId &id : moved)
        for (const DeploymentPtr &deployment : on_server(id)) touched.offers.push_back(deployment->offer);
    const auto marks = std::move(marks_);
    const auto marks_on = std::move(marks_on_);
    std::unordered_map<OfferId, WallTime> waits, waits_now;
    for (const auto &[id, backoff] : backoffs_) waits.emplace(id, backoff->until);
    index_memory();
    for (const auto &[id, backoff] : backoffs_) waits_now.emplace(id, backoff->until);
    note_differences(marks, marks_, touched.offers);
    note_differences(marks_on, marks_on_, touched.servers);
    note_differences(waits, waits_now, touched.offers);
    if (before->bans != after.bans) note_differences(before->bans, after.bans, touched.offers);
    if (!std::equal(before->clusters.begin(), before->clusters.end(), after.clusters.begin(), after.clusters.end(),
                    same_nodes))
        follow_clusters(touched.servers);
    sort_unique(touched.offers);
    sort_unique(touched.servers);
    return touched;
}

OfferPtr Surroundings::offer(const OfferId &id) const { return value_or_empty(offers_, id); }
ServerPtr Surroundings::server(const ServerId &id) const { return value_or_empty(servers_, id); }
const std::vector<DeploymentPtr> &Surroundings::on_server(const ServerId &id) const {
    return value_or_empty(on_server_, id);
}
const std::vector<DeploymentPtr> &Surroundings::of_offer(const OfferId &id) const {
    return value_or_empty(of_offer_, id);
}
const OfferMarks &Surroundings::marks(const OfferId &id) const { return value_or_empty(marks_, id); }
int Surroundings::marks_on(const ServerId &id) const { return value_or_empty(marks_on_, id); }
const Backoff *Surroundings::backoff(const OfferId &id) const { return value_or_empty(backoffs_, id); }
bool Surroundings::cluster_known(const ClusterName &name) const { return value_or_empty(clusters_, name); }

std::optional<NodeCapacity> Surroundings::capacity(const Server &server) const {
    const auto at = nodes_.find(node_key(server.cluster, server.name));
    if (at == nodes_.end()) return std::nullopt;
    return at->second;
}

} // namespace rigger::placement
