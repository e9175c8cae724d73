// tests/simulation/simulator.hpp -- the control loop against a fake market and cluster in virtual time, with faults and crashes from a seed.
#pragma once
#include "control/committer.hpp"
#include "control/controller.hpp"
#include "control/perform.hpp"
#include "simulation/fake_cluster.hpp"
#include "simulation/fake_source.hpp"
#include "simulation/memory_store.hpp"
#include "simulation/world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger::sim {

struct Faults {
    double effect_fails = 0;     ///< the call fails and did nothing
    double effect_unknown = 0;   ///< the call worked, its answer is lost: deadline
    double effect_hangs = 0;     ///< never answers; the work may or may not be done
    double store_breaks = 0;     ///< at a commit: the store refuses for a while
    double watch_breaks = 0;     ///< at a change: its watch ends and lists anew later
    double crash = 0;            ///< at any boundary
};

class NoMetrics final : public Metrics {
public:
    Handle counter(std::string_view, std::string_view, const Labels &) override { return 0; }
    Handle gauge(std::string_view, std::string_view, const Labels &) override { return 0; }
    Handle histogram(std::string_view, std::string_view, std::span<const double>, const Labels &) override { return 0; }
    void add(Handle, double) override {}
    void set(Handle, double) override {}
    std::string exposition() const override { return {}; }
};

class LogBook final : public Log {
public:
    void write(LogLevel level, std::string_view part, std::string_view message) override {
        if (keep && level >= LogLevel::info) lines.push_back(std::string(part) + ": " + std::string(message));
    }
    bool keep = false;
    std::vector<std::string> lines;
};

/// First fit in the order of offers and servers; honours what the real engine's rules do.
class GreedyPlanner final : public Planner {
public:
    Result<placement::PlacementPlan> plan(const SnapshotPtr &snapshot) override;
    Result<placement::Placement> check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer, const ServerId &server) override;
    Result<placement::OfferRanking> rank_offers(const SnapshotPtr &, const placement::OfferQuery &) override;
    Result<placement::PairRanking> rank_pairs(const SnapshotPtr &, const placement::PairQuery &) override;
    Result<placement::WhyNot> why_not(const SnapshotPtr &, const OfferId &, const std::optional<ServerId> &) override;
    Status set_scorers(std::vector<placement::ScorerBinding>) override { return {}; }
    void set_rules(placement::PlacementRules) override {}
};

/// Proposes what the first-party reconcilers propose, without any caution of its own: the gate must supply it.
class BluntReconciler final : public Reconciler {
public:
    const std::string &name() const override { return name_; }
    const std::vector<std::string> &watches() const override { return watches_; }
    Result<Reconciliation> reconcile(const CallContext &, std::string_view key, std::string_view desired, std::string_view observed) override;

private:
    std::string name_ = "blunt";
    std::vector<std::string> watches_{"deployment", "source", "cluster"};
};

class Simulator final : public PortTable {
public:
    explicit Simulator(uint64_t seed, ControlConfig config = quick_config());
    static ControlConfig quick_config();

    // The world outside; changed freely between runs.
    World world;
    MemoryStore store;
    FakeCluster cluster{world};
    FakeSource market{world};
    GreedyPlanner greedy;
    LogBook log;
    Faults faults;
    bool market_empty = false, market_cut = false, cluster_empty = false; ///< what the next full listings deliver
    std::optional<uint64_t> crash_at; ///< number of the boundary to die at
    uint64_t boundaries = 0, crashes = 0, messages = 0;

    void start();            ///< a daemon comes up: loads, resumes, connects its watches
    void crash();            ///< and dies: everything of its own is lost
    void run(Duration span);
    /// Runs until the condition holds; false: not within `limit` of virtual time.
    bool run_until(const std::function<bool()> &condition, Duration limit);
    /// Faults end, the daemon (re)starts if it is dead, everything settles.
    void settle(Duration span = std::chrono::minutes(30));

    using Answer = std::shared_ptr<std::optional<Result<std::string>>>;
    Answer command(decltype(Command::what) what);
    Answer deploy(const std::string &offer, const std::string &server);
    Answer undeploy(const std::string &deployment);

    Controller &controller() { return *controller_; }
    bool running() const { return controller_ != nullptr; }
    SnapshotPtr snapshot() const { return controller_->published()->snapshot; }
    std::vector<DeploymentPtr> live() const;
    const Deployment *deployment_of(const std::string &offer) const;
    /// Empty: the world, the store and the loop agree, and nobody holds what is not his. Call when settled.
    std::string disagreement() const;
    void relist_all();       ///< as if every watch reconnected

    std::shared_ptr<ValidatorSource> source_port;
    std::shared_ptr<ClusterBackend> backend_port;
    std::vector<std::shared_ptr<Reconciler>> reconciler_ports;

private:
    std::shared_ptr<ValidatorSource> source(const SourceName &name) const override { return name.value == "sim" ? source_port : nullptr; }
    std::shared_ptr<ClusterBackend> backend(const std::string &name) const override { return name == "sim" ? backend_port : nullptr; }
    std::vector<std::shared_ptr<Reconciler>> reconcilers() const override { return reconciler_ports; }
    Planner &planner() const override { return const_cast<GreedyPlanner &>(greedy); }

    /// A point at which the daemon may die. False: it did.
    bool boundary();
    void feed(Message message);
    void schedule_message(Duration delay, Message message);
    void schedule_commit(Duration delay);
    void try_commit();
    void dispatch(Effect effect);
    void finish(const Effect &effect, EffectDone done, Duration delay);
    void arm_tick();
    void connect_source();
    void connect_cluster(ObjectKind kind);
    void heartbeat();
    Duration ordered(const std::string &channel, Duration delay);
    template <typename F> void in_epoch(Duration delay, F &&f);

    ControlConfig config_;
    NoMetrics no_metrics_;
    ControlMetrics metrics_{no_metrics_};
    std::unique_ptr<Controller> controller_;
    CommitQueue queue_;
    bool committing_ = false, commit_failing_ = false;
    uint64_t commit_failures_ = 0;
    uint64_t epoch_ = 0, next_request_ = 1;
    std::map<RequestId, Answer> waiting_;
    std::map<std::string, MonoTime> channels_; ///< per watch: the last delivery, so that order is kept
    std::map<std::string, bool> connected_;
    std::optional<MonoTime> armed_;
};

} // namespace rigger::sim
