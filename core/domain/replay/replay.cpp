#include "domain/replay/replay.hpp"

#include "domain/placement/mix.hpp"

#include <algorithm>
#include <numeric>
#include <queue>

namespace rigger::replay {
namespace {

using placement::MixCount;
using placement::OfferIndex;
using placement::OnlinePlacement;
using placement::RowIndex;
using placement::Spot;

constexpr size_t curve_points = 200, progress_every = 128;
/// The mix is renewed when it has grown by this share, and not before so many arrivals: each renewal costs a look at
/// every pair.
constexpr size_t renew_per = 5, renew_least = 48;

class Run {
public:
    Run(const Trace &trace, const TraceMarket &market, OnlinePlacement &placing, const ReplaySettings &settings,
        size_t arrivals)
        : trace_(trace), placing_(placing), settings_(settings) {
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
            if (settings_.defrag) running_.emplace(done_, Running{task, *spot});
        } else {
            if (settings_.defrag) refused_.push_back(task);
            ++result_.failed[std::string(placement::rejection_code(placing_.refusal(kind)))];
        }
        if (++done_ * curve_points / std::max<size_t>(1, result_.arrivals) >= result_.curve.size()) mark();
        if (settings_.progress && done_ % progress_every == 0 && !settings_.progress(done_, result_.arrivals))
            return Error{Code::cancelled, "Cancelled", "the replay was stopped", 0};
        return spot;
    }
    /// `arrival`: how many came before it.
    void leave(size_t arrival, uint32_t task, const Spot &spot) {
        placing_.release(spot);
        running_.erase(arrival);
        result_.allocated_milli -= trace_.tasks[task].milli();
    }
    int64_t allocated_milli() const noexcept { return result_.allocated_milli; }

    Result<ReplayResult> finish() {
        mark();
        const placement::Fragmentation measure(placing_.board().fleet, placing_.board().market, demand());
        result_.fragmentation = share(measure.lost(placing_.board().fleet));
        if (settings_.defrag) RIG_TRY(defragment(measure));
        result_.faults = placing_.take_faults();
        return std::move(result_);
    }

private:
    void count(OfferIndex kind) { mix_.add(placing_.board().market.at(kind).offer->needs, models_[kind]); }
    void mark() {
        const auto capacity = static_cast<double>(std::max<int64_t>(1, result_.capacity_milli));
        result_.curve.push_back({static_cast<double>(result_.arrived_milli) / capacity,
                                 static_cast<double>(result_.allocated_milli) / capacity});
    }

    double share(double milli) const noexcept {
        return milli / static_cast<double>(std::max<int64_t>(1, result_.capacity_milli));
    }
    /// How often each kind is in the list.
    std::vector<double> demand() const {
        std::vector<double> weight(placing_.board().market.size());
        for (const OfferIndex kind : kind_) ++weight[kind];
        return weight;
    }

    Status defragment(const placement::Fragmentation &measure) {
        const auto &board = placing_.board();
        std::vector<placement::Resident> residents;
        std::vector<Running *> owners;
        for (auto &[arrival, one] : running_)
            if (board.market.at(one.spot.offer).offer->needs.gpu_count > 0) {
                residents.push_back({one.spot.offer, one.spot.taken});
                owners.push_back(&one);
            }
        DefragResult outcome;
        outcome.running = residents.size();
        outcome.budget = settings_.defrag->of(residents.size());
        const auto steps = placement::defragment(board.fleet, board.market, measure, residents, outcome.budget);
        for (const placement::DefragMove &move : steps.moves) {
            Running &moved = *owners[move.resident];
            outcome.moves.push_back({moved.task, board.fleet.server(moved.spot.taken.row).name,
                                     board.fleet.server(move.to.row).name, move.gain});
            placing_.relocate(moved.spot, move.to);
        }
        outcome.fragmentation = share(measure.lost(board.fleet));
        int64_t allocated = result_.allocated_milli;
        for (const uint32_t task : refused_) {
            RIG_TRY_ASSIGN(const std::optional<Spot> spot, placing_.place(kind_[task]));
            if (!spot) continue;
            ++outcome.placed;
            allocated += trace_.tasks[task].milli();
        }
        outcome.allocated = share(static_cast<double>(allocated));
        result_.defrag = std::move(outcome);
        return {};
    }

    struct Running {
        uint32_t task;
        Spot spot;
    };
    const Trace &trace_;
    OnlinePlacement &placing_;
    const ReplaySettings &settings_;
    std::vector<OfferIndex> kind_; ///< by task
    std::vector<int64_t> models_;  ///< by kind
    MixCount mix_;
    size_t arrived_ = 0, renew_at_ = 0, done_ = 0;
    std::map<size_t, Running> running_; ///< by arrival; kept for moves alone, like:
    std::vector<uint32_t> refused_;
    ReplayResult result_;
};

} // namespace

Result<ReplayResult> replay_saturation(const Trace &trace, const TraceMarket &market,
                                       const std::vector<uint32_t> &order,
                                       std::vector<placement::ScorerBinding> scorers, const ReplaySettings &settings) {
    RIG_TRY_ASSIGN(const auto placing, OnlinePlacement::make(market.snapshot, settings.rules, std::move(scorers)));
    Run run(trace, market, *placing, settings, order.size());
    for (const uint32_t task : order) RIG_TRY(run.arrive(task));
    return run.finish();
}

Result<ReplayResult> replay_online(const Trace &trace, const TraceMarket &market,
                                   std::vector<placement::ScorerBinding> scorers, const ReplaySettings &settings) {
    RIG_TRY_ASSIGN(const auto placing, OnlinePlacement::make(market.snapshot, settings.rules, std::move(scorers)));
    Run run(trace, market, *placing, settings, trace.tasks.size());
    std::vector<uint32_t> order(trace.tasks.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return trace.tasks[a].created_s < trace.tasks[b].created_s; });
    struct Departure {
        int64_t at;
        uint32_t task;
        size_t arrival;
        Spot spot;
        bool operator<(const Departure &other) const {
            return at != other.at ? at > other.at : task > other.task;
        } // earliest on top
    };
    std::priority_queue<Departure> departures;
    double milli_seconds = 0;
    int64_t now = order.empty() ? 0 : trace.tasks[order.front()].created_s;
    const int64_t begin = now;
    const auto pass_to = [&](int64_t then) {
        milli_seconds += static_cast<double>(run.allocated_milli()) * static_cast<double>(then - now);
        now = then;
    };
    for (size_t arrival = 0; arrival < order.size(); ++arrival) {
        const uint32_t task = order[arrival];
        const TraceTask &one = trace.tasks[task];
        while (!departures.empty() && departures.top().at <= one.created_s) {
            pass_to(departures.top().at);
            run.leave(departures.top().arrival, departures.top().task, departures.top().spot);
            departures.pop();
        }
        pass_to(one.created_s);
        RIG_TRY_ASSIGN(std::optional<Spot> spot, run.arrive(task));
        if (spot && one.deleted_s > one.created_s) departures.push({one.deleted_s, task, arrival, std::move(*spot)});
    }
    RIG_TRY_ASSIGN(ReplayResult result, run.finish());
    const double span = static_cast<double>(now - begin) * static_cast<double>(result.capacity_milli);
    result.mean_allocated = span > 0 ? milli_seconds / span : result.allocated();
    return result;
}

} // namespace rigger::replay
