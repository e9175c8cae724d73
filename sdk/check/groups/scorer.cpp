// Group "scorer": what rig.placement-scorer/1 promises about its scores.
#include "groups.hpp"
#include "scorer_fleet.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <thread>
#include <tuple>

namespace check {
namespace {

using rig::testing::ScoreTable;
using rig::testing::TextSink;

#if defined(RIGGER_SANITIZED)
constexpr double kSlack = 20; // a sanitizer's price
#else
constexpr double kSlack = 1;
#endif

/// What its writer did not compile is zero, as the host reads it.
rig_placement_scorer scorer_of(Session &s) {
    const auto &table =
        s.table<rig_placement_scorer>(RIG_KIND_PLACEMENT_SCORER, CHECK_END(rig_placement_scorer, explain));
    rig_placement_scorer whole{};
    std::memcpy(&whole, &table, std::min<uint64_t>(table.struct_size, sizeof whole));
    return whole;
}

/// Runs score() on the table; the guards must stand afterwards.
Outcome score(Session &s, ScoreTable &t) {
    rig::testing::detail::Long<rig_score_batch> batch;
    batch.table = t.batch();
    batch.finish(s.manner.future ? Age::future : Age::current, sizeof(rig_score_batch));
    const auto &table = scorer_of(s);
    const Outcome o =
        s.call("score", [&](const rig_call *c, rig_error *e) { return table.score(s.instance, c, &batch.table, e); });
    expect(t.guards_intact(),
           "score() wrote behind the end of a row: cells from candidates.rows to score_stride are not the scorer's");
    expect(t.columns_intact(), "score() wrote into an input column");
    return o;
}

ScoreTable scored(Session &s, const Fleet &fleet) {
    ScoreTable t = fleet.table(scorer_of(s));
    s.t.must("score", score(s, t));
    return t;
}

bool same(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    return a == b || std::fabs(a - b) <= 1e-12 * std::max(std::fabs(a), std::fabs(b));
}

std::string text(double v) {
    std::ostringstream out;
    out.precision(17);
    out << v;
    return out.str();
}

std::string pair(size_t w, size_t c) { return "workload " + std::to_string(w) + ", candidate " + std::to_string(c); }

void expect_same(double a, double b, size_t w, size_t c, const std::string &what) {
    expect(same(a, b), what + ": " + pair(w, c) + " scored " + text(a) + " and " + text(b));
}

struct ScorerFixture {
    FakeHost host;
    Session s;
    Fleet fleet;
    explicit ScorerFixture(Context &t, size_t workloads = 12, size_t candidates = 60)
        : s(t, host), fleet(t.random, workloads, candidates) {
        s.run();
    }
    ScoreTable scored() { return check::scored(s, fleet); }
};

bool known_column(const std::vector<Fleet::Column> &known, const rig_column_spec &spec, const char *side) {
    for (const auto &k : known) {
        if (std::strcmp(k.name, spec.name) != 0) continue;
        expect(k.type == spec.type,
               std::string(side) + " column " + spec.name + " has another type than the SDK documents");
        return true;
    }
    return false;
}

void columns(Context &t) {
    ScorerFixture f(t, 1, 1);
    const auto &s = scorer_of(f.s);
    expect(s.candidate_columns && s.workload_columns,
           "candidate_columns or workload_columns is NULL; an empty list is one entry with a NULL name");
    expect(s.score != nullptr, "score is NULL");
    for (const auto &[specs, known, side] : {std::tuple(s.candidate_columns, f.fleet.candidates, "candidate"),
                                             {s.workload_columns, f.fleet.workloads, "workload"}}) {
        for (size_t i = 0; specs[i].name; ++i) {
            expect(i < 256, std::string(side) + "_columns has more than 256 entries; is it ended by {NULL, 0, 0}?");
            if (known_column(known, specs[i], side)) continue;
            expect(specs[i].optional != 0, std::string("it requires the unknown ") + side + " column " + specs[i].name +
                                               "; see docs/plugins/columns.md");
            t.warn(std::string("it asks for the unknown ") + side + " column " + specs[i].name);
        }
    }
    expect(s.role == RIG_ROLE_PREFERENCE || s.role == RIG_ROLE_VALUE,
           "role is " + std::to_string(s.role) + "; 0 is preference, 1 is value");
    if (s.role == RIG_ROLE_VALUE) return expect(s.unit && *s.unit, "a value scorer names the unit of its scores");
    expect(std::isfinite(s.score_min) && std::isfinite(s.score_max) && s.score_min < s.score_max,
           "the range of scores is [" + text(s.score_min) + ", " + text(s.score_max) +
               "]; give a finite one with min < max");
}

void speaks(Context &t) {
    ScorerFixture f(t);
    const ScoreTable scores = f.scored();
    size_t possible = 0, spoken = 0;
    for (size_t w = 0; w < scores.workloads(); ++w)
        for (size_t c = 0; c < scores.candidates(); ++c)
            if (f.fleet.fits(w, c)) ++possible, spoken += std::isfinite(scores.at(w, c));
    expect(spoken > 0, "all of " + std::to_string(possible) +
                           " possible pairs got NaN or an infinite score: it never has an opinion");
    if (spoken < possible / 20)
        t.warn("it has an opinion on only " + std::to_string(spoken) + " of " + std::to_string(possible) +
               " possible pairs");
}

void range(Context &t) {
    ScorerFixture f(t, 20, 200);
    const auto &table = scorer_of(f.s);
    const ScoreTable scores = f.scored();
    const double slack = 1e-9 * (table.score_max - table.score_min);
    for (size_t w = 0; w < scores.workloads(); ++w) {
        for (size_t c = 0; c < scores.candidates(); ++c) {
            const double v = scores.at(w, c);
            if (std::isnan(v)) continue;
            expect(v < std::numeric_limits<double>::infinity(),
                   pair(w, c) + " scored +infinity; scores are finite, NaN (no opinion) or -infinity (veto)");
            if (std::isinf(v)) {
                if (f.fleet.fits(w, c) && t.package.manifest.present && !t.package.manifest.veto)
                    t.warn("it vetoes a pair that fits, and the manifest does not ask for veto: the host will ignore "
                           "that");
                continue;
            }
            if (table.role == RIG_ROLE_VALUE || !f.fleet.fits(w, c))
                continue; // the host never asks about what does not fit
            expect(v >= table.score_min - slack && v <= table.score_max + slack,
                   pair(w, c) + " scored " + text(v) + ", outside of its declared range [" + text(table.score_min) +
                       ", " + text(table.score_max) + "]");
        }
    }
}

void rows_stay(Context &t) { // the guards are checked by every score(); here at sizes that end within a vector register
    ScorerFixture f(t, 1, 1);
    for (size_t candidates : {0u, 1u, 2u, 3u, 5u, 7u, 8u, 9u, 15u, 17u, 31u, 33u, 63u, 65u})
        for (size_t workloads : {0u, 1u, 3u}) (void)scored(f.s, Fleet(t.random, workloads, candidates));
}

void batch_size(Context &t) {
    ScorerFixture f(t);
    const ScoreTable whole = f.scored();
    for (size_t w = 0; w < whole.workloads(); ++w) {
        const Fleet one = f.fleet.only_workload(w);
        const ScoreTable row = scored(f.s, one);
        for (size_t c = 0; c < whole.candidates(); ++c)
            expect_same(whole.at(w, c), row.at(0, c), w, c, "a batch of all workloads and one of this workload differ");
        if (w >= 4) continue;
        for (uint32_t c = 0; c < whole.candidates(); ++c)
            expect_same(whole.at(w, c), scored(f.s, one.reordered({c})).at(0, 0), w, c,
                        "a batch of all candidates and one of this pair alone differ");
    }
}

void row_order(Context &t) {
    ScorerFixture f(t);
    const ScoreTable first = f.scored();
    std::vector<uint32_t> order(first.candidates());
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), t.random);
    const ScoreTable second = scored(f.s, f.fleet.reordered(order));
    for (size_t w = 0; w < first.workloads(); ++w)
        for (size_t i = 0; i < order.size(); ++i)
            expect_same(first.at(w, order[i]), second.at(w, i), w, order[i], "the order of candidates changes a score");
}

void select(Context &t) {
    ScorerFixture f(t);
    const ScoreTable all = f.scored();
    std::vector<uint32_t> rows;
    for (uint32_t c = 0; c < all.candidates(); ++c)
        if (t.random() % 3 == 0) rows.push_back(c);
    for (const auto &chosen : {rows, std::vector<uint32_t>{}}) {
        ScoreTable some = f.fleet.table(scorer_of(f.s));
        some.select(chosen);
        t.must("score", score(f.s, some));
        for (size_t w = 0; w < all.workloads(); ++w)
            for (const uint32_t c : chosen)
                expect_same(all.at(w, c), some.at(w, c), w, c, "selecting rows changes a selected row's score");
    }
}

void optional_columns(Context &t) {
    ScorerFixture f(t);
    const auto &table = scorer_of(f.s);
    size_t dropped = 0;
    ScoreTable scores = f.fleet.table(table);
    for (auto *c = table.candidate_columns; c->name; ++c)
        if (c->optional) scores.without_candidate(c->name), ++dropped;
    if (dropped == 0) skip("no candidate column is optional");
    t.must("score", score(f.s, scores));
}

void pure(Context &t) {
    if (!(t.component->flags & RIG_COMPONENT_PURE)) skip("the component is not flagged PURE");
    ScorerFixture f(t);
    const ScoreTable first = f.scored();
    (void)scored(f.s, Fleet(t.random, 7, 33)); // other inputs in between
    f.host.advance(7'200'000'000'000);
    const ScoreTable second = f.scored();
    for (size_t w = 0; w < first.workloads(); ++w)
        for (size_t c = 0; c < first.candidates(); ++c) {
            const double a = first.at(w, c), b = second.at(w, c);
            expect((std::isnan(a) && std::isnan(b)) || a == b,
                   "flagged PURE, but " + pair(w, c) + " scored " + text(a) + ", then " + text(b));
        }
}

void threads(Context &t) {
    const bool shared = (t.component->flags & RIG_COMPONENT_CONCURRENT) != 0;
    if (!shared && t.component->flags & RIG_COMPONENT_SINGLETON)
        skip("the component is a SINGLETON and not CONCURRENT");
    ScorerFixture f(t, 16, 400);
    const ScoreTable alone = f.scored();
    constexpr size_t kThreads = 4;
    std::vector<std::unique_ptr<Session>> own;
    std::vector<FakeHost> hosts(shared ? 0 : kThreads);
    for (FakeHost &h : hosts) own.push_back(std::make_unique<Session>(t, h)), own.back()->run();
    std::vector<std::string> wrong(kThreads);
    std::vector<std::thread> workers;
    const auto &table = scorer_of(f.s);
    const rig_call *const call = f.s.raw_call();
    set_call("score");
    for (size_t n = 0; n < kThreads; ++n)
        workers.emplace_back([&, n] {
            rig_instance *const instance = shared ? f.s.instance : own[n]->instance;
            for (int round = 0; round < 10 && wrong[n].empty(); ++round) {
                ScoreTable mine = f.fleet.table(table);
                rig_error e = rig::detail::fresh_error();
                if (table.score(instance, call, &mine.batch(), &e) != RIG_OK)
                    wrong[n] = std::string("score() failed on a thread: ") + e.message;
                for (size_t w = 0; w < alone.workloads() && wrong[n].empty(); ++w)
                    for (size_t c = 0; c < alone.candidates() && wrong[n].empty(); ++c)
                        if (!same(alone.at(w, c), mine.at(w, c)))
                            wrong[n] = "a score on a thread differs: " + pair(w, c);
            }
        });
    for (auto &w : workers) w.join();
    set_call("");
    for (const std::string &w : wrong) expect(w.empty(), w);
}

double now_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
/// CPU time of all threads: a budget is of work, and a busy machine must not spend it.
double cpu_ms() { return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC; }

/// The best of several runs; the first is cold. Stops at the first that is good enough.
double best_milliseconds(ScorerFixture &f, double good_enough, double (*clock)()) {
    constexpr int kRounds = 12;
    double best = 1e9;
    ScoreTable scores = f.fleet.table(scorer_of(f.s));
    for (int i = 0; i < kRounds && best > good_enough; ++i) {
        const double before = clock();
        f.s.t.must("score", score(f.s, scores));
        best = std::min(best, clock() - before);
    }
    return best;
}

std::string in_ms(double ms) { return std::to_string(static_cast<int64_t>(std::ceil(ms))) + " ms"; }

void deadline(Context &t) {
    ScorerFixture f(t, 10, 10);
    const double ms = best_milliseconds(f, 1 * kSlack, now_ms);
    expect(ms < 50 * kSlack, "100 pairs took " + in_ms(ms) + ": it waits for something, and every decision with it");
    if (ms > 1 * kSlack) t.warn("100 pairs took " + in_ms(ms) + "; 1 ms of processor time is allowed");
}

void budget(Context &t) {
    ScorerFixture f(t, 1, 100'000);
    const double limit = 5 * kSlack, hard = 50 * limit;
    const double waited = best_milliseconds(f, hard, now_ms);
    expect(waited < hard, "100,000 pairs took " + in_ms(waited) +
                              ": it answers after the hard deadline, 50 times the budget of 50 ns a pair");
    const double ms = best_milliseconds(f, limit, cpu_ms);
    expect(ms < 4 * limit, "100,000 pairs took " + in_ms(ms) + " of CPU; the budget is 50 ns a pair, 5 ms");
    if (ms > limit) t.warn("100,000 pairs took " + in_ms(ms) + " of CPU; the budget is 50 ns a pair, 5 ms");
}

void odd_values(Context &t) {
    ScorerFixture f(t);
    const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
    for (auto *side : {&f.fleet.candidates, &f.fleet.workloads})
        for (auto &column : *side)
            for (double &v : column.values)
                if (const auto dice = t.random() % 12; column.type == RIG_COL_F64 && dice < 6)
                    v = std::array{0.0, -1.0, 1e18, -0.0, nan, inf}[dice];
    const ScoreTable scores = f.scored();
    for (size_t w = 0; w < scores.workloads(); ++w)
        for (size_t c = 0; c < scores.candidates(); ++c)
            if (scores.at(w, c) == inf) return t.warn("on values that make no sense it scores +infinity; answer NaN");
}

void explain(Context &t) {
    ScorerFixture f(t, 6, 20);
    const auto &table = scorer_of(f.s);
    if (!table.explain) skip("it does not explain");
    ScoreTable scores = f.scored();
    for (size_t w = 0; w < scores.workloads(); ++w) {
        for (size_t c = 0; c < scores.candidates(); ++c) {
            TextSink out;
            const Outcome o = f.s.ask("explain", [&](const rig_call *k, rig_error *e) {
                return table.explain(f.s.instance, k, &scores.batch(), w, c, out.raw(), e);
            });
            if (o.code == RIG_E_UNSUPPORTED) skip("it does not explain");
            if (o.code != RIG_OK) continue;
            const auto doc = nlohmann::json::parse(out.text(), nullptr, false);
            expect(doc.is_object() && doc.value("terms", nlohmann::json()).is_array() &&
                       doc.value("text", nlohmann::json()).is_string(),
                   R"(explain() wrote no {"terms":[...],"text":"..."}: )" + out.text().substr(0, 120));
            bool named = false;
            for (const auto &term : doc["terms"]) {
                expect(term.is_object() && term.contains("name") && term.contains("value"),
                       "explain(): a term lacks name or value");
                if (term["name"] != "score") continue;
                named = true;
                const double said = term["value"].is_number() ? term["value"].get<double>() : std::nan(""),
                             is = scores.at(w, c);
                expect((!std::isfinite(said) && !std::isfinite(is)) ||
                           std::fabs(said - is) <= 1e-5 * std::max(1.0, std::fabs(is)),
                       "explain() says " + text(said) + ", score() " + text(is) + " (" + pair(w, c) + ")");
            }
            if (!named) t.warn("explain() has no term named score, so nobody can see that it agrees with score()");
        }
    }
}

void appraise(Context &t) {
    ScorerFixture f(t, 9, 1);
    const auto &table = scorer_of(f.s);
    if (table.role != RIG_ROLE_VALUE || !table.appraise) skip("it appraises nothing");
    constexpr size_t kSpare = 4;
    std::vector<double> values(f.fleet.workload_rows + kSpare, 12345.5);
    ScoreTable scores = f.fleet.table(table);
    const rig_table workloads = scores.batch().workloads;
    t.must("appraise", f.s.call("appraise", [&](const rig_call *c, rig_error *e) {
        return table.appraise(f.s.instance, c, &workloads, values.data(), e);
    }));
    for (size_t i = 0; i < kSpare; ++i)
        expect(values[f.fleet.workload_rows + i] == 12345.5, "appraise() wrote behind the end of its values");
    for (size_t w = 0; w < f.fleet.workload_rows; ++w)
        expect(!std::isinf(values[w]), "appraise() answered infinity for workload " + std::to_string(w));
}

} // namespace

void exercise_scorer(Session &s) {
    const Fleet fleet(s.t.random, 3, 9);
    const auto &table = scorer_of(s);
    ScoreTable scores = fleet.table(table);
    const Outcome o = score(s, scores);
    if (s.manner.null_error) return;
    s.t.answer("score", o);
    if (o.code == RIG_E_EXHAUSTED) fail("score() answered " + o.text());
    if (!table.explain) return;
    TextSink out(s.manner.sink_room);
    const Outcome e = s.ask("explain", [&](const rig_call *c, rig_error *err) {
        return table.explain(s.instance, c, &scores.batch(), 0, 0, out.raw(), err);
    });
    if (out.refused()) expect(e.code != RIG_OK, "explain() answered Ok although its sink refused the text");
    expect(!out.written_after_refusal(), "explain() went on writing after its sink refused");
}

void add_scorer_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"scorer", name, what, RIG_KIND_PLACEMENT_SCORER, gate, run});
    };
    add("columns", "asks for known columns and declares role, range and unit", columns, true);
    add("speaks", "has an opinion on some pairs", speaks);
    add("range", "scores are finite and in range, NaN or -infinity", range);
    add("rows", "writes its own cells only, at any batch size", rows_stay);
    add("batch-size", "a pair scores the same alone and among others", batch_size);
    add("row-order", "the order of candidates changes nothing", row_order);
    add("select", "scores of selected rows are those of the full batch", select);
    add("optional-columns", "works without the columns that it calls optional", optional_columns);
    add("pure", "flagged PURE, it gives the same scores to the same inputs", pure);
    add("threads", "scores the same on four threads, on one instance if flagged CONCURRENT", threads);
    add("deadline", "scores 100 pairs within the deadline", deadline);
    add("budget", "scores 100,000 pairs within 50 ns each", budget);
    add("odd-values", "survives zeros, negatives, NaN and infinities in its columns", odd_values);
    add("explain", "explain() gives terms and text that agree with score()", explain);
    add("appraise", "a value scorer's appraise() writes one finite value or NaN per workload", appraise);
}

} // namespace check
