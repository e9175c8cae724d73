// rigger/sdk/testing/fake_host.hpp -- a host whose services are fakes: what was asked of them is recorded, what they
// answer is scripted, their clock stands still until advance() moves it, and each can be withheld or made to fail.
#pragma once
#include <rigger/sdk/host.hpp>
#include <rigger/sdk/testing/fake_state.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace testing {

/// Which host a FakeHost plays. Tables of `oldest` end where those of ABI 1.0 ended; those of `future` are longer
/// than this SDK knows and go on with bytes that are no pointers.
enum class Age { current, oldest, future };

namespace detail {
/// A table with room for what a later minor may append.
template <typename T> struct Long {
    T table{};
    unsigned char tail[128];
    void finish(Age age, size_t size_1_0) noexcept {
        std::memset(tail, 0xA5, sizeof tail);
        table.struct_size = age == Age::future ? sizeof(T) + sizeof tail : age == Age::oldest ? size_1_0 : sizeof(T);
    }
};
/// Where a 1.0 table ends: behind its last member of that time.
#define RIG_TESTING_END(T, LAST) (offsetof(T, LAST) + sizeof(((T *)nullptr)->LAST))
} // namespace detail

/// Not copyable; must outlive the instances made with it. May be used from several threads: callbacks run on the
/// thread that calls advance(), run_pending() or deliver(), never inside a service call.
class FakeHost : public FakeState {
public:
    explicit FakeHost(Age age = Age::current) {
        handle_.self = this;
        rig_host &h = handle_.host.table;
        h.abi_major = RIG_ABI_MAJOR;
        h.abi_minor = age == Age::oldest ? 0 : age == Age::future ? RIG_ABI_MINOR + 7 : RIG_ABI_MINOR;
        h.product = "fake-host";
        h.version = "0.0.0";
        h.service = &service;
        handle_.host.finish(age, RIG_TESTING_END(rig_host, service));
        log_.table = {0, &log_enabled, &log_write};
        log_.finish(age, RIG_TESTING_END(rig_log, write));
        config_.table = {0, &config_generation, &config_read, &config_secret};
        config_.finish(age, RIG_TESTING_END(rig_config, secret));
        metrics_.table = {0, &metrics_define, &metrics_add, &metrics_set};
        metrics_.finish(age, RIG_TESTING_END(rig_metrics, set));
        store_.table = {0, &store_get, &store_list, &store_commit};
        store_.finish(age, RIG_TESTING_END(rig_store, commit));
        events_.table = {0, &events_publish, &events_subscribe, &events_cancel};
        events_.finish(age, RIG_TESTING_END(rig_events, cancel));
        http_.table = {0, &http_send, &http_call, &http_cancel};
        http_.finish(age, RIG_TESTING_END(rig_http, cancel));
        clock_.table = {0, &clock_monotonic, &clock_wall};
        clock_.finish(age, RIG_TESTING_END(rig_clock, wall_ns));
        timers_.table = {0, &timers_after, &timers_cancel, &timers_post, &timers_post_worker};
        timers_.finish(age, RIG_TESTING_END(rig_timers, post_worker));
        control_.table = {0, &control_query, &control_act, &control_stream};
        control_.finish(age, RIG_TESTING_END(rig_control, act));
    }
    FakeHost(const FakeHost &) = delete;
    FakeHost &operator=(const FakeHost &) = delete;

    const rig_host *raw() const noexcept { return &handle_.host.table; }
    Host host() const noexcept { return Host(raw()); }

private:
    struct Handle {
        detail::Long<rig_host> host;
        FakeHost *self = nullptr;
    };
    static FakeHost &of(const rig_host *h) noexcept {
        return *const_cast<Handle *>(reinterpret_cast<const Handle *>(h))
                    ->self; // the host is the first member of its handle
    }
    template <typename F> static rig_code answer(const rig_host *h, const char *id, rig_error *err, F &&body) noexcept {
        return abi1::detail::guard(err, [&]() -> Status {
            if (auto failure = of(h).count_call(id)) return *failure;
            return body(of(h));
        });
    }

    static const void *service(const rig_host *h, const char *id) noexcept {
        FakeHost &f = of(h);
        if (!id || f.withheld(id)) return nullptr;
        const std::string_view s = id;
        if (s == RIG_SERVICE_LOG) return &f.log_;
        if (s == RIG_SERVICE_CONFIG) return &f.config_;
        if (s == RIG_SERVICE_METRICS) return &f.metrics_;
        if (s == RIG_SERVICE_STORE) return &f.store_;
        if (s == RIG_SERVICE_EVENTS) return &f.events_;
        if (s == RIG_SERVICE_HTTP) return &f.http_;
        if (s == RIG_SERVICE_CLOCK) return &f.clock_;
        if (s == RIG_SERVICE_TIMERS) return &f.timers_;
        if (s == RIG_SERVICE_CONTROL) return &f.control_;
        return nullptr;
    }

    static int32_t log_enabled(const rig_host *, int32_t) noexcept { return 1; }
    static void log_write(const rig_host *h, int32_t level, rig_str message, const rig_kv *fields, size_t n) noexcept {
        (void)abi1::detail::guard(nullptr, [&] { // where memory is short a line is lost, as with the real host
            of(h).write_log(level, message, fields, n);
            return Status();
        });
    }

    static uint64_t config_generation(const rig_host *h) noexcept { return of(h).generation(); }
    static rig_code config_read(const rig_host *h, rig_str pointer, const rig_sink *out, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_CONFIG, e, [&](FakeHost &f) { return f.read_config(view(pointer), Sink(out)); });
    }
    static rig_code config_secret(const rig_host *h, rig_str name, const rig_sink *out, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_CONFIG, e, [&](FakeHost &f) { return f.read_secret(view(name), Sink(out)); });
    }

    static rig_code metrics_define(const rig_host *h, int32_t type, rig_str name, rig_str, const rig_kv *labels,
                                   size_t n, const double *, size_t, uint64_t *handle, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_METRICS, e,
                      [&](FakeHost &f) { return f.define_metric(type, view(name), labels, n, handle); });
    }
    static void metrics_add(const rig_host *h, uint64_t handle, double value) noexcept {
        of(h).move_metric(handle, value, true);
    }
    static void metrics_set(const rig_host *h, uint64_t handle, double value) noexcept {
        of(h).move_metric(handle, value, false);
    }

    static rig_code store_get(const rig_host *h, rig_str key, uint64_t *revision, const rig_sink *out,
                              rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_STORE, e, [&](FakeHost &f) { return f.key_get(view(key), revision, Sink(out)); });
    }
    static rig_code store_list(const rig_host *h, rig_str prefix, void *user,
                               rig_code (*each)(void *, rig_str, rig_bytes, uint64_t), rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_STORE, e, [&](FakeHost &f) { return f.key_list(view(prefix), user, each); });
    }
    static rig_code store_commit(const rig_host *h, const rig_store_op *ops, size_t n, uint64_t *revision,
                                 rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_STORE, e, [&](FakeHost &f) { return f.key_commit(ops, n, revision); });
    }

    static rig_code events_publish(const rig_host *h, rig_str topic, rig_doc event, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_EVENTS, e, [&](FakeHost &f) { return f.publish(view(topic), view(event)); });
    }
    static rig_code events_subscribe(const rig_host *h, rig_str pattern, rig_event_fn fn, void *user, uint64_t *sub,
                                     rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_EVENTS, e, [&](FakeHost &f) { return f.subscribe(view(pattern), fn, user, sub); });
    }
    static void events_cancel(const rig_host *h, uint64_t sub) noexcept { of(h).unsubscribe(sub); }

    static rig_code http_send(const rig_host *h, const rig_http_request *r, rig_http_fn fn, void *user, uint64_t *op,
                              rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_HTTP, e, [&](FakeHost &f) { return f.answer_later(*r, fn, user, op); });
    }
    static rig_code http_call(const rig_host *h, const rig_call *, const rig_http_request *r, void *user,
                              rig_http_fn fn, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_HTTP, e, [&](FakeHost &f) { return f.answer_now(*r, user, fn); });
    }
    static void http_cancel(const rig_host *h, uint64_t op) noexcept { of(h).cancel_task(op); }

    static uint64_t clock_monotonic(const rig_host *h) noexcept { return of(h).now_ns(); }
    static int64_t clock_wall(const rig_host *h) noexcept { return of(h).wall_ns(); }

    static rig_code timers_after(const rig_host *h, uint64_t delay, uint64_t period, rig_task_fn fn, void *user,
                                 uint64_t *timer, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_TIMERS, e,
                      [&](FakeHost &f) { return f.add_timer(delay, period, fn, user, timer); });
    }
    static void timers_cancel(const rig_host *h, uint64_t timer) noexcept { of(h).cancel_task(timer); }
    static rig_code timers_post(const rig_host *h, rig_task_fn fn, void *user, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_TIMERS, e, [&](FakeHost &f) { return f.add_timer(0, 0, fn, user, nullptr); });
    }
    static rig_code timers_post_worker(const rig_host *h, rig_task_fn fn, void *user, rig_error *e) noexcept {
        return timers_post(h, fn, user, e);
    }

    static rig_code control_query(const rig_host *h, const rig_call *, rig_str what, rig_doc arguments,
                                  const rig_sink *out, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_CONTROL, e,
                      [&](FakeHost &f) { return f.control(false, view(what), view(arguments), Sink(out)); });
    }
    static rig_code control_act(const rig_host *h, const rig_call *, rig_str verb, rig_doc arguments, const rig_sink *,
                                const rig_sink *out, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_CONTROL, e,
                      [&](FakeHost &f) { return f.control(true, view(verb), view(arguments), Sink(out)); });
    }

    static rig_code control_stream(const rig_host *h, const rig_call *, rig_str what, rig_doc arguments,
                                   const rig_sink *out, rig_error *e) noexcept {
        return answer(h, RIG_SERVICE_CONTROL, e,
                      [&](FakeHost &f) { return f.FakeState::stream(view(what), view(arguments), Sink(out)); });
    }

    Handle handle_;
    detail::Long<rig_log> log_;
    detail::Long<rig_config> config_;
    detail::Long<rig_metrics> metrics_;
    detail::Long<rig_store> store_;
    detail::Long<rig_events> events_;
    detail::Long<rig_http> http_;
    detail::Long<rig_clock> clock_;
    detail::Long<rig_timers> timers_;
    detail::Long<rig_control> control_;
};
#undef RIG_TESTING_END

} // namespace testing
} // namespace abi1
} // namespace rig
