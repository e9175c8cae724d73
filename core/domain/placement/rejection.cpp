#include "domain/placement/rejection.hpp"

#include <array>

namespace rigger::placement {

std::string_view rejection_code(Rejection reason) noexcept {
    static constexpr std::array<std::string_view, 25> codes{"",
                                                            "NotDeployable",
                                                            "NoMetrics",
                                                            "NoUtilization",
                                                            "NotScalable",
                                                            "UpdateInProgress",
                                                            "Banned",
                                                            "NotWhitelisted",
                                                            "OfferCapReached",
                                                            "Backoff",
                                                            "RecentlyFailed",
                                                            "RecentlyFailedHere",
                                                            "GpuModelMismatch",
                                                            "NotEnoughFreeGpus",
                                                            "ServerLocked",
                                                            "ServerNotReady",
                                                            "ServerUnknown",
                                                            "TeeMismatch",
                                                            "ValidatorMismatch",
                                                            "NotEnoughDisk",
                                                            "NotEnoughCpu",
                                                            "NotEnoughMemory",
                                                            "AlreadyHere",
                                                            "Vetoed",
                                                            "NoValue"};
    return codes[static_cast<size_t>(reason)];
}

} // namespace rigger::placement
