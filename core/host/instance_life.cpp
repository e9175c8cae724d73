// How an instance comes to run and how it ends, also while a call is stuck in it.
#include "host/guard/plugin_code.hpp"
#include "host/guard/process_state.hpp"
#include "host/instance.hpp"
#include "host/kinds/tables.hpp"
#include "host/loader.hpp"
#include "host/services/handle.hpp"

#include <algorithm>
#include <utility>

namespace rigger::host {
namespace {
constexpr Duration hard_when_stopping = std::chrono::seconds(5);
}

/// What the plugin changes of the process meanwhile is put back, and the plugin named for it.
Status Instance::life_cycle_call(const CallSpec &spec, Body body) {
    struct PutBack {
        Instance &instance;
        const char *call;
        ProcessState before{};
        ~PutBack() {
            instance.machinery_->end_if_files_are_lost();
            instance.blame_for_changes(call, before.restore());
        }
    };
    return call(spec, {}, [this, name = spec.name, body = std::move(body)](auto *i, auto *c, auto *e) {
        const PutBack at_end{*this, name};
        return body(i, c, e);
    });
}

void Instance::blame_for_changes(const char *call, const std::string &what) {
    if (!what.empty())
        misbehaved(call, "ProcessChanged", "changed what is the host's and not a plugin's, and was put back: " + what);
}

Status Instance::initialise() {
    const auto library = setup_.library;
    if (library->initialised.load()) return {};
    if (library->code->init) {
        library->handle = make_handle(machinery_);
        library->handle->badge = badge_;
        library->handle->plugin = library->handle->name = setup_.plugin;
        library->handle->services = handle_->services;
        const CallSpec spec{"init", setup_.limits.of("create"), CallSpec::Where::strand, false};
        RIG_TRY(life_cycle_call(spec, [library](rig_instance *, const rig_call *, rig_error *e) {
            return library->code->init(library->handle.get(), e);
        }));
    }
    library->initialised = true;
    return {};
}

Status Instance::create() {
    handle_->instance = weak_from_this();
    RIG_TRY(initialise());
    struct Made {
        rig_instance *instance = nullptr;
        const void *table = nullptr;
        Status check;
        std::string config;
    };
    const auto made = std::make_shared<Made>();
    made->config = setup_.config;
    const CallSpec spec{"create", setup_.limits.of("create"), CallSpec::Where::strand, false};
    RIG_TRY(life_cycle_call(spec, [this, made](rig_instance *, const rig_call *, rig_error *error) -> rig_code {
        const rig_code code = setup_.code->create(setup_.code, handle_.get(),
                                                  {made->config.data(), made->config.size()}, &made->instance, error);
        if (code != RIG_OK) return code;
        made->check = check_instance(made->instance);
        if (!made->check.ok()) {
            made->instance = nullptr; // not even destroy() can be trusted
            return RIG_OK;
        }
        made->table = made->instance->ops->query(made->instance, setup_.kind.c_str());
        made->check = check_table(setup_.kind, made->table);
        return RIG_OK;
    }));
    code_ = made->instance;
    if (code_) setup_.library->alive.fetch_add(1);
    if (!made->check.ok()) {
        misbehaved("create", made->check.error().reason, made->check.error().message);
        return blame("create", made->check.error());
    }
    table_ = made->table;
    set_state(PluginState::created);
    return {};
}

Status Instance::start() {
    const CallSpec spec{"start", setup_.limits.of("start"), CallSpec::Where::strand, false};
    const Status begun =
        life_cycle_call(spec, [](rig_instance *i, const rig_call *c, rig_error *e) { return i->ops->start(i, c, e); });
    started_ = begun.ok() || begun.error().reason == "Hung"; // one that hangs may have started, when it comes back
    RIG_TRY(begun);
    set_state(PluginState::running);
    accepting_.store(true, std::memory_order_release);
    return {};
}

void Instance::drain() {
    std::vector<std::shared_ptr<GuardedCall>> calls;
    {
        const std::lock_guard lock(mutex_);
        calls = in_flight_;
    }
    const MonoTime now = machinery_->clock.monotonic();
    for (const auto &c : calls) {
        const std::lock_guard lock(c->mutex);
        c->stopping = true;
        c->hard = c->hard.count() == 0 ? hard_when_stopping : std::min(c->hard, hard_when_stopping);
        if (c->cancelled.exchange(1) == 0) c->cancelled_at = now;
    }
    machinery_->watchdog.wake();
    worker_->close();
    stream_->close();
    for (const auto &c : calls) {
        const std::lock_guard lock(c->mutex);
        if (c->phase.load() != GuardedCall::Phase::queued) continue;
        c->phase = GuardedCall::Phase::skipped;
        c->changed.notify_all();
        machinery_->watchdog.remove(c);
        forget(c);
    }
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [this] { return in_flight_.empty(); });
}

void Instance::stop() {
    accepting_.store(false, std::memory_order_release);
    handle_->silence();
    drain();
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) return;
        if (stuck_ > 0) return handle_->revoke();
    }
    end_code();
}

/// On the thread of a call that was given up: no pool counts on it any more, so it may as well wait.
void Instance::come_back() {
    machinery_->stuck.fetch_sub(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        if (--stuck_ > 0 || !stopped_) return;
    }
    machinery_->log(3, "what " + setup_.plugin + " " + setup_.version + " (instance '" + setup_.name +
                           "') was given up for has come back; that instance ends now");
    end_code();
}

void Instance::end_code() {
    lost_.store(false, std::memory_order_release); // nothing is stuck in it
    if (started_) {
        started_ = false;
        const CallSpec stop{"stop", setup_.limits.of("stop"), CallSpec::Where::strand, false};
        const Status stopped = life_cycle_call(
            stop, [](rig_instance *i, const rig_call *c, rig_error *e) { return i->ops->stop(i, c, e); });
        if (!stopped.ok()) machinery_->log(3, stopped.error().message);
    }
    if (code_ && !lost_.load()) {
        const CallSpec destroy{"destroy", setup_.limits.of("destroy"), CallSpec::Where::strand, false};
        const Status destroyed = life_cycle_call(
            destroy, [library = setup_.library](rig_instance *i, const rig_call *, rig_error *) -> rig_code {
                i->ops->destroy(i);
                if (library->alive.fetch_sub(1) == 1 && library->closing.load() && library->code->fini)
                    library->code->fini();
                return RIG_OK;
            });
        if (!destroyed.ok()) machinery_->log(3, destroyed.error().message);
        if (!lost_.load()) code_ = nullptr;
    }
    handle_->revoke();
    strand_->close();
    if (!lost_.load()) set_state(PluginState::stopped);
}

} // namespace rigger::host
