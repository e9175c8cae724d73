// core/domain/placement/market.hpp -- the workloads: every offer as one row of columns, with what the rules say about
// it on any server.
#pragma once
#include "domain/placement/fleet.hpp"
#include "domain/placement/rejection.hpp"
#include "domain/placement/rules.hpp"

#include <array>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace rigger::placement {

using OfferIndex = uint32_t;

struct Workload {
    OfferPtr offer;                     ///< nullptr: gone
    Rejection market = Rejection::none; ///< not_deployable ... update_in_progress
    Rejection policy = Rejection::none; ///< banned, not_whitelisted or backoff
    int copies = 0;                     ///< live ones of ours, and those that the running plan has placed
    int cap = 0;                        ///< of copies
    std::vector<ServerIndex> here;      ///< servers with a live copy or one placed; sorted
    std::vector<uint64_t> here_mask;    ///< their rows, one bit per row of the fleet; empty: none
    OfferMarks marks;
    std::vector<uint32_t> segments; ///< of the admissible models; ascending

    /// The first rule of automatic placement that refuses the offer on every server.
    Rejection gate(bool with_memory = true) const noexcept;
    bool is_here(ServerIndex server) const noexcept;
    bool failed_on(const ServerId &server) const noexcept;
};

/// A list of PlacementRules names the offer by id or by name.
bool on_list(const std::set<OfferId> &list, const Offer &offer);
/// What a copy of the offer needs under these rules.
Demand demand_of(const Offer &offer, FilterMode mode);

class Market {
public:
    Market(const Surroundings &around, const Fleet &fleet, const PlacementRules &rules);
    /// Rewrites what is known of these offers; adds their indices to `changed`.
    void refresh(const Surroundings &around, const Fleet &fleet, const PlacementRules &rules,
                 const std::vector<OfferId> &offers, std::vector<OfferIndex> &changed);

    size_t size() const noexcept { return workloads_.size(); } ///< indices, gone offers among them
    const Workload &at(OfferIndex index) const { return workloads_[index]; }
    const Demand &demand(OfferIndex index) const { return shapes_[shape_[index]].demand; } ///< of automatic placement
    /// Offers of equal demand have equal shapes; shapes are below shape_count().
    uint32_t shape(OfferIndex index) const { return shape_[index]; }
    size_t shape_count() const noexcept { return shapes_.size(); }
    OfferIndex find(const OfferId &id) const;
    /// Offers in the order (source, ordinal, id); the tie-break among offers is the position here.
    const std::vector<OfferIndex> &listing() const noexcept { return listing_; }
    uint64_t listing_version() const noexcept { return listing_version_; } ///< grows when ranks change
    uint32_t rank(OfferIndex index) const noexcept { return rank_[index]; }
    /// Offers that admit the segment's model.
    const std::vector<OfferIndex> &admitting(uint32_t segment) const { return admitting_[segment]; }

    double value(WorkloadColumn column, OfferIndex index) const noexcept {
        return columns_[static_cast<size_t>(column)][index];
    }
    const double *column(WorkloadColumn column) const noexcept { return columns_[static_cast<size_t>(column)].data(); }

    /// The value scorer's appraisal; -infinity: unknown.
    double gain(OfferIndex index) const noexcept { return gain_[index]; }
    void set_gain(OfferIndex index, double gain) noexcept { gain_[index] = gain; }

    /// What scorers are told of the demand; nullptr: nothing.
    const std::shared_ptr<const WorkloadMix> &mix() const noexcept { return mix_; }
    void set_mix(std::shared_ptr<const WorkloadMix> mix) noexcept { mix_ = std::move(mix); }

    /// Counts one more copy of the offer, on that server.
    void add_copy(OfferIndex index, ServerIndex server, const Fleet &fleet);

private:
    void write(OfferIndex index, const OfferPtr &offer, const Surroundings &around, const Fleet &fleet,
               const PlacementRules &rules);
    OfferIndex append(const OfferPtr &offer);
    void list(OfferIndex index);
    void unlist(OfferIndex index);
    static void mark_here(Workload &workload, ServerIndex server, const Fleet &fleet);
    void set_shape(OfferIndex index, const Demand &demand);
    void drop_shape(OfferIndex index);
    double &cell(WorkloadColumn column, OfferIndex index) { return columns_[static_cast<size_t>(column)][index]; }

    std::vector<Workload> workloads_;
    struct Shape {
        Demand demand;
        uint32_t offers = 0; ///< 0: to be used again
    };
    std::vector<Shape> shapes_;
    std::vector<uint32_t> shape_, free_shapes_;
    std::map<Demand, uint32_t> shape_index_;
    std::unordered_map<OfferId, OfferIndex> index_;
    std::vector<OfferIndex> listing_;
    uint64_t listing_version_ = 0;
    std::vector<uint32_t> rank_;
    std::vector<std::vector<OfferIndex>> admitting_;
    std::array<Column<double>, workload_columns> columns_;
    Column<double> gain_;
    std::shared_ptr<const WorkloadMix> mix_;
};

} // namespace rigger::placement
