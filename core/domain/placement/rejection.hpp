// core/domain/placement/rejection.hpp -- why a pair of offer and server may not be placed: the codes of
// docs/plugins/documents.md section 7.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rigger::placement {

/// In the order in which reasons are listed. The market's and the memory's rules stand in one run (no_metrics ...
/// recently_failed_here).
enum class Rejection : uint8_t {
    none,
    not_deployable,
    no_metrics,
    no_utilization,
    not_scalable,
    update_in_progress,
    banned,
    not_whitelisted,
    offer_cap_reached,
    backoff,
    recently_failed,
    recently_failed_here,
    gpu_model_mismatch,
    not_enough_free_gpus,
    server_locked,
    server_not_ready,
    server_unknown,
    tee_mismatch,
    validator_mismatch,
    not_enough_disk,
    not_enough_cpu,
    not_enough_memory,
    already_here,
    vetoed,
    no_value,
};

/// "NotDeployable", ...; empty for none.
std::string_view rejection_code(Rejection reason) noexcept;

/// One reason, for machines and for people.
struct RejectionReason {
    Rejection code = Rejection::none;
    std::string text; ///< a sentence with the figures, without a final period
};

} // namespace rigger::placement
