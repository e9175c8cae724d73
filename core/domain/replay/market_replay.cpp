#include "domain/replay/market_replay.hpp"

#include "domain/replay/market_judge.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

namespace rigger::replay {
namespace {

using placement::Placement;

constexpr size_t market_points = 240;
constexpr WallTime tape_begins{int64_t{1'700'000'000} * 1'000'000'000};

Duration span_of(double s) { return Duration(static_cast<int64_t>(s * 1e9)); }

class MarketRun {
public:
    MarketRun(const MarketTape &tape, const std::vector<ServerPtr> &servers, const ClusterState &cluster,
              placement::PlacementEngine &engine, MarketJudge &judge, const MarketReplaySettings &settings)
        : tape_(tape), engine_(engine), judge_(judge), settings_(settings) {
        now_.servers = servers;
        now_.clusters.push_back(cluster);
        for (const ServerPtr &server : servers)
            for (const Gpu &gpu : server->gpus) schedulable_ += gpu.verified && !gpu.reserved && !server->locked;
    }

    Result<MarketResult> run() {
        for (double at = 0;; at = std::min(at + settings_.look_every_s, tape_.span_s)) {
            RIG_TRY(look(at));
            if (at >= tape_.span_s) break;
            const double until = std::min(at + settings_.look_every_s, tape_.span_s);
            RIG_TRY(pass(at, until));
            if (settings_.progress && !settings_.progress(until / tape_.span_s))
                return Error{Code::cancelled, "Cancelled", "the replay was stopped", 0};
        }
        result_.hours = tape_.span_s / 3600;
        return std::move(result_);
    }

private:
    /// Brings the world to the moment and plans.
    Status look(double at) {
        now_.taken_at = tape_begins + span_of(at);
        ++now_.version;
        bool changed = false;
        for (; next_ < tape_.steps.size() && tape_.steps[next_].at_s <= at; ++next_) {
            take(tape_.steps[next_]);
            changed = changed || !tape_.steps[next_].empty();
        }
        changed = activate(at) || changed;
        if (!changed && at < planned_at_ + settings_.plan_every_s) return {};
        planned_at_ = at;
        ++result_.plans;
        RIG_TRY_ASSIGN(const placement::PlacementPlan plan, engine_.plan(std::make_shared<Snapshot>(now_)));
        for (const placement::ScorerFault &fault : plan.faults) result_.faults.push_back(fault);
        size_t started = 0;
        for (const Placement &one : plan.placements) {
            if (started++ == settings_.starts_per_plan) break;
            start(one, at);
        }
        return {};
    }

    void take(const MarketStep &step) {
        for (const OfferPtr &offer : step.put) {
            const auto [at, fresh] = offers_.try_emplace(offer->id, offer);
            if (!fresh && at->second->version != offer->version) end_all(offer->id, "OfferUpdated");
            at->second = offer;
        }
        for (const OfferId &id : step.removed)
            if (offers_.erase(id) > 0) end_all(id, "OfferDeleted");
        for (const MarketDeletion &deletion : step.deletions)
            for (size_t i = 0; i < deletion.count && end_oldest(deletion.offer); ++i) {}
        if (step.put.empty() && step.removed.empty()) return;
        std::vector<OfferPtr> listed;
        for (const auto &[id, offer] : offers_) listed.push_back(offer);
        std::sort(listed.begin(), listed.end(), [](const OfferPtr &a, const OfferPtr &b) {
            return std::tie(a->source, a->ordinal, a->id) < std::tie(b->source, b->ordinal, b->id);
        });
        now_.offers = listed;
    }

    void start(const Placement &placed, double at) {
        auto made = std::make_shared<Deployment>();
        char id[24];
        std::snprintf(id, sizeof id, "d%010zu", ++result_.starts); // ids ascend, as the snapshot's do
        made->id = DeploymentId(id);
        made->source = placed.offer->source;
        made->offer = placed.offer->id;
        made->offer_name = placed.offer->name;
        made->version = placed.offer->version;
        made->server = placed.server->id;
        made->node_name = placed.server->name;
        made->cluster = placed.server->cluster;
        made->phase = Phase::registered;
        made->instance = InstanceId(made->id.value);
        made->gpus = placed.gpus;
        made->gpu_milli = placed.offer->needs.milli_each();
        made->created_at = made->phase_since = now_.taken_at;
        const auto last = last_server_.find(made->offer);
        result_.moves += last != last_server_.end() && last->second != made->server;
        hold(*made, made->id);
        starting_.emplace(at + settings_.startup_s, made->id);
        now_.deployments.push_back(std::move(made));
        worth_known_ = false;
    }

    bool activate(double at) {
        bool any = false;
        while (!starting_.empty() && starting_.begin()->first <= at) {
            const size_t place = place_of(now_.deployments, starting_.begin()->second);
            starting_.erase(starting_.begin());
            if (place == now_.deployments.size()) continue;
            auto active = std::make_shared<Deployment>(*now_.deployments[place]);
            active->phase = Phase::active;
            active->activated_at = active->phase_since = now_.taken_at;
            now_.deployments.set(place, std::move(active));
            worth_known_ = false;
            any = true;
        }
        return any;
    }

    void end_all(const OfferId &offer, const char *cause) {
        for (size_t i = now_.deployments.size(); i > 0; --i)
            if (now_.deployments[i - 1]->offer == offer) end(i - 1, cause);
    }
    bool end_oldest(const OfferId &offer) {
        const auto at = std::find_if(now_.deployments.begin(), now_.deployments.end(), [&](const DeploymentPtr &d) {
            return d->phase == Phase::active && (offer.empty() || d->offer == offer);
        });
        if (at == now_.deployments.end()) return false;
        end(static_cast<size_t>(at - now_.deployments.begin()), "InstanceDeleted");
        return true;
    }
    void end(size_t index, const char *cause) {
        Deployment gone = *now_.deployments[index];
        now_.deployments.erase(index);
        gone.end_cause = cause;
        now_.failures =
            remember(std::move(now_.failures), failure_marks(gone, now_.taken_at, settings_.failures), now_.taken_at);
        hold(gone, {});
        last_server_[gone.offer] = gone.server;
        ++result_.ended;
        worth_known_ = false;
    }

    /// Writes down who holds the deployment's GPUs. A share is no allocation of the whole card.
    void hold(const Deployment &deployment, const DeploymentId &holder) {
        const size_t place = place_of(now_.servers, deployment.server);
        auto changed = std::make_shared<Server>(*now_.servers[place]);
        for (Gpu &gpu : changed->gpus)
            if (!deployment.shares_gpu() &&
                std::find(deployment.gpus.begin(), deployment.gpus.end(), gpu.id) != deployment.gpus.end())
                gpu.deployment = holder;
        now_.servers.set(place, std::move(changed));
    }

    /// Time goes by with the world as it is.
    Status pass(double from, double until) {
        const double hours = (until - from) / 3600;
        double held = 0, earning = 0;
        std::vector<DeploymentPtr> active;
        for (const DeploymentPtr &one : now_.deployments) {
            const double each = one->gpu_milli / 1000.0;
            held += each * static_cast<double>(one->gpus.size());
            if (one->phase != Phase::active) continue;
            earning += each * static_cast<double>(one->gpus.size());
            active.push_back(one);
        }
        if (!worth_known_ || worth_market_ != next_) {
            auto market = std::make_shared<Snapshot>();
            market->taken_at = now_.taken_at;
            market->offers = now_.offers;
            market->servers = now_.servers;
            market->clusters = now_.clusters;
            RIG_TRY_ASSIGN(worth_, judge_.worth_per_hour(market, active));
            worth_known_ = true;
            worth_market_ = next_;
        }
        result_.value += worth_ * hours;
        result_.gpu_hours += static_cast<double>(schedulable_) * hours;
        result_.busy_gpu_hours += held * hours;
        result_.active_gpu_hours += earning * hours;
        if (result_.curve.empty() || until * market_points >= static_cast<double>(result_.curve.size()) * tape_.span_s)
            result_.curve.push_back({until, worth_, schedulable_ > 0 ? held / static_cast<double>(schedulable_) : 0});
        return {};
    }

    const MarketTape &tape_;
    placement::PlacementEngine &engine_;
    MarketJudge &judge_;
    const MarketReplaySettings &settings_;
    size_t next_ = 0; ///< first step that has not come
    std::map<OfferId, OfferPtr> offers_;
    Snapshot now_;
    std::set<std::pair<double, DeploymentId>> starting_; ///< (when they earn, which)
    std::map<OfferId, ServerId> last_server_;
    double planned_at_ = -1e18, worth_ = 0;
    bool worth_known_ = false;
    size_t worth_market_ = 0, schedulable_ = 0;
    MarketResult result_;
};

} // namespace

Result<MarketResult> replay_market(const MarketTape &tape, const std::vector<ServerPtr> &servers,
                                   const ClusterState &cluster, std::vector<placement::ScorerBinding> scorers,
                                   std::vector<placement::ScorerBinding> judge, const MarketReplaySettings &settings) {
    placement::PlacementEngine engine(settings.rules);
    RIG_TRY(engine.set_scorers(std::move(scorers)));
    RIG_TRY_ASSIGN(MarketJudge appraiser, MarketJudge::make(std::move(judge)));
    return MarketRun(tape, servers, cluster, engine, appraiser, settings).run();
}

} // namespace rigger::replay
