// Group "errors": every call that a plugin makes may fail, and every call that it gets may be cut short.
#include "../allocator.hpp"
#include "../session.hpp"
#include "groups.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace check {
namespace {

void null_error(Context &t) {
    FakeHost host;
    Manner manner;
    manner.null_error = true;
    Session s(t, host, manner);
    const Outcome bad = s.create("{");
    if (s.instance) s.destroy();
    (void)bad;
    if (s.create().code != RIG_OK) skip("create() fails with its default configuration");
    if (s.start().code != RIG_OK) skip("start() fails with its default configuration");
    s.exercise();
    (void)s.stop();
    s.destroy();
}

void short_error(Context &t) { // a host of an earlier day, whose rig_error was shorter
    struct {
        uint64_t struct_size = 24;
        unsigned char rest[sizeof(rig_error) - 8];
    } e;
    std::fill(std::begin(e.rest), std::end(e.rest), static_cast<unsigned char>(0x5A));
    FakeHost host;
    rig_instance *out = nullptr;
    const std::string config = "{";
    t.call("create", [&](rig_error *) {
        return t.component->create(t.component, host.raw(), rig::doc(config), &out, reinterpret_cast<rig_error *>(&e));
    });
    for (size_t i = 24 - 8; i < sizeof e.rest; ++i)
        expect(e.rest[i] == 0x5A, "create() wrote behind an error whose struct_size is 24");
    if (out) t.call("destroy", [&](rig_error *) { return out->ops->destroy(out), RIG_OK; });
}

void host_failures(Context &t) {
    const char *const services[] = {RIG_SERVICE_CONFIG, RIG_SERVICE_METRICS, RIG_SERVICE_STORE,  RIG_SERVICE_EVENTS,
                                    RIG_SERVICE_HTTP,   RIG_SERVICE_TIMERS,  RIG_SERVICE_CONTROL};
    for (const char *service : services) {
        uint64_t used = 0;
        for (rig_code code = RIG_E_INVALID; code <= RIG_E_INTERNAL + 1; ++code) {
            FakeHost host;
            host.fail(service,
                      {code == RIG_E_INTERNAL + 1 ? 77 : code, "Injected", "the test makes this service fail", 5});
            Session s(t, host);
            const auto judge = [&](const char *what, const Outcome &o) {
                if (o.reason != "Injected" && o.message.find("the test makes this service fail") == std::string::npos)
                    t.answer(what, o);
            };
            const Outcome made = s.create();
            judge("create", made);
            if (made.code == RIG_OK) {
                const Outcome started = s.start();
                judge("start", started);
                if (started.code == RIG_OK && code != RIG_E_INTERNAL) s.exercise();
                judge("stop", s.stop());
                s.destroy();
            }
            used += host.calls(service);
            if (used == 0) break; // it does not use this service: one round is enough
        }
    }
}

void past_deadline(Context &t) {
    using namespace std::chrono;
    FakeHost host;
    Session s(t, host);
    s.run();
    s.manner.deadline_ns = 1;
    const auto began = steady_clock::now();
    s.exercise();
    const auto ms = duration_cast<milliseconds>(steady_clock::now() - began).count();
    if (ms > 5000) t.warn("calls whose deadline had passed took " + std::to_string(ms) + " ms together");
    t.must("stop", s.stop());
}

void cancelled(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    s.manner.cancelled = true;
    s.exercise();
    s.manner.cancelled = false;
    s.exercise(); // and it still works afterwards
    t.must("stop", s.stop());
}

void sinks(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    for (const size_t room : {size_t{0}, size_t{1}, size_t{7}, size_t{64}}) {
        s.manner.sink_room = room;
        s.exercise();
    }
    t.must("stop", s.stop());
}

void fail_each_allocation(Context &t) {
    constexpr int64_t kMost = 200; // the first, the second, ... allocation fails, until none is reached
    for (int64_t n = 0; n < kMost; ++n) {
        FakeHost host;
        Session s(t, host);
        const std::string config = config_for(t, *t.component);
        bool struck = false;
        const Outcome made = t.call("create", [&](rig_error *e) {
            const FailingAllocator failing(n);
            const rig_code code = t.component->create(t.component, host.raw(), rig::doc(config), &s.instance, e);
            return struck = failing.struck(), code;
        });
        if (made.code != RIG_OK) {
            s.instance = nullptr;
            continue;
        }
        t.call("start", [&](rig_error *e) {
            const rig_call *const call = s.raw_call();
            const FailingAllocator failing(n);
            const rig_code code = s.instance->ops->start(s.instance, call, e);
            return struck = struck || failing.struck(), code;
        });
        t.answer("stop", s.stop());
        s.destroy();
        if (!struck) break;
    }
    FakeHost host;
    Session s(t, host);
    s.run().exercise();
}

/// Some libraries allocate where they must not throw, and so end the process: worth knowing, no reason to refuse a
/// plugin. Hence the test runs in a child of its own.
void no_memory(Context &t) {
    const pid_t child = fork();
    if (child < 0) skip("cannot fork");
    if (child == 0) {
        try {
            fail_each_allocation(t);
        } catch (const Ending &e) { _exit(e.verdict == Verdict::skip ? 0 : 1); }
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status))
        t.warn("when an allocation fails in create() or start(), the process ends by " + std::string("SIG") +
               sigabbrev_np(WTERMSIG(status)));
    else
        expect(WEXITSTATUS(status) == 0,
               "an exception crossed the C border, or an answer was Internal, when an allocation failed");
}

} // namespace

void add_error_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &)) {
        tests.push_back({"errors", name, what, "*", false, run});
    };
    add("null-error", "err may be NULL in every call", null_error);
    add("short-error", "nothing is written behind an error that is shorter than today's", short_error);
    add("host-failures", "every service may fail with every code, also with an unknown one", host_failures);
    add("past-deadline", "calls whose deadline has passed return", past_deadline);
    add("cancelled", "calls that are cancelled before they begin return, and the instance lives on", cancelled);
    add("sinks", "a sink may refuse at any byte", sinks);
    add("no-memory", "create() and start() survive each allocation failing in turn", no_memory);
}

} // namespace check
