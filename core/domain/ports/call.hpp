// core/domain/ports/call.hpp -- deadline and cancellation of one call into the outside world.
#pragma once
#include "base/time.hpp"

#include <atomic>
#include <cstdint>

namespace rigger {

struct CallContext {
    MonoTime deadline{UINT64_MAX};                    ///< UINT64_MAX: none
    const std::atomic<uint32_t> *cancelled = nullptr; ///< not 0: stop soon; nullptr: cannot be cancelled
    bool is_cancelled() const noexcept { return cancelled && cancelled->load(std::memory_order_relaxed) != 0; }
};

enum class Mark : int32_t { begin = 1, complete = 2, fresh = 3, lost = 4 }; ///< RIG_MARK_*

} // namespace rigger
