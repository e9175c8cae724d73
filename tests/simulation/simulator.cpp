#include "simulation/simulator.hpp"

#include <algorithm>

namespace rigger::sim {
using namespace std::chrono_literals;

ControlConfig Simulator::quick_config() {
    ControlConfig c;
    c.automatic_placement = false;
    return c;
}

Simulator::Simulator(uint64_t seed, ControlConfig config)
    : world(seed), source_port(borrowed<ValidatorSource>(market)),
      backend_port(borrowed<ClusterBackend>(cluster)), reconciler_ports{std::make_shared<BluntReconciler>()},
      config_(std::move(config)) {
    auditor.deletion_budget = config_.deletion_budget;
    auditor.budget_period = config_.reconcile_period;
    watch_market();
    watch_cluster();
}

// -- life and death

void Simulator::start() {
    ++epoch_;
    auditor.restarted();
    controller_ = std::make_unique<Controller>(config_, world.random.next(), metrics_, log);
    push(controller_->recover(*store.load(), *store.journal(UINT64_MAX, 1000, ""), world.wall(), world.monotonic()));
    if (!controller_) return;
    feed(SourceAttached{SourceName("sim")});
    if (controller_) feed(BackendAttached{cluster.instance});
    if (!controller_) return;
    in_epoch(world.between(1ms, 1s), [this] { connect_source(); });
    for (const ObjectKind kind : watched_kinds)
        in_epoch(world.between(1ms, 1s), [this, kind] { connect_cluster(kind); });
    in_epoch(heartbeat_period, [this] { heartbeat(); });
}

void Simulator::crash() {
    ++crashes;
    ++epoch_;
    controller_.reset();
    queue_ = {};
    committing_ = commit_failing_ = false;
    armed_.reset();
    connected_.clear();
    channels_.clear();
    for (auto &[request, answer] : waiting_) *answer = Error{Code::unavailable, "Crashed", "the daemon died", 0};
    waiting_.clear();
}

bool Simulator::boundary(std::string_view what) {
    ++boundaries;
    const bool planned = death && death->at == boundaries;
    if (!planned && !(faults.crash > 0 && world.chance(faults.crash))) return true;
    // Calls that land meet a daemon that is up again already: the harsher of the two orders.
    calls_land_[epoch_] = planned ? death->calls_land : world.chance(0.5);
    const Duration pause = planned ? (death->calls_land ? Duration(1ms) : Duration(2s)) : world.between(100ms, 10s);
    if (planned) died = what, death.reset();
    crash();
    world.after(pause, [this] {
        if (!controller_) start();
    });
    return false;
}

// -- messages, commits, calls

void Simulator::feed(Message message) {
    if (!controller_) return;
    if (asleep_until_ > world.monotonic())
        return schedule_message(asleep_until_ - world.monotonic(), std::move(message));
    ++messages;
    const auto *done = std::get_if<EffectDone>(&message);
    const bool by_pass = done && done->result && std::holds_alternative<Reconciled>(*done->result);
    Outbox out = controller_->handle(message, world.wall(), world.monotonic());
    auditor.decided(out, *controller_, by_pass);
    push(std::move(out));
}

void Simulator::push(Outbox out) {
    // To die after a message that decided nothing is to die before the next one.
    if ((!out.writes.empty() || !out.effects.empty()) && !boundary("a decision")) return;
    if (effects_leave_early)
        for (Effect &effect : std::exchange(out.effects, {})) dispatch(std::move(effect));
    for (Effect &refusal : queue_.push(std::move(out.writes), std::move(out.effects))) dispatch(std::move(refusal));
    schedule_commit(world.between(0ms, 3ms));
    arm_tick();
}

void Simulator::schedule_message(Duration delay, Message message) {
    in_epoch(delay, [this, message = std::move(message)] { feed(message); });
}

void Simulator::arm_tick() {
    if (!controller_) return;
    const auto wake = controller_->next_wake();
    if (!wake) return;
    const MonoTime at = std::max(*wake, world.monotonic());
    if (armed_ && *armed_ <= at && *armed_ > world.monotonic()) return;
    armed_ = at;
    in_epoch(at - world.monotonic(), [this, at] {
        if (armed_ && *armed_ == at) {
            armed_.reset();
            feed(Tick{});
        }
    });
}

void Simulator::schedule_commit(Duration delay) {
    if (committing_ || queue_.empty()) return;
    committing_ = true;
    in_epoch(delay, [this] { try_commit(); });
}

void Simulator::try_commit() {
    if (asleep_until_ > world.monotonic()) return in_epoch(asleep_until_ - world.monotonic(), [this] { try_commit(); });
    committing_ = false;
    const CommitQueue::Batch batch = queue_.next_batch();
    if (world.chance(faults.store_breaks)) {
        store.failing = true;
        world.after(world.between(1s, 3min), [this] { store.failing = false; });
    }
    if (!batch.writes.empty() && !boundary("before a commit")) return;
    const Status done = batch.writes.empty() ? Status() : store.commit(batch.writes);
    if (!done.ok()) {
        ++commit_failures_;
        committing_ = commit_failing_ = true;
        in_epoch(500ms, [this] { try_commit(); });
        return feed(CommitReport{true, done.error(), queue_.size(), commit_failures_});
    }
    if (!batch.writes.empty() && !boundary("after a commit")) return;
    std::vector<Effect> effects = queue_.committed(batch);
    const uint64_t epoch = epoch_;
    if (std::exchange(commit_failing_, false)) feed(CommitReport{false, {}, queue_.size(), commit_failures_});
    for (Effect &effect : effects) {
        if (epoch != epoch_) return;
        const std::string name(effect_name(effect));
        if (!boundary("before " + name)) return;
        dispatch(std::move(effect));
    }
    schedule_commit(0ms);
}

void Simulator::dispatch(Effect effect) {
    if (const auto *reply = std::get_if<ReplyEffect>(&effect.what)) {
        if (const auto at = waiting_.find(reply->request); at != waiting_.end()) {
            *at->second = reply->answer;
            waiting_.erase(at);
        }
        return;
    }
    if (const auto *relist = std::get_if<RelistEffect>(&effect.what)) {
        const bool of_source = relist->source;
        return in_epoch(world.between(1ms, 500ms), [this, of_source] {
            if (of_source) return connect_source();
            for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
        });
    }
    if (left_too_late(effect, world.monotonic())) return schedule_message(1ms, not_sent(effect));
    auditor.leaves(effect);
    call(std::move(effect));
}

/// The work happens in the world outside, also when the daemon dies meanwhile: a request that left cannot be called
/// back.
void Simulator::call(Effect effect) {
    const bool plan = std::holds_alternative<PlanEffect>(effect.what),
               pass = std::holds_alternative<ReconcileEffect>(effect.what);
    const bool inside = plan || pass;
    const bool fails = world.chance(faults.effect_fails), odd = world.chance(faults.effect_odd),
               unknown = !inside && world.chance(faults.effect_unknown);
    const bool question =
        std::holds_alternative<ExplainEffect>(effect.what) || std::holds_alternative<LookEffect>(effect.what);
    const bool hangs = world.chance(faults.effect_hangs) || (plan && plans_hang) || (pass && passes_hang) ||
                       (question && questions_hang);
    const bool lands = !hangs || world.chance(0.5);
    const Duration answer = unknown ? effect.timeout : world.between(1ms, 300ms);
    const Duration work = unknown ? world.between(1ms, effect.timeout + 25s) : world.between(1ms, 300ms);
    const Error gave_up{Code::deadline, "Deadline", "no answer in time", 0};
    if (unknown && !hangs) schedule_message(answer, EffectDone{effect.id, gave_up});
    world.after(work, [this, effect = std::move(effect), epoch = epoch_, inside, fails, odd, unknown, hangs, lands] {
        if (epoch != epoch_ && !calls_land_[epoch]) return; // died before it was sent
        EffectDone done{effect.id, Error{odd ? Code::internal : Code::unavailable, "Flaky",
                                         odd ? "something broke" : "connection refused", 0}};
        if (!fails && !odd && lands) done = perform(effect, *this, {});
        if (unknown || hangs || epoch != epoch_) return;
        if (!inside && !boundary("after " + std::string(effect_name(effect)))) return;
        schedule_message(world.between(1ms, 300ms), std::move(done));
    });
}

// -- for tests

void Simulator::run(Duration span) {
    const MonoTime end = world.monotonic() + span;
    while (world.step_until(end)) {}
}

void Simulator::sleep(Duration span) {
    asleep_until_ = world.monotonic() + span;
    run(span);
}

bool Simulator::run_until(const std::function<bool()> &condition, Duration limit) {
    const MonoTime end = world.monotonic() + limit;
    while (!condition())
        if (!world.step_until(end)) return condition();
    return true;
}

void Simulator::calm() {
    faults = {};
    death.reset();
    store.failing = false;
    cluster.pod_failure_rate = 0;
    cluster.listings_empty = cluster.down = market.down = market.no_room = plans_hang = passes_hang = questions_hang =
        false;
    cluster_empty = market_empty = market_cut = false;
    if (!controller_) start();
}

std::string Simulator::converge(Duration limit) {
    calm();
    std::string bad;
    const MonoTime end = world.monotonic() + limit;
    constexpr Duration stretch = 20s, calm_stretch = 3min;
    for (Duration quiet{}; quiet < calm_stretch;) {
        run(stretch);
        bad = disagreement();
        quiet = bad.empty() ? quiet + stretch : Duration::zero();
        if (!auditor.violation().empty() || (!bad.empty() && world.monotonic() > end)) return bad;
    }
    return {};
}

Simulator::Answer Simulator::command(decltype(Command::what) what) {
    auto answer = std::make_shared<std::optional<Result<std::string>>>();
    if (!controller_) {
        *answer = Error{Code::unavailable, "NotRunning", "the daemon does not run", 0};
        return answer;
    }
    const RequestId request = next_request_++;
    waiting_[request] = answer;
    schedule_message(1ms, Command{request, "tester", std::move(what)});
    return answer;
}

Simulator::Answer Simulator::deploy(const std::string &offer, const std::string &server) {
    const ServerPtr target = [&] {
        if (controller_)
            for (const ServerPtr &s : snapshot()->servers)
                if (s->name == server) return s;
        return ServerPtr();
    }();
    const auto found = market.offers.find(offer);
    if (!target || found == market.offers.end()) {
        auto answer = std::make_shared<std::optional<Result<std::string>>>();
        *answer = not_found("Unknown", offer + " on " + server);
        return answer;
    }
    DeployRequest request{found->second.id, target->id, {}, "asked for by a test"};
    for (const Gpu &gpu : target->gpus)
        if (gpu.free() && static_cast<int>(request.gpus.size()) < found->second.needs.gpu_count)
            request.gpus.push_back(gpu.id);
    return command(std::move(request));
}

Simulator::Answer Simulator::undeploy(const std::string &deployment) {
    return command(UndeployRequest{DeploymentId(deployment), "asked for by a test"});
}

std::vector<DeploymentPtr> Simulator::live() const {
    std::vector<DeploymentPtr> out;
    if (controller_)
        for (const auto &[id, track] : controller_->state().tracks)
            if (track.d->live()) out.push_back(track.d);
    return out;
}

const Deployment *Simulator::deployment_of(const std::string &offer) const {
    if (!controller_) return nullptr;
    for (const auto &[id, track] : controller_->state().tracks)
        if (track.d->offer.value == offer && track.d->live()) return track.d.get();
    return nullptr;
}

} // namespace rigger::sim
