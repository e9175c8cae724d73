// Group "compatibility": older and newer hosts, services that are not there, identifiers that are not known.
#include "../session.hpp"
#include "groups.hpp"

#include <set>

namespace check {
namespace {

std::set<std::string> required_services(const rig_component &c) {
    std::set<std::string> out;
    for (auto *n = c.needs; n && *n; ++n)
        if (std::string id = *n; !id.empty() && id.back() != '?') out.insert(id);
    return out;
}

void whole_life(Context &t, Age age, bool future) {
    FakeHost host(age);
    Manner manner;
    manner.future = future;
    Session s(t, host, manner);
    s.run().exercise();
    t.must("stop", s.stop());
    s.destroy();
}

void oldest_host(Context &t) {
    if (t.plugin().abi_min > 0) skip("it needs ABI 1." + std::to_string(t.plugin().abi_min));
    whole_life(t, Age::oldest, false);
}
void future_host(Context &t) { whole_life(t, Age::future, true); }

void withhold(Context &t, const std::set<std::string> &services) {
    FakeHost host;
    for (const std::string &id : services) host.withhold(id);
    Session s(t, host);
    const Outcome made = s.create();
    t.answer("create", made);
    if (made.code != RIG_OK) return;
    const Outcome started = s.start();
    t.answer("start", started);
    if (started.code == RIG_OK) s.exercise();
    t.answer("stop", s.stop());
    s.destroy();
}

const std::set<std::string> kAll = {RIG_SERVICE_LOG,   RIG_SERVICE_CONFIG, RIG_SERVICE_METRICS,
                                    RIG_SERVICE_STORE, RIG_SERVICE_EVENTS, RIG_SERVICE_HTTP,
                                    RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_CONTROL};

void optional_services(Context &t) {
    const auto required = required_services(*t.component);
    std::set<std::string> optional;
    for (const std::string &id : kAll)
        if (!required.count(id)) optional.insert(id);
    for (const std::string &id : optional) withhold(t, {id});
    withhold(t, optional);
}

void no_services(Context &t) { withhold(t, kAll); }

void unknown_interface(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    const auto query = [&](const char *id) {
        set_call("query");
        const void *p = s.instance->ops->query(s.instance, id);
        set_call("");
        return p;
    };
    expect(!query("com.example.unheard-of/1"),
           "query() answered an unknown interface id; answer NULL for every id you do not know");
    expect(!query(""), "query(\"\") answered a table");
    const std::string next = std::string(t.component->kind).substr(0, std::string(t.component->kind).find('/')) + "/99";
    expect(!query(next.c_str()), "query(\"" + next + "\") answered a table: compare whole ids, revision included");
    expect(query(t.component->kind) == query(t.component->kind), "query() gave two answers to one question");
}

} // namespace

void add_compatibility_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &)) {
        tests.push_back({"compatibility", name, what, "*", false, run});
    };
    add("oldest-host", "runs on a host of ABI 1.0, whose tables end early", oldest_host);
    add("future-host", "runs on a host of a later minor, whose structures are longer", future_host);
    add("optional-services", "each service it does not require may be missing, and all of them", optional_services);
    add("no-services", "without any service it fails with an error, or works", no_services);
    add("unknown-interface", "query() answers NULL to ids it does not know, and the same every time",
        unknown_interface);
}

} // namespace check
