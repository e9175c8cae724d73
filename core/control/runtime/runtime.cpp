#include "control/runtime.hpp"

#include "control/controller.hpp"
#include "control/runtime/answer_desk.hpp"
#include "control/runtime/commit_thread.hpp"
#include "control/runtime/effect_pool.hpp"
#include "control/runtime/message_queue.hpp"
#include "control/runtime/port_registry.hpp"
#include "control/runtime/sinks.hpp"
#include "control/runtime/watch_thread.hpp"
#include "control/views/control_service.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace rigger {
namespace {

constexpr Duration tend_period = std::chrono::seconds(1);
constexpr Duration silence_limit =
    std::chrono::seconds(90);                   ///< a backend's watch delivers at least a heartbeat every 15 s
constexpr size_t event_memory_at_start = 5'000; ///< journal entries read to recognise repeated events

std::string cluster_query(ObjectKind kind) {
    return "{\"apiVersion\":\"" + std::string(kind_api_version(kind)) + "\",\"kind\":\"" +
           std::string(kind_name(kind)) + "\"}";
}

struct ClusterWatch {
    std::shared_ptr<ClusterFeed> feed;
    std::unique_ptr<WatchThread> thread;
};

} // namespace

class ControlRuntime::Impl final : public LoopAccess {
public:
    Impl(ControlDependencies dependencies, ControlConfig config)
        : deps_(std::move(dependencies)), config_(std::move(config)), metrics_(deps_.metrics),
          ports_(std::make_shared<PortRegistry>(deps_.planner)),
          queue_(std::make_shared<MessageQueue>(config_.queue_limit)), desk_(deps_.clock), random_(deps_.random_seed),
          controller_(config_, random_.next(), metrics_, deps_.log),
          service_(*this, deps_.planner, deps_.store, *ports_,
                   {deps_.version, deps_.plugins_status, deps_.conditions, [this] { return machinery(); }}) {}

    ~Impl() override { stop(); }

    Status start(ControlPlugins plugins) {
        auto persisted = deps_.store.load();
        if (!persisted) return persisted.error().within("cannot start the control loop: cannot read the store");
        auto recent = deps_.store.journal(UINT64_MAX, event_memory_at_start, "");
        if (!recent) return recent.error().within("cannot start the control loop: cannot read the journal");
        checkpoints_ = persisted->checkpoints;
        RIG_TRY(deps_.planner.set_scorers(std::move(plugins.scorers)));
        pool_ = std::make_unique<EffectPool>(
            ports_, deps_.clock, metrics_,
            EffectPool::Limits{config_.effect_workers, config_.effects_per_instance},
            [queue = queue_, &clock = deps_.clock](EffectDone done) {
                queue->push(std::move(done), clock.monotonic());
            });
        commits_ = std::make_unique<CommitThread>(
            deps_.store, deps_.clock, metrics_, deps_.log, config_,
            CommitThread::Duties{[this](Effect effect) { dispatch(std::move(effect)); },
                                 [this](CommitReport report) { push(std::move(report)); }});
        for (auto &reconciler : plugins.reconcilers) add_reconciler(std::move(reconciler));
        take(controller_.recover(*std::move(persisted), *recent, deps_.clock.wall(), deps_.clock.monotonic()));
        // Attached before anything runs, so that the loop is not "ready" while it knows of no plugin.
        for (const auto &source : plugins.sources)
            take(controller_.handle(SourceAttached{source->name()}, deps_.clock.wall(), now()));
        for (const auto &backend : plugins.backends)
            take(controller_.handle(BackendAttached{backend->name()}, deps_.clock.wall(), now()));
        started_ = true;
        for (auto &source : plugins.sources) add_source(std::move(source));
        for (auto &backend : plugins.backends) add_backend(std::move(backend));
        loop_ = std::thread([this] { run(); });
        return {};
    }

    void stop() {
        {
            const std::lock_guard hold(lifecycle_);
            if (stopped_ || !started_) return;
            stopped_ = true;
        }
        const MonoTime by = deps_.clock.monotonic() + config().shutdown_limit;
        const auto left = [&] {
            return std::max<Duration>(by - deps_.clock.monotonic(), std::chrono::milliseconds(10));
        };
        desk_.close();
        cancel_watches();
        queue_->close();
        if (loop_.joinable()) loop_.join();
        if (!commits_->stop(left() / 2))
            deps_.log.write(
                LogLevel::error, "control",
                "stopping with decisions that the store did not take; they are made again at the next start");
        if (!pool_->stop(left() / 2))
            deps_.log.write(LogLevel::warn, "control", "stopping while a plugin's call still runs");
        if (!join_watches(left()))
            deps_.log.write(LogLevel::warn, "control", "stopping while a plugin's watch still runs");
    }

    void add_source(std::shared_ptr<ValidatorSource> source) {
        const std::string name = source->name().value;
        remove_source_watch(name);
        ports_->set_source(name, source);
        push(SourceAttached{source->name()});
        const auto token = std::make_shared<std::string>(checkpoint("source/" + name));
        WatchThread::Duties duties;
        duties.watch = [this, source, token, queue = queue_, &clock = deps_.clock](const CallContext &call, bool) {
            MarketFeed feed(source->name(), queue, clock, *call.cancelled);
            return source->watch(call, checkpoint_or(source->name().value, *token), feed);
        };
        duties.ended = [queue = queue_, name, &clock = deps_.clock](const Error &why, unsigned attempts) {
            queue->push(WatchEnded{name, true, ObjectKind::node, why, attempts}, clock.monotonic());
        };
        const std::lock_guard hold(lifecycle_);
        if (!stopped_)
            source_watches_[name] =
                std::make_unique<WatchThread>(std::move(duties), watch_times(), deps_.clock, random_.next());
    }

    void remove_source(const std::string &name) {
        ports_->set_source(name, nullptr);
        remove_source_watch(name);
        push(SourceDetached{SourceName(name)});
        if (pool_) pool_->wait_idle("source/" + name, config().shutdown_limit);
    }

    void add_backend(std::shared_ptr<ClusterBackend> backend) {
        const std::string name = backend->name();
        remove_backend_watches(name);
        ports_->set_backend(name, backend);
        push(BackendAttached{name});
        const std::lock_guard hold(lifecycle_);
        if (stopped_) return;
        for (const ObjectKind kind : watched_kinds) {
            auto feed = std::make_shared<ClusterFeed>(name, kind, queue_, deps_.clock);
            WatchThread::Duties duties;
            duties.watch = [backend, feed, kind](const CallContext &call, bool fresh) {
                if (fresh) feed->forget_token();
                feed->begin(call);
                const std::string token = feed->token();
                return backend->watch(call, cluster_query(kind), token, *feed);
            };
            duties.ended = [queue = queue_, name, kind, &clock = deps_.clock](const Error &why, unsigned attempts) {
                queue->push(WatchEnded{name, false, kind, why, attempts}, clock.monotonic());
            };
            cluster_watches_[name].push_back(
                {feed, std::make_unique<WatchThread>(std::move(duties), watch_times(), deps_.clock, random_.next())});
        }
    }

    void remove_backend(const std::string &name) {
        ports_->set_backend(name, nullptr);
        remove_backend_watches(name);
        push(BackendDetached{name});
        if (pool_) pool_->wait_idle("backend/" + name, config().shutdown_limit);
    }

    void add_reconciler(std::shared_ptr<Reconciler> reconciler) {
        const std::string name = reconciler->name();
        ports_->set_reconciler(name, std::move(reconciler));
    }
    void remove_reconciler(const std::string &name) {
        ports_->set_reconciler(name, nullptr);
        if (pool_) pool_->wait_idle("reconcile", config().shutdown_limit);
    }

    Status set_scorers(std::vector<placement::ScorerBinding> scorers) {
        RIG_TRY(deps_.planner.set_scorers(std::move(scorers)));
        push(Reconfigure{std::make_shared<const ControlConfig>(config())}); // a plan with the new ones is due
        return {};
    }
    void set_rules(placement::PlacementRules rules) {
        deps_.planner.set_rules(std::move(rules));
        push(Reconfigure{std::make_shared<const ControlConfig>(config())});
    }

    void reconfigure(ControlConfig config) {
        {
            const std::lock_guard hold(config_lock_);
            config_ = config;
        }
        push(Reconfigure{std::make_shared<const ControlConfig>(std::move(config))});
    }

    ControlApi &api() { return service_; }
    bool ready() const { return ready_.load(); }
    AnswerDesk &desk() { return desk_; }

    // LoopAccess.
    std::shared_ptr<const Published> published() const override { return desk_.published(); }
    Result<std::string> submit(const CallContext &call, const std::string &principal,
                               decltype(Command::what) what) override {
        const RequestId request = desk_.open();
        push(Command{request, principal, std::move(what)});
        auto answer = desk_.wait(request, call);
        if (!answer && (answer.error().code == Code::deadline || answer.error().code == Code::cancelled))
            push(CommandAbandoned{request});
        return answer;
    }
    bool wait_beyond(uint64_t version, const CallContext &call) override { return desk_.wait_beyond(version, call); }
    MonoTime now() const override { return deps_.clock.monotonic(); }

private:
    ControlConfig config() const {
        const std::lock_guard hold(config_lock_);
        return config_;
    }
    WatchTimes watch_times() const {
        const std::lock_guard hold(config_lock_);
        return {config_.watch_backoff_first, config_.watch_backoff_cap, config_.watch_stable};
    }
    void push(Message message) { queue_->push(std::move(message), deps_.clock.monotonic()); }

    std::string checkpoint(const std::string &name) const {
        const auto at = checkpoints_.find(name);
        return at == checkpoints_.end() ? std::string() : at->second;
    }
    /// The newest token of a source: of this run if it gave one.
    std::string checkpoint_or(const std::string &source, const std::string &stored) const {
        const std::lock_guard hold(token_lock_);
        const auto at = tokens_.find(source);
        return at == tokens_.end() ? stored : at->second;
    }

    void run() {
        MonoTime next_tend = now();
        for (;;) {
            std::optional<Duration> wait = next_tend - now();
            if (const auto wake = controller_.next_wake())
                wait = std::min(*wait, std::max(*wake - now(), Duration::zero()));
            auto item = queue_->pop(std::max(*wait, Duration::zero()));
            if (stopping()) return;
            const MonoTime begun = now();
            if (item) {
                metrics_.lag(in_seconds(begun - item->at));
                remember_token(item->message);
            }
            take(controller_.handle(item ? item->message : Message(Tick{}), deps_.clock.wall(), begun));
            metrics_.message(in_seconds(now() - begun));
            if (begun >= next_tend) {
                next_tend = begun + tend_period;
                tend(begun);
            }
        }
    }

    bool stopping() const {
        const std::lock_guard hold(lifecycle_);
        return stopped_;
    }

    void remember_token(const Message &message) {
        if (const auto *checkpoint = std::get_if<SourceCheckpoint>(&message)) {
            const std::lock_guard hold(token_lock_);
            tokens_[checkpoint->source.value] = checkpoint->token;
        }
    }

    void take(Outbox out) {
        commits_->push(std::move(out.writes), std::move(out.effects));
        if (out.published) desk_.publish(std::move(out.published));
        ready_.store(controller_.ready());
    }

    /// Now and then: lost calls, silent watches, depths of queues.
    void tend(MonoTime at) {
        pool_->tend();
        const size_t waiting = commits_->waiting();
        queue_->set_congested(waiting > config().queue_limit);
        metrics_.queues(queue_->size(), waiting, pool_->waiting());
        const std::lock_guard hold(lifecycle_);
        for (auto &[name, watches] : cluster_watches_)
            for (ClusterWatch &watch : watches)
                if (at - watch.feed->last_contact() > silence_limit &&
                    at - silent_since_[watch.feed.get()] > silence_limit) {
                    silent_since_[watch.feed.get()] = at;
                    watch.thread->relist();
                }
    }

    void dispatch(Effect effect) {
        if (auto *reply = std::get_if<ReplyEffect>(&effect.what))
            return desk_.answer(reply->request, std::move(reply->answer));
        if (const auto *again = std::get_if<RelistEffect>(&effect.what)) {
            const std::lock_guard hold(lifecycle_);
            if (again->source) {
                if (const auto at = source_watches_.find(again->port); at != source_watches_.end())
                    at->second->relist();
            } else if (const auto at = cluster_watches_.find(again->port); at != cluster_watches_.end()) {
                for (ClusterWatch &watch : at->second) watch.thread->relist();
            }
            return;
        }
        pool_->submit(std::move(effect));
    }

    std::string machinery() const {
        const auto number = [](size_t n) { return std::to_string(n); };
        if (!pool_ || !commits_) return "{}";
        return "{\"messagesWaiting\":" + number(queue_->size()) + ",\"commitsWaiting\":" + number(commits_->waiting()) +
               ",\"effectsWaiting\":" + number(pool_->waiting()) + ",\"callsThatHang\":" + number(pool_->lost()) + "}";
    }

    void remove_source_watch(const std::string &name) {
        std::unique_ptr<WatchThread> old;
        {
            const std::lock_guard hold(lifecycle_);
            if (const auto at = source_watches_.find(name); at != source_watches_.end()) {
                old = std::move(at->second);
                source_watches_.erase(at);
            }
        }
        if (old && !old->stop(config().shutdown_limit))
            deps_.log.write(LogLevel::warn, "control",
                            "the watch of source " + name + " does not end; it is left behind");
    }
    void remove_backend_watches(const std::string &name) {
        std::vector<ClusterWatch> old;
        {
            const std::lock_guard hold(lifecycle_);
            if (const auto at = cluster_watches_.find(name); at != cluster_watches_.end()) {
                old = std::move(at->second);
                cluster_watches_.erase(at);
            }
            for (const ClusterWatch &watch : old) silent_since_.erase(watch.feed.get());
        }
        for (ClusterWatch &watch : old) watch.thread->cancel();
        for (ClusterWatch &watch : old)
            if (!watch.thread->stop(config().shutdown_limit))
                deps_.log.write(LogLevel::warn, "control",
                                "a watch of backend " + name + " does not end; it is left behind");
    }
    void cancel_watches() {
        const std::lock_guard hold(lifecycle_);
        for (auto &[name, watch] : source_watches_) watch->cancel();
        for (auto &[name, watches] : cluster_watches_)
            for (ClusterWatch &watch : watches) watch.thread->cancel();
    }
    bool join_watches(Duration patience) {
        const std::lock_guard hold(lifecycle_);
        const MonoTime by = now() + patience;
        bool all = true;
        const auto left = [&] { return std::max(by - now(), Duration::zero()); };
        for (auto &[name, watch] : source_watches_) all = watch->stop(left()) && all;
        for (auto &[name, watches] : cluster_watches_)
            for (ClusterWatch &watch : watches) all = watch.thread->stop(left()) && all;
        return all;
    }

    ControlDependencies deps_;
    mutable std::mutex config_lock_;
    ControlConfig config_;
    ControlMetrics metrics_;
    std::shared_ptr<PortRegistry> ports_;
    std::shared_ptr<MessageQueue> queue_;
    AnswerDesk desk_;
    Random random_;
    Controller controller_; ///< touched by start() before, and by the loop's thread after it exists
    ControlService service_;
    std::map<std::string, std::string> checkpoints_; ///< as loaded; constant after start()
    mutable std::mutex token_lock_;
    std::map<std::string, std::string> tokens_;
    std::unique_ptr<EffectPool> pool_;
    std::unique_ptr<CommitThread> commits_;
    mutable std::mutex lifecycle_; ///< guards what follows
    bool started_ = false, stopped_ = false;
    std::map<std::string, std::unique_ptr<WatchThread>> source_watches_;
    std::map<std::string, std::vector<ClusterWatch>> cluster_watches_;
    std::map<const ClusterFeed *, MonoTime> silent_since_;
    std::atomic<bool> ready_{false};
    std::thread loop_;
};

ControlRuntime::ControlRuntime(ControlDependencies dependencies, ControlConfig config)
    : impl_(std::make_unique<Impl>(std::move(dependencies), std::move(config))) {}
ControlRuntime::~ControlRuntime() = default;

Status ControlRuntime::start(ControlPlugins plugins) { return impl_->start(std::move(plugins)); }
void ControlRuntime::stop() { impl_->stop(); }
void ControlRuntime::add_source(std::shared_ptr<ValidatorSource> source) { impl_->add_source(std::move(source)); }
void ControlRuntime::remove_source(const std::string &name) { impl_->remove_source(name); }
void ControlRuntime::add_backend(std::shared_ptr<ClusterBackend> backend) { impl_->add_backend(std::move(backend)); }
void ControlRuntime::remove_backend(const std::string &name) { impl_->remove_backend(name); }
void ControlRuntime::add_reconciler(std::shared_ptr<Reconciler> reconciler) {
    impl_->add_reconciler(std::move(reconciler));
}
void ControlRuntime::remove_reconciler(const std::string &name) { impl_->remove_reconciler(name); }
Status ControlRuntime::set_scorers(std::vector<placement::ScorerBinding> scorers) {
    return impl_->set_scorers(std::move(scorers));
}
void ControlRuntime::set_rules(placement::PlacementRules rules) { impl_->set_rules(std::move(rules)); }
void ControlRuntime::reconfigure(ControlConfig config) { impl_->reconfigure(std::move(config)); }
ControlApi &ControlRuntime::api() { return impl_->api(); }
bool ControlRuntime::ready() const { return impl_->ready(); }
SnapshotPtr ControlRuntime::snapshot() const {
    const auto published = impl_->published();
    return published ? published->snapshot : nullptr;
}
uint64_t ControlRuntime::snapshot_version() const {
    const auto shot = snapshot();
    return shot ? shot->version : 0;
}
uint64_t ControlRuntime::subscribe(std::function<void(uint64_t)> on_change) {
    return impl_->desk().subscribe(std::move(on_change));
}
void ControlRuntime::unsubscribe(uint64_t subscription) { impl_->desk().unsubscribe(subscription); }

} // namespace rigger
