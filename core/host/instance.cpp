#include "host/instance.hpp"
#include "base/utf8.hpp"

#include "host/guard/plugin_code.hpp"
#include "host/services/handle.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
constexpr size_t queue_bound = 1024;
constexpr size_t longest_complaint = 1024;
constexpr int spin_turns = 4000;
constexpr size_t slow_calls_to_trip = 2; ///< of the ring: more than one in a hundred

thread_local GuardedCall *t_current = nullptr;

Duration thread_cpu() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return Duration(int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

size_t parallel_of(const InstanceSetup &s, const Pool &pool) {
    return (s.flags & RIG_COMPONENT_CONCURRENT) != 0 ? pool.max_threads() : 1;
}

std::string micros(Duration d) { return std::to_string(d.count() / 1000) + " us"; }

std::string fixed_text(const char *text, size_t capacity) { return {text, ::strnlen(text, capacity)}; }

/// Codes that are answers and not failures of the plugin (plugin-abi 3.8).
bool is_answer(rig_code code) {
    return code == RIG_E_INVALID || code == RIG_E_NOT_FOUND || code == RIG_E_CONFLICT || code == RIG_E_DENIED ||
           code == RIG_E_UNSUPPORTED;
}
/// What a call that is over and did not answer RIG_OK said.
Error error_of(const GuardedCall &c) {
    const bool known = c.code > 0 && c.code <= RIG_E_INTERNAL;
    Error e{known ? static_cast<Code>(c.code) : Code::internal, fixed_text(c.error.reason, sizeof c.error.reason),
            fixed_text(c.error.message, sizeof c.error.message), c.error.retry_after_ms};
    if (e.reason.empty()) e.reason = known ? "Unexplained" : "UnknownCode";
    if (e.message.empty()) e.message = "answered code " + std::to_string(c.code) + " without a message";
    return e;
}
bool is_neutral(rig_code code) {
    return code == RIG_E_UNAVAILABLE || code == RIG_E_EXHAUSTED || code == RIG_E_CANCELLED;
}
} // namespace

GuardedCall *current_call() noexcept { return t_current; }

HostTime::HostTime() noexcept : call_(t_current) {
    if (call_ && call_->in_host.fetch_add(1, std::memory_order_relaxed) == 0 && call_->noted)
        call_->noted->in_host(true);
}
HostTime::~HostTime() {
    if (call_ && call_->in_host.fetch_sub(1, std::memory_order_relaxed) == 1 && call_->noted)
        call_->noted->in_host(false);
}

Instance::Instance(InstanceSetup setup, std::shared_ptr<Machinery> machinery)
    : setup_(std::move(setup)), machinery_(std::move(machinery)),
      badge_(Badge::make(setup_.plugin, setup_.version, setup_.name, setup_.digest)), handle_(make_handle(machinery_)),
      strand_(std::make_shared<Lane>(machinery_->strands(), 1, queue_bound)),
      worker_(std::make_shared<Lane>(machinery_->workers(setup_.kind),
                                     parallel_of(setup_, *machinery_->workers(setup_.kind)), queue_bound)),
      stream_(std::make_shared<Lane>(machinery_->streams(), machinery_->streams()->max_threads(), queue_bound)),
      since_(machinery_->clock.wall()), breaker_(setup_.limits.breaker), watch_breaker_(setup_.limits.watch_breaker) {
    claim_code(setup_.code, badge_);
    handle_->badge = badge_;
    handle_->plugin = setup_.plugin;
    handle_->name = setup_.name;
    handle_->services.insert(setup_.grants.services.begin(), setup_.grants.services.end());
    handle_->http_hosts = setup_.grants.http;
    handle_->secret_names = setup_.grants.secrets;
    handle_->secret_references = setup_.file.secrets;
    handle_->config = setup_.config;
    Metrics &m = *machinery_->services.metrics;
    const Labels labels{{"instance", setup_.name}, {"kind", setup_.kind}};
    calls_metric_ = m.counter("rigger_plugin_calls_total", "Calls into plugins", labels);
    failures_metric_ =
        m.counter("rigger_plugin_failures_total", "Calls into plugins that failed by the plugin's fault", labels);
    constexpr double bounds[] = {1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10};
    seconds_metric_ = m.histogram("rigger_plugin_call_seconds", "Duration of calls into plugins", bounds, labels);
}

Instance::~Instance() { handle_->revoke(); }

Error Instance::blame(const char *call, Error error) const {
    return error.within(setup_.plugin + " " + setup_.version + " ('" + setup_.name + "'): " + call);
}

// ---- one call

Status Instance::admit(const CallSpec &spec) {
    if (lost_.load(std::memory_order_acquire))
        return Error{Code::unavailable, "Quarantined",
                     "plugin instance '" + setup_.name + "' is quarantined; run: rigger plugins reset " + setup_.name,
                     0};
    if (!spec.counted) return {};
    if (!running())
        return Error{Code::unavailable, "NotRunning",
                     "plugin instance '" + setup_.name + "' is not running; see: rigger plugins list", 0};
    const MonoTime now = machinery_->clock.monotonic();
    const std::lock_guard lock(mutex_);
    if (breaker_.admit(now)) return {};
    const auto wait = breaker_.retry_after(now);
    return Error{Code::unavailable, "BreakerOpen",
                 "plugin instance '" + setup_.name + "' failed too often and is left alone for now (" + last_error_ +
                     "); run: rigger plugins reset " + setup_.name,
                 static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count() + 1)};
}

std::shared_ptr<GuardedCall> Instance::make(const CallSpec &spec, const CallContext &context, Body body) {
    auto c = std::make_shared<GuardedCall>();
    const MonoTime now = machinery_->clock.monotonic();
    c->name = spec.name;
    c->to_a_person = spec.to_a_person;
    c->queued_at = now;
    c->open_ended = spec.budget.soft.count() == 0;
    c->hard = spec.budget.hard;
    // On the strand the budget begins with the call itself: a life cycle step is never dropped because others were
    // slow.
    const bool from_start = c->open_ended || spec.where == CallSpec::Where::strand;
    c->soft_deadline_ns = std::min(from_start ? UINT64_MAX : (now + spec.budget.patience()).ns, context.deadline.ns);
    c->caller_cancelled = context.cancelled;
    if (spec.where == CallSpec::Where::stream && !spec.silent_allowed) c->heartbeat = setup_.limits.heartbeat;
    c->call.struct_size = sizeof c->call;
    c->call.deadline_ns = c->soft_deadline_ns;
    static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
    c->call.cancelled = reinterpret_cast<const uint32_t *>(&c->cancelled);
    const uint64_t id = machinery_->next_call.fetch_add(1, std::memory_order_relaxed);
    std::memcpy(c->call.span_id, &id, sizeof id);
    std::memcpy(c->call.trace_id, &id, sizeof id);
    c->error.struct_size = sizeof c->error;
    GuardedCall *raw = c.get(); // the call owns its body, so the body refers to it without owning it
    c->body = [this, raw, body = std::move(body)] { return body(code_, &raw->call, &raw->error); };
    // The thread holds the call, and through this the instance, until it comes back.
    c->on_given_up = [self = shared_from_this()](const std::shared_ptr<GuardedCall> &call) { self->give_up(call); };
    return c;
}

Status Instance::submit(const std::shared_ptr<GuardedCall> &call, CallSpec::Where where) {
    call->lane = where == CallSpec::Where::strand ? strand_ : where == CallSpec::Where::stream ? stream_ : worker_;
    {
        const std::lock_guard lock(mutex_);
        in_flight_.push_back(call);
    }
    machinery_->watchdog.add(call);
    return {};
}

void Instance::run(const std::shared_ptr<GuardedCall> &call, const std::shared_ptr<Pool::Worker> &worker,
                   const CallSpec &spec) {
    GuardedCall &c = *call;
    {
        const std::lock_guard lock(c.mutex);
        if (c.phase.load(std::memory_order_relaxed) == GuardedCall::Phase::queued &&
            lost_.load(std::memory_order_acquire)) {
            c.phase = GuardedCall::Phase::skipped;
            c.changed.notify_all();
            machinery_->watchdog.remove(call);
        }
        if (c.phase.load(std::memory_order_relaxed) != GuardedCall::Phase::queued) {
            forget(call);
            return;
        }
        c.worker = worker;
        c.started_at = machinery_->clock.monotonic();
        if (spec.where == CallSpec::Where::strand && !c.open_ended)
            c.call.deadline_ns = c.soft_deadline_ns = (c.started_at + spec.budget.patience()).ns;
        c.beat(c.started_at);
        c.phase.store(GuardedCall::Phase::running, std::memory_order_relaxed);
    }
    const Duration cpu_before = thread_cpu();
    t_current = &c;
    rig_code code = RIG_E_INTERNAL;
    bool escaped = true;
    std::string text;
    {
        Ledger::Entry noted(machinery_->ledger.get(), badge_, c.name, c.open_ended);
        c.noted = &noted;
        const Breadcrumb crumb(badge_, c.name);
        // No exception may cross the border. One that does anyway must not end the daemon.
        try {
            code = c.body();
            escaped = false;
        } catch (const std::exception &e) { text = e.what(); } catch (...) {
            text = "an exception that is not a std::exception";
        }
        if (forks() != machinery_->forks) end_child_of_plugin(badge_, c.name);
        machinery_->end_if_files_are_lost();
        c.noted = nullptr;
    }
    t_current = nullptr;
    const Duration cpu = thread_cpu() - cpu_before;
    const MonoTime ended = machinery_->clock.monotonic();
    {
        std::unique_lock lock(c.mutex);
        if (c.phase.load(std::memory_order_relaxed) == GuardedCall::Phase::given_up) {
            lock.unlock();
            return come_back();
        }
        c.code = code;
        c.escaped = escaped;
        c.escaped_text = std::move(text);
        c.cpu = cpu;
        c.ended_at = ended;
        c.worker = nullptr;
        settle(c, spec);
        c.phase.store(GuardedCall::Phase::done, std::memory_order_release);
    }
    c.changed.notify_all();
    machinery_->watchdog.remove(call);
    forget(call);
}

void Instance::forget(const std::shared_ptr<GuardedCall> &call) {
    const std::lock_guard lock(mutex_);
    std::erase(in_flight_, call);
    if (in_flight_.empty()) drained_.notify_all();
}

void Instance::settle(const GuardedCall &c, const CallSpec &spec) {
    const Duration elapsed = c.ended_at - c.started_at;
    const Duration soft = spec.budget.soft, patience = spec.budget.patience();
    const bool limited = soft.count() > 0 && !c.open_ended;
    const bool worked_long = limited && c.cpu > soft;
    const bool took_long = limited && elapsed > patience;
    const bool slow = limited && setup_.limits.slow != 0 && c.cpu > soft * setup_.limits.slow;
    Metrics &m = *machinery_->services.metrics;
    m.add(calls_metric_, 1);
    if (!c.open_ended) m.add(seconds_metric_, in_seconds(elapsed));

    const std::lock_guard lock(mutex_);
    ++calls_;
    cpu_ += c.cpu;
    if (c.code == RIG_OK && !c.escaped) went_well_at_ = c.ended_at;
    if (!c.open_ended) recent_[recent_count_++ % recent_.size()] = {elapsed.count(), slow};
    const bool own_deadline = limited && (c.queued_at + patience).ns <= c.soft_deadline_ns;
    if (c.escaped) {
        ++misbehaviours_;
        failed_locked(c.name, "ExceptionEscaped", "an exception crossed the border: " + c.escaped_text);
    } else if (c.code == RIG_E_INTERNAL || c.code < 0 || c.code > RIG_E_INTERNAL) {
        const Error said = error_of(c);
        failed_locked(c.name, said.reason, said.message);
    } else if ((worked_long || (took_long && own_deadline)) && !is_neutral(c.code)) {
        failed_locked(c.name, "DeadlineMissed",
                      worked_long ? "used " + micros(c.cpu) + " of processor time, " + micros(soft) + " are allowed"
                                  : "took " + micros(elapsed) + ", " + micros(patience) + " are allowed");
    } else if (c.code == RIG_E_DEADLINE && own_deadline) {
        failed_locked(c.name, "DeadlineMissed", error_of(c).message);
    } else if (spec.counted) {
        if (c.code == RIG_OK || is_answer(c.code)) breaker_.success(c.ended_at);
        else breaker_.neutral();
    }
    if (slow && recent_count_ >= recent_.size()) {
        const auto slow_ones =
            static_cast<size_t>(std::count_if(recent_.begin(), recent_.end(), [](const Recent &r) { return r.slow; }));
        if (slow_ones >= slow_calls_to_trip) {
            breaker_.trip(c.ended_at);
            recent_count_ = 0;
        }
    }
}

void Instance::failed_locked(const char *call, std::string_view reason, std::string_view what) {
    ++failures_;
    machinery_->services.metrics->add(failures_metric_, 1);
    breaker_.failure(machinery_->clock.monotonic());
    log_failure(call, reason, what);
}

void Instance::log_failure(const char *call, std::string_view reason, std::string_view what) {
    what = what.substr(0, utf8_prefix(what, longest_complaint)); // it may hold what the plugin said
    note_error(std::string(call) + ": " + std::string(reason) + ": " + std::string(what));
    const MonoTime now = machinery_->clock.monotonic();
    if (last_logged_.ns != 0 && now - last_logged_ < 1s) {
        ++unlogged_;
        return;
    }
    last_logged_ = MonoTime{std::max<uint64_t>(1, now.ns)};
    std::string line = setup_.plugin + " " + setup_.version + " (component " + setup_.component + ", instance '" +
                       setup_.name + "'): " + last_error_;
    if (unlogged_ > 0) line += " (and " + std::to_string(unlogged_) + " failures more since the last line)";
    unlogged_ = 0;
    machinery_->log(3, line);
}

void Instance::give_up(const std::shared_ptr<GuardedCall> &call) {
    machinery_->stuck.fetch_add(1, std::memory_order_relaxed);
    lost_.store(true, std::memory_order_release);
    accepting_.store(false, std::memory_order_release);
    {
        const std::lock_guard lock(mutex_);
        ++calls_;
        ++misbehaviours_;
        ++stuck_;
        failed_locked(call->name, "Hung", "did not return by its hard deadline; the instance is written off");
        state_ = PluginState::quarantined;
        since_ = machinery_->clock.wall();
    }
    forget(call);
    handle_->revoke();
    if (written_off_) written_off_(*this, call->name);
}

Status Instance::outcome(GuardedCall &c) const {
    switch (c.phase.load(std::memory_order_acquire)) {
    case GuardedCall::Phase::given_up:
        if (machinery_->watchdog.ending(c.ended_at))
            return blame(c.name, Error{Code::deadline, "Hung", "did not return before the process ended", 0});
        return blame(
            c.name,
            Error{Code::deadline, "Hung",
                  "did not return by its hard deadline; the instance is quarantined, run: rigger plugins reset " +
                      setup_.name,
                  0});
    case GuardedCall::Phase::skipped:
        return blame(c.name, Error{c.soft_deadline_ns != UINT64_MAX && c.cancelled_at.ns >= c.soft_deadline_ns
                                       ? Code::deadline
                                       : Code::cancelled,
                                   "NotBegun", "its turn did not come in time", 0});
    default: break;
    }
    if (c.escaped) return blame(c.name, Error{Code::internal, "ExceptionEscaped", c.escaped_text, 0});
    if (c.code == RIG_OK) return {};
    Error e = error_of(c);
    const bool answer = e.code != Code::internal && c.error.message[0] != '\0';
    return c.to_a_person && answer ? e : blame(c.name, std::move(e));
}

Status Instance::call(const CallSpec &spec, const CallContext &context, Body body) {
    RIG_TRY(admit(spec));
    const auto c = make(spec, context, std::move(body));
    RIG_TRY(submit(c, spec.where));
    const Status queued =
        c->lane->run([self = shared_from_this(), c, spec](const auto &worker) { self->run(c, worker, spec); });
    if (!queued.ok()) {
        machinery_->watchdog.remove(c);
        forget(c);
        const std::lock_guard lock(mutex_);
        breaker_.neutral();
        return blame(spec.name, queued.error());
    }
    const auto over = [&] {
        const auto phase = c->phase.load(std::memory_order_acquire);
        return phase != GuardedCall::Phase::queued && phase != GuardedCall::Phase::running;
    };
    for (int i = 0; spec.spin && i < spin_turns && !over(); ++i) {
        if (i % 64 == 63) std::this_thread::yield();
    }
    std::unique_lock lock(c->mutex);
    c->changed.wait(lock, over);
    c->caller_cancelled = nullptr;
    lock.unlock();
    if (c->phase == GuardedCall::Phase::skipped) {
        forget(c);
        const std::lock_guard own(mutex_);
        breaker_.neutral();
    }
    return outcome(*c);
}

Status Instance::post(const char *name, bool on_worker, std::function<void()> body) {
    if (lost_.load(std::memory_order_acquire))
        return Error{Code::unavailable, "Quarantined", "the instance is quarantined", 0};
    // Its threads may post as fast as they can until stop() has ended them: what they post would never be drained.
    if (handle_->silenced.load(std::memory_order_acquire))
        return Error{Code::unavailable, "NotRunning", "the instance does not run", 0};
    const CallSpec spec{name, on_worker ? Budget{0s, 15s} : setup_.limits.of("task"),
                        on_worker ? CallSpec::Where::worker : CallSpec::Where::strand, false};
    const auto c = make(spec, {}, [body = std::move(body)](rig_instance *, const rig_call *, rig_error *) -> rig_code {
        body();
        return RIG_OK;
    });
    RIG_TRY(submit(c, spec.where));
    const Status queued =
        c->lane->run([self = shared_from_this(), c, spec](const auto &worker) { self->run(c, worker, spec); });
    if (queued.ok()) return {};
    machinery_->watchdog.remove(c);
    forget(c);
    return queued;
}

} // namespace rigger::host
