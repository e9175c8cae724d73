#include "domain/placement/fragmentation.hpp"

#include <map>
#include <tuple>

namespace rigger::placement {

Fragmentation::Fragmentation(const Fleet &fleet, const Market &market, std::span<const double> weight) {
    const size_t segments = fleet.segments().size();
    std::vector<std::map<std::tuple<int, int, int>, double>> kinds(segments);
    double total = 0;
    for (OfferIndex i = 0; i < weight.size(); ++i) {
        const Workload &workload = market.at(i);
        if (!(weight[i] > 0) || !workload.offer || workload.offer->needs.gpu_count <= 0) continue;
        const Requirements &needs = workload.offer->needs;
        total += weight[i];
        for (const uint32_t segment : workload.segments)
            kinds[segment][{needs.gpu_milli, needs.gpu_count, needs.cpu_milli}] += weight[i];
    }
    admitted_.resize(segments);
    foreign_.assign(segments, total > 0 ? 1 : 0);
    for (size_t segment = 0; segment < segments; ++segment)
        for (const auto &[kind, amount] : kinds[segment]) {
            const auto &[milli, gpus, cpu] = kind;
            admitted_[segment].push_back({milli, gpus, cpu, amount / total});
            foreign_[segment] -= amount / total;
        }
}

double Fragmentation::lost(const Fleet &fleet, RowIndex row) const {
    double all = 0;
    for (const Card &card : fleet.cards(row)) all += card.milli_free;
    if (all == 0) return 0;
    constexpr int64_t closed = gate_locked | gate_not_ready | gate_unknown | gate_vacant;
    const Fleet::Room room = fleet.room(row);
    if ((room.gate & closed) != 0) return all;
    const uint32_t segment = fleet.segment_of(row);
    double lost = foreign_[segment] * all, small = 0;
    int milli = -1, usable = 0;
    for (const Kind &kind : admitted_[segment]) {
        if (kind.milli != milli) { // kinds of one size look at the cards once
            milli = kind.milli;
            small = 0;
            usable = 0;
            for (const Card &card : fleet.cards(row)) {
                if (static_cast<int>(card.milli_free) >= milli) ++usable;
                else small += card.milli_free;
            }
        }
        lost += kind.share * (usable >= kind.gpus && room.cpu_milli >= kind.cpu ? small : all);
    }
    return lost;
}

double Fragmentation::lost_on(const Fleet &fleet, ServerIndex server) const {
    double sum = 0;
    for (const RowIndex row : fleet.server_at(server).rows) sum += lost(fleet, row);
    return sum;
}

double Fragmentation::lost(const Fleet &fleet) const {
    double sum = 0;
    for (ServerIndex server = 0; server < fleet.server_count(); ++server)
        if (fleet.server_at(server).server) sum += lost_on(fleet, server);
    return sum;
}

} // namespace rigger::placement
