// Group "state": rig.state/1, the blob that a hot reload hands from the old instance to the new one.
#include "../session.hpp"
#include "groups.hpp"

namespace check {
namespace {

using rig::testing::TextSink;

const rig_state *state_of(Session &s) {
    set_call("query");
    const auto *p = static_cast<const rig_state *>(s.instance->ops->query(s.instance, RIG_EXT_STATE));
    set_call("");
    if (!p) skip("it does not offer " RIG_EXT_STATE);
    expect(p->struct_size >= CHECK_END(rig_state, load) && p->save && p->load,
           "the table of rig.state/1 is too short or lacks a function");
    return p;
}

std::string save(Session &s, const rig_state *table) {
    TextSink out;
    s.t.must("save",
             s.call("save", [&](const rig_call *, rig_error *e) { return table->save(s.instance, out.raw(), e); }));
    return out.text();
}

Outcome load(Session &s, const rig_state *table, uint64_t schema, const std::string &blob) {
    return s.call("load",
                  [&](const rig_call *, rig_error *e) { return table->load(s.instance, schema, rig::doc(blob), e); });
}

struct Fixture {
    FakeHost host;
    Session s;
    const rig_state *table = nullptr;
    std::string saved;
    explicit Fixture(Context &t) : s(t, host) {
        s.run();
        table = state_of(s);
        s.exercise();
        saved = save(s, table);
    }
};

void round_trip(Context &t) {
    Fixture old(t);
    FakeHost host;
    Session fresh(t, host);
    t.must("create", fresh.create());
    t.must("load", load(fresh, old.table, old.table->schema, old.saved));
    expect(save(fresh, old.table) == old.saved, "save, load, save: the second blob differs from the first");
    t.must("start", fresh.start());
    fresh.exercise();
}

void rubbish(Context &t) {
    Fixture f(t);
    for (size_t cut = 0; cut < f.saved.size(); cut += 1 + f.saved.size() / 40)
        t.answer("load", load(f.s, f.table, f.table->schema, f.saved.substr(0, cut)));
    for (int i = 0; i < 200; ++i) {
        std::string blob = f.saved.empty() ? std::string(64, 'x') : f.saved;
        for (size_t n = 0; n <= blob.size() / 20; ++n) blob[t.random() % blob.size()] = static_cast<char>(t.random());
        t.answer("load", load(f.s, f.table, f.table->schema, blob));
    }
}

void unknown_schema(Context &t) {
    Fixture f(t);
    const Outcome o = load(f.s, f.table, f.table->schema + 1000, f.saved);
    expect(o.code == RIG_E_UNSUPPORTED,
           "load() of a schema from the future answered " + o.text() + "; Unsupported makes the host start cold");
}

} // namespace

void add_state_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &)) {
        tests.push_back({"state", name, what, "*", false, run});
    };
    add("round-trip", "save, load, save gives the same bytes", round_trip);
    add("rubbish", "cut and random blobs are refused without a crash", rubbish);
    add("unknown-schema", "a schema from the future is Unsupported", unknown_schema);
}

} // namespace check
