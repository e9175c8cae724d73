// Group "reconciler": rig.reconciler/1 decides from its documents alone, and says why.
#include "../session.hpp"
#include "documents.hpp"
#include "groups.hpp"

#include <set>

namespace check {
namespace {

using rig::testing::ActionRecorder;
using rig::testing::ProposedAction;

const rig_reconciler &reconciler_of(Session &s) {
    return s.table<rig_reconciler>(RIG_KIND_RECONCILER, CHECK_END(rig_reconciler, reconcile));
}

const std::set<std::string> kSubjects = {"deployment", "source", "cluster"};

std::vector<std::string> watched(Session &s) {
    std::vector<std::string> out;
    for (auto *w = reconciler_of(s).watches; w && *w; ++w)
        if (kSubjects.count(*w)) out.push_back(*w);
    return out;
}

Outcome reconcile(Session &s, const Scene &scene, ActionRecorder &into) {
    const auto &table = reconciler_of(s);
    const std::string desired = scene.desired.dump(), observed = scene.observed.dump();
    struct {
        rig_reconcile_result result;
        uint64_t guard[8];
    } out{{sizeof(rig_reconcile_result), 0, 0}, {}};
    std::fill(std::begin(out.guard), std::end(out.guard), 0xA5A5A5A5A5A5A5A5u);
    const Outcome o = s.call("reconcile", [&](const rig_call *c, rig_error *e) {
        return table.reconcile(s.instance, c, rig::view(scene.key), rig::doc(desired), rig::doc(observed), into.raw(),
                               &out.result, e);
    });
    for (const uint64_t g : out.guard)
        expect(g == 0xA5A5A5A5A5A5A5A5u, "reconcile() wrote behind the end of its result");
    return o;
}

std::vector<ProposedAction> decide(Session &s, const Scene &scene) {
    ActionRecorder into;
    s.t.must("reconcile", reconcile(s, scene, into));
    return into.actions();
}

struct ReconcilerFixture {
    FakeHost host;
    Session s;
    explicit ReconcilerFixture(Context &t) : s(t, host) { s.run(); }
};

void watches(Context &t) {
    ReconcilerFixture f(t);
    const auto &table = reconciler_of(f.s);
    expect(table.reconcile != nullptr, "reconcile is NULL");
    expect(table.watches && table.watches[0], "watches is empty: it would never be asked");
    for (size_t i = 0; table.watches[i]; ++i) {
        expect(i < 16, "watches has more than 16 entries; is it ended by a NULL?");
        expect(kSubjects.count(table.watches[i]) != 0, std::string("it watches the unknown subject ") +
                                                           table.watches[i] + "; known: deployment, source, cluster");
    }
}

void settled(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        const auto actions = decide(f.s, settled_scene(subject));
        expect(actions.empty(), "nothing is wrong with the " + subject + ", but it proposed " +
                                    (actions.empty() ? "" : actions[0].document));
    }
}

void well_formed(Context &t) {
    ReconcilerFixture f(t);
    static const std::set<std::string> verbs = {"terminate", "remove-object", "release-instance", "delete-offer"},
                                       evidence = {"definite", "absence", "policy"};
    for (const std::string &subject : watched(f.s)) {
        std::set<std::string> ids;
        for (const ProposedAction &a : decide(f.s, troubled_scene(subject))) {
            const json doc = object_from("act", a.document);
            expect(!a.id.empty(), "an action has no id");
            expect(ids.insert(a.id).second, "two actions have the id " + a.id);
            expect(verbs.count(doc.value("verb", "")) != 0,
                   "an action has the unknown verb '" + doc.value("verb", "") + "'");
            expect(doc.value("target", json()).is_object() && !doc["target"].empty(), "an action has no target");
            expect(!doc.value("cause", "").empty(), "an action has no cause (a CamelCase token)");
            expect(doc.value("reason", "").size() >= 8, "an action has no reason that a person could read");
            expect(evidence.count(doc.value("evidence", "")) != 0,
                   "an action's evidence is '" + doc.value("evidence", "") + "'; it is definite, absence or policy");
            if (doc["evidence"] == "absence")
                expect(doc.value("views", json()).is_array() && !doc["views"].empty(),
                       "an action from absence names no views");
        }
    }
}

void repeatable(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        const auto first = decide(f.s, troubled_scene(subject));
        (void)decide(f.s, settled_scene(subject));
        f.host.advance(3'600'000'000'000);
        f.host.set_wall_ns(0);
        expect(decide(f.s, troubled_scene(subject)) == first,
               "the same documents gave other actions: it decides by something that is not in them");
    }
}

void stable_ids(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        const auto first = decide(f.s, troubled_scene(subject));
        Scene later = troubled_scene(subject);
        later.desired["now"] = "2026-01-01T12:05:00Z";
        std::set<std::string> ids;
        for (const auto &a : decide(f.s, later)) ids.insert(a.id);
        for (const auto &a : first)
            expect(ids.count(a.id) != 0, "five minutes later the same action has another id than " + a.id);
    }
}

void blind(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        for (const ProposedAction &a : decide(f.s, blind_scene(subject))) {
            const json doc = object_from("act", a.document);
            expect(doc.value("evidence", "") != "definite",
                   "it sees nothing, for no view is complete, and yet it calls its evidence definite: " + a.document);
        }
    }
}

void odd_documents(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        Scene more = troubled_scene(subject);
        more.desired["x-unknown"] = {{"a", 1}};
        more.observed["x-unknown"] = json::array({1, 2});
        expect(decide(f.s, more) == decide(f.s, troubled_scene(subject)),
               "a field it does not know changes its decision");
        Scene less = troubled_scene(subject);
        less.observed = json::object();
        ActionRecorder into;
        t.answer("reconcile", reconcile(f.s, less, into));
        for (const char *text : {"", "null", "[]", "{", "17"}) {
            ActionRecorder none;
            const std::string key = "k";
            const auto &table = reconciler_of(f.s);
            const Outcome o = f.s.call("reconcile", [&](const rig_call *c, rig_error *e) {
                rig_reconcile_result result{sizeof result, 0, 0};
                return table.reconcile(f.s.instance, c, rig::view(key), rig::doc(text), rig::doc(text), none.raw(),
                                       &result, e);
            });
            t.answer("reconcile", o);
            expect(none.actions().empty(), std::string("it proposed an action from the document '") + text + "'");
        }
    }
}

void refused_action(Context &t) {
    ReconcilerFixture f(t);
    for (const std::string &subject : watched(f.s)) {
        if (decide(f.s, troubled_scene(subject)).empty()) continue;
        ActionRecorder into;
        into.refuse(RIG_E_UNAVAILABLE);
        const Outcome o = reconcile(f.s, troubled_scene(subject), into);
        t.answer("reconcile", o);
        expect(o.code != RIG_OK, "reconcile() answered Ok although its action was refused");
    }
}

} // namespace

void exercise_reconciler(Session &s) {
    for (const std::string &subject : watched(s)) {
        for (const Scene &scene : {settled_scene(subject), troubled_scene(subject)}) {
            ActionRecorder into;
            const Outcome o = reconcile(s, scene, into);
            if (!s.manner.null_error) s.t.answer("reconcile", o);
        }
    }
}

void add_reconciler_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"reconciler", name, what, RIG_KIND_RECONCILER, gate, run});
    };
    add("watches", "watches known subjects", watches, true);
    add("settled", "proposes nothing when desired and observed agree", settled);
    add("actions", "proposes complete actions: verb, target, cause, reason, evidence", well_formed);
    add("repeatable", "proposes the same actions for the same documents, whatever the clock says", repeatable);
    add("stable-ids", "gives an action the same id in every pass", stable_ids);
    add("blind", "calls nothing definite when no view is complete", blind);
    add("odd-documents", "ignores unknown fields and acts on no broken document", odd_documents);
    add("refused-action", "stops when an action is refused", refused_action);
}

} // namespace check
