#include "domain/replay/replay.hpp"

#include "domain/placement/mix.hpp"

#include <algorithm>
#include <numeric>
#include <queue>

namespace rigger::replay {
namespace {

using placement::Card;
using placement::Fleet;
using placement::MixCount;
using placement::OfferIndex;
using placement::OnlinePlacement;
using placement::RowIndex;
using placement::Spot;

constexpr size_t curve_points = 200, progress_every = 128;
/// The mix is renewed when it has grown by this share, and not before so many arrivals: each renewal costs a look at every pair.
constexpr size_t renew_per = 5, renew_least = 48;

/// Free milli of one server that a task of this kind cannot use: all of them if it does not fit, else those on cards too full for it.
double unusable(const Fleet &fleet, RowIndex row, const Requirements &needs, bool admitted) {
    double all = 0, small = 0;
    int usable = 0;
    for (const Card &card : fleet.cards(row)) {
        all += card.milli_free;
        if (static_cast<int>(card.milli_free) >= needs.gpu_milli) ++usable;
        else small += card.milli_free;
    }
    const bool fits = admitted && usable >= needs.gpu_count && fleet.value(placement::CandidateColumn::node_cpu_free_milli, row) >= needs.cpu_milli;
    return fits ? small : all;
}

class Run {
public:
    Run(const Trace &trace, const TraceMarket &market, OnlinePlacement &placing, const ReplaySettings &settings, size_t arrivals)
        : trace_(trace), market_(market), placing_(placing), settings_(settings) {
        result_.capacity_milli = trace.capacity_milli();
        result_.arrivals = arrivals;
        for (const OfferId &id : market.kind_of) kind_.push_back(placing.board().market.find(id));
        for (OfferIndex i = 0; i < placing.board().market.size(); ++i) {
            const auto &needs = placing.board().market.at(i).offer->needs;
            models_.push_back(placement::model_bits(placing.board().fleet, needs));
        }
        if (!settings.told_mix) return;
        for (const OfferIndex kind : kind_) count(kind);
        placing.set_mix(mix_.mix());
    }

    /// nullopt: it fitted nowhere.
    Result<std::optional<Spot>> arrive(uint32_t task) {
        const OfferIndex kind = kind_[task];
        if (!settings_.told_mix) {
            count(kind);
            if (++arrived_ >= renew_at_ || arrived_ == 1) {
                placing_.set_mix(mix_.mix());
                renew_at_ = arrived_ + std::max(renew_least, arrived_ / renew_per);
            }
        }
        result_.arrived_milli += trace_.tasks[task].milli();
        RIG_TRY_ASSIGN(std::optional<Spot> spot, placing_.place(kind));
        if (spot) {
            ++result_.placed;
            result_.allocated_milli += trace_.tasks[task].milli();
        } else {
            ++result_.failed[std::string(placement::rejection_code(placing_.refusal(kind)))];
        }
        if (++done_ * curve_points / std::max<size_t>(1, result_.arrivals) >= result_.curve.size()) mark();
        if (settings_.progress && done_ % progress_every == 0 && !settings_.progress(done_, result_.arrivals))
            return Error{Code::cancelled, "Cancelled", "the replay was stopped", 0};
        return spot;
    }
    void leave(uint32_t task, const Spot &spot) {
        placing_.release(spot);
        result_.allocated_milli -= trace_.tasks[task].milli();
    }
    int64_t allocated_milli() const noexcept { return result_.allocated_milli; }

    ReplayResult finish() {
        mark();
        result_.fragmentation = fragmentation();
        result_.faults = placing_.take_faults();
        return std::move(result_);
    }

private:
    void count(OfferIndex kind) { mix_.add(placing_.board().market.at(kind).offer->needs, models_[kind]); }
    void mark() {
        const auto capacity = static_cast<double>(std::max<int64_t>(1, result_.capacity_milli));
        result_.curve.push_back({static_cast<double>(result_.arrived_milli) / capacity, static_cast<double>(result_.allocated_milli) / capacity});
    }

    double fragmentation() const {
        const auto &board = placing_.board();
        std::vector<double> arrived(board.market.size());
        double total = 0;
        for (const OfferIndex kind : kind_)
            if (board.market.at(kind).offer->needs.gpu_count > 0) ++arrived[kind], ++total;
        double lost = 0;
        for (OfferIndex kind = 0; kind < arrived.size(); ++kind) {
            if (arrived[kind] == 0) continue;
            const auto &workload = board.market.at(kind);
            for (uint32_t segment = 0; segment < board.fleet.segments().size(); ++segment) {
                const bool admitted = std::binary_search(workload.segments.begin(), workload.segments.end(), segment);
                const placement::Segment &rows = board.fleet.segments()[segment];
                for (RowIndex row = rows.begin; row < rows.begin + rows.used; ++row)
                    lost += arrived[kind] / total * unusable(board.fleet, row, workload.offer->needs, admitted);
            }
        }
        return lost / static_cast<double>(std::max<int64_t>(1, result_.capacity_milli));
    }

    const Trace &trace_;
    const TraceMarket &market_;
    OnlinePlacement &placing_;
    const ReplaySettings &settings_;
    std::vector<OfferIndex> kind_;  ///< by task
    std::vector<int64_t> models_;   ///< by kind
    MixCount mix_;
    size_t arrived_ = 0, renew_at_ = 0, done_ = 0;
    ReplayResult result_;
};

} // namespace

Result<ReplayResult> replay_saturation(const Trace &trace, const TraceMarket &market, const std::vector<uint32_t> &order,
                                       std::vector<placement::ScorerBinding> scorers, const ReplaySettings &settings) {
    RIG_TRY_ASSIGN(const auto placing, OnlinePlacement::make(market.snapshot, settings.rules, std::move(scorers)));
    Run run(trace, market, *placing, settings, order.size());
    for (const uint32_t task : order) RIG_TRY(run.arrive(task));
    return run.finish();
}

Result<ReplayResult> replay_online(const Trace &trace, const TraceMarket &market, std::vector<placement::ScorerBinding> scorers,
                                   const ReplaySettings &settings) {
    RIG_TRY_ASSIGN(const auto placing, OnlinePlacement::make(market.snapshot, settings.rules, std::move(scorers)));
    Run run(trace, market, *placing, settings, trace.tasks.size());
    std::vector<uint32_t> order(trace.tasks.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return trace.tasks[a].created_s < trace.tasks[b].created_s; });
    struct Departure {
        int64_t at;
        uint32_t task;
        Spot spot;
        bool operator<(const Departure &other) const { return at != other.at ? at > other.at : task > other.task; } // earliest on top
    };
    std::priority_queue<Departure> departures;
    double milli_seconds = 0;
    int64_t now = order.empty() ? 0 : trace.tasks[order.front()].created_s;
    const int64_t begin = now;
    const auto pass_to = [&](int64_t then) {
        milli_seconds += static_cast<double>(run.allocated_milli()) * static_cast<double>(then - now);
        now = then;
    };
    for (const uint32_t task : order) {
        const TraceTask &one = trace.tasks[task];
        while (!departures.empty() && departures.top().at <= one.created_s) {
            pass_to(departures.top().at);
            run.leave(departures.top().task, departures.top().spot);
            departures.pop();
        }
        pass_to(one.created_s);
        RIG_TRY_ASSIGN(std::optional<Spot> spot, run.arrive(task));
        if (spot && one.deleted_s > one.created_s) departures.push({one.deleted_s, task, std::move(*spot)});
    }
    ReplayResult result = run.finish();
    const double span = static_cast<double>(now - begin) * static_cast<double>(result.capacity_milli);
    result.mean_allocated = span > 0 ? milli_seconds / span : result.allocated();
    return result;
}

} // namespace rigger::replay
