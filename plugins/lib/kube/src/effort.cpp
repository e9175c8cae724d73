#include "kube/effort.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace kube {

rig::Status Effort::check() const {
    if (cancelled && cancelled()) return rig::Error{RIG_E_CANCELLED, "Cancelled", "the call was cancelled", 0};
    if (clock && clock->mono_ns() >= deadline_ns)
        return rig::Error{RIG_E_UNAVAILABLE, "Timeout",
                          "the API server did not answer in time; whether the request had an effect is unknown", 1000};
    return {};
}
Effort Effort::within(uint64_t span_ns) const {
    Effort nearer = *this;
    const uint64_t now = clock->mono_ns();
    nearer.deadline_ns = std::min(deadline_ns, span_ns > never - now ? never : now + span_ns);
    return nearer;
}
rig::Status Effort::pause(uint64_t span_ns) const {
    const uint64_t until = clock->mono_ns() + span_ns;
    for (;;) {
        if (rig::Status go = check(); !go.ok()) return go;
        const uint64_t now = clock->mono_ns();
        if (now >= until) return {};
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min<uint64_t>(until - now, 100'000'000)));
    }
}

} // namespace kube
