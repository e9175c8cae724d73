#include "simulation/simulator.hpp"

#include <algorithm>
#include <set>

namespace rigger::sim {
using namespace std::chrono_literals;

namespace {
template <typename T> std::shared_ptr<T> borrowed(T &object) { return {std::shared_ptr<void>(), &object}; }
const ClusterName cluster_name{"sim/c1"};
} // namespace

ControlConfig Simulator::quick_config() {
    ControlConfig c;
    c.automatic_placement = false;
    return c;
}

Simulator::Simulator(uint64_t seed, ControlConfig config)
    : world(seed), source_port(borrowed<ValidatorSource>(market)), backend_port(borrowed<ClusterBackend>(cluster)),
      reconciler_ports{std::make_shared<BluntReconciler>()}, config_(std::move(config)) {
    cluster.on_change = [this](ObjectKind kind, ObjectChange change, std::string document) {
        const std::string channel(kind_name(kind));
        if (!connected_[channel]) return;
        if (world.chance(faults.watch_breaks)) {
            connected_[channel] = false;
            schedule_message(ordered(channel, 1ms), WatchEnded{"sim", false, kind, {Code::unavailable, "Disconnected", "connection reset", 0}, 1});
            in_epoch(world.between(1s, 20s), [this, kind] { connect_cluster(kind); });
            return;
        }
        const auto meta = project_meta(document);
        if (change == ObjectChange::removed)
            return schedule_message(ordered(channel, world.between(1ms, 200ms)), ObjectGone{cluster_name, kind, meta->namespace_name, meta->name, meta->uid});
        ObjectView view;
        switch (kind) {
        case ObjectKind::node: view = std::make_shared<const NodeView>(*project_node(document)); break;
        case ObjectKind::pod: view = std::make_shared<const PodView>(*project_pod(document)); break;
        case ObjectKind::job: view = std::make_shared<const JobView>(*project_job(document)); break;
        case ObjectKind::service: view = std::make_shared<const ServiceView>(*project_service(document)); break;
        }
        schedule_message(ordered(channel, world.between(1ms, 200ms)), ObjectPut{cluster_name, std::move(view), false});
    };
    const SourceName name("sim");
    market.on_instance = [this](SourceInstance i) {
        if (connected_["market"]) schedule_message(ordered("market", world.between(1ms, 500ms)), InstancePut{std::make_shared<const SourceInstance>(std::move(i))});
    };
    market.on_instance_removed = [this, name](std::string id) {
        if (connected_["market"]) schedule_message(ordered("market", world.between(1ms, 500ms)), ItemRemoved{name, ItemKind::instance, std::move(id), "deleted"});
    };
    market.on_event = [this, name](std::string id, std::string document) {
        if (!connected_["market"]) return;
        const SourceEvent event{name, std::move(id), std::move(document)};
        schedule_message(ordered("market", world.between(1ms, 500ms)), event);
        if (world.chance(0.1)) schedule_message(ordered("market", world.between(1ms, 500ms)), event); // delivered twice
    };
}

template <typename F> void Simulator::in_epoch(Duration delay, F &&f) {
    world.after(delay, [this, epoch = epoch_, f = std::forward<F>(f)] {
        if (epoch == epoch_ && controller_) f();
    });
}

Duration Simulator::ordered(const std::string &channel, Duration delay) {
    MonoTime &last = channels_[channel];
    last = std::max(last, world.monotonic() + delay);
    return last - world.monotonic();
}

bool Simulator::boundary() {
    ++boundaries;
    if ((crash_at && *crash_at == boundaries) || (faults.crash > 0 && world.chance(faults.crash))) {
        crash();
        world.after(world.between(100ms, 10s), [this] {
            if (!controller_) start();
        });
        return false;
    }
    return true;
}

void Simulator::start() {
    ++epoch_;
    controller_ = std::make_unique<Controller>(config_, world.random.next(), metrics_, log);
    Outbox out = controller_->recover(*store.load(), *store.journal(UINT64_MAX, 1000, ""), world.wall(), world.monotonic());
    queue_.push(std::move(out.writes), std::move(out.effects));
    schedule_commit(1ms);
    feed(SourceAttached{SourceName("sim")});
    if (controller_) feed(BackendAttached{"sim"});
    in_epoch(world.between(1ms, 1s), [this] { connect_source(); });
    for (const ObjectKind kind : watched_kinds) in_epoch(world.between(1ms, 1s), [this, kind] { connect_cluster(kind); });
    in_epoch(15s, [this] { heartbeat(); });
    arm_tick();
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

void Simulator::feed(Message message) {
    if (!controller_) return;
    ++messages;
    Outbox out = controller_->handle(message, world.wall(), world.monotonic());
    if (!boundary()) return;
    queue_.push(std::move(out.writes), std::move(out.effects));
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
    committing_ = false;
    const CommitQueue::Batch batch = queue_.next_batch();
    if (world.chance(faults.store_breaks)) {
        store.failing = true;
        world.after(world.between(1s, 60s), [this] { store.failing = false; });
    }
    const Status done = batch.writes.empty() ? Status() : store.commit(batch.writes);
    if (!boundary()) return;
    if (!done.ok()) {
        ++commit_failures_;
        committing_ = true;
        in_epoch(500ms, [this] { try_commit(); });
        commit_failing_ = true;
        return feed(CommitReport{true, done.error(), queue_.size(), commit_failures_});
    }
    std::vector<Effect> effects = queue_.committed(batch);
    const uint64_t epoch = epoch_;
    for (Effect &effect : effects) {
        if (!boundary()) return;
        dispatch(std::move(effect));
        if (epoch != epoch_) return;
    }
    if (commit_failing_) {
        commit_failing_ = false;
        feed(CommitReport{false, {}, queue_.size(), commit_failures_});
        if (epoch != epoch_) return;
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
        in_epoch(world.between(1ms, 500ms), [this, of_source] {
            if (of_source) return connect_source();
            for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
        });
        return;
    }
    const bool internal = std::holds_alternative<PlanEffect>(effect.what) || std::holds_alternative<ReconcileEffect>(effect.what);
    const bool fails = !internal && world.chance(faults.effect_fails), unknown = !internal && world.chance(faults.effect_unknown),
               hangs = world.chance(faults.effect_hangs);
    const bool lands = !hangs || world.chance(0.5);
    // The work happens in the world outside, also when the daemon dies meanwhile: a request that left cannot be called back.
    world.after(world.between(1ms, 300ms), [this, effect = std::move(effect), epoch = epoch_, fails, unknown, hangs, lands] {
        if (epoch != epoch_ && !world.chance(0.5)) return; // died before it was sent
        EffectDone done{effect.id, Error{Code::unavailable, "Flaky", "connection refused", 0}};
        if (!fails && lands) done = perform(effect, *this, {});
        if (unknown) done.result = Error{Code::deadline, "Deadline", "no answer in time", 0};
        if (hangs || epoch != epoch_) return;
        finish(effect, std::move(done), world.between(1ms, 300ms));
    });
}

void Simulator::finish(const Effect &, EffectDone done, Duration delay) { schedule_message(delay, std::move(done)); }

void Simulator::connect_source() {
    connected_["market"] = true;
    const SourceName name("sim");
    const auto send = [&](Message m) { schedule_message(ordered("market", 1ms), std::move(m)); };
    send(SourceMark{name, ItemKind::offer, Mark::begin, ""});
    if (!market_empty) {
        size_t left = market_cut ? market.offers.size() / 2 : market.offers.size();
        for (const auto &[id, offer] : market.offers)
            if (left-- > 0) send(OfferPut{std::make_shared<const Offer>(offer)});
            else break;
    }
    if (market_cut) {
        send(SourceMark{name, ItemKind::offer, Mark::lost, "stream ended early"});
    } else {
        send(SourceMark{name, ItemKind::offer, Mark::complete, ""});
    }
    send(SourceMark{name, ItemKind::instance, Mark::begin, ""});
    if (!market_empty)
        for (const auto &[id, instance] : market.instances) send(InstancePut{std::make_shared<const SourceInstance>(instance)});
    send(SourceMark{name, ItemKind::instance, market_cut ? Mark::lost : Mark::complete, ""});
}

void Simulator::connect_cluster(ObjectKind kind) {
    const std::string channel(kind_name(kind));
    connected_[channel] = true;
    const auto send = [&](Message m) { schedule_message(ordered(channel, 1ms), std::move(m)); };
    send(ClusterMark{cluster_name, kind, Mark::begin, ""});
    if (!cluster_empty)
        for (const std::string &document : cluster.documents(kind)) {
            switch (kind) {
            case ObjectKind::node: send(ObjectPut{cluster_name, std::make_shared<const NodeView>(*project_node(document)), true}); break;
            case ObjectKind::pod: send(ObjectPut{cluster_name, std::make_shared<const PodView>(*project_pod(document)), true}); break;
            case ObjectKind::job: send(ObjectPut{cluster_name, std::make_shared<const JobView>(*project_job(document)), true}); break;
            case ObjectKind::service: send(ObjectPut{cluster_name, std::make_shared<const ServiceView>(*project_service(document)), true}); break;
            }
        }
    send(ClusterMark{cluster_name, kind, Mark::complete, ""});
}

void Simulator::heartbeat() {
    const SourceName name("sim");
    if (connected_["market"]) {
        schedule_message(ordered("market", 1ms), SourceMark{name, ItemKind::offer, Mark::fresh, ""});
        schedule_message(ordered("market", 1ms), SourceMark{name, ItemKind::instance, Mark::fresh, ""});
    }
    for (const ObjectKind kind : watched_kinds) {
        const std::string channel(kind_name(kind));
        if (connected_[channel]) schedule_message(ordered(channel, 1ms), ClusterMark{cluster_name, kind, Mark::fresh, ""});
    }
    in_epoch(15s, [this] { heartbeat(); });
}

void Simulator::relist_all() {
    connect_source();
    for (const ObjectKind kind : watched_kinds) connect_cluster(kind);
}

void Simulator::run(Duration span) {
    const MonoTime end = world.monotonic() + span;
    while (world.step_until(end)) {
    }
}

bool Simulator::run_until(const std::function<bool()> &condition, Duration limit) {
    const MonoTime end = world.monotonic() + limit;
    while (!condition())
        if (!world.step_until(end)) return condition();
    return true;
}

void Simulator::settle(Duration span) {
    faults = {};
    crash_at.reset();
    cluster.pod_failure_rate = 0;
    cluster.listings_empty = cluster_empty = market_empty = market_cut = false;
    if (!controller_) start();
    run(span);
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
        if (gpu.free() && static_cast<int>(request.gpus.size()) < found->second.needs.gpu_count) request.gpus.push_back(gpu.id);
    return command(std::move(request));
}

Simulator::Answer Simulator::undeploy(const std::string &deployment) { return command(UndeployRequest{DeploymentId(deployment), "asked for by a test"}); }

std::vector<DeploymentPtr> Simulator::live() const {
    std::vector<DeploymentPtr> out;
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

std::string Simulator::disagreement() const {
    if (!store.violation.empty()) return "store: " + store.violation;
    if (!cluster.violation.empty()) return "cluster: " + cluster.violation;
    const auto &tracks = controller_->state().tracks;
    std::set<std::string> live, durable;
    for (const auto &[id, track] : tracks) {
        if (track.d->phase != Phase::active) return "deployment " + id.value + " is " + std::string(phase_name(track.d->phase)) + " (" + track.last_error + ")";
        live.insert(id.value);
    }
    for (const auto &[id, d] : store.deployments()) durable.insert(id.value);
    if (live != durable) return "the store knows " + std::to_string(durable.size()) + " deployments, the loop " + std::to_string(live.size());
    for (const char *kind : {"Job", "Pod", "Service", "ConfigMap"})
        if (cluster.owners(kind) != live || cluster.count(kind) != live.size())
            return std::to_string(cluster.count(kind)) + " objects of kind " + kind + " for " + std::to_string(live.size()) + " deployments";
    if (market.instances.size() != live.size()) return std::to_string(market.instances.size()) + " instances for " + std::to_string(live.size()) + " deployments";
    size_t owned = 0, wanted = 0;
    for (const auto &[id, server] : store.servers())
        for (const Gpu &gpu : server.gpus) {
            if (gpu.deployment.empty()) continue;
            ++owned;
            if (!live.contains(gpu.deployment.value)) return "GPU " + gpu.id.value + " is held by " + gpu.deployment.value + ", which is gone";
        }
    for (const auto &[id, track] : tracks) wanted += track.d->gpus.size();
    if (owned != wanted) return std::to_string(owned) + " GPUs are held, " + std::to_string(wanted) + " should be";
    if (!controller_->state().in_flight.empty()) {
        for (const auto &[id, flight] : controller_->state().in_flight)
            if (flight.name != "reconcile" && flight.name != "plan") return "effect " + flight.name + " is in flight for ever";
    }
    return {};
}

} // namespace rigger::sim
