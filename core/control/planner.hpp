// core/control/planner.hpp -- what the control loop asks of placement. Satisfied by the engine of domain/placement (engine_planner.hpp).
#pragma once
#include "base/status.hpp"
#include "domain/ports/placement_scorer.hpp"
#include "domain/snapshot.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger {

/// One copy of an offer on one server: what a plan proposes.
struct Placement {
    OfferId offer;
    ServerId server;
    std::string gpu_model; ///< of the group; empty for offers without GPUs
    int gpu_count = 0;
    double value = 0;      ///< as ranked when it was chosen
    std::string reason;    ///< a sentence
};

/// A rule that speaks against a pair; codes as in docs/plugins/documents.md section 7.
struct PairRejection {
    std::string code, text;
};

struct RankedOffer {
    OfferPtr offer;
    double gain = 0;
    std::string skipped; ///< code of the market rule that leaves it out; empty: ranked
};

struct RankedPair {
    OfferPtr offer;
    ServerPtr server;
    std::string gpu_model;
    double value = 0, gain = 0;
};

struct PairVerdict {
    ServerPtr server;
    std::vector<PairRejection> rejections; ///< empty: feasible
    std::optional<double> value;
    OfferPtr better_offer;   ///< the pair that wins over this one, when there is one
    ServerPtr better_server;
    double better_value = 0;
};

/// Thread-safe. Never blocks on I/O; a plan may take tens of milliseconds. Every answer is computed from the given snapshot alone.
class Planner {
public:
    virtual ~Planner() = default;
    /// All placements that automatic placement would make now, best first.
    virtual Result<std::vector<Placement>> plan(const SnapshotPtr &snapshot) = 0;
    /// The physical rules and the ban: what an operator's deploy must pass. Empty: feasible.
    virtual std::vector<PairRejection> check(const Snapshot &snapshot, const Offer &offer, const Server &server) = 0;
    /// By gain, best first; with `all` also the skipped ones, last.
    virtual Result<std::vector<RankedOffer>> offers(const SnapshotPtr &snapshot, bool all) = 0;
    /// Feasible pairs by value, best first; limit 0: all.
    virtual Result<std::vector<RankedPair>> pairs(const SnapshotPtr &snapshot, std::string_view gpu, std::string_view server, size_t limit) = 0;
    virtual Result<std::vector<PairVerdict>> why_not(const SnapshotPtr &snapshot, const OfferId &offer, const ServerId &server) = 0;
    /// Replaces the scorers that take part, from the next call on.
    virtual void set_scorers(std::vector<std::shared_ptr<PlacementScorer>> scorers) = 0;
};

} // namespace rigger
