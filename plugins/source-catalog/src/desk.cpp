#include "desk.hpp"

#include "text.hpp"

#include <chutes/render.hpp>

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <fstream>
#include <functional>
#include <sstream>

namespace catalog {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t fresh_every_ns = 5'000'000'000;
constexpr size_t shrink_ignored = 10; ///< so many offers may go at once without suspicion
constexpr size_t most_market_events = 200;

rig::Result<std::vector<ReplayStep>> read_replay(const std::string &path) {
    if (path.empty()) return std::vector<ReplayStep>{};
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) return rig::Error{RIG_E_UNAVAILABLE, "MarketFile", path + ": cannot read the replay", 0};
    return parse_replay(text.str(), path);
}

std::uint64_t timer_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

} // namespace

Desk::Desk(rig::Host host, Config config)
    : host_(host), config_(std::move(config)), files_(config_), validator_(config_.validator),
      ledger_(host_, validator_, config_.state) {}

rig::Status Desk::check() {
    RIG_RETURN_IF_ERROR(read_replay(config_.replay));
    const std::lock_guard files(files_mutex_);
    RIG_RETURN_IF_ERROR(files_.load());
    return {};
}

rig::Status Desk::open() {
    RIG_ASSIGN_OR_RETURN(replay_, read_replay(config_.replay));
    {
        const std::lock_guard lock(mutex_);
        if (auto status = ledger_.load(); !status.ok()) return status;
    }
    const std::lock_guard files(files_mutex_);
    next_look_ns_ = host_.now_ns() + timer_ns(config_.poll_seconds);
    take(files_.load());
    return {};
}

void Desk::work() {
    look_at_files();
    const std::lock_guard lock(mutex_);
    if (!market_) return;
    play_due();
    // A store that fails keeps the world as it was; the next round tries again.
    if (auto status = commit(validator_.due(host_.wall_ns(), *market_)); !status.ok())
        host_.log(rig::Level::error, "cannot record what became of instances: " + status.error().message);
}

void Desk::look_at_files() {
    const std::lock_guard files(files_mutex_);
    const std::uint64_t now = host_.now_ns();
    if (now < next_look_ns_) return;
    next_look_ns_ = now + timer_ns(config_.poll_seconds);
    if (auto items = files_.poll()) take(std::move(*items));
    const std::lock_guard lock(mutex_);
    // It may have been suspected since `now` was read.
    if (suspected_ && now >= suspected_ns_ + timer_ns(config_.shrink_hold_seconds)) accept(std::move(*suspected_));
}

/// A new reading of the files. Anything but a good one leaves the market as it is.
void Desk::take(rig::Result<Items> items) {
    const std::lock_guard lock(mutex_);
    suspected_.reset();
    if (!items.ok()) return set_stale(items.error().message);
    const size_t before = base_ ? base_->chutes.size() : 0, after = items->chutes.size();
    if (after * 2 < before && before - after > shrink_ignored && config_.shrink_hold_seconds > 0) {
        suspected_ = std::move(*items);
        suspected_ns_ = host_.now_ns();
        return set_stale(
            "the market fell from " + std::to_string(before) + " to " + std::to_string(after) +
            " offers at once, which looks like a cut file; it is believed if it stays so (shrinkHoldSeconds)");
    }
    accept(std::move(*items));
}

void Desk::accept(Items items) {
    suspected_.reset();
    const bool was_stale = !stale_.empty();
    stale_.clear();
    base_ = std::move(items);
    Changes changes;
    if (was_stale) changes.events.push_back(market_event("market_recovered", "recovered", "{}"));
    rebuild(changes);
    host_.log(rig::Level::info, "market read: " + std::to_string(market_->size()) + " offers");
    if (auto status = commit(std::move(changes)); !status.ok())
        host_.log(rig::Level::warn, "market events are lost: " + status.error().message);
}

void Desk::set_stale(const std::string &why) {
    if (stale_ == why) return;
    stale_ = why;
    host_.log(rig::Level::error,
              (market_ ? "the market is stale, the last good one is kept: " : "the market is unknown: ") + why);
    Changes changes;
    changes.events.push_back(market_event("market_stale", "stale",
                                          Json{{"message", why}}.dump(-1, ' ', true, Json::error_handler_t::replace)));
    if (auto status = commit(std::move(changes)); !status.ok())
        host_.log(rig::Level::warn, "market events are lost: " + status.error().message);
}

/// The market from base and replay; what changed becomes the validator's events.
void Desk::rebuild(Changes &changes) {
    Items items = *base_;
    play(items, replay_, ledger_.position().done);
    auto next = std::make_shared<const Market>(std::move(items), config_.multiplier,
                                               config_.validator.hotkey.empty() ? "*" : config_.validator.hotkey);
    ++market_generation_;
    const MarketPtr before = std::exchange(market_, next);
    if (!before) return;

    const auto data = [](const Chute &c) {
        return Json{{"chute_id", c.id}, {"version", c.version}, {"job_only", !c.has_cords}}.dump(
            -1, ' ', true, Json::error_handler_t::replace);
    };
    std::vector<Event> events;
    for (size_t i = 0; i < next->size(); ++i) {
        const Chute &now = next->chute(i);
        const Chute *const then = before->find(now.id);
        if (!then) events.push_back(market_event("chute_created", now.id, data(now)));
        else if (then->version != now.version) events.push_back(market_event("chute_updated", now.id, data(now)));
    }
    for (size_t i = 0; i < before->size(); ++i)
        if (const Chute &then = before->chute(i); !next->find(then.id))
            events.push_back(market_event("chute_deleted", then.id, data(then)));
    if (events.size() > most_market_events)
        events = {market_event("market_replaced", "replaced", Json{{"changes", events.size()}}.dump())};
    for (Event &event : events) changes.events.push_back(std::move(event));
}

Event Desk::market_event(const char *type, const std::string &key, std::string data) const {
    const WallNs now = host_.wall_ns();
    return {0, "market/" + std::to_string(now) + "/" + type + "/" + key,
            R"({"type":")" + std::string(type) + R"(","at":")" + times::to_rfc3339(now) + R"(","data":)" + data + "}"};
}

Event Desk::replay_event(WallNs started, const std::string &key, const char *type, const std::string &data) const {
    return {0, "replay/" + std::to_string(started) + "/" + key,
            R"({"type":")" + std::string(type) + R"(","at":")" + times::to_rfc3339(host_.wall_ns()) + R"(","data":)" +
                data + "}"};
}

void Desk::play_due() {
    if (replay_.empty() || ledger_.position().done >= replay_.size()) return;
    const WallNs now = host_.wall_ns();
    Ledger::Position position = ledger_.position();
    if (position.started == 0) position.started = now;
    const double elapsed = static_cast<double>(now - position.started) / 1e9 * config_.replay_speed;

    Changes changes;
    bool market_changed = false;
    const auto flush = [&] {
        auto status = commit(std::exchange(changes, {}), &position);
        if (!status.ok()) host_.log(rig::Level::error, "the replay waits: " + status.error().message);
        return status.ok();
    };
    const bool begins = position.started != ledger_.position().started;
    while (position.done < replay_.size() && replay_[position.done].at <= elapsed) {
        const ReplayStep &step = replay_[position.done];
        if (step.deletion) { // what it picks depends on everything before it
            if (!changes.empty() && !flush()) return;
            changes = validator_.delete_instances(now, step.deletion->offer, *market_, step.deletion->count,
                                                  step.deletion->message);
            // Said also where no instance of ours was there to delete: a backtest has its own.
            const Json data{
                {"offer", step.deletion->offer}, {"count", step.deletion->count}, {"message", step.deletion->message}};
            changes.events.push_back(replay_event(position.started, std::to_string(step.line) + "/deletion",
                                                  "replay_deletion",
                                                  data.dump(-1, ' ', true, Json::error_handler_t::replace)));
        }
        if (!step.event.empty()) {
            Json event = Json::parse(step.event);
            event["at"] = times::to_rfc3339(now);
            changes.events.push_back(
                {0, "replay/" + std::to_string(position.started) + "/" + std::to_string(step.line), event.dump()});
        }
        market_changed |= step.changes_market();
        ++position.done;
        if (step.deletion && !flush()) return;
    }
    if (position.done == replay_.size())
        changes.events.push_back(replay_event(position.started, "end", "replay_ended", "{}"));
    if ((begins || !changes.empty() || position.done != ledger_.position().done) && !flush()) return;
    if (!market_changed) return;
    Changes market;
    rebuild(market);
    if (auto status = commit(std::move(market)); !status.ok())
        host_.log(rig::Level::warn, "market events are lost: " + status.error().message);
}

rig::Status Desk::commit(Changes changes, const Ledger::Position *position) {
    const bool instances = !changes.instances.empty() || !changes.ended_instances.empty();
    if (auto status = ledger_.commit(std::move(changes), position); !status.ok()) return status;
    if (instances) {
        ++instance_generation_;
        if (config_.count_own_instances) ++market_generation_;
    }
    return {};
}

rig::Result<std::string> Desk::claim(std::string_view claim_id, std::string_view offer_id, std::string_view request) {
    const std::lock_guard lock(mutex_);
    if (!market_)
        return rig::Error{RIG_E_UNAVAILABLE, "MarketUnknown",
                          "no launch token: " + (stale_.empty() ? "the market was not read yet" : stale_), 5000};
    auto granted = validator_.claim(host_.wall_ns(), claim_id, offer_id, request, *market_);
    if (!granted.ok()) return granted.error();
    if (auto status = commit(std::move(granted->changes)); !status.ok()) return status.error();
    if (granted->refused) return *granted->refused;
    return std::move(granted->document);
}

rig::Result<std::string> Desk::render(std::string_view document) const {
    auto request = ::chutes::parse_request(document);
    if (!request.ok()) return request.error();
    return ::chutes::render(config_.workload, *request);
}

rig::Result<std::string> Desk::announce(std::string_view deployment) {
    const std::lock_guard lock(mutex_);
    auto announced = validator_.announce(host_.wall_ns(), deployment);
    if (!announced.ok()) return announced.error();
    if (auto status = commit(std::move(announced->changes)); !status.ok()) return status.error();
    return std::move(announced->document);
}

rig::Status Desk::release(std::string_view request) {
    const std::lock_guard lock(mutex_);
    auto changes = validator_.release(host_.wall_ns(), request);
    if (!changes.ok()) return changes.error();
    return commit(std::move(*changes));
}

void Desk::confirmed(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    ledger_.confirmed(sequence);
}

void Desk::resume(Cursor &cursor, std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    if (sequence > ledger_.last_sequence())
        sequence = 0; // a token from before our records were lost: everything is news
    cursor.sequence = sequence;
    ledger_.confirmed(sequence);
}

std::string Desk::stale_because() const {
    const std::lock_guard lock(mutex_);
    return stale_;
}

Telling Desk::tell(Cursor &cursor) {
    const std::lock_guard lock(mutex_);
    Telling telling;
    tell_offers(cursor, telling);
    tell_instances(cursor, telling);
    const std::uint64_t now = host_.now_ns();
    if (telling.items.empty() && now - cursor.fresh_ns >= fresh_every_ns) {
        if (cursor.listed && !cursor.stale)
            telling.items.push_back({Telling::Item::mark, "offer", {}, {}, RIG_MARK_FRESH});
        telling.items.push_back({Telling::Item::mark, "instance", {}, {}, RIG_MARK_FRESH});
    }
    if (!telling.items.empty()) cursor.fresh_ns = now;
    if (ledger_.last_sequence() > cursor.sequence) {
        telling.events = ledger_.events_after(cursor.sequence);
        cursor.sequence = ledger_.last_sequence();
        telling.checkpoint = cursor.sequence;
    }
    return telling;
}

/// The host keeps offers in the order in which it heard of them; equals are ranked by it. Whether that is the market's.
bool Desk::in_order(const Cursor &cursor) const {
    size_t next = cursor.next_place, least = 0;
    for (size_t i = 0; i < market_->size(); ++i) {
        const auto known = cursor.offers.find(market_->chute(i).id);
        const size_t place = known == cursor.offers.end() ? next++ : known->second.place;
        if (place < least) return false;
        least = place;
    }
    return true;
}

void Desk::tell_offers(Cursor &cursor, Telling &telling) const {
    using Item = Telling::Item;
    const auto mark = [&](int32_t number) { telling.items.push_back({Item::mark, "offer", {}, {}, number}); };
    const bool stale = !stale_.empty() || !market_;
    const bool changed = market_ && cursor.market != market_generation_;
    const bool relist = market_ && (!cursor.listed || (cursor.stale && !stale) || (changed && !in_order(cursor)));
    if (relist) {
        mark(RIG_MARK_BEGIN);
        cursor.offers.clear();
        cursor.next_place = 0;
    }
    if (relist || changed) {
        std::map<std::string, Cursor::Offer> offers;
        for (size_t i = 0; i < market_->size(); ++i) {
            const Chute &chute = market_->chute(i);
            std::string document =
                market_->document(i, config_.count_own_instances ? validator_.active_instances(chute.id) : 0);
            const size_t hash = std::hash<std::string>()(document);
            const auto known = cursor.offers.find(chute.id);
            const bool fresh = known == cursor.offers.end();
            if (fresh || known->second.hash != hash)
                telling.items.push_back({Item::put, "offer", chute.id, std::move(document)});
            offers.emplace(chute.id, Cursor::Offer{hash, fresh ? cursor.next_place++ : known->second.place});
        }
        for (const auto &[id, offer] : cursor.offers)
            if (!offers.contains(id))
                telling.items.push_back({Item::remove, "offer", id, "the catalogue no longer lists it"});
        cursor.offers = std::move(offers);
        cursor.market = market_generation_;
        if (!stale) mark(relist ? RIG_MARK_COMPLETE : RIG_MARK_FRESH);
        cursor.listed = true;
    }
    if (stale && !cursor.stale) mark(RIG_MARK_LOST);
    cursor.stale = stale;
}

void Desk::tell_instances(Cursor &cursor, Telling &telling) const {
    using Item = Telling::Item;
    if (cursor.instances_listed && cursor.instances == instance_generation_) return;
    const auto mark = [&](int32_t number) { telling.items.push_back({Item::mark, "instance", {}, {}, number}); };
    if (!cursor.instances_listed) mark(RIG_MARK_BEGIN);
    std::map<std::string, size_t> hashes;
    for (const auto &[id, instance] : validator_.instances()) {
        std::string document = document_of(instance);
        const size_t hash = std::hash<std::string>()(document);
        const auto known = cursor.instance_hash.find(id);
        if (known == cursor.instance_hash.end() || known->second != hash)
            telling.items.push_back({Item::put, "instance", id, std::move(document)});
        hashes.emplace(id, hash);
    }
    for (const auto &[id, hash] : cursor.instance_hash)
        if (!hashes.contains(id)) telling.items.push_back({Item::remove, "instance", id, "the validator deleted it"});
    cursor.instance_hash = std::move(hashes);
    cursor.instances = instance_generation_;
    mark(cursor.instances_listed ? RIG_MARK_FRESH : RIG_MARK_COMPLETE);
    cursor.instances_listed = true;
}

} // namespace catalog
