// core/domain/offer.hpp -- what a source would like to see run, what it asks for and what it pays.
#pragma once
#include "base/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger {

struct Requirements {
    int gpu_count = 1;    ///< >= 0; 0: CPU only
    int gpu_milli = 1000; ///< per GPU; < 1000 only with gpu_count 1: a share of one card
    std::vector<std::string>
        gpu_models; ///< admissible model short refs, sorted, unique; empty: none fits (never "any")
    bool tee = false;
    double disk_gb = 10;
    int cpu_milli = 0;
    int64_t memory_mib = 0;
    bool shares_gpu() const noexcept { return gpu_count == 1 && gpu_milli < 1000; }
    int milli_each() const noexcept { return shares_gpu() ? gpu_milli : 1000; } ///< of each GPU that a copy takes
};

/// One hour's window, as the market reports it. NaN never appears: parsers turn missing into the documented default.
struct Economics {
    bool has_metrics = false;     ///< a metrics row exists for this offer
    bool has_utilization = false; ///< a utilization row exists for this offer
    bool scalable = false;        ///< null and missing count as not scalable
    bool update_in_progress = false;
    double compute_multiplier = 1;
    double total_compute_time = 0; ///< seconds
    double total_invocations = 1;
    double rate_limit_count = 0;
    double instance_count = 0;
};

/// Immutable once published: replaced, never changed. Shared between snapshots.
struct Offer {
    OfferId id;
    SourceName source;
    std::string name, version, image, chutes_version;
    std::string validator; ///< whose market it is, as servers are pledged to it; empty: the source's name; "*": any
                           ///< server may take it
    Requirements needs;
    Economics economics;
    bool deployable = true;           ///< false: no cords (job-only)
    bool preemptible = true;          ///< false: private chute
    std::optional<int> max_instances; ///< cap on our own copies, when the source states one
    uint64_t ordinal = 0;             ///< position in the source's listing: the stable tie-break
    std::string document;             ///< the offer document as the source gave it: input of claim() and render()
    bool is_private() const noexcept { return !preemptible; }
};
using OfferPtr = std::shared_ptr<const Offer>;

/// The source's record of one of our deployments.
struct SourceInstance {
    InstanceId id;
    SourceName source;
    OfferId offer;
    std::string version, config_id;
    bool verified = false, active = false;
    std::optional<int64_t> last_verified_ns, created_ns; ///< wall time
};
using SourceInstancePtr = std::shared_ptr<const SourceInstance>;

} // namespace rigger
