#include "control/same_cluster.hpp"

#include "control/deployer.hpp"
#include "control/inventory.hpp"
#include "control/json_writer.hpp"

#include <algorithm>

namespace rigger::same_cluster {
namespace {

constexpr Duration ask_again = std::chrono::seconds(60);
constexpr Duration settled = std::chrono::seconds(20); ///< a node that is deleted goes from both names at almost once

const ClusterBook *book(const State &state, const ClusterName &cluster) {
    const auto at = state.clusters.find(cluster);
    return at == state.clusters.end() ? nullptr : &at->second;
}

enum class Known : uint8_t { yes, no, unsure };
/// Does the cluster of that name have the node? Nobody has whose backend is not loaded.
Known has(const Turn &turn, const ClusterName &cluster, const Server &server) {
    if (!turn.state.backends.contains(backend_of(cluster))) return Known::no;
    const ClusterBook *const known = book(turn.state, cluster);
    if (!known) return Known::unsure;
    const Freshness &nodes = known->nodes.listing.freshness();
    if (doubt(nodes, turn.mono, turn.config.view_max_age) != Doubt::none) return Known::unsure;
    return known->node(server.name, server.id) ? Known::yes : Known::no;
}

void ask(Turn &turn, const ClusterName &cluster, const std::string &node) {
    auto [at, first] = turn.state.asked_for.try_emplace(cluster);
    if (!first && turn.mono < at->second + ask_again) return;
    at->second = turn.mono;
    turn.launch(RecognizeEffect{cluster, node}, turn.config.cluster_timeout);
}

void move(Turn &turn, const Server &server, const ClusterName &to) {
    const ClusterName from = server.cluster;
    Server changed = server;
    changed.cluster = to;
    turn.put_server(std::move(changed), true);
    for (auto &[id, track] : turn.state.tracks) {
        if (track.d->server != server.id || track.d->cluster != from) continue;
        Deployment d = *track.d;
        d.cluster = to;
        turn.put(track, std::move(d));
        turn.wake(track, turn.mono);
    }
    // While nothing on record was there a listing of nothing was believed.
    ClusterBook &book = turn.state.clusters[to];
    for (const ObjectKind kind : {ObjectKind::pod, ObjectKind::job, ObjectKind::service})
        book.listing(kind).distrust("deployments were found in it, and it is not listed anew yet");
    turn.relist(false, backend_of(to));
    JsonWriter json;
    json.begin_object()
        .field("serverId", server.id)
        .field("serverName", server.name)
        .field("from", from)
        .field("cluster", to)
        .field("reason", "the node of that UID is seen there");
    turn.journal("server.moved", json.end_object().take());
    turn.log.write(LogLevel::info, "inventory",
                   "server " + server.name + " of cluster " + from.value + " is found in " + to.value +
                       ": its deployments are looked for there from now on");
}

/// Nodes of that name that are refused somewhere.
std::vector<std::pair<ClusterName, std::string>> refused_for(const State &state, const ClusterName &first) {
    std::vector<std::pair<ClusterName, std::string>> all;
    for (const SameCluster &same : standing(state))
        if (same.first == first)
            for (const std::string &node : same.nodes) all.emplace_back(same.second, node);
    return all;
}

/// What is not refused any more: it moved, or is not there.
void forget_settled(Turn &turn) {
    auto &refused = turn.state.refused;
    for (auto of = refused.begin(); of != refused.end();) {
        std::erase_if(of->second, [&](const auto &entry) {
            const ClusterBook *const known = book(turn.state, of->first);
            const auto node = known ? known->nodes.find({}, entry.first) : nullptr;
            const ServerPtr server = node ? turn.server(ServerId(node->uid)) : nullptr;
            return !server || server->cluster == of->first;
        });
        of = of->second.empty() ? refused.erase(of) : std::next(of);
    }
}

} // namespace

bool claim(Turn &turn, const ClusterName &cluster, const NodeView &node, const Server &server) {
    const Known there = has(turn, server.cluster, server);
    const bool news = !turn.state.refused.contains(cluster);
    MonoTime &lacking_since = turn.state.refused[cluster][node.name];
    if (there != Known::no) lacking_since = {};
    else if (lacking_since.ns == 0) lacking_since = turn.mono;
    else if (turn.mono - lacking_since >= settled && has(turn, cluster, server) == Known::yes) {
        const ClusterName from = server.cluster;
        move(turn, server, cluster);
        inventory::let_go_if_unused(turn, from);
        return true;
    }
    if (there == Known::unsure) ask(turn, server.cluster, node.name);
    if (news && there != Known::no)
        turn.problem("inventory", "node " + node.name + " of cluster " + cluster.value +
                                      " is ignored: it is the server of that name in cluster " + server.cluster.value +
                                      ", so both names are of one cluster");
    turn.touch();
    return false;
}

void reconsider(Turn &turn, const ClusterName &cluster) {
    if (turn.state.refused.empty()) return;
    auto again = refused_for(turn.state, cluster);
    if (const auto own = turn.state.refused.find(cluster); own != turn.state.refused.end())
        for (const auto &[node, since] : own->second) again.emplace_back(cluster, node);
    for (const auto &[where, node] : again) inventory::reconsider_node(turn, where, node);
    forget_settled(turn);
}

void on_recognized(Turn &turn, const EffectDone &done) {
    const auto *const answer = done.result ? std::get_if<Recognized>(&*done.result) : nullptr;
    if (!answer || answer->known) return;
    const ClusterName gone = answer->cluster;
    for (const auto &[where, name] : refused_for(turn.state, gone)) {
        const auto node = book(turn.state, where)->nodes.find({}, name);
        const ServerPtr server = turn.server(ServerId(node->uid));
        move(turn, *server, where);
        inventory::reconsider_node(turn, where, name);
    }
    reconsider(turn, gone);
    inventory::drop_if_unused(turn, gone);
}

bool is_elsewhere(const State &state, const Deployment &d) {
    const ClusterBook *const own = book(state, d.cluster);
    if (state.refused.empty() || (own && own->node(d.node_name, d.server))) return false;
    return std::any_of(state.refused.begin(), state.refused.end(), [&](const auto &entry) {
        const ClusterBook *const other = book(state, entry.first);
        return entry.first != d.cluster && entry.second.contains(d.node_name) && other &&
               other->node(d.node_name, d.server);
    });
}

std::vector<SameCluster> standing(const State &state) {
    std::map<std::pair<ClusterName, ClusterName>, std::vector<std::string>> all;
    for (const auto &[second, names] : state.refused)
        for (const auto &[name, lacking_since] : names) {
            const ClusterBook *const known = book(state, second);
            const auto server = state.servers.find(name);
            if (known && server != state.servers.end() && server->second->cluster != second &&
                known->node(name, server->second->id))
                all[{server->second->cluster, second}].push_back(name);
        }
    std::vector<SameCluster> out;
    for (auto &[names, nodes] : all) out.push_back({names.first, names.second, std::move(nodes)});
    return out;
}

} // namespace rigger::same_cluster
