#include "domain/placement/row_candidates.hpp"

#include <algorithm>
#include <utility>

namespace rigger::placement {

const WorkloadBatch &RowCandidates::of_row(const Fleet &fleet, const Market &market, RowIndex row, uint32_t needed) {
    const std::vector<OfferIndex> &admitting = market.admitting(fleet.segment_of(row));
    if (admitting_ != admitting) {
        admitting_ = admitting;
        std::vector<OfferIndex> offers = admitting;
        const auto order = [&](OfferIndex offer) { return std::pair(market.demand(offer).whole_gpus, offer); };
        std::sort(offers.begin(), offers.end(), [&](OfferIndex a, OfferIndex b) { return order(a) < order(b); });
        batch_.gather(market, offers, needed);
        whole_gpus_.clear();
        for (const OfferIndex offer : offers) whole_gpus_.push_back(market.demand(offer).whole_gpus);
    }
    const double free = fleet.value(CandidateColumn::gpu_free, row);
    const auto too_many = std::upper_bound(whole_gpus_.begin(), whole_gpus_.end(), free);
    batch_.show_first(static_cast<size_t>(too_many - whole_gpus_.begin()));
    return batch_;
}

void RowCandidates::update(const Market &market, OfferIndex offer) {
    const std::vector<OfferIndex> &offers = batch_.gathered();
    const auto at = std::find(offers.begin(), offers.end(), offer);
    if (at == offers.end()) return;
    const auto w = static_cast<size_t>(at - offers.begin());
    if (whole_gpus_[w] != market.demand(offer).whole_gpus) admitting_.clear();
    else batch_.update(market, w);
}

} // namespace rigger::placement
