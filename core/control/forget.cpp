#include "control/forget.hpp"

#include "control/deployer.hpp"
#include "control/inventory.hpp"
#include "control/json_writer.hpp"
#include "domain/objects.hpp"

#include <algorithm>
#include <vector>

namespace rigger::forget {
namespace {

/// The end of a deployment whose machine the operator declared to be gone.
constexpr const char *gone_with_server = "ServerGone";

Error refused(const char *reason, std::string message) { return {Code::conflict, reason, std::move(message), 0}; }

/// Would its cluster show the node if it had it? Why not; empty: it would.
std::string why_blind(const Turn &turn, const Server &server) {
    if (!turn.state.backends.contains(backend_of(server.cluster))) return "its plugin is not loaded";
    const auto cluster = turn.state.clusters.find(server.cluster);
    if (cluster == turn.state.clusters.end()) return "nothing is heard of it";
    const Freshness &nodes = cluster->second.nodes.listing.freshness();
    switch (doubt(nodes, turn.mono, turn.config.view_max_age)) {
    case Doubt::incomplete: return nodes.error.empty() ? "its first listing is awaited" : nodes.error;
    case Doubt::old: return "it has been silent for a while";
    case Doubt::none: break;
    }
    return {};
}

/// What a cluster showed before it went out of sight says nothing.
bool is_seen(const Turn &turn, const Server &server) {
    if (!why_blind(turn, server).empty()) return false;
    const auto node = turn.state.clusters.at(server.cluster).node(server.name, server.id);
    return node && read_declaration(*node).worker;
}

std::vector<Track *> tracks_on(Turn &turn, const ServerId &server) {
    std::vector<Track *> all;
    for (auto &[id, track] : turn.state.tracks)
        if (track.d->server == server) all.push_back(&track);
    return all;
}

Status check(const Turn &turn, const Server &server, const std::string &blind, const std::vector<Track *> &tracks,
             bool force) {
    if (is_seen(turn, server))
        return refused("NodeStillSeen", "cluster " + server.cluster.value +
                                            " still shows the node; take it out of the " +
                                            "cluster (kubectl delete node " + server.name +
                                            ") or set its label chutes/worker=false, then ask again");
    if (force) return {};
    if (!blind.empty())
        return refused("ClusterNotSeen",
                       "its cluster " + server.cluster.value + " cannot be seen (" + blind +
                           "), so the machine may be running; if you know that it is gone for good, " +
                           "ask with --force");
    if (!tracks.empty())
        return refused("ServerInUse",
                       std::to_string(tracks.size()) + " deployments there are not confirmed gone, such as " +
                           tracks.front()->d->id.value + "; `rigger undeploy` ends one, --force ends them all");
    return {};
}

/// Nothing of it is looked for any more: only its claim is left to be released.
void declare_gone(Turn &turn, Track &t) {
    if (!t.teardown) t.teardown = std::make_unique<Teardown>();
    t.teardown->objects_gone = true;
    deployer::free_gpus(turn, t);
}

void end(Turn &turn, Track &t, const std::string &reason, const std::string &by, bool gone) {
    if (t.d->live()) {
        deployer::end(turn, t, {gone ? gone_with_server : "OperatorRequest", reason, true, by}, false);
    } else if (gone) {
        Deployment d = *t.d;
        d.end_cause = gone_with_server;
        d.end_reason = reason;
        d.operator_wish = true;
        turn.put(t, std::move(d));
    }
    if (gone) declare_gone(turn, t);
}

std::string plan(const Server &server, const std::vector<Track *> &tracks, const std::string &reason, bool dry_run) {
    JsonWriter json;
    json.begin_object().field("dryRun", dry_run).key("actions").begin_array();
    for (const Track *t : tracks)
        json.begin_object()
            .field("verb", "undeploy")
            .field("offer", t->d->offer_name)
            .field("server", server.name)
            .field("deployment", t->d->id)
            .field("reason", reason)
            .end_object();
    json.begin_object().field("verb", "forget").key("offer").null();
    json.field("server", server.name).field("serverId", server.id).key("deployment").null();
    json.field("reason", tracks.empty() ? reason : "when these are off the record").end_object().end_array();
    return json.key("heldBack").begin_array().end_array().end_object().take();
}

void drop(Turn &turn, const Server &server, const std::string &by) {
    JsonWriter json;
    json.begin_object()
        .field("serverId", server.id)
        .field("serverName", server.name)
        .field("cluster", server.cluster)
        .field("gpus", server.gpus.size())
        .text_or_null("by", by);
    turn.journal("server.forgotten", json.end_object().take());
    turn.log.write(LogLevel::info, "inventory", "server " + server.name + " is forgotten");
    turn.metrics.decision("forget", "OperatorRequest");
    const ClusterName cluster = server.cluster;
    turn.state.lock_annotations.erase(server.id.value);
    // What its cluster showed before it went out of sight must not bring it back.
    if (const auto known = turn.state.clusters.find(cluster);
        known != turn.state.clusters.end() && !known->second.nodes.listing.freshness().complete)
        known->second.nodes.take({}, server.name);
    turn.drop_server(server);
    inventory::let_go_if_unused(turn, cluster); // it may be gone as well
    inventory::reconsider_kept_out(turn);
    turn.touch();
    turn.replan();
}

} // namespace

void server(Turn &turn, const Command &c, const ForgetRequest &r) {
    const ServerPtr server = turn.server(r.server);
    if (!server)
        return turn.reply(c.request, not_found("UnknownServer",
                                               "cannot forget: server " + r.server.value + " is not known any more"));
    const std::string blind = why_blind(turn, *server);
    const std::vector<Track *> tracks = tracks_on(turn, server->id);
    if (const Status allowed = check(turn, *server, blind, tracks, r.force); !allowed.ok())
        return turn.reply(c.request, allowed.error().within("cannot forget server " + server->name));
    const std::string reason = "server " + server->name + " is forgotten: " + c.principal + " asked for it";
    turn.reply(c.request, plan(*server, tracks, reason, r.dry_run));
    if (r.dry_run) return;
    JsonWriter json;
    json.begin_object()
        .field("serverId", server->id)
        .field("serverName", server->name)
        .field("cluster", server->cluster)
        .field("deployments", tracks.size())
        .field("force", r.force)
        .field("by", c.principal);
    turn.journal("operator.forget", json.end_object().take(), "operator");
    turn.state.forgetting[server->id] = c.principal;
    std::vector<DeploymentId> ended;
    for (Track *t : tracks) {
        ended.push_back(t->d->id);
        end(turn, *t, reason, c.principal, !blind.empty());
    }
    for (const DeploymentId &id : ended) deployer::step(turn, id);
    after(turn, server->id);
}

void after(Turn &turn, const ServerId &id) {
    const auto wish = turn.state.forgetting.find(id);
    if (wish == turn.state.forgetting.end() || !tracks_on(turn, id).empty()) return;
    const std::string by = wish->second;
    turn.state.forgetting.erase(wish);
    const ServerPtr server = turn.server(id);
    if (server && !is_seen(turn, *server)) drop(turn, *server, by); // it may have come back meanwhile
}

void resume(Turn &turn, Track &t) {
    if (t.d->phase != Phase::terminating || !t.d->operator_wish || t.d->end_cause != gone_with_server) return;
    turn.state.forgetting.try_emplace(t.d->server);
    declare_gone(turn, t);
}

} // namespace rigger::forget
