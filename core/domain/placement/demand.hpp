// core/domain/placement/demand.hpp -- what a copy of an offer needs of a GPU group, in the form that the mass filter
// compares.
#pragma once
#include <compare>
#include <cstdint>

namespace rigger::placement {

/// States of a server that may speak against a pair.
inline constexpr int64_t gate_locked = 1;
inline constexpr int64_t gate_not_ready = 2;
inline constexpr int64_t gate_unknown = 4;
inline constexpr int64_t gate_tee = 8;
inline constexpr int64_t gate_vacant = 16; ///< the row holds no server (any more)

/// Which rules count.
enum class FilterMode : uint8_t {
    automatic,      ///< all
    market_listing, ///< GPUs and locks only: what `scales` lists
    operator_wish,  ///< the physical ones
};

/// Compared row by row: need <= have for all figures, (gate & gate_mask) == gate_want, and the row's validator is 0
/// (any) or ours.
struct Demand {
    double whole_gpus = 0;  ///< wholly free GPUs; 0 for a share
    double share_milli = 0; ///< free on one GPU; 0 for whole GPUs
    double disk_gb = 0, cpu_milli = 0, memory_mib = 0;
    int64_t gate_mask = 0, gate_want = 0;
    int64_t validator = 0; ///< the source's code; 0: not compared
    double milli_each() const noexcept {
        return share_milli > 0 ? share_milli : 1000;
    } ///< of each GPU that a copy takes
    friend auto operator<=>(const Demand &, const Demand &) = default;
    friend bool operator==(const Demand &, const Demand &) = default;
};

} // namespace rigger::placement
