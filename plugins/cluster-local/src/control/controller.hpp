// control/controller.hpp -- what drives objects towards their specs. Controllers learn of changes as store observers,
// note which objects to look at, and work when the cluster runs them: on the plugin's strand, under the cluster's lock,
// in one transaction.
#pragma once
#include "clock.hpp"
#include "store/record.hpp"

#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_set>

namespace cluster_local {

/// Ids of objects to look at, now or later, each at most once at a time in the ready part. Looking too often is
/// harmless.
class WorkQueue {
public:
    void add(int64_t id) {
        if (known_.insert(id).second) ready_.push_back(id);
    }
    void add_at(int64_t id, uint64_t due_ns) { later_.emplace(due_ns, id); }
    std::optional<int64_t> pop(uint64_t now_ns) {
        for (auto it = later_.begin(); it != later_.end() && it->first <= now_ns; it = later_.erase(it))
            add(it->second);
        if (ready_.empty()) return std::nullopt;
        const int64_t id = ready_.front();
        ready_.pop_front();
        known_.erase(id);
        return id;
    }
    uint64_t due() const noexcept { return !ready_.empty() ? 0 : later_.empty() ? kNever : later_.begin()->first; }
    void clear() {
        ready_.clear();
        known_.clear();
        later_.clear();
    }

private:
    std::deque<int64_t> ready_;
    std::unordered_set<int64_t> known_;
    std::multimap<uint64_t, int64_t> later_;
};

class Controller : public StoreObserver {
public:
    /// Does what is due; takes one from `budget` per object and returns when it is used up or nothing is due. An error
    /// means that the store failed: the cluster rolls back and starts over.
    virtual rig::Status run(size_t &budget) = 0;
    /// When to run next: 0 at once, kNever when only a change can give work.
    virtual uint64_t due() const = 0;

    void on_put(const Record &, const Record *) override {}
    void on_erase(const Record &) override {}
    void on_reset() override {}
};

} // namespace cluster_local
