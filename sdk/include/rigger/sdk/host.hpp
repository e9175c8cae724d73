// rigger/sdk/host.hpp -- the host as one instance sees it: typed wrappers over the services that the manifest was
// granted.
#pragma once
#include <rigger/abi/host.h>
#include <rigger/abi/kind/extensions.h>
#include <rigger/sdk/status.hpp>

#include <functional>
#include <vector>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

enum class Level : int32_t { trace, debug, info, warn, error, critical };

/// A service the host lacks (or did not grant) is an empty call or an UNSUPPORTED error, never a null dereference.
/// Copyable; valid until the instance is destroyed. [any] unless a member says otherwise.
class Host {
public:
    explicit Host(const rig_host *h) noexcept
        : h_(h), log_(table<rig_log>(RIG_SERVICE_LOG)), clock_(table<rig_clock>(RIG_SERVICE_CLOCK)) {}

    template <typename T> const T *table(const char *id) const noexcept {
        return h_ && h_->service ? static_cast<const T *>(h_->service(h_, id)) : nullptr;
    }

    void log(int level, std::string_view message) const noexcept {
        if (log_ && RIG_HAS(log_, write)) log_->write(h_, level, view(message), nullptr, 0);
    }
    void log(Level level, std::string_view message) const noexcept { log(static_cast<int>(level), message); }

    /// Monotonic nanoseconds of the host's clock (virtual in tests); 0 without rig.clock/1.
    uint64_t now_ns() const noexcept { return clock_ && RIG_HAS(clock_, monotonic_ns) ? clock_->monotonic_ns(h_) : 0; }
    /// Nanoseconds since the Unix epoch of the host's clock; 0 without rig.clock/1.
    int64_t wall_ns() const noexcept { return clock_ && RIG_HAS(clock_, wall_ns) ? clock_->wall_ns(h_) : 0; }

    /// A secret named in the manifest's grants.
    Result<std::string> secret(std::string_view name) const {
        const auto *t = table<rig_config>(RIG_SERVICE_CONFIG);
        if (!t || !RIG_HAS(t, secret)) return missing(RIG_SERVICE_CONFIG);
        std::string out;
        const rig_sink sink = detail::collect(out);
        rig_error e = detail::fresh_error();
        const rig_code code = t->secret(h_, view(name), &sink, &e);
        if (code != RIG_OK) return Error{code, e.reason, e.message, e.retry_after_ms};
        return out;
    }

    /// Durable key-value store, private to the plugin id. nullopt: no such key.
    Result<std::optional<std::string>> load(std::string_view key) const {
        const auto *t = table<rig_store>(RIG_SERVICE_STORE);
        if (!t || !RIG_HAS(t, get)) return missing(RIG_SERVICE_STORE);
        std::string out;
        const rig_sink sink = detail::collect(out);
        rig_error e = detail::fresh_error();
        uint64_t revision = 0;
        const rig_code code = t->get(h_, view(key), &revision, &sink, &e);
        if (code == RIG_E_NOT_FOUND) return std::optional<std::string>();
        if (code != RIG_OK) return Error{code, e.reason, e.message, e.retry_after_ms};
        return std::optional<std::string>(std::move(out));
    }
    Status save(std::string_view key, std::string_view value) const {
        return commit({{0, 0, view(key), doc(value), UINT64_MAX}});
    }
    Status erase(std::string_view key) const { return commit({{1, 0, view(key), {nullptr, 0}, UINT64_MAX}}); }
    /// All or none. op 0: put, 1: delete; if_revision UINT64_MAX: unconditional.
    Status commit(const std::vector<rig_store_op> &ops) const {
        const auto *t = table<rig_store>(RIG_SERVICE_STORE);
        if (!t || !RIG_HAS(t, commit)) return missing(RIG_SERVICE_STORE);
        rig_error e = detail::fresh_error();
        uint64_t revision = 0;
        return detail::status(t->commit(h_, ops.data(), ops.size(), &revision, &e), e);
    }

    /// Run once on the strand after a delay. `fn` and `user` must stay valid until it ran or was cancelled.
    /// [strand]
    Status after(uint64_t delay_ns, uint64_t period_ns, rig_task_fn fn, void *user, uint64_t *timer) const {
        const auto *t = table<rig_timers>(RIG_SERVICE_TIMERS);
        if (!t || !RIG_HAS(t, after)) return missing(RIG_SERVICE_TIMERS);
        rig_error e = detail::fresh_error();
        return detail::status(t->after(h_, delay_ns, period_ns, fn, user, timer, &e), e);
    }
    void cancel_timer(uint64_t timer) const noexcept {
        const auto *t = table<rig_timers>(RIG_SERVICE_TIMERS);
        if (t && RIG_HAS(t, cancel)) t->cancel(h_, timer);
    }

    const rig_host *raw() const noexcept { return h_; }

private:
    static Error missing(const char *service) {
        return Error{RIG_E_UNSUPPORTED, "ServiceMissing",
                     std::string("the host does not offer or did not grant ") + service, 0};
    }
    const rig_host *h_;
    const rig_log *log_;
    const rig_clock *clock_;
};

/// rig.control/1 for command frontends.
class Control {
public:
    explicit Control(Host host) noexcept : host_(host), t_(host.table<rig_control>(RIG_SERVICE_CONTROL)) {}
    /// A view of the daemon's state as a JSON document. [worker]
    Result<std::string> query(Call call, std::string_view what, std::string_view arguments) const {
        if (!t_ || !RIG_HAS(t_, query)) return unsupported();
        std::string out;
        const rig_sink sink = detail::collect(out);
        rig_error e = detail::fresh_error();
        const rig_code code = t_->query(host_.raw(), call.raw(), view(what), doc(arguments), &sink, &e);
        if (code != RIG_OK) return Error{code, e.reason, e.message, e.retry_after_ms};
        return out;
    }
    /// Ask for an action; the answer says what was decided. [worker]
    Result<std::string> act(Call call, std::string_view verb, std::string_view arguments,
                            const rig_sink *progress = nullptr) const {
        if (!t_ || !RIG_HAS(t_, act)) return unsupported();
        std::string out;
        const rig_sink sink = detail::collect(out);
        rig_error e = detail::fresh_error();
        const rig_code code = t_->act(host_.raw(), call.raw(), view(verb), doc(arguments), progress, &sink, &e);
        if (code != RIG_OK) return Error{code, e.reason, e.message, e.retry_after_ms};
        return out;
    }
#if RIG_ABI_TARGET >= 1
    /// A view that a cluster is asked for, in pieces as they come; a sink that refuses one ends it. [worker]
    Status stream(Call call, std::string_view what, std::string_view arguments, const rig_sink *pieces) const {
        if (!t_ || !RIG_HAS(t_, stream)) return unsupported();
        rig_error e = detail::fresh_error();
        const rig_code code = t_->stream(host_.raw(), call.raw(), view(what), doc(arguments), pieces, &e);
        return code == RIG_OK ? Status() : Status(Error{code, e.reason, e.message, e.retry_after_ms});
    }
#endif

private:
    static Error unsupported() {
        return Error{RIG_E_UNSUPPORTED, "ServiceMissing",
                     "the host does not offer or did not grant " RIG_SERVICE_CONTROL, 0};
    }
    Host host_;
    const rig_control *t_;
};

/// What every kind's class derives from. The host calls start, stop and the destructor on the instance's strand.
class Component {
public:
    virtual ~Component() = default;
    virtual Status start() { return {}; }
    /// Idempotent; when it returns, no thread of this instance runs any more.
    virtual Status stop() { return {}; }
    /// What keeps it from working as it is configured: the same that start() or a first use would stumble over, with
    /// file, line and remedy. Not started: `riggerd --check-config` makes an instance for this alone, with log and
    /// clock and no other service. Reads what the configuration names, changes nothing, speaks to nobody.
    virtual Status check() { return {}; }
    /// An extension's table by id, or nullptr. Same answer every time.
    virtual const void *extension(std::string_view) { return nullptr; }
};

namespace detail {
/// What create() hands out. Kind supplies `id`, and `table<C>` whose functions reach the C behind an instance
/// through of().
template <typename C, template <typename> class Kind> struct Adapter : rig_instance {
    Adapter(const rig_host *h, std::string_view config) : rig_instance{&ops}, impl(Host(h), config) {}
    C impl;
    static C &of(rig_instance *i) noexcept { return static_cast<Adapter *>(i)->impl; }
    static rig_code start(rig_instance *i, const rig_call *, rig_error *e) {
        return guard(e, [&] { return of(i).start(); });
    }
    static rig_code stop(rig_instance *i, const rig_call *, rig_error *e) {
        return guard(e, [&] { return of(i).stop(); });
    }
    static rig_code check(rig_instance *i, const rig_call *, const rig_sink *, rig_error *e) {
        return guard(e, [&] { return of(i).check(); });
    }
    static void destroy(rig_instance *i) {
        (void)guard(nullptr, [&] {
            delete static_cast<Adapter *>(i);
            return Status{};
        });
    }
    static const void *query(rig_instance *i, const char *id) {
        if (!id) return nullptr;
        if (std::string_view(id) == Kind<C>::id) return &Kind<C>::table;
        if (std::string_view(id) == RIG_EXT_HEALTH) return &health;
        const void *found = nullptr;
        (void)guard(nullptr, [&] {
            found = of(i).extension(id);
            return Status();
        });
        return found;
    }
    static rig_code create(const rig_component *, const rig_host *h, rig_doc config, rig_instance **out, rig_error *e) {
        return guard(e, [&] {
            *out = new Adapter(h, view(config));
            return Status{};
        });
    }
    static constexpr rig_instance_ops ops{sizeof(rig_instance_ops), &start, &stop, &destroy, &query};
    static constexpr rig_health health{sizeof(rig_health), &check};
};
template <typename C, template <typename> class Kind>
constexpr rig_component component(const char *id, const char *title, const char *config_schema,
                                  const char *const *needs, uint64_t flags) {
    return {sizeof(rig_component), flags, id, Kind<C>::id, title, config_schema, needs, &Adapter<C, Kind>::create};
}
inline Status unsupported(const char *what) {
    return Error{RIG_E_UNSUPPORTED, "Unsupported", std::string(what) + " is not supported by this plugin", 0};
}
} // namespace detail
} // namespace abi1
} // namespace rig
