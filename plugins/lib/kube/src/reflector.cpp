#include "kube/reflector.hpp"

#include "kube/answer.hpp"

#include <rigger/sdk/try.hpp>

namespace kube {
namespace {
constexpr uint64_t first_pause_ns = second_ns / 2, longest_pause_ns = 15 * second_ns;
/// Bookmarks come about every minute: a stream that is silent for longer than this is opened anew.
constexpr uint64_t longest_silence_ns = 150 * second_ns;
} // namespace

Reflector::Reflector(std::shared_ptr<Cluster> cluster, std::string api_version, std::string kind, Selection selection,
                     std::string resume, const Clock &clock, uint64_t seed, Feed &feed)
    : cluster_(std::move(cluster)), api_version_(std::move(api_version)), kind_(std::move(kind)),
      selection_(std::move(selection)), clock_(clock), feed_(feed), backoff_(first_pause_ns, longest_pause_ns, seed),
      version_(std::move(resume)) {
    thread_ = std::thread([this] { run(); });
}
Reflector::~Reflector() {
    stop();
    thread_.join();
}

std::optional<rig::Error> Reflector::ended() const {
    const std::lock_guard held(lock_);
    return ended_;
}

rig::Status Reflector::list(const Resource &resource) {
    const Effort effort{&clock_, never, [this] { return stopping_.load(); }};
    const auto feed = [this](rig::Status told) {
        refused_ = refused_ || !told.ok();
        return told;
    };
    RIG_RETURN_IF_ERROR(feed(feed_.begin()));
    RIG_ASSIGN_OR_RETURN(const Client::ListEnd end,
                         cluster_->client().list(effort, resource, selection_, 0,
                                                 [&](std::string_view object) { return feed(feed_.item(object)); }));
    if (end.resource_version.empty())
        return rig::Error{RIG_E_UNAVAILABLE, "BrokenAnswer",
                          "a list of " + resource.plural + " without a resourceVersion", 1000};
    RIG_RETURN_IF_ERROR(feed(feed_.complete()));
    version_ = end.resource_version;
    feed_.position(version_);
    return {};
}

rig::Status Reflector::watch(const Resource &resource) {
    std::atomic<uint64_t> heard{clock_.mono_ns()};
    bool silent = false;
    const Effort effort{&clock_, never, [&] {
                            silent = clock_.mono_ns() - heard.load() > longest_silence_ns;
                            return stopping_.load() || silent;
                        }};
    const auto opened = [&] {
        heard = clock_.mono_ns();
        streaming_ = true;
    };
    const auto on_event = [&](const Event &e) -> rig::Status {
        heard = clock_.mono_ns();
        rig::Status told;
        if (e.type == "DELETED") told = feed_.gone(e.object);
        else if (e.type != "BOOKMARK") told = feed_.put(e.object);
        if (!told.ok()) {
            refused_ = true;
            return told;
        }
        backoff_.reset();
        if (!e.resource_version.empty()) version_ = e.resource_version;
        feed_.position(version_);
        return {};
    };
    const uint64_t begun = clock_.mono_ns();
    const rig::Status ended = cluster_->client().watch(effort, resource, selection_, version_, opened, on_event);
    streaming_ = false;
    if (silent && !stopping_) return {};
    // A stream that ends at once, again and again, is a failure although each end is polite.
    if (ended.ok() && clock_.mono_ns() - begun < second_ns) (void)effort.pause(backoff_.next()).ok();
    return ended;
}

void Reflector::run() {
    const Effort effort{&clock_, never, [this] { return stopping_.load(); }};
    while (!stopping_ && !refused_) {
        rig::Status step;
        try {
            step = [&]() -> rig::Status {
                RIG_ASSIGN_OR_RETURN(const Resource resource, cluster_->client().resource(effort, api_version_, kind_));
                if (version_.empty()) RIG_RETURN_IF_ERROR(list(resource));
                return watch(resource);
            }();
        } catch (const std::exception &e) { step = rig::Error{RIG_E_EXHAUSTED, "OutOfMemory", e.what(), 1000}; }
        if (step.ok()) continue;
        if (stopping_) return;
        const rig::Error why = step.error();
        if (refused_ || why.code == RIG_E_INVALID) {
            const std::lock_guard held(lock_);
            ended_ = why;
            return;
        }
        // The version is unknown to the server (a restored backup, or a token from elsewhere) or forgotten: only a list
        // helps. A list that expires while it is read is no such case: it is a failure like any other, and begun again
        // after a pause.
        if (is_expired(why) && !version_.empty()) {
            version_.clear();
            continue;
        }
        if (!feed_.lost(why.message).ok()) return;
        if (!effort.pause(std::max<uint64_t>(backoff_.next(), uint64_t{why.retry_after_ms} * 1'000'000)).ok()) return;
    }
}

} // namespace kube
