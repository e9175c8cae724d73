#include "domain/placement/market.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace rigger::placement {
namespace {

auto listing_order(const Offer &offer) { return std::tie(offer.source, offer.ordinal, offer.id); }

Rejection market_rule(const Offer &offer) {
    const Economics &economics = offer.economics;
    if (!offer.deployable) return Rejection::not_deployable;
    if (!economics.has_metrics) return Rejection::no_metrics;
    if (!economics.has_utilization) return Rejection::no_utilization;
    if (!economics.scalable) return Rejection::not_scalable;
    if (economics.update_in_progress) return Rejection::update_in_progress;
    return Rejection::none;
}

Rejection policy_rule(const Offer &offer, const Surroundings &around, const PlacementRules &rules) {
    if (around.snapshot()->bans.contains(offer.id) || on_list(rules.banned, offer)) return Rejection::banned;
    if (rules.whitelist && !on_list(*rules.whitelist, offer)) return Rejection::not_whitelisted;
    if (around.backoff(offer.id)) return Rejection::backoff;
    return Rejection::none;
}

} // namespace

bool on_list(const std::set<OfferId> &list, const Offer &offer) {
    return list.contains(offer.id) || list.contains(OfferId(offer.name));
}

Rejection Workload::gate(bool with_memory) const noexcept {
    if (!offer) return Rejection::not_deployable;
    if (market != Rejection::none) return market;
    if (policy == Rejection::banned || policy == Rejection::not_whitelisted) return policy;
    if (copies >= cap) return Rejection::offer_cap_reached;
    if (policy != Rejection::none) return policy;
    return with_memory && marks.everywhere ? Rejection::recently_failed : Rejection::none;
}

bool Workload::is_here(ServerIndex server) const noexcept {
    return std::binary_search(here.begin(), here.end(), server);
}

bool Workload::failed_on(const ServerId &server) const noexcept {
    return std::any_of(marks.on_server.begin(), marks.on_server.end(),
                       [&](const auto &mark) { return mark.first == server; });
}

Demand demand_of(const Offer &offer, FilterMode mode) {
    const Requirements &needs = offer.needs;
    Demand demand;
    const bool share = needs.gpu_count == 1 && needs.gpu_milli < 1000;
    demand.whole_gpus = share ? 0 : needs.gpu_count;
    demand.share_milli = share ? std::max(1, needs.gpu_milli) : 0;
    demand.gate_mask = gate_vacant | gate_locked;
    if (mode == FilterMode::market_listing) return demand;
    demand.gate_mask |= gate_not_ready | gate_unknown | gate_tee;
    if (needs.tee) demand.gate_want = gate_tee;
    demand.disk_gb = needs.disk_gb;
    demand.cpu_milli = needs.cpu_milli;
    demand.memory_mib = static_cast<double>(needs.memory_mib);
    if (offer.validator != "*")
        demand.validator = Fleet::validator_code(offer.validator.empty() ? offer.source.str() : offer.validator);
    return demand;
}

Market::Market(const Surroundings &around, const Fleet &fleet, const PlacementRules &rules)
    : admitting_(fleet.segments().size()) {
    std::vector<OfferPtr> offers;
    offers.reserve(around.offers().size());
    for (const auto &[id, offer] : around.offers()) offers.push_back(offer);
    std::sort(offers.begin(), offers.end(),
              [](const OfferPtr &a, const OfferPtr &b) { return listing_order(*a) < listing_order(*b); });
    const size_t capacity = round_up_rows(offers.size() + offers.size() / 16);
    for (auto &column : columns_) column.reserve(capacity);
    for (const OfferPtr &offer : offers) {
        const OfferIndex index = append(offer);
        listing_.push_back(index);
        rank_[index] = index;
        write(index, offer, around, fleet, rules);
    }
}

OfferIndex Market::append(const OfferPtr &offer) {
    const auto index = static_cast<OfferIndex>(workloads_.size());
    workloads_.emplace_back();
    shape_.push_back(no_index);
    rank_.push_back(0);
    for (auto &column : columns_) column.push_back(0);
    gain_.push_back(-std::numeric_limits<double>::infinity());
    index_.emplace(offer->id, index);
    return index;
}

void Market::write(OfferIndex index, const OfferPtr &offer, const Surroundings &around, const Fleet &fleet,
                   const PlacementRules &rules) {
    Workload &workload = workloads_[index];
    workload.offer = offer;
    workload.market = market_rule(*offer);
    workload.policy = policy_rule(*offer, around, rules);
    workload.marks = around.marks(offer->id);
    workload.copies = 0;
    workload.here.clear();
    for (const DeploymentPtr &deployment : around.of_offer(offer->id)) {
        if (!deployment->live()) continue;
        ++workload.copies;
        if (const ServerIndex server = fleet.find_server(deployment->server); server != no_index)
            workload.here.push_back(server);
    }
    std::sort(workload.here.begin(), workload.here.end());
    workload.here_mask.clear();
    for (const ServerIndex server : workload.here) mark_here(workload, server, fleet);
    workload.cap = rules.max_copies_per_offer > 0 ? rules.max_copies_per_offer : std::numeric_limits<int>::max();
    if (offer->max_instances) workload.cap = std::min(workload.cap, *offer->max_instances);
    set_shape(index, demand_of(*offer, FilterMode::automatic));

    std::vector<uint32_t> segments;
    for (const std::string &model : offer->needs.gpu_models)
        if (const Segment *segment = fleet.segment(model))
            segments.push_back(static_cast<uint32_t>(segment - fleet.segments().data()));
    std::sort(segments.begin(), segments.end());
    segments.erase(std::unique(segments.begin(), segments.end()), segments.end());
    if (segments != workload.segments) {
        for (const uint32_t segment : workload.segments) std::erase(admitting_[segment], index);
        for (const uint32_t segment : segments) admitting_[segment].push_back(index);
        workload.segments = std::move(segments);
    }

    const Requirements &needs = offer->needs;
    const Economics &economics = offer->economics;
    cell(WorkloadColumn::gpu_count, index) = needs.gpu_count;
    cell(WorkloadColumn::gpu_milli, index) = needs.gpu_milli;
    cell(WorkloadColumn::offer_multiplier, index) = economics.compute_multiplier;
    cell(WorkloadColumn::offer_compute_time, index) = economics.total_compute_time;
    cell(WorkloadColumn::offer_invocations, index) = economics.total_invocations;
    cell(WorkloadColumn::offer_rate_limits, index) = economics.rate_limit_count;
    cell(WorkloadColumn::offer_instances, index) = economics.instance_count;
    cell(WorkloadColumn::offer_local_instances, index) = workload.copies;
    cell(WorkloadColumn::offer_private, index) = offer->is_private();
    cell(WorkloadColumn::offer_tee, index) = needs.tee;
    cell(WorkloadColumn::disk_gb, index) = needs.disk_gb;
    cell(WorkloadColumn::cpu_milli, index) = needs.cpu_milli;
    cell(WorkloadColumn::memory_mib, index) = static_cast<double>(needs.memory_mib);
}

void Market::mark_here(Workload &workload, ServerIndex server, const Fleet &fleet) {
    if (workload.here_mask.empty()) workload.here_mask.resize(fleet.row_capacity() / block_rows);
    for (const RowIndex row : fleet.server_at(server).rows)
        workload.here_mask[row / block_rows] |= uint64_t{1} << row % block_rows;
}

void Market::set_shape(OfferIndex index, const Demand &demand) {
    if (shape_[index] != no_index && shapes_[shape_[index]].demand == demand) return;
    drop_shape(index);
    auto [at, fresh] = shape_index_.try_emplace(demand, 0);
    if (fresh && free_shapes_.empty()) {
        at->second = static_cast<uint32_t>(shapes_.size());
        shapes_.push_back({demand, 0});
    } else if (fresh) {
        at->second = free_shapes_.back();
        free_shapes_.pop_back();
        shapes_[at->second] = {demand, 0};
    }
    ++shapes_[at->second].offers;
    shape_[index] = at->second;
}

void Market::drop_shape(OfferIndex index) {
    if (shape_[index] == no_index) return;
    Shape &shape = shapes_[std::exchange(shape_[index], no_index)];
    if (--shape.offers > 0) return;
    free_shapes_.push_back(shape_index_.at(shape.demand));
    shape_index_.erase(shape.demand);
}

void Market::list(OfferIndex index) {
    const auto at = std::lower_bound(listing_.begin(), listing_.end(), index, [this](OfferIndex a, OfferIndex b) {
        return listing_order(*workloads_[a].offer) < listing_order(*workloads_[b].offer);
    });
    const auto position = static_cast<size_t>(at - listing_.begin());
    listing_.insert(at, index);
    ++listing_version_;
    for (size_t i = position; i < listing_.size(); ++i) rank_[listing_[i]] = static_cast<uint32_t>(i);
}

void Market::unlist(OfferIndex index) {
    const size_t position = rank_[index];
    ++listing_version_;
    listing_.erase(listing_.begin() + static_cast<std::ptrdiff_t>(position));
    for (size_t i = position; i < listing_.size(); ++i) rank_[listing_[i]] = static_cast<uint32_t>(i);
}

void Market::refresh(const Surroundings &around, const Fleet &fleet, const PlacementRules &rules,
                     const std::vector<OfferId> &offers, std::vector<OfferIndex> &changed) {
    for (const OfferId &id : offers) {
        const OfferPtr now = around.offer(id);
        OfferIndex index = find(id);
        if (!now && index == no_index) continue;
        const bool moved =
            index != no_index && (!now || listing_order(*now) != listing_order(*workloads_[index].offer));
        if (moved) unlist(index);
        if (!now) {
            for (const uint32_t segment : workloads_[index].segments) std::erase(admitting_[segment], index);
            workloads_[index] = {};
            set_shape(index, {});
            index_.erase(id);
            changed.push_back(index);
            continue;
        }
        const bool fresh = index == no_index;
        if (fresh) index = append(now);
        write(index, now, around, fleet, rules);
        if (fresh || moved) list(index);
        changed.push_back(index);
    }
}

OfferIndex Market::find(const OfferId &id) const {
    const auto at = index_.find(id);
    return at == index_.end() ? no_index : at->second;
}

void Market::add_copy(OfferIndex index, ServerIndex server, const Fleet &fleet) {
    Workload &workload = workloads_[index];
    mark_here(workload, server, fleet);
    ++workload.copies;
    workload.here.insert(std::upper_bound(workload.here.begin(), workload.here.end(), server), server);
    cell(WorkloadColumn::offer_instances, index) += 1;
    cell(WorkloadColumn::offer_local_instances, index) += 1;
}

} // namespace rigger::placement
