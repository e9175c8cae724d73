#include "api/json.hpp"
#include "cluster.hpp"
#include "query.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <chrono>
#include <unordered_map>

namespace cluster_local {
namespace {
constexpr size_t kWatchPage = 64;                            ///< objects delivered per turn of the lock
constexpr size_t kLookAhead = 1024;                          ///< log entries looked at per turn of the lock
constexpr uint64_t kHeartbeat = 10 * kSecond;                ///< well within the 15 s that the contract allows
constexpr auto kCancelPoll = std::chrono::milliseconds(100); ///< a cancel flag wakes nobody, so it is looked at
} // namespace

/// One watch. It reads the store's change log from its own position, a page at a time under the lock, and delivers
/// without it; so a slow receiver holds up nobody and only ever misses intermediate states. If it falls behind what the
/// log still knows of deletions, it starts over with a full listing.
class Cluster::Watch {
public:
    Watch(Cluster &cluster, rig::Call call, Query query, const rig::Objects &out)
        : c_(cluster), call_(call), query_(std::move(query)), out_(out) {}
    rig::Status run(std::string_view resume_token);

private:
    struct Delivery {
        int32_t change;
        std::string text;
    };
    using Lock = std::unique_lock<std::mutex>;

    rig::Status relist(Lock &);
    rig::Status collect(std::vector<Delivery> &);
    rig::Status deliver(Lock &, const std::vector<Delivery> &);
    rig::Status heartbeat(Lock &);
    rig::Status ended() const;
    bool resume(std::string_view token);
    bool in_namespace(const std::string &object) const;
    std::string token() const { return std::to_string(position_) + "." + c_.store_->incarnation(); }
    const std::string &name() const { return c_.options_.name; }

    Cluster &c_;
    rig::Call call_;
    Query query_;
    const rig::Objects &out_;
    uint64_t position_ = 0;                       ///< everything up to this version was delivered
    std::unordered_map<int64_t, uint64_t> known_; ///< delivered objects and their versions
    bool resumed_ = false;
    uint64_t resumed_from_ = 0, last_mark_ = 0;
};

rig::Status Cluster::watch(rig::Call call, std::string_view text, std::string_view resume_token,
                           const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(Query query, Query::parse(text, options_.name, kinds_));
    return Watch(*this, call, std::move(query), out).run(resume_token);
}

rig::Status Cluster::Watch::run(std::string_view resume_token) {
    Lock held(c_.lock_);
    RIG_RETURN_IF_ERROR(ended());
    RIG_RETURN_IF_ERROR(c_.healthy());
    bool fresh = !resume(resume_token);
    bool caught_up = false;
    std::vector<Delivery> page;
    for (;;) {
        RIG_RETURN_IF_ERROR(ended());
        if (rig::Status ok = c_.healthy(); !ok.ok()) {
            held.unlock();
            RIG_RETURN_IF_ERROR(out_.mark(name(), RIG_MARK_LOST, ok.error().message));
            return ok;
        }
        if (fresh || position_ < c_.store_->compacted(*query_.kind)) {
            fresh = false;
            RIG_RETURN_IF_ERROR(relist(held));
            continue;
        }
        page.clear();
        const uint64_t before = position_;
        RIG_RETURN_IF_ERROR(collect(page));
        if (!page.empty()) RIG_RETURN_IF_ERROR(deliver(held, page));
        if (position_ != before) continue;
        position_ = c_.store_->version(); // nothing of this kind lies between
        const bool due = c_.clock_.mono_ns() - last_mark_ >= kHeartbeat;
        if (due || (resumed_ && !caught_up)) {
            caught_up = true;
            RIG_RETURN_IF_ERROR(heartbeat(held));
            continue;
        }
        c_.changed_.wait_for(held, kCancelPoll);
    }
}

rig::Status Cluster::Watch::ended() const {
    if (call_.cancelled()) return rig::Error{RIG_E_CANCELLED, "Cancelled", "the watch was cancelled", 0};
    if (c_.clock_.mono_ns() >= call_.deadline_ns())
        return rig::Error{RIG_E_DEADLINE, "DeadlineExceeded", "the watch reached its deadline", 0};
    return {};
}

/// A token holds if it is of this database, not of the future, and no deletion after it was forgotten. What a selector
/// saw before cannot be known again, so a selective watch always starts over.
bool Cluster::Watch::resume(std::string_view token) {
    const size_t dot = token.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot > 19 || query_.selective()) return false;
    uint64_t version = 0;
    for (const char c : token.substr(0, dot)) {
        if (c < '0' || c > '9') return false;
        version = version * 10 + static_cast<uint64_t>(c - '0');
    }
    if (token.substr(dot + 1) != c_.store_->incarnation()) return false;
    if (version < c_.store_->compacted(*query_.kind) || version > c_.store_->version()) return false;
    position_ = resumed_from_ = version;
    resumed_ = true;
    return true;
}

rig::Status Cluster::Watch::relist(Lock &held) {
    position_ = c_.store_->version();
    known_.clear();
    resumed_ = false;
    std::vector<int64_t> ids;
    c_.store_->each(*query_.kind, query_.name_space, [&](const Record &record) {
        if (query_.matches(record)) ids.push_back(record.id);
        return true;
    });
    held.unlock();
    RIG_RETURN_IF_ERROR(out_.mark(name(), RIG_MARK_BEGIN));
    held.lock();
    std::vector<Delivery> page;
    for (size_t i = 0; i < ids.size();) {
        RIG_RETURN_IF_ERROR(c_.healthy());
        page.clear();
        for (const size_t end = std::min(ids.size(), i + kWatchPage); i < end; ++i) {
            const Record *record = c_.store_->find_id(ids[i]);
            if (!record || !query_.matches(*record)) continue;
            RIG_ASSIGN_OR_RETURN(std::string text, c_.store_->text(*record));
            known_[record->id] = record->version;
            page.push_back({RIG_CHANGE_SYNC, std::move(text)});
        }
        held.unlock();
        for (const Delivery &d : page) RIG_RETURN_IF_ERROR(out_.object(d.change, name(), d.text));
        held.lock();
        RIG_RETURN_IF_ERROR(ended());
    }
    const std::string at = token();
    last_mark_ = c_.clock_.mono_ns();
    held.unlock();
    RIG_RETURN_IF_ERROR(out_.mark(name(), RIG_MARK_COMPLETE));
    RIG_RETURN_IF_ERROR(out_.checkpoint(at));
    held.lock();
    return {};
}

rig::Status Cluster::Watch::collect(std::vector<Delivery> &page) {
    for (size_t looked = 0; looked < kLookAhead && page.size() < kWatchPage; ++looked) {
        const auto entry = c_.store_->next_change(*query_.kind, position_);
        if (!entry) return {};
        if (entry->live && query_.matches(*entry->live)) {
            uint64_t &delivered = known_[entry->id];
            if (delivered != entry->version) {
                RIG_ASSIGN_OR_RETURN(std::string text, c_.store_->text(*entry->live));
                page.push_back({RIG_CHANGE_PUT, std::move(text)});
                delivered = entry->version;
            }
        } else if (known_.contains(entry->id) || (!entry->live && resumed_ && entry->created <= resumed_from_)) {
            RIG_ASSIGN_OR_RETURN(std::string text,
                                 entry->live ? c_.store_->text(*entry->live) : c_.store_->tombstone(entry->version));
            if (known_.erase(entry->id) > 0 || in_namespace(text)) page.push_back({RIG_CHANGE_DELETE, std::move(text)});
        }
        position_ = entry->version;
    }
    return {};
}

bool Cluster::Watch::in_namespace(const std::string &object) const {
    return query_.name_space.empty() ||
           text_at(nlohmann::json::parse(object), {"metadata", "namespace"}) == query_.name_space;
}

rig::Status Cluster::Watch::deliver(Lock &held, const std::vector<Delivery> &page) {
    const std::string at = token();
    last_mark_ = c_.clock_.mono_ns();
    held.unlock();
    for (const Delivery &d : page) RIG_RETURN_IF_ERROR(out_.object(d.change, name(), d.text));
    RIG_RETURN_IF_ERROR(out_.checkpoint(at));
    held.lock();
    return {};
}

rig::Status Cluster::Watch::heartbeat(Lock &held) {
    const std::string at = token();
    last_mark_ = c_.clock_.mono_ns();
    held.unlock();
    RIG_RETURN_IF_ERROR(out_.mark(name(), RIG_MARK_FRESH));
    RIG_RETURN_IF_ERROR(out_.checkpoint(at));
    held.lock();
    return {};
}

} // namespace cluster_local
