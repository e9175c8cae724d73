// core/control/listing.hpp -- how far a view can be trusted, from the marks of its watch. Shared by market and cluster
// books.
#pragma once
#include "domain/cluster_view.hpp"
#include "domain/ports/call.hpp"

#include <string>

namespace rigger {

/// A listing's epoch: items that it repeats carry it; what an older epoch left over when the listing completes is gone.
/// A listing of nothing where something must be is no evidence, however often it is repeated: a broken selector, a lost
/// permission or a restarted server answer like that for hours. What is really gone is told by a change, by another
/// source, or by an operator who insists.
class Listing {
public:
    const Freshness &freshness() const noexcept { return freshness_; }
    uint64_t epoch() const noexcept { return epoch_; }
    /// Listings of nothing in a row that were not believed.
    unsigned empties() const noexcept { return empties_; }
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
    enum class Outcome : uint8_t { accepted, empty, poisoned };
    /// accepted: the caller drops every item of an older epoch. `expected`: how many items there must be if all is
    /// well; 0: none has to.
    Outcome complete(MonoTime now, size_t expected) {
        if (!open_) begin(); // a listing of nothing
        open_ = false;
        freshness_.as_of = now;
        if (!poison_.empty()) return refuse(Outcome::poisoned, poison_);
        const bool believed = items_ > 0 || expected == 0;
        empties_ = believed ? 0 : empties_ + 1;
        if (!believed)
            return refuse(Outcome::empty,
                          "the listing came back empty, " + std::to_string(expected) +
                              " should be in it; nothing follows from that (`rigger recycle --force` believes it)");
        freshness_.complete = ever_complete_ = true;
        freshness_.error.clear();
        ++freshness_.generation;
        return Outcome::accepted;
    }
    /// Contact: a change or a heartbeat. After a lost contact a heartbeat outside of a listing means that the resume
    /// token held.
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
    /// What is expected changed: only a new listing counts, no word that the old one still holds.
    void distrust(std::string why) {
        freshness_.complete = resumable_ = false;
        freshness_.error = std::move(why);
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
        distrust(std::move(why));
        return outcome;
    }

    Freshness freshness_;
    uint64_t epoch_ = 0;
    size_t items_ = 0;
    unsigned empties_ = 0;
    bool open_ = false, ever_complete_ = false, resumable_ = false;
    std::string poison_;
};

} // namespace rigger
