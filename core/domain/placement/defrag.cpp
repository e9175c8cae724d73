#include "domain/placement/defrag.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace rigger::placement {
namespace {

/// GPU milli below which a move is not worth a restart.
constexpr double least_gain = 10;
constexpr double absent = -std::numeric_limits<double>::infinity();

std::vector<RowIndex> ordered_rows(const Fleet &fleet) {
    std::vector<RowIndex> rows;
    for (const Segment &segment : fleet.segments())
        for (RowIndex row = segment.begin; row < segment.begin + segment.used; ++row) rows.push_back(row);
    fleet.order(rows);
    return rows;
}

class Defragmenter {
public:
    Defragmenter(Fleet fleet, const Market &market, const Fragmentation &measure,
                 const std::vector<Resident> &residents, const DefragRules &rules)
        : fleet_(std::move(fleet)), market_(market), measure_(measure), residents_(residents), rules_(rules),
          rows_(ordered_rows(fleet_)) {
        rank_.resize(fleet_.row_capacity());
        for (uint32_t i = 0; i < rows_.size(); ++i) rank_[rows_[i]] = i;
        at_.resize(fleet_.server_count());
        leaving_.assign(residents_.size(), absent);
        std::map<std::pair<uint32_t, std::vector<uint32_t>>, uint32_t> known;
        for (size_t i = 0; i < residents_.size(); ++i) {
            const OfferIndex offer = residents_[i].offer;
            const auto [at, fresh] = known.try_emplace({market_.shape(offer), market_.at(offer).segments},
                                                       static_cast<uint32_t>(classes_.size()));
            if (fresh) classes_.push_back({offer, std::vector<double>(fleet_.row_capacity(), absent), {}, {}});
            class_of_.push_back(at->second);
            at_[fleet_.server_of(residents_[i].taken.row)].push_back(i);
        }
        for (ServerIndex server = 0; server < fleet_.server_count(); ++server) look_at(server);
    }

    DefragSteps run(size_t most_moves) {
        DefragSteps steps;
        steps.lost_before = measure_.lost(fleet_);
        while (steps.moves.size() < most_moves) {
            const std::optional<Choice> best = choose();
            if (!best) break;
            steps.moves.push_back(make(*best));
        }
        steps.lost_after = measure_.lost(fleet_);
        return steps;
    }

private:
    /// Residents that ask for the same and are admitted to the same models.
    struct Class {
        OfferIndex example = 0;
        std::vector<double> joining; ///< by row: what one more there takes off the fragmentation; `absent`: no room
        std::set<std::pair<double, uint32_t>> targets; ///< (-joining, rank of the row)
        std::set<std::pair<double, size_t>> sources;   ///< (-leaving, resident)
    };
    struct Choice {
        size_t resident;
        RowIndex row;
        double gain;
    };

    double lost_on(ServerIndex server) const { return measure_.lost_on(fleet_, server); }

    /// Brings what is known of a server's rows and residents up to date.
    void look_at(ServerIndex server) {
        if (!fleet_.server_at(server).server) return;
        const double now = lost_on(server);
        for (Class &one : classes_)
            for (const RowIndex row : fleet_.server_at(server).rows) set_joining(one, row, now);
        for (const size_t resident : at_[server]) {
            Class &one = classes_[class_of_[resident]];
            one.sources.erase({-leaving_[resident], resident});
            const Demand &demand = market_.demand(residents_[resident].offer);
            fleet_.release(demand, residents_[resident].taken);
            leaving_[resident] = now - lost_on(server);
            fleet_.hold(demand, residents_[resident].taken);
            one.sources.emplace(-leaving_[resident], resident);
        }
    }
    void set_joining(Class &one, RowIndex row, double lost_now) {
        if (one.joining[row] != absent) one.targets.erase({-one.joining[row], rank_[row]});
        one.joining[row] = absent;
        const auto &segments = market_.at(one.example).segments;
        const Demand &demand = market_.demand(one.example);
        if (!std::binary_search(segments.begin(), segments.end(), fleet_.segment_of(row)) || !fleet_.fits(demand, row))
            return;
        const Taken taken = fleet_.take(demand, row);
        one.joining[row] = lost_now - lost_on(fleet_.server_of(row));
        fleet_.release(demand, taken);
        one.targets.emplace(-one.joining[row], rank_[row]);
    }

    bool may_stand(OfferIndex offer, RowIndex row) const {
        const ServerIndex server = fleet_.server_of(row);
        if (rules_.one_copy_per_server && (market_.at(offer).is_here(server) || joined_.contains({offer, server})))
            return false;
        return !rules_.may_stand || rules_.may_stand(offer, row);
    }

    std::optional<Choice> choose() const {
        std::optional<Choice> best;
        double bar = least_gain;
        for (const Class &one : classes_) {
            if (one.targets.empty()) continue;
            const double most = -one.targets.begin()->first;
            for (const auto &[minus_leaving, resident] : one.sources) {
                if (most - minus_leaving <= bar) break;
                const ServerIndex here = fleet_.server_of(residents_[resident].taken.row);
                for (const auto &[minus_joining, rank] : one.targets) {
                    const double gain = -minus_joining - minus_leaving;
                    if (gain <= bar) break;
                    const RowIndex row = rows_[rank];
                    if (fleet_.server_of(row) == here || !may_stand(residents_[resident].offer, row)) continue;
                    best = Choice{resident, row, gain};
                    bar = gain;
                    break;
                }
            }
        }
        return best;
    }

    DefragMove make(const Choice &choice) {
        const Resident &resident = residents_[choice.resident];
        const ServerIndex from = fleet_.server_of(resident.taken.row), to = fleet_.server_of(choice.row);
        const Demand &demand = market_.demand(resident.offer);
        const double before = lost_on(from) + lost_on(to);
        DefragMove move{choice.resident, fleet_.take(demand, choice.row), 0};
        fleet_.release(demand, resident.taken);
        joined_.emplace(resident.offer, to);
        move.gain = before - lost_on(from) - lost_on(to);
        classes_[class_of_[choice.resident]].sources.erase({-leaving_[choice.resident], choice.resident});
        std::erase(at_[from], choice.resident); // it has moved once: it stays
        look_at(from);
        look_at(to);
        return move;
    }

    Fleet fleet_;
    const Market &market_;
    const Fragmentation &measure_;
    const std::vector<Resident> &residents_;
    const DefragRules &rules_;
    std::vector<RowIndex> rows_; ///< in order
    std::vector<uint32_t> rank_; ///< by row: its place in rows_
    std::set<std::pair<OfferIndex, ServerIndex>> joined_;
    std::vector<Class> classes_;
    std::vector<uint32_t> class_of_;      ///< by resident
    std::vector<double> leaving_;         ///< by resident: what its leaving takes off the fragmentation
    std::vector<std::vector<size_t>> at_; ///< by server: residents that may move
};

} // namespace

DefragSteps defragment(Fleet fleet, const Market &market, const Fragmentation &measure,
                       const std::vector<Resident> &residents, size_t most_moves, const DefragRules &rules) {
    return Defragmenter(std::move(fleet), market, measure, residents, rules).run(most_moves);
}

} // namespace rigger::placement
