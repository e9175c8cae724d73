#include "host/services/border.hpp"
#include "host/services/tables.hpp"

namespace rigger::host {
namespace {
// A thread that a plugin left behind may outlive the host's clock; for it time goes on all the same.
bool is_gone(const rig_host *host) noexcept { return handle_of(host).orphaned.load(std::memory_order_acquire); }

template <typename StdClock> Duration now_of() noexcept {
    return std::chrono::duration_cast<Duration>(StdClock::now().time_since_epoch());
}

uint64_t monotonic(const rig_host *host) noexcept {
    if (is_gone(host)) return static_cast<uint64_t>(now_of<std::chrono::steady_clock>().count());
    return handle_of(host).machinery->clock.monotonic().ns;
}
int64_t wall(const rig_host *host) noexcept {
    if (is_gone(host)) return now_of<std::chrono::system_clock>().count();
    return handle_of(host).machinery->clock.wall().ns;
}
} // namespace

const rig_clock *clock_table() noexcept {
    static constexpr rig_clock table{sizeof(rig_clock), &monotonic, &wall};
    return &table;
}

} // namespace rigger::host
