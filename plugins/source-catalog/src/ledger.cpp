#include "ledger.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace catalog {
namespace {

using Json = nlohmann::json;

constexpr size_t kept_after_confirmation = 256;

std::string event_key(std::uint64_t sequence) { // sorts as the sequence does
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "event/%016llx", static_cast<unsigned long long>(sequence));
    return buffer;
}

/// Every key with its value; the SDK's host wrapper has no listing of its own.
rig::Status each_key(const rig::Host &host, std::string_view prefix, std::map<std::string, std::string> &into) {
    const auto *const store = host.table<rig_store>(RIG_SERVICE_STORE);
    if (!store || !RIG_HAS(store, list))
        return rig::Error{RIG_E_UNSUPPORTED, "ServiceMissing",
                          "the host does not offer or did not grant " RIG_SERVICE_STORE, 0};
    const auto take = [](void *user, rig_str key, rig_bytes value, uint64_t) -> rig_code {
        try {
            static_cast<std::map<std::string, std::string> *>(user)->emplace(rig::view(key), rig::view(value));
            return RIG_OK;
        } catch (...) { return RIG_E_EXHAUSTED; }
    };
    rig_error error = rig::detail::fresh_error();
    const rig_code code = store->list(host.raw(), rig::view(prefix), &into, take, &error);
    return rig::detail::status(code, error);
}

} // namespace

rig::Status Ledger::load() {
    std::map<std::string, std::string> all;
    if (auto status = each_key(host_, prefix_, all); !status.ok()) {
        if (status.error().code != RIG_E_UNSUPPORTED) return status;
        durable_ = false;
        host_.log(rig::Level::warn,
                  "rig.store/1 is not granted: launch tokens and instances will not survive a restart");
        return {};
    }
    Changes changes;
    for (const auto &[full, value] : all) {
        const std::string key = full.substr(prefix_.size());
        if (key.starts_with("claim/")) {
            auto claim = claim_from(value);
            if (!claim.ok()) return claim.error();
            changes.claims.push_back(std::move(*claim));
        } else if (key.starts_with("instance/")) {
            auto instance = instance_from(value);
            if (!instance.ok()) return instance.error();
            changes.instances.push_back(std::move(*instance));
        } else if (key.starts_with("event/")) {
            const Json event = Json::parse(value, nullptr, false);
            if (!event.is_object())
                return rig::Error{RIG_E_INTERNAL, "StoreDamaged", "the store holds an event that cannot be read", 0};
            events_.push_back(
                {event.value("sequence", std::uint64_t{0}), event.value("id", ""), event.value("document", "{}")});
            next_ = std::max(next_, events_.back().sequence + 1);
        } else if (key.starts_with("script/")) {
            changes.script_uses[std::strtoull(key.c_str() + 7, nullptr, 10)] =
                static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
        } else if (key == "next") {
            next_ = std::max<std::uint64_t>(next_, std::strtoull(value.c_str(), nullptr, 10));
        } else if (key == "replay") {
            const Json replay = Json::parse(value, nullptr, false);
            if (replay.is_object())
                position_ = {replay.value("done", std::uint64_t{0}), replay.value("started", WallNs{0})};
        }
    }
    validator_.apply(changes);
    return {};
}

rig::Status Ledger::commit(Changes changes, const Position *position) {
    if (changes.empty() && !position) return {};
    for (size_t i = 0; i < changes.events.size(); ++i) changes.events[i].sequence = next_ + i;
    if (auto status = write(changes, position); !status.ok()) return status;
    next_ += changes.events.size();
    validator_.apply(changes);
    for (Event &event : changes.events) events_.push_back(std::move(event));
    if (position) position_ = *position;
    return {};
}

rig::Status Ledger::write(const Changes &changes, const Position *position) {
    if (!durable_) return {};
    std::vector<std::pair<std::string, std::string>> puts;
    std::vector<std::string> erased;
    for (const Claim &claim : changes.claims) puts.emplace_back("claim/" + claim.id, to_text(claim));
    for (const Instance &instance : changes.instances) puts.emplace_back("instance/" + instance.id, to_text(instance));
    for (const Event &event : changes.events)
        puts.emplace_back(event_key(event.sequence),
                          Json{{"sequence", event.sequence}, {"id", event.id}, {"document", event.document}}.dump());
    if (!changes.events.empty()) puts.emplace_back("next", std::to_string(changes.events.back().sequence + 1));
    for (const auto &[rule, uses] : changes.script_uses)
        puts.emplace_back("script/" + std::to_string(rule), std::to_string(uses));
    if (position) puts.emplace_back("replay", Json{{"done", position->done}, {"started", position->started}}.dump());
    for (const std::string &id : changes.ended_claims) erased.push_back("claim/" + id);
    for (const auto &ended : changes.ended_instances) erased.push_back("instance/" + ended.id);

    std::vector<rig_store_op> ops;
    for (auto &[key, value] : puts) key.insert(0, prefix_);
    for (std::string &key : erased) key.insert(0, prefix_);
    for (const auto &[key, value] : puts) ops.push_back({0, 0, rig::view(key), rig::doc(value), UINT64_MAX});
    for (const std::string &key : erased) ops.push_back({1, 0, rig::view(key), {nullptr, 0}, UINT64_MAX});
    return host_.commit(ops);
}

std::vector<Event> Ledger::events_after(std::uint64_t sequence) const {
    std::vector<Event> found;
    for (const Event &event : events_)
        if (event.sequence > sequence) found.push_back(event);
    return found;
}

void Ledger::confirmed(std::uint64_t sequence) {
    std::vector<std::string> keys;
    while (events_.size() > kept_after_confirmation && events_.front().sequence <= sequence) {
        keys.push_back(prefix_ + event_key(events_.front().sequence));
        events_.pop_front();
    }
    if (keys.empty() || !durable_) return;
    std::vector<rig_store_op> ops;
    for (const std::string &key : keys) ops.push_back({1, 0, rig::view(key), {nullptr, 0}, UINT64_MAX});
    // A failure leaves old events behind; the next start reads and drops them.
    if (auto status = host_.commit(ops); !status.ok())
        host_.log(rig::Level::debug, "old events stay in the store: " + status.error().message);
}

} // namespace catalog
