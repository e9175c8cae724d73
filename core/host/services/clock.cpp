#include "host/services/border.hpp"
#include "host/services/tables.hpp"

namespace rigger::host {
namespace {
uint64_t monotonic(const rig_host *host) noexcept { return handle_of(host).machinery->clock.monotonic().ns; }
int64_t wall(const rig_host *host) noexcept { return handle_of(host).machinery->clock.wall().ns; }
} // namespace

const rig_clock *clock_table() noexcept {
    static constexpr rig_clock table{sizeof(rig_clock), &monotonic, &wall};
    return &table;
}

} // namespace rigger::host
