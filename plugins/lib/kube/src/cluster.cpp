#include "kube/cluster.hpp"

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

void Cluster::beat() {
    const Effort effort{&clock_, never, [this] { return stopping_.load(); }};
    while (!stopping_) {
        try {
            const uint64_t begun = clock_.mono_ns();
            const auto version = client_.version(effort.within(patience_ns));
            if (stopping_) return;
            const uint64_t now = clock_.mono_ns();
            const std::lock_guard held(lock_);
            pulse_.tried = true;
            pulse_.alive = version.ok();
            pulse_.error = version.ok() ? std::string() : version.error().message;
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
