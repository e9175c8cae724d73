// tests/simulation/simulator.hpp -- the control loop against a fake market and cluster in virtual time, with faults and
// crashes from a seed.
#pragma once
#include "control/committer.hpp"
#include "control/controller.hpp"
#include "control/perform.hpp"
#include "domain/ports/tests/remembered_metrics.hpp"
#include "simulation/auditor.hpp"
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

/// Probabilities, per occasion.
struct Faults {
    double effect_fails = 0; ///< the call fails and did nothing
    double effect_odd = 0;   ///< the same, with an error that nobody understands
    double effect_unknown =
        0;                   ///< the call gives up at its deadline; the work is done all the same, before or after that
    double effect_hangs = 0; ///< never answers; the work may or may not be done
    double store_breaks = 0; ///< at a commit: the store refuses for a while
    double watch_breaks = 0; ///< at a change: its watch ends and lists anew later
    double change_lost = 0;  ///< a change is never delivered; the watch expires some minutes later and lists anew
    double change_late = 0;  ///< a change, and all behind it, comes up to two minutes later
    double change_twice = 0.1; ///< an event comes twice
    double crash = 0;          ///< at any boundary
};

/// A death that is planned: at which boundary, and whether calls that had left by then take effect.
struct Death {
    uint64_t at = 0;
    bool calls_land = false;
};

class LogBook final : public Log {
public:
    void write(LogLevel level, std::string_view part, std::string_view message) override {
        if (keep && level >= LogLevel::info) lines.push_back(std::string(part) + ": " + std::string(message));
    }
    bool keep = false;
    std::vector<std::string> lines;
};

template <typename T> std::shared_ptr<T> borrowed(T &object) { return {std::shared_ptr<void>(), &object}; }

/// First fit in the order of offers and servers; honours what the real engine's rules do.
class GreedyPlanner final : public Planner {
public:
    Result<placement::PlacementPlan> plan(const SnapshotPtr &snapshot) override;
    Result<placement::DefragPlan> defrag(const SnapshotPtr &, const placement::DefragBudget &) override;
    Result<placement::Placement> check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                       const ServerId &server) override;
    Result<placement::OfferRanking> rank_offers(const SnapshotPtr &, const placement::OfferQuery &) override;
    Result<placement::PairRanking> rank_pairs(const SnapshotPtr &, const placement::PairQuery &) override;
    Result<placement::WhyNot> why_not(const SnapshotPtr &, const OfferId &, const std::optional<ServerId> &) override;
    Status set_scorers(std::vector<placement::ScorerBinding>) override { return {}; }
    void set_rules(placement::PlacementRules) override {}
    double cost_floor() const override { return 0; }
};

/// Proposes what the first-party reconcilers propose, without any caution of its own: the gate must supply it.
class BluntReconciler final : public Reconciler {
public:
    const std::string &name() const override { return name_; }
    const std::vector<std::string> &watches() const override { return watches_; }
    Result<Reconciliation> reconcile(const CallContext &, std::string_view key, std::string_view desired,
                                     std::string_view observed) override;

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
    RememberedMetrics metrics;
    Faults faults;
    bool market_empty = false, market_cut = false, cluster_empty = false; ///< what the next full listings deliver
    std::optional<Death> death;
    std::string died;                 ///< at what the planned death came
    bool effects_leave_early = false; ///< the mistake that the commit queue exists to prevent; for tests of the checks
    bool plans_hang = false, passes_hang = false;
    bool questions_hang = false; ///< look-ups that only ask a cluster how things stand
    Duration heartbeat_period = std::chrono::seconds(15);
    uint64_t boundaries = 0, crashes = 0, messages = 0;
    Auditor auditor{world, store, cluster, market};

    void start(); ///< a daemon comes up: loads, resumes, connects its watches
    void crash(); ///< and dies: everything of its own is lost
    void run(Duration span);
    /// The machine sleeps, or the daemon's process is stopped: the world goes on, what it hears and does waits.
    void sleep(Duration span);
    /// Runs until the condition holds; false: not within `limit` of virtual time.
    bool run_until(const std::function<bool()> &condition, Duration limit);
    /// Faults end and a dead daemon starts.
    void calm();
    /// Calm, until everything agrees and stays so for some passes. Answer: what still disagrees after `limit`; empty:
    /// nothing.
    std::string converge(Duration limit);

    using Answer = std::shared_ptr<std::optional<Result<std::string>>>;
    Answer command(decltype(Command::what) what);
    Answer deploy(const std::string &offer, const std::string &server);
    Answer undeploy(const std::string &deployment);
    /// A message beside those of the fake market and cluster, such as from another source; handled when this returns.
    static ObjectView view_of(ObjectKind kind, const std::string &document);
    void hear(Message message) { feed(std::move(message)); }

    Controller &controller() { return *controller_; }
    const Controller &controller_view() const { return *controller_; }
    bool running() const { return controller_ != nullptr; }
    SnapshotPtr snapshot() const { return controller_->published()->snapshot; }
    std::vector<DeploymentPtr> live() const;
    const Deployment *deployment_of(const std::string &offer) const;
    std::string disagreement() const {
        return controller_ ? auditor.disagreement(*controller_) : "the daemon does not run";
    }
    Planner *planner_in_use = &greedy;
    void rename_cluster(const std::string &name); ///< its backend's configuration has it by another name now
    void rename_backend(const std::string &name); ///< the configuration has it as another instance now
    void relist_all();                            ///< as if every watch reconnected

    std::shared_ptr<ValidatorSource> source_port;
    std::shared_ptr<ClusterBackend> backend_port;
    std::vector<std::shared_ptr<Reconciler>> reconciler_ports;

private:
    std::shared_ptr<ValidatorSource> source(const SourceName &name) const override {
        return name.value == "sim" ? source_port : nullptr;
    }
    std::shared_ptr<ClusterBackend> backend(const std::string &name) const override {
        return name == cluster.instance ? backend_port : nullptr;
    }
    std::vector<std::shared_ptr<ClusterBackend>> backends() const override { return {backend_port}; }
    std::vector<std::shared_ptr<Reconciler>> reconcilers() const override { return reconciler_ports; }
    Planner &planner() const override { return *planner_in_use; }

    /// A point at which the daemon may die. False: it did.
    bool boundary(std::string_view what);
    void push(Outbox out);
    void watch_market();
    void watch_cluster();
    ClusterName cluster_name() const;
    void deliver(const std::string &channel, Duration most_delay, Message message);
    void lose_watch(const std::string &channel);
    void reconnect(const std::string &channel);
    void feed(Message message);
    void schedule_message(Duration delay, Message message);
    void schedule_commit(Duration delay);
    void try_commit();
    void dispatch(Effect effect);
    void call(Effect effect);
    void arm_tick();
    void connect_source();
    void connect_cluster(ObjectKind kind);
    void heartbeat();
    Duration ordered(const std::string &channel, Duration delay);
    /// Unless the daemon dies before.
    template <typename F> void in_epoch(Duration delay, F &&f) {
        world.after(delay, [this, epoch = epoch_, f = std::forward<F>(f)] {
            if (epoch == epoch_ && controller_) f();
        });
    }

    ControlConfig config_;
    ControlMetrics metrics_{metrics};
    std::unique_ptr<Controller> controller_;
    CommitQueue queue_;
    bool committing_ = false, commit_failing_ = false;
    uint64_t commit_failures_ = 0;
    uint64_t epoch_ = 0, next_request_ = 1;
    MonoTime asleep_until_;
    std::map<uint64_t, bool> calls_land_; ///< by epoch that ended: do its calls take effect?
    std::map<RequestId, Answer> waiting_;
    std::map<std::string, MonoTime> channels_; ///< per watch: the last delivery, so that order is kept
    std::map<std::string, bool> connected_;
    std::optional<MonoTime> armed_;
};

} // namespace rigger::sim
