#include "control/market.hpp"

#include "base/json.hpp"
#include "control/deployer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::market {
namespace {

/// The columns of the table `chutes`: what a restart and other programs see of an offer.
bool same_row(const Offer &a, const Offer &b) {
    return a.name == b.name && a.version == b.version && a.image == b.image && a.chutes_version == b.chutes_version &&
           a.needs.gpu_count == b.needs.gpu_count && a.needs.gpu_models == b.needs.gpu_models &&
           a.needs.tee == b.needs.tee && a.preemptible == b.preemptible;
}

bool same_for_placement(const Offer &a, const Offer &b) {
    const Economics &x = a.economics, &y = b.economics;
    return same_row(a, b) && a.deployable == b.deployable && a.max_instances == b.max_instances &&
           a.needs.disk_gb == b.needs.disk_gb && a.needs.cpu_milli == b.needs.cpu_milli &&
           a.needs.memory_mib == b.needs.memory_mib && a.needs.gpu_milli == b.needs.gpu_milli &&
           x.has_metrics == y.has_metrics && x.has_utilization == y.has_utilization && x.scalable == y.scalable &&
           x.update_in_progress == y.update_in_progress && x.compute_multiplier == y.compute_multiplier &&
           x.total_compute_time == y.total_compute_time && x.total_invocations == y.total_invocations &&
           x.rate_limit_count == y.rate_limit_count && x.instance_count == y.instance_count;
}

Listing &listing(SourceBook &book, ItemKind kind) {
    return kind == ItemKind::offer ? book.offers_listing : book.instances_listing;
}

std::string port_of(const SourceName &source) { return "source/" + source.value; }

void drop_offer(Turn &turn, SourceBook &book, const OfferId &id) {
    if (book.offers.erase(id) == 0) return;
    book.dirty = true;
    turn.touch();
    turn.replan();
    for (const auto &[deployment, track] : turn.state.tracks)
        if (track.d->offer == id) turn.reconcile_soon(deployment);
}

void drop_instance(Turn &turn, const SourceName &source, SourceBook &book, const InstanceId &id) {
    const auto at = book.instances.find(id);
    if (at == book.instances.end()) return;
    turn.reconcile_soon(turn.owner(source, id, {}));
    book.instances.erase(at);
    turn.touch();
}

void sweep(Turn &turn, const SourceName &source, SourceBook &book, ItemKind kind) {
    if (kind == ItemKind::offer) {
        std::vector<OfferId> stale;
        for (const auto &[id, entry] : book.offers)
            if (entry.epoch != book.offers_listing.epoch()) stale.push_back(id);
        for (const OfferId &id : stale) drop_offer(turn, book, id);
        std::erase_if(book.ignored, [&](const auto &entry) { return entry.second != book.offers_listing.epoch(); });
        return;
    }
    std::vector<InstanceId> stale;
    for (const auto &[id, entry] : book.instances)
        if (entry.epoch != book.instances_listing.epoch()) stale.push_back(id);
    for (const InstanceId &id : stale) drop_instance(turn, source, book, id);
}

/// Two sources claim one id: that on record keeps it, or what is one's would vanish with the other. That it is not
/// heard yet what it lists, as after a restart, does not mean that it lists it no more.
bool is_of_another(const State &s, const SourceName &source, const OfferId &id) {
    const auto row = s.stored.find(id);
    if (row == s.stored.end() || row->second.first == source) return false;
    const auto other = s.sources.find(row->second.first);
    return other != s.sources.end() && other->second.attached &&
           (!other->second.offers_listing.freshness().complete || other->second.offers.contains(id));
}

/// Ids that were another source's may be free now: whoever lists them is asked again.
void reconsider_ignored(Turn &turn) {
    for (const auto &source : turn.state.sources) {
        const auto is_free = [&](const auto &entry) { return !is_of_another(turn.state, source.first, entry.first); };
        const SourceBook &book = source.second;
        if (book.attached && std::any_of(book.ignored.begin(), book.ignored.end(), is_free))
            turn.relist(true, source.first.value);
    }
}

/// How many items the listing must show if all is well, also after a restart, when nothing was listed yet.
size_t expected(const Turn &turn, const SourceBook &book, const SourceMark &m) {
    if (m.kind == ItemKind::offer) {
        const auto stored = std::count_if(turn.state.stored.begin(), turn.state.stored.end(),
                                          [&](const auto &row) { return row.second.first == m.source; });
        return std::max(book.offers.size(), static_cast<size_t>(stored));
    }
    const auto instances = std::count_if(turn.state.tracks.begin(), turn.state.tracks.end(), [&](const auto &entry) {
        const Deployment &d = *entry.second.d;
        return d.live() && d.source == m.source && !d.instance.empty();
    });
    // The only instance there was may well have ended while nobody listened; no other evidence would ever tell.
    if (instances == 1 && book.instances_listing.empties() > 0) return 0;
    return static_cast<size_t>(instances);
}

void complete(Turn &turn, SourceBook &book, const SourceMark &m) {
    Listing &view = listing(book, m.kind);
    const Listing::Outcome outcome = view.complete(turn.mono, turn.empty_is_meant() ? 0 : expected(turn, book, m));
    if (outcome == Listing::Outcome::accepted) {
        sweep(turn, m.source, book, m.kind);
        return reconsider_ignored(turn);
    }
    turn.problem(port_of(m.source),
                 std::string(m.kind == ItemKind::offer ? "offers" : "instances") + ": " + view.freshness().error);
    turn.relist_later(true, m.source.value);
}

struct EventData {
    std::string type;
    InstanceId instance;
    std::string config_id, reason;
};
EventData read_event(std::string_view document) {
    using nlohmann::json;
    EventData data;
    const json event = json::parse(document, nullptr, false);
    data.type = text_member(event, "type");
    if (!event.is_object() || !event.contains("data")) return data;
    data.instance = InstanceId(text_member(event["data"], "instance_id"));
    data.config_id = text_member(event["data"], "config_id");
    data.reason = text_member(event["data"], "reason");
    return data;
}

void apply_event(Turn &turn, const SourceName &source, const EventData &event) {
    if (event.type == "instance_created") {
        deployer::on_instance(turn, source, event.instance, event.config_id, false, false, {});
    } else if (event.type == "instance_verified") {
        deployer::on_instance(turn, source, event.instance, event.config_id, true, false, turn.wall);
    } else if (event.type == "instance_activated") {
        deployer::on_instance(turn, source, event.instance, event.config_id, false, true, {});
    } else if (event.type == "instance_deleted" && !event.instance.empty()) {
        drop_instance(turn, source, turn.state.sources[source], event.instance);
        deployer::on_instance_gone(turn, source, event.instance, event.config_id, event.reason);
    }
}

} // namespace

void on_offer(Turn &turn, const OfferPut &m) {
    SourceBook &book = turn.state.sources[m.offer->source];
    book.offers_listing.item_if_open();
    book.offers_listing.change(turn.mono);
    if (is_of_another(turn.state, m.offer->source, m.offer->id)) {
        drop_offer(turn, book, m.offer->id);
        book.ignored[m.offer->id] = book.offers_listing.epoch();
        return turn.problem(port_of(m.offer->source), "offer " + m.offer->id.value + " is ignored: source '" +
                                                          turn.state.stored[m.offer->id].first.value +
                                                          "' has the same id");
    }
    book.ignored.erase(m.offer->id);
    OfferEntry &entry = book.offers[m.offer->id];
    const OfferPtr old = entry.offer;
    entry.epoch = book.offers_listing.epoch();
    if (!old || !same_row(*old, *m.offer)) {
        turn.write(PutOffer{*m.offer});
        turn.state.stored[m.offer->id] = {m.offer->source, m.offer->version};
        for (const auto &[id, track] : turn.state.tracks)
            if (track.d->offer == m.offer->id) turn.reconcile_soon(id);
    }
    if (!old || !same_for_placement(*old, *m.offer)) turn.replan();
    if (!old || old->ordinal != m.offer->ordinal || old.get() != m.offer.get()) book.dirty = true;
    entry.offer = m.offer;
    turn.touch();
}

void on_instance(Turn &turn, const InstancePut &m) {
    SourceBook &book = turn.state.sources[m.instance->source];
    book.instances_listing.item_if_open();
    book.instances_listing.change(turn.mono);
    InstanceEntry &entry = book.instances[m.instance->id];
    if (!entry.instance) entry.first_seen = turn.mono;
    entry.instance = m.instance;
    entry.epoch = book.instances_listing.epoch();
    std::optional<WallTime> verified_at;
    if (m.instance->last_verified_ns) verified_at = WallTime{*m.instance->last_verified_ns};
    const DeploymentId id = deployer::on_instance(turn, m.instance->source, m.instance->id, m.instance->config_id,
                                                  m.instance->verified, m.instance->active, verified_at);
    turn.reconcile_soon(id);
    turn.touch();
}

void on_removed(Turn &turn, const ItemRemoved &m) {
    SourceBook &book = turn.state.sources[m.source];
    listing(book, m.kind).change(turn.mono);
    if (m.kind == ItemKind::offer) {
        drop_offer(turn, book, OfferId(m.id));
        book.ignored.erase(OfferId(m.id));
        return reconsider_ignored(turn);
    }
    const InstanceId id(m.id);
    std::string config_id;
    if (const auto at = book.instances.find(id); at != book.instances.end()) config_id = at->second.instance->config_id;
    drop_instance(turn, m.source, book, id);
    deployer::on_instance_gone(turn, m.source, id, config_id, m.reason);
}

void on_malformed(Turn &turn, const ItemMalformed &m) {
    SourceBook &book = turn.state.sources[m.source];
    ++book.malformed;
    ++turn.state.status.ports[port_of(m.source)].malformed;
    turn.metrics.malformed(port_of(m.source));
    bool known = false;
    if (m.kind == ItemKind::offer) {
        if (const auto at = book.offers.find(OfferId(m.id)); at != book.offers.end())
            known = true, at->second.epoch = book.offers_listing.epoch();
    } else if (const auto at = book.instances.find(InstanceId(m.id)); at != book.instances.end()) {
        known = true;
        at->second.epoch = book.instances_listing.epoch();
    }
    // A new item under a known id harms nobody; one without an id could be any of those that the listing does not
    // repeat.
    if (!known && m.id.empty()) listing(book, m.kind).poison("an item without a readable id: " + m.why.message);
    listing(book, m.kind).item_if_open();
    turn.problem(port_of(m.source), "cannot read " + std::string(m.kind == ItemKind::offer ? "offer" : "instance") +
                                        " '" + m.id + "': " + m.why.message);
}

void on_mark(Turn &turn, const SourceMark &m) {
    SourceBook &book = turn.state.sources[m.source];
    Listing &view = listing(book, m.kind);
    const bool was_complete = view.freshness().complete;
    switch (m.mark) {
    case Mark::begin: view.begin(); break;
    case Mark::fresh: view.fresh(turn.mono); break;
    case Mark::lost:
        view.lost(m.detail);
        turn.relist_later(true, m.source.value); // unless it comes back by itself before
        break;
    case Mark::complete: complete(turn, book, m); break;
    }
    if (was_complete != view.freshness().complete) turn.replan();
    turn.touch();
}

void on_event(Turn &turn, const SourceEvent &m) {
    State &s = turn.state;
    std::string key = m.source.value + '\n' + m.id;
    if (!s.seen_events.insert(key).second) {
        ++s.status.repeated_events;
        return;
    }
    s.seen_order.push_back(std::move(key));
    if (s.seen_order.size() > turn.config.event_memory) {
        s.seen_events.erase(s.seen_order.front());
        s.seen_order.pop_front();
    }
    ++s.status.events;
    const EventData event = read_event(m.document);
    turn.write(AppendJournal{
        {0, turn.wall, m.source.value, m.id, event.type.empty() ? "unreadable" : event.type, m.document, true}});
    if (event.type.empty())
        turn.problem(port_of(m.source),
                     "event " + m.id + " is not a JSON object with a type; it is journalled and ignored");
    apply_event(turn, m.source, event);
    turn.touch();
}

void replay_event(Turn &turn, const JournalEntry &entry) {
    apply_event(turn, SourceName(entry.origin), read_event(entry.document));
    turn.write(MarkHandled{entry.origin, entry.event_id});
}

void attach(Turn &turn, const SourceName &source) {
    turn.state.sources[source].attached = true;
    PortStatus &port = turn.state.status.ports[port_of(source)];
    port = {source.value, "source", true, port.disconnects, port.malformed, {}, {}};
    turn.touch();
    turn.replan();
}

void detach(Turn &turn, const SourceName &source) {
    const auto at = turn.state.sources.find(source);
    if (at == turn.state.sources.end()) return;
    at->second.attached = false;
    at->second.offers_listing.lost("the plugin is not loaded");
    at->second.instances_listing.lost("the plugin is not loaded");
    turn.state.status.ports[port_of(source)].attached = false;
    reconsider_ignored(turn);
    turn.touch();
    turn.replan();
}

void on_watch_ended(Turn &turn, const WatchEnded &m) {
    const SourceName source(m.port);
    SourceBook &book = turn.state.sources[source];
    book.offers_listing.lost(m.why.message);
    book.instances_listing.lost(m.why.message);
    PortStatus &port = turn.state.status.ports[port_of(source)];
    ++port.disconnects;
    port.last_error = m.why.message;
    port.last_error_at = turn.wall;
    turn.metrics.disconnect(port_of(source));
    turn.problem(port_of(source), "the market's watch ended: " + m.why.message + "; it is started again by itself");
}

SharedList<OfferPtr> all_offers(State &state, const SharedList<OfferPtr> &last) {
    SharedList<OfferPtr>::Successor all(last);
    for (auto &[name, book] : state.sources) {
        if (!book.attached) continue;
        if (book.dirty) {
            book.sorted.clear();
            book.sorted.reserve(book.offers.size());
            for (const auto &[id, entry] : book.offers)
                if (entry.offer) book.sorted.push_back(entry.offer);
            std::sort(book.sorted.begin(), book.sorted.end(), [](const OfferPtr &a, const OfferPtr &b) {
                return a->ordinal != b->ordinal ? a->ordinal < b->ordinal : a->id < b->id;
            });
            book.dirty = false;
        }
        for (const OfferPtr &offer : book.sorted) all.add(offer);
    }
    return std::move(all).finish();
}

Status forget_offer(Turn &turn, const SourceName &source, const OfferId &offer) {
    for (const auto &[id, track] : turn.state.tracks)
        if (track.d->offer == offer)
            return Error{Code::conflict, "OfferInUse", "deployment " + id.value + " of it still exists", 0};
    if (turn.offer(source, offer)) return Error{Code::conflict, "OfferListed", "the market lists it", 0};
    turn.state.stored.erase(offer);
    turn.write(DeleteOffer{offer});
    turn.touch();
    return {};
}

} // namespace rigger::market
