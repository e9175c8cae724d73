#include "kube/cluster.hpp"

#include <rigger/sdk/try.hpp>

#include <chrono>

namespace kube {
namespace {
constexpr uint64_t beat_ns = 10 * second_ns, patience_ns = 5 * second_ns;
}

Cluster::Cluster(std::string name, Access access, const ClientSettings &settings, const Clock &clock)
    : name_(std::move(name)), clock_(clock), client_(std::move(access), settings, clock) {}
void Cluster::begin() {
    std::call_once(begun_, [this] { thread_ = std::thread([this] { beat(); }); });
}
Cluster::~Cluster() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

rig::Result<std::string> Cluster::answer(const Effort &effort) {
    constexpr unsigned beats_per_version = 30;
    const rig::Status ready = client_.ready(effort);
    const bool says_nothing =
        !ready.ok() && (ready.error().code == RIG_E_NOT_FOUND || ready.error().code == RIG_E_DENIED ||
                        ready.error().code == RIG_E_UNSUPPORTED);
    if (!ready.ok() && !says_nothing) {
        version_beats_ = 0; // it may come back as another one
        return ready.error();
    }
    if (says_nothing || version_beats_ == 0) {
        RIG_ASSIGN_OR_RETURN(version_, client_.version(effort));
        version_beats_ = beats_per_version;
    }
    --version_beats_;
    return version_;
}

void Cluster::beat() {
    const Effort effort{&clock_, never, [this] { return stopping_.load(); }};
    while (!stopping_) {
        try {
            const uint64_t begun = clock_.mono_ns();
            const auto version = answer(effort.within(patience_ns));
            if (stopping_) return;
            const uint64_t now = clock_.mono_ns();
            const std::lock_guard held(lock_);
            pulse_.tried = true;
            pulse_.alive = version.ok();
            pulse_.error = version.ok() ? std::string() : version.error().message;
            pulse_.error_wall_ns = version.ok() ? 0 : clock_.wall_ns();
            if (version.ok()) {
                pulse_.version = *version;
                pulse_.answered_ns = now;
                pulse_.latency_ns = now - begun;
                answered_.store(now, std::memory_order_relaxed);
            }
            changed_.notify_all();
        } catch (const std::exception &) {
            // Out of memory: the next beat tries again; until then the pulse grows old.
        }
        if (!effort.pause(beat_ns).ok()) return;
    }
}

Cluster::Pulse Cluster::pulse() const {
    const std::lock_guard held(lock_);
    return pulse_;
}
void Cluster::await_first(unsigned patience_ms) const {
    std::unique_lock held(lock_);
    changed_.wait_for(held, std::chrono::milliseconds(patience_ms), [this] { return pulse_.tried; });
}

} // namespace kube
