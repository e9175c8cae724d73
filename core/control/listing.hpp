// core/control/listing.hpp -- how far a view can be trusted, from the marks of its watch. Shared by market and cluster books.
#pragma once
#include "domain/cluster_view.hpp"
#include "domain/ports/call.hpp"

#include <string>

namespace rigger {

/// A listing's epoch: items that it repeats carry it; what an older epoch left over when the listing completes is gone.
/// An empty listing where items were known is no evidence: it is accepted only when a second listing says so too, and with `never_empty` not at all.
class Listing {
public:
    explicit Listing(bool never_empty = false) : never_empty_(never_empty) {}

    const Freshness &freshness() const noexcept { return freshness_; }
    uint64_t epoch() const noexcept { return epoch_; }
    bool first_listing_done() const noexcept { return ever_complete_; }
    bool tried() const noexcept { return ever_complete_ || !freshness_.error.empty(); }

    void begin() {
        ++epoch_;
        open_ = true;
        items_ = 0;
        poison_.clear();
    }
    /// An item of a full listing; opens one when none is open.
    void item() {
        if (!open_) begin();
        ++items_;
    }
    /// An item outside of the protocol's sync phase: part of the listing when one is open.
    void item_if_open() {
        if (open_) ++items_;
    }
    /// An item could not be understood or identified: what this listing does not repeat stays.
    void poison(std::string why) {
        if (open_) poison_ = std::move(why);
    }
    enum class Outcome : uint8_t { accepted, empty_unconfirmed, poisoned };
    /// accepted: the caller drops every item of an older epoch. `known`: how many items the caller holds.
    Outcome complete(MonoTime now, size_t known) {
        if (!open_) begin(); // a listing of nothing
        open_ = false;
        freshness_.as_of = now;
        if (!poison_.empty()) return refuse(Outcome::poisoned, poison_);
        if (items_ == 0 && known > 0 && (never_empty_ || !empty_before_)) {
            empty_before_ = true;
            return refuse(Outcome::empty_unconfirmed, "the listing came back empty; " + std::to_string(known) + " known items are kept");
        }
        empty_before_ = items_ == 0;
        freshness_.complete = ever_complete_ = true;
        freshness_.error.clear();
        ++freshness_.generation;
        return Outcome::accepted;
    }
    /// Contact: a change or a heartbeat. After a lost contact a heartbeat outside of a listing means that the resume token held.
    void change(MonoTime now) { freshness_.as_of = now; }
    void fresh(MonoTime now) {
        freshness_.as_of = now;
        if (open_) return;
        if (!freshness_.complete && resumable_) {
            freshness_.complete = true;
            freshness_.error.clear();
        }
        resumable_ = false;
        if (freshness_.complete) ++freshness_.generation;
    }
    void lost(std::string why) {
        resumable_ = resumable_ || (freshness_.complete && !open_);
        if (open_) resumable_ = false;
        open_ = false;
        freshness_.complete = false;
        freshness_.error = why.empty() ? "contact lost" : std::move(why);
    }

private:
    Outcome refuse(Outcome outcome, std::string why) {
        freshness_.complete = false;
        resumable_ = false;
        freshness_.error = std::move(why);
        return outcome;
    }

    Freshness freshness_;
    uint64_t epoch_ = 0;
    size_t items_ = 0;
    bool open_ = false, ever_complete_ = false, resumable_ = false, empty_before_ = false, never_empty_ = false;
    std::string poison_;
};

} // namespace rigger
