// Group "life-cycle": create, start, stop and destroy in every order that the contract allows.
#include "../session.hpp"
#include "groups.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace check {
namespace {

void runs(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    t.must("stop", s.stop());
    s.destroy();
}

void without_start(Context &t) {
    FakeHost host;
    Session s(t, host);
    t.must("create", s.create());
    s.destroy();
}

void checked(Context &t) {
    FakeHost host;
    for (const char *service : {RIG_SERVICE_CONFIG, RIG_SERVICE_METRICS, RIG_SERVICE_STORE, RIG_SERVICE_EVENTS,
                                RIG_SERVICE_HTTP, RIG_SERVICE_TIMERS, RIG_SERVICE_CONTROL})
        host.withhold(service); // as in the process that is made for the question
    Session s(t, host);
    const Outcome made = s.create();
    t.answer("create", made);
    if (made.code != RIG_OK) return;
    set_call("query");
    const auto *health = static_cast<const rig_health *>(s.instance->ops->query(s.instance, RIG_EXT_HEALTH));
    set_call("");
    if (!health) skip("it does not offer " RIG_EXT_HEALTH);
    expect(RIG_HAS(health, check), "the table of rig.health/1 is too short or lacks its function");
    rig::testing::TextSink out;
    s.ask("check", [&](const rig_call *c, rig_error *e) { return health->check(s.instance, c, out.raw(), e); });
    s.destroy();
}

void stop_twice(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    t.must("stop", s.stop());
    t.must("stop", s.stop());
    s.destroy();
}

void stop_without_start(Context &t) {
    FakeHost host;
    Session s(t, host);
    t.must("create", s.create());
    t.answer("stop", s.stop());
    s.destroy();
}

void start_failure(Context &t) {
    for (const char *service : {RIG_SERVICE_CONFIG, RIG_SERVICE_METRICS, RIG_SERVICE_STORE, RIG_SERVICE_EVENTS,
                                RIG_SERVICE_HTTP, RIG_SERVICE_TIMERS}) {
        FakeHost host;
        Session s(t, host);
        t.must("create", s.create());
        host.fail(service, {RIG_E_UNAVAILABLE, "Injected", "the test makes this service fail", 0});
        t.answer("start", s.start());
        s.destroy(); // a failed start() may be followed by destroy() at once
    }
}

void exercised(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run().exercise();
    t.must("stop", s.stop());
    s.destroy();
}

void two_instances(Context &t) {
    if (t.component->flags & RIG_COMPONENT_SINGLETON) skip("the component is a SINGLETON");
    FakeHost host_a, host_b;
    Session a(t, host_a), b(t, host_b);
    a.run();
    b.run();
    t.must("stop", a.stop());
    a.destroy();
    b.exercise();
    t.must("stop", b.stop());
    b.destroy();
}

void threads_end(Context &t) {
    t.plugin();
    const size_t before = count_threads();
    FakeHost host;
    Session s(t, host);
    s.run().exercise();
    t.must("stop", s.stop());
    s.destroy();
    for (int i = 0; i < 400 && count_threads() > before; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5)); // a joined thread leaves /proc late
    const size_t after = count_threads();
    expect(after <= before,
           std::to_string(after - before) + " thread(s) still run after stop() and destroy(); stop() must join them");
}

void registrations_end(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    t.must("stop", s.stop());
    host.drop_posts();
    if (host.subscriptions() > 0) t.warn("a subscription is still there after stop()");
    if (host.pending() > 0) t.warn("a timer or HTTP operation is still there after stop()");
    s.destroy();
    host.advance(3'600'000'000'000); // whatever it left behind must not touch the freed instance
}

void cycle(Context &t, FakeHost &host) {
    Session s(t, host);
    s.run();
    t.must("stop", s.stop());
    s.destroy();
}

void no_growth(Context &t) {
    constexpr int kWarm = 20, kCycles = 200;
    const auto cycles = [&](int n) {
        for (int i = 0; i < n; ++i) {
            FakeHost host;
            cycle(t, host);
        }
    };
    cycles(kWarm);
    const size_t memory = allocated_bytes(), files = count_files(), threads = count_threads();
    cycles(kCycles);
    const size_t more_files = count_files() - files, more_threads = count_threads() - threads;
    expect(count_files() <= files, std::to_string(more_files) + " files stay open after " + std::to_string(kCycles) +
                                       " cycles of create, start, stop, destroy");
    expect(count_threads() <= threads,
           std::to_string(more_threads) + " threads stay after " + std::to_string(kCycles) + " cycles");
    const auto growth = [](size_t before) {
        const size_t now = allocated_bytes();
        return now > before ? (now - before) / kCycles : 0;
    };
    size_t grown = growth(memory);
    // A leak grows with every round; what the allocator or a library sets aside once does not.
    for (int more = 0; more < 2 && grown >= 512; ++more) {
        const size_t before = allocated_bytes();
        cycles(kCycles);
        grown = growth(before);
    }
    expect(grown < 512,
           std::to_string(grown) + " bytes of memory stay allocated per cycle of create, start, stop, destroy");
}

/// What belongs to the whole process. The host puts some of it back, and cannot look at the environment: here no other
/// thread is writing it.
std::map<std::string, std::string> surroundings() {
    std::map<std::string, std::string> all;
    for (char **variable = ::environ; variable && *variable; ++variable) {
        const std::string_view text = *variable;
        const size_t end = text.find('=');
        all.emplace("the environment variable " + std::string(text.substr(0, end)), text.substr(end));
    }
    for (int signal = 1; signal < 32; ++signal) {
        struct sigaction now {};
        if (::sigaction(signal, nullptr, &now) != 0) continue;
        const char *name = ::sigabbrev_np(signal);
        all.emplace("the handler of SIG" + std::string(name ? name : std::to_string(signal)),
                    std::to_string(reinterpret_cast<uintptr_t>(now.sa_handler)));
    }
    const mode_t mask = ::umask(077);
    ::umask(mask);
    all.emplace("the file mode mask", std::to_string(mask));
    if (char *directory = ::getcwd(nullptr, 0)) {
        all.emplace("the working directory", directory);
        std::free(directory);
    }
    return all;
}

void surroundings_stay(Context &t) {
    FakeHost host;
    const auto before = surroundings();
    {
        Session s(t, host);
        s.run();
        t.must("stop", s.stop());
        s.destroy();
    }
    auto now = surroundings();
    for (const auto &[what, value] : before) {
        expect(now.count(what) != 0 && now[what] == value, "it changed " + what);
        now.erase(what);
    }
    expect(now.empty(), now.empty() ? std::string() : "it added " + now.begin()->first);
}
} // namespace

void add_life_cycle_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"life-cycle", name, what, "*", gate, run});
    };
    add("runs", "create, start, stop and destroy work", runs, true);
    add("exercised", "its main functions work between start() and stop()", exercised, true);
    add("without-start", "an instance that was never started can be destroyed", without_start);
    add("checked",
        "an instance that was never started says what is wrong with its settings, with no service but log and clock",
        checked);
    add("stop-twice", "stop() is idempotent", stop_twice);
    add("stop-without-start", "stop() before start() does no harm", stop_without_start);
    add("start-failure", "start() answers an error when a service fails, and destroy() may follow", start_failure);
    add("two-instances", "two instances live side by side and end apart", two_instances);
    add("threads-end", "no thread runs after stop()", threads_end);
    add("registrations-end", "timers and subscriptions end with stop(), and nothing touches a destroyed instance",
        registrations_end);
    add("surroundings", "leaves the environment, signal handlers, file mode mask and working directory as they are",
        surroundings_stay);
    add("no-growth", "200 cycles leave no memory, file or thread behind", no_growth);
}

} // namespace check
