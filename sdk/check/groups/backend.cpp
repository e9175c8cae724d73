// Group "backend": rig.cluster-backend/1 handles Kubernetes-shaped objects without harming what is not ours.
#include "../session.hpp"
#include "documents.hpp"
#include "groups.hpp"

#include <chrono>

namespace check {
namespace {

using rig::testing::Delivery;
using rig::testing::ObjectRecorder;
using rig::testing::TextSink;

constexpr const char *kName = "rigger-plugin-check-7f3a";

const rig_cluster_backend &backend_of(Session &s) {
    return s.table<rig_cluster_backend>(RIG_KIND_CLUSTER_BACKEND, CHECK_END(rig_cluster_backend, logs));
}

Outcome probe(Session &s, TextSink &out) {
    const auto &table = backend_of(s);
    return s.ask("probe", [&](const rig_call *c, rig_error *e) { return table.probe(s.instance, c, out.raw(), e); });
}
Outcome list(Session &s, const json &query, ObjectRecorder &into) {
    const std::string text = query.dump();
    const auto &table = backend_of(s);
    return s.ask("list", [&](const rig_call *c, rig_error *e) {
        return table.list(s.instance, c, rig::doc(text), into.raw(), e);
    });
}
Outcome get(Session &s, const json &ref, TextSink &out) {
    const std::string text = ref.dump();
    const auto &table = backend_of(s);
    return s.ask(
        "get", [&](const rig_call *c, rig_error *e) { return table.get(s.instance, c, rig::doc(text), out.raw(), e); });
}
Outcome apply(Session &s, const std::string &cluster, const json &object, uint32_t flags) {
    const std::string text = object.dump();
    TextSink out(s.manner.sink_room);
    const auto &table = backend_of(s);
    return s.ask("apply", [&](const rig_call *c, rig_error *e) {
        return table.apply(s.instance, c, rig::view(cluster), rig::doc(text), flags, out.raw(), e);
    });
}
Outcome remove(Session &s, const json &ref) {
    const std::string text = ref.dump();
    const auto &table = backend_of(s);
    return s.ask("remove",
                 [&](const rig_call *c, rig_error *e) { return table.remove(s.instance, c, rig::doc(text), e); });
}
Outcome watch(Session &s, const json &query, ObjectRecorder &into, unsigned patience_ms, bool until_complete = true) {
    const std::string text = query.dump();
    const auto &table = backend_of(s);
    if (until_complete)
        into.after([&](const Delivery &d) {
            if (d.what == Delivery::mark && d.number == RIG_MARK_COMPLETE) s.set_cancelled(true);
        });
    s.set_cancelled(false);
    const rig_call *const call = s.raw_call();
    const Ticker ticker(s, patience_ms);
    return s.ask("watch", [&](const rig_call *, rig_error *e) {
        return table.watch(s.instance, call, rig::doc(text), rig::doc(""), into.raw(), e);
    });
}

const json kQuery = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"namespace", "default"}};
json config_map(const std::string &value, bool ours = true) {
    json labels = json::object();
    if (ours) labels = {{"app.kubernetes.io/managed-by", "rigger"}};
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", kName}, {"namespace", "default"}, {"labels", labels}}},
            {"data", {{"value", value}}}};
}
json ref_to(const std::string &cluster, const std::string &name = kName) {
    return {
        {"cluster", cluster}, {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"namespace", "default"}, {"name", name}};
}

struct BackendFixture {
    FakeHost host;
    Session s;
    std::string cluster;
    explicit BackendFixture(Context &t) : s(t, host) { s.run(); }
    /// The first ready cluster; the test is skipped if there is none.
    BackendFixture &ready() {
        TextSink out;
        s.t.must("probe", probe(s, out));
        const json facts = object_from("probe", out.text());
        expect(facts.value("clusters", json()).is_array(), R"(probe() wrote no {"clusters":[...]})");
        for (const json &c : facts["clusters"])
            if (c.value("state", "") == "ready" && cluster.empty()) cluster = c.value("name", "");
        if (cluster.empty()) skip("no cluster is ready; give a --config with one");
        return *this;
    }
};

void backend_functions(Context &t) {
    BackendFixture f(t);
    const auto &b = backend_of(f.s);
    expect(b.probe && b.list && b.get && b.apply && b.remove && b.watch && b.logs, "a function of the table is NULL");
}

void probes(Context &t) {
    using namespace std::chrono;
    BackendFixture f(t);
    TextSink out;
    const auto began = steady_clock::now();
    t.must("probe", probe(f.s, out));
    const auto ms = duration_cast<milliseconds>(steady_clock::now() - began).count();
    expect(ms < 1000, "probe() took " + std::to_string(ms) + " ms; 1 s is the limit");
    for (const json &c : object_from("probe", out.text()).value("clusters", json::array())) {
        const std::string state = c.value("state", "");
        expect(!c.value("name", "").empty(), "a cluster has no name");
        expect(state == "ready" || state == "unreachable" || state == "starting",
               "a cluster's state is '" + state + "'");
    }
}

void backend_listing(Context &t) {
    BackendFixture f(t);
    f.ready();
    ObjectRecorder into;
    t.must("list", list(f.s, kQuery, into));
    expect(into.marked(f.cluster, RIG_MARK_COMPLETE) || into.marked(f.cluster, RIG_MARK_LOST),
           "list() gave no mark for the cluster " + f.cluster + ": nobody can tell a full listing from a cut one");
    for (const Delivery &d : into.all(Delivery::put))
        expect(object_from("list", d.document).value("kind", "") == "ConfigMap", "list() gave objects of another kind");
}

void not_found(Context &t) {
    BackendFixture f(t);
    f.ready();
    TextSink out;
    const Outcome g = get(f.s, ref_to(f.cluster, "no-such-7f3a"), out),
                  r = remove(f.s, ref_to(f.cluster, "no-such-7f3a"));
    expect(g.code == RIG_E_NOT_FOUND, "get() of nothing answered " + g.text() + "; NotFound is the definite answer");
    expect(r.code == RIG_E_NOT_FOUND, "remove() of nothing answered " + r.text());
}

void dry_run(Context &t) {
    BackendFixture f(t);
    f.ready();
    t.must("apply", apply(f.s, f.cluster, config_map("dry"), RIG_APPLY_DRY_RUN));
    TextSink out;
    expect(get(f.s, ref_to(f.cluster), out).code == RIG_E_NOT_FOUND, "apply() with DRY_RUN left an object behind");
}

void backend_round_trip(Context &t) {
    BackendFixture f(t);
    f.ready();
    t.must("apply", apply(f.s, f.cluster, config_map("one"), RIG_APPLY_CREATE_ONLY));
    TextSink first, second;
    t.must("get", get(f.s, ref_to(f.cluster), first));
    const json stored = object_from("get", first.text());
    expect(!stored.value("metadata", json::object()).value("uid", "").empty() &&
               !stored["metadata"].value("resourceVersion", "").empty(),
           "a stored object has no uid or resourceVersion");
    const Outcome again = apply(f.s, f.cluster, config_map("two"), RIG_APPLY_CREATE_ONLY);
    expect(again.code == RIG_E_CONFLICT,
           "apply() with CREATE_ONLY over an existing object answered " + again.text() + "; it is a Conflict");
    t.must("apply", apply(f.s, f.cluster, config_map("two"), 0));
    t.must("get", get(f.s, ref_to(f.cluster), second));
    expect(object_from("get", second.text())["data"]["value"] == "two", "apply() did not change the object");
    t.must("remove", remove(f.s, ref_to(f.cluster)));
    TextSink gone;
    expect(get(f.s, ref_to(f.cluster), gone).code == RIG_E_NOT_FOUND, "the object is still there after remove()");
}

void watching(Context &t) {
    BackendFixture f(t);
    f.ready();
    ObjectRecorder into;
    t.answer("watch", watch(f.s, kQuery, into, 3000));
    expect(into.marked(f.cluster, RIG_MARK_COMPLETE) || into.marked(f.cluster, RIG_MARK_LOST),
           "watch() gave no mark for the cluster " + f.cluster + " within 3 s");
}

void backend_cancel(Context &t) {
    using namespace std::chrono;
    BackendFixture f(t);
    f.ready();
    ObjectRecorder into;
    const auto began = steady_clock::now();
    t.answer("watch", watch(f.s, kQuery, into, 300, false));
    const auto ms = duration_cast<milliseconds>(steady_clock::now() - began).count();
    expect(ms < 2300,
           "watch() needed " + std::to_string(ms - 300) + " ms to notice that it was cancelled; 2 s is the limit");
}

void diagnosis(Context &t) {
    BackendFixture f(t);
    f.ready();
    const auto &table = backend_of(f.s);
    if (!RIG_HAS(&table, diagnose)) skip("this backend has no diagnose()");
    const std::string request = json{{"cluster", f.cluster}}.dump();
    TextSink out;
    const Outcome told = f.s.ask("diagnose", [&](const rig_call *c, rig_error *e) {
        return table.diagnose(f.s.instance, c, rig::doc(request), out.raw(), e);
    });
    if (told.code == RIG_E_UNSUPPORTED) skip("this backend does not support diagnose()");
    t.must("diagnose", told);
    const json facts = object_from("diagnose", out.text());
    expect(facts.value("clusters", json()).is_array() && facts["clusters"].size() == 1 &&
               facts["clusters"][0].value("name", "") == f.cluster,
           "diagnose() of one cluster did not answer about that cluster");
    for (const json &check : facts["clusters"][0].value("checks", json::array())) {
        const std::string name = check.value("check", "");
        expect(!name.empty(), "a check has no name");
        expect(check.contains("ok") && (check["ok"].is_boolean() || check["ok"].is_null()),
               "check '" + name + "': ok is neither true, false nor null");
        expect(check.value("detail", json()).is_string() && check.value("remedy", json()).is_string(),
               "check '" + name + "' lacks detail or remedy");
        expect(check["ok"] != false || !check.value("remedy", "").empty(),
               "check '" + name + "' failed and says no remedy");
    }
}

void backend_odd_documents(Context &t) {
    BackendFixture f(t);
    for (const json &odd : {json(), json::array(), json("text"), json::object(), json{{"kind", 7}},
                            json{{"apiVersion", "v1"}, {"kind", "NoSuchKind"}, {"name", ""}, {"cluster", "no-such"}}}) {
        ObjectRecorder into;
        TextSink out;
        const Outcome l = list(f.s, odd, into), g = get(f.s, odd, out), a = apply(f.s, "no-such-cluster", odd, 0),
                      r = remove(f.s, odd);
        expect(g.code != RIG_OK && a.code != RIG_OK && r.code != RIG_OK,
               "get(), apply() or remove() accepted the document " + odd.dump());
        (void)l;
    }
}

} // namespace

void exercise_backend(Session &s) {
    TextSink facts(s.manner.sink_room), out(s.manner.sink_room);
    (void)probe(s, facts);
    ObjectRecorder listed, watched;
    (void)list(s, kQuery, listed);
    (void)get(s, ref_to("no-such-cluster", "no-such-7f3a"), out);
    (void)apply(s, "no-such-cluster", config_map("x"), RIG_APPLY_DRY_RUN);
    (void)remove(s, ref_to("no-such-cluster", "no-such-7f3a"));
    (void)watch(s, kQuery, watched, 50);
    expect(!facts.written_after_refusal(), "probe() went on writing after its sink refused");
}

void add_backend_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"backend", name, what, RIG_KIND_CLUSTER_BACKEND, gate, run});
    };
    add("functions", "has every function", backend_functions, true);
    add("probe", "probe() describes the clusters in less than a second", probes);
    add("listing", "list() ends with a mark for each cluster", backend_listing);
    add("not-found", "get() and remove() of nothing answer NotFound", not_found);
    add("dry-run", "apply() with DRY_RUN changes nothing", dry_run);
    add("round-trip", "apply, get, apply, remove: the object comes, changes and goes", backend_round_trip);
    add("watch", "watch() lists first and marks the listing complete", watching);
    add("cancel", "watch() ends within 2 s of being cancelled", backend_cancel);
    add("diagnose", "diagnose() says what is wrong and what to do", diagnosis);
    add("odd-documents", "documents that make no sense are refused", backend_odd_documents);
}

} // namespace check
