// core/domain/replay/market_tape.hpp -- a recorded market: what was offered when, and what the market ended by itself.
#pragma once
#include "domain/offer.hpp"

#include <string>
#include <vector>

namespace rigger::replay {

/// "The market deleted so many instances": of one offer, or of any.
struct MarketDeletion {
    OfferId offer; ///< empty: any
    size_t count = 1;
};

/// What changed at one moment; items replace those of the same id.
struct MarketStep {
    double at_s = 0; ///< seconds from the start of the tape
    std::vector<OfferPtr> put;
    std::vector<OfferId> removed;
    std::vector<MarketDeletion> deletions;
    bool empty() const noexcept { return put.empty() && removed.empty() && deletions.empty(); }
};

struct MarketTape {
    std::vector<MarketStep> steps; ///< by time; the first holds the market as it was found
    double span_s = 0;             ///< of the whole recording
};

} // namespace rigger::replay
