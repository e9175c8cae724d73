// What the daemon hears of market and cluster: listings, changes in order per channel, and everything that may go wrong
// between.
#include "simulation/simulator.hpp"

#include <algorithm>

namespace rigger::sim {
using namespace std::chrono_literals;

namespace {

const SourceName source_name{"sim"};
const std::string market_channel = "market";

std::optional<ObjectKind> kind_of(const std::string &channel) {
    for (const ObjectKind kind : watched_kinds)
        if (kind_name(kind) == channel) return kind;
    return std::nullopt;
}

} // namespace

ObjectView Simulator::view_of(ObjectKind kind, const std::string &document) {
    switch (kind) {
    case ObjectKind::node: return std::make_shared<const NodeView>(*project_node(document));
    case ObjectKind::pod: return std::make_shared<const PodView>(*project_pod(document));
    case ObjectKind::job: return std::make_shared<const JobView>(*project_job(document));
    case ObjectKind::service: return std::make_shared<const ServiceView>(*project_service(document));
    }
    return {};
}

void Simulator::watch_market() {
    market.on_offer = [this](Offer o) {
        deliver(market_channel, 500ms, OfferPut{std::make_shared<const Offer>(std::move(o))});
    };
    market.on_offer_removed = [this](std::string id) {
        deliver(market_channel, 500ms, ItemRemoved{source_name, ItemKind::offer, std::move(id), "delisted"});
    };
    market.on_instance = [this](SourceInstance i) {
        deliver(market_channel, 500ms, InstancePut{std::make_shared<const SourceInstance>(std::move(i))});
    };
    market.on_instance_removed = [this](std::string id) {
        deliver(market_channel, 500ms, ItemRemoved{source_name, ItemKind::instance, std::move(id), "deleted"});
    };
    market.on_event = [this](std::string id, std::string document) {
        const SourceEvent event{source_name, std::move(id), std::move(document)};
        if (world.chance(faults.change_twice)) deliver(market_channel, 500ms, event);
        deliver(market_channel, 500ms, event);
    };
}

void Simulator::watch_cluster() {
    cluster.on_change = [this](ObjectKind kind, ObjectChange change, std::string document) {
        const std::string channel(kind_name(kind));
        const auto meta = project_meta(document);
        if (change == ObjectChange::removed)
            deliver(channel, 200ms, ObjectGone{cluster_name(), kind, meta->namespace_name, meta->name, meta->uid});
        else deliver(channel, 200ms, ObjectPut{cluster_name(), view_of(kind, document), false});
    };
}

void Simulator::deliver(const std::string &channel, Duration most_delay, Message message) {
    if (!connected_[channel]) return;
    if (world.chance(faults.watch_breaks)) return lose_watch(channel);
    if (world.chance(faults.change_lost)) { // the watch expires some time later and lists anew
        in_epoch(world.between(1min, 8min), [this, channel] { reconnect(channel); });
        return;
    }
    const Duration delay = world.chance(faults.change_late) ? world.between(1s, 2min) : world.between(1ms, most_delay);
    schedule_message(ordered(channel, delay), std::move(message));
}

void Simulator::lose_watch(const std::string &channel) {
    connected_[channel] = false;
    const auto kind = kind_of(channel);
    const Error why{Code::unavailable, "Disconnected", "connection reset", 0};
    schedule_message(ordered(channel, 1ms),
                     WatchEnded{kind ? cluster.instance : "sim", !kind, kind.value_or(ObjectKind::node), why, 1});
    in_epoch(world.between(1s, 60s), [this, channel] { reconnect(channel); });
}

void Simulator::reconnect(const std::string &channel) {
    if (const auto kind = kind_of(channel)) return connect_cluster(*kind);
    connect_source();
}

Duration Simulator::ordered(const std::string &channel, Duration delay) {
    MonoTime &last = channels_[channel];
    last = std::max(last, world.monotonic() + delay);
    return last - world.monotonic();
}

void Simulator::connect_source() {
    if (market.down) return in_epoch(30s, [this] { connect_source(); });
    connected_[market_channel] = true;
    const auto send = [&](Message m) { schedule_message(ordered(market_channel, 1ms), std::move(m)); };
    const auto end = [&](ItemKind kind) {
        send(SourceMark{source_name, kind, market_cut ? Mark::lost : Mark::complete,
                        market_cut ? "stream ended early" : ""});
    };
    send(SourceMark{source_name, ItemKind::offer, Mark::begin, ""});
    size_t left = market_empty ? 0 : market_cut ? market.offers.size() / 2 : market.offers.size();
    for (const auto &[id, offer] : market.offers)
        if (left-- > 0) send(OfferPut{std::make_shared<const Offer>(offer)});
        else break;
    end(ItemKind::offer);
    send(SourceMark{source_name, ItemKind::instance, Mark::begin, ""});
    if (!market_empty)
        for (const auto &[id, instance] : market.instances)
            send(InstancePut{std::make_shared<const SourceInstance>(instance)});
    end(ItemKind::instance);
}

void Simulator::connect_cluster(ObjectKind kind) {
    if (cluster.down) return in_epoch(30s, [this, kind] { connect_cluster(kind); });
    const std::string channel(kind_name(kind));
    connected_[channel] = true;
    const auto send = [&](Message m) { schedule_message(ordered(channel, 1ms), std::move(m)); };
    send(ClusterMark{cluster_name(), kind, Mark::begin, ""});
    if (!cluster_empty)
        for (const std::string &document : cluster.documents(kind))
            send(ObjectPut{cluster_name(), view_of(kind, document), true});
    send(ClusterMark{cluster_name(), kind, Mark::complete, ""});
}

void Simulator::heartbeat() {
    if (connected_[market_channel] && !market.down)
        for (const ItemKind kind : {ItemKind::offer, ItemKind::instance})
            schedule_message(ordered(market_channel, 1ms), SourceMark{source_name, kind, Mark::fresh, ""});
    for (const ObjectKind kind : watched_kinds) {
        const std::string channel(kind_name(kind));
        if (connected_[channel] && !cluster.down)
            schedule_message(ordered(channel, 1ms), ClusterMark{cluster_name(), kind, Mark::fresh, ""});
    }
    in_epoch(heartbeat_period, [this] { heartbeat(); });
}

ClusterName Simulator::cluster_name() const { return ClusterName(cluster.instance + "/" + cluster.called); }

void Simulator::rename_cluster(const std::string &name) {
    for (const ObjectKind kind : watched_kinds)
        hear(ClusterMark{cluster_name(), kind, Mark::lost, "the cluster is not configured any more"});
    cluster.called = name;
    for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
}

void Simulator::rename_backend(const std::string &name) {
    if (controller_) hear(BackendDetached{cluster.instance});
    cluster.instance = name;
    if (!controller_) return;
    hear(BackendAttached{name});
    for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
}

void Simulator::relist_all() {
    connect_source();
    for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
}

} // namespace rigger::sim
