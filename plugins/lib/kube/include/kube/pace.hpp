// kube/pace.hpp -- how fast a cluster is asked: one budget of requests for all callers, and growing pauses after
// failures. Thread-safe.
#pragma once
#include "kube/effort.hpp"

#include <mutex>
#include <random>

namespace kube {

/// A token bucket.
class Budget {
public:
    Budget(double per_second, double burst, const Clock &clock)
        : rate_(per_second), burst_(burst), left_(burst), at_(clock.mono_ns()), clock_(clock) {}
    /// Waits for one request's turn; fails as the effort does.
    rig::Status take(const Effort &effort);
    /// The API server asked for a pause: nobody gets a turn before it is over.
    void hold(uint64_t span_ns);
    uint64_t taken() const;

private:
    const double rate_, burst_;
    mutable std::mutex lock_;
    double left_;
    uint64_t at_, held_until_ = 0, taken_ = 0;
    const Clock &clock_;
};

/// 1, 2, 4, ... times `first`, at most `cap`, of which a random part between a half and the whole. Not thread-safe.
class Backoff {
public:
    Backoff(uint64_t first_ns, uint64_t cap_ns, uint64_t seed)
        : first_(first_ns), cap_(cap_ns), next_(first_ns), random_(seed) {}
    uint64_t next();
    void reset() { next_ = first_; }

private:
    uint64_t first_, cap_, next_;
    std::mt19937_64 random_;
};

} // namespace kube
