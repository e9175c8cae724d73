// core/control/book.hpp -- the objects of one kind in one cluster, indexed by name and by deployment. Not thread-safe.
#pragma once
#include "control/listing.hpp"
#include "domain/cluster_view.hpp"

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rigger {

namespace detail {
inline std::string_view object_namespace(const NodeView &) noexcept { return {}; }
template <typename V> std::string_view object_namespace(const V &view) noexcept { return view.namespace_name; }
inline std::string_view object_deployment(const NodeView &) noexcept { return {}; }
template <typename V> std::string_view object_deployment(const V &view) noexcept { return view.deployment.value; }
} // namespace detail

/// Keys are views into the objects themselves: an entry costs no string of its own.
template <typename V> class Book {
public:
    using Ptr = std::shared_ptr<const V>;
    struct Key {
        std::string_view namespace_name, name;
        friend bool operator==(const Key &, const Key &) = default;
    };
    struct KeyHash {
        size_t operator()(const Key &k) const noexcept {
            return std::hash<std::string_view>()(k.name) * 31 + std::hash<std::string_view>()(k.namespace_name);
        }
    };

    Listing listing;

    size_t size() const noexcept { return entries_.size(); }
    Ptr find(std::string_view namespace_name, std::string_view name) const {
        const auto at = entries_.find(Key{namespace_name, name});
        return at == entries_.end() ? nullptr : at->second.object;
    }
    /// Answer: the object that it replaced, or nullptr.
    Ptr put(Ptr object, MonoTime now) {
        MonoTime first_seen = now;
        if (const auto at = entries_.find(Key{detail::object_namespace(*object), object->name});
            at != entries_.end() && at->second.object->uid == object->uid)
            first_seen = at->second.first_seen;
        Ptr old = take(detail::object_namespace(*object), object->name);
        const Key key{detail::object_namespace(*object), object->name};
        if (const auto owner = detail::object_deployment(*object); !owner.empty())
            by_deployment_.emplace(owner, object.get());
        entries_.emplace(key, Entry{std::move(object), listing.epoch(), first_seen});
        return old;
    }
    /// Precondition: find() of it answers.
    MonoTime first_seen(std::string_view namespace_name, std::string_view name) const {
        return entries_.at(Key{namespace_name, name}).first_seen;
    }
    /// Counts as repeated by the running listing.
    void touch(std::string_view namespace_name, std::string_view name) {
        if (const auto at = entries_.find(Key{namespace_name, name}); at != entries_.end())
            at->second.epoch = listing.epoch();
    }
    /// Removes and answers it; nullptr: unknown.
    Ptr take(std::string_view namespace_name, std::string_view name) {
        const auto at = entries_.find(Key{namespace_name, name});
        if (at == entries_.end()) return nullptr;
        Ptr object = std::move(at->second.object);
        entries_.erase(at); // before the object may die: its key points into it
        if (const auto owner = detail::object_deployment(*object); !owner.empty()) {
            auto [first, last] = by_deployment_.equal_range(owner);
            for (; first != last; ++first)
                if (first->second == object.get()) {
                    by_deployment_.erase(first);
                    break;
                }
        }
        return object;
    }
    /// Removes what the listing that just completed did not repeat.
    std::vector<Ptr> sweep() {
        std::vector<Ptr> stale, gone;
        for (const auto &[key, entry] : entries_)
            if (entry.epoch != listing.epoch()) stale.push_back(entry.object);
        for (const Ptr &object : stale) gone.push_back(take(detail::object_namespace(*object), object->name));
        return gone;
    }
    template <typename F> void each_of(const DeploymentId &deployment, F &&f) const {
        auto [first, last] = by_deployment_.equal_range(std::string_view(deployment.value));
        for (; first != last; ++first) f(*first->second);
    }
    bool any_of(const DeploymentId &deployment) const {
        return by_deployment_.contains(std::string_view(deployment.value));
    }
    template <typename F> void each(F &&f) const {
        for (const auto &[key, entry] : entries_) f(entry.object);
    }
    std::vector<Ptr> all() const {
        std::vector<Ptr> list;
        list.reserve(entries_.size());
        for (const auto &[key, entry] : entries_) list.push_back(entry.object);
        return list;
    }

private:
    struct Entry {
        Ptr object;
        uint64_t epoch;
        MonoTime first_seen;
    };
    std::unordered_map<Key, Entry, KeyHash> entries_;
    std::unordered_multimap<std::string_view, const V *> by_deployment_;
};

} // namespace rigger
