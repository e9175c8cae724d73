// Group "source": rig.validator-source/1 delivers a market, and its claims and releases may be repeated.
#include "../session.hpp"
#include "documents.hpp"
#include "groups.hpp"

#include <chrono>

namespace check {
namespace {

using rig::testing::Delivery;
using rig::testing::MarketRecorder;
using rig::testing::TextSink;

const rig_validator_source &source_of(Session &s) {
    return s.table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE, CHECK_END(rig_validator_source, authenticate));
}

/// watch() until its first complete listing of offers, then cancelled; at most `patience_ms`.
Outcome watch(Session &s, MarketRecorder &into, const std::string &token = {}, unsigned patience_ms = 3000) {
    const auto &table = source_of(s);
    into.after([&](const Delivery &d) {
        if (d.what == Delivery::mark && d.kind == "offer" && d.number == RIG_MARK_COMPLETE) s.set_cancelled(true);
    });
    s.set_cancelled(false);
    const rig_call *const call = s.raw_call();
    const Ticker ticker(s, patience_ms);
    return s.call("watch", [&](const rig_call *, rig_error *e) {
        return table.watch(s.instance, call, rig::doc(token), into.raw(), e);
    });
}

struct SourceFixture {
    FakeHost host;
    Session s;
    explicit SourceFixture(Context &t) : s(t, host) { s.run(); }
    MarketRecorder market;
    const MarketRecorder &watched() {
        s.t.answer("watch", watch(s, market));
        if (!market.marked("offer", RIG_MARK_COMPLETE))
            skip("watch() completed no listing of offers within 3 s; give a --config with which it can");
        return market;
    }
    std::string first_offer() {
        for (const Delivery &d : watched().all(Delivery::put))
            if (d.kind == "offer") return d.id;
        skip("the market is empty");
    }
};

void source_functions(Context &t) {
    SourceFixture f(t);
    const auto &s = source_of(f.s);
    expect(s.watch && s.claim && s.render && s.announce && s.release,
           "watch, claim, render, announce or release is NULL; only publish, challenge and authenticate may be");
}

void source_listing(Context &t) {
    SourceFixture f(t);
    const auto &market = f.watched();
    bool open = false;
    for (const Delivery &d : market.deliveries()) {
        if (d.what == Delivery::mark && d.kind == "offer") {
            expect(d.number >= RIG_MARK_BEGIN && d.number <= RIG_MARK_LOST,
                   "watch() gave the unknown mark " + std::to_string(d.number));
            if (d.number == RIG_MARK_COMPLETE) expect(open, "watch() called a listing complete that it never began");
            open = d.number == RIG_MARK_BEGIN;
        }
        if (d.what != Delivery::put) continue;
        expect(d.kind == "offer" || d.kind == "instance", "watch() put an item of the unknown kind '" + d.kind + "'");
        const json item = object_from("put", d.document);
        expect(!d.id.empty() && item.value("id", "") == d.id,
               "an item's id is '" + d.id + "', its document says '" + item.value("id", "") + "'");
    }
}

void source_cancel(Context &t) {
    using namespace std::chrono;
    SourceFixture f(t);
    MarketRecorder market;
    const auto &table = source_of(f.s);
    f.s.set_cancelled(false);
    const rig_call *const call = f.s.raw_call();
    steady_clock::time_point began = steady_clock::now();
    {
        const Ticker ticker(f.s, 300);
        t.answer("watch", f.s.call("watch", [&](const rig_call *, rig_error *e) {
            return table.watch(f.s.instance, call, rig::doc(""), market.raw(), e);
        }));
    }
    const auto ms = duration_cast<milliseconds>(steady_clock::now() - began).count();
    expect(ms < 2300,
           "watch() needed " + std::to_string(ms - 300) + " ms to notice that it was cancelled; 2 s is the limit");
}

void refused(Context &t) {
    SourceFixture f(t);
    (void)f.watched();
    for (size_t n : {size_t{0}, size_t{1}, size_t{2}}) {
        MarketRecorder market;
        market.refuse_from(n, RIG_E_UNAVAILABLE);
        const Outcome o = watch(f.s, market);
        t.answer("watch", o);
        expect(!market.delivered_after_refusal(), "watch() went on delivering after the host refused an item");
    }
}

void resume(Context &t) {
    SourceFixture f(t);
    std::string token;
    for (const Delivery &d : f.watched().all(Delivery::checkpoint)) token = d.document;
    for (const std::string &resumed : {token, std::string("not a token \xff"), std::string(4096, 'x')}) {
        MarketRecorder again;
        t.answer("watch", watch(f.s, again, resumed));
    }
}

json claim_document(const std::string &offer) {
    return {{"deploymentId", "dep-kit-1"}, {"offerId", offer},   {"version", "v1"}, {"serverName", "gpu-01"},
            {"serverIp", "10.0.0.1"},      {"gpuModel", "h100"}, {"gpuCount", 1}};
}

Outcome claim(Session &s, const std::string &offer, TextSink &out, const std::string &document) {
    const std::string id = "dep-kit-1";
    const auto &table = source_of(s);
    return s.ask("claim", [&](const rig_call *c, rig_error *e) {
        return table.claim(s.instance, c, rig::view(id), rig::view(offer), rig::doc(document), out.raw(), e);
    });
}

Outcome release(Session &s, const json &document) {
    const std::string text = document.dump();
    const auto &table = source_of(s);
    return s.ask("release",
                 [&](const rig_call *c, rig_error *e) { return table.release(s.instance, c, rig::doc(text), e); });
}

void unknown_offer(Context &t) {
    SourceFixture f(t);
    (void)f.watched();
    TextSink out;
    const Outcome o = claim(f.s, "no-such-offer-7f3a", out, claim_document("no-such-offer-7f3a").dump());
    if (o.code == RIG_E_UNAVAILABLE) skip("claim() answered " + o.text());
    expect(o.code != RIG_OK, "claim() granted an offer that does not exist");
    if (o.code != RIG_E_NOT_FOUND)
        t.warn("claim() of an unknown offer answered " + o.text() + "; NotFound says that it is gone for good");
}

void claim_twice(Context &t) {
    SourceFixture f(t);
    const std::string offer = f.first_offer(), document = claim_document(offer).dump();
    TextSink first, second;
    t.must("claim", claim(f.s, offer, first, document));
    const json grant = object_from("claim", first.text());
    expect(!grant.value("token", "").empty(), "the grant has no token");
    t.must("claim", claim(f.s, offer, second, document));
    (void)object_from("claim", second.text());
    const json gone = {{"deploymentId", "dep-kit-1"},
                       {"claimId", "dep-kit-1"},
                       {"instanceId", nullptr},
                       {"offerId", offer},
                       {"configId", grant.value("configId", "")},
                       {"cause", "Test"},
                       {"reason", "the conformance kit gives it back"}};
    t.must("release", release(f.s, gone));
    t.must("release", release(f.s, gone));
    expect(!f.host.logged(grant["token"].get<std::string>()), "the launch token stands in the log");
}

void release_unknown(Context &t) {
    SourceFixture f(t);
    const Outcome o = release(f.s, {{"deploymentId", "no-such"},
                                    {"claimId", "no-such"},
                                    {"instanceId", nullptr},
                                    {"offerId", "no-such"},
                                    {"configId", nullptr},
                                    {"cause", "Test"},
                                    {"reason", "it never existed"}});
    if (o.code == RIG_E_UNAVAILABLE) skip("release() answered " + o.text());
    expect(o.code == RIG_OK, "release() of something unknown answered " + o.text() + "; unknown is success");
}

json render_request(const std::string &id, const json &offer) {
    json d = sample_deployment(id);
    d["offerId"] = offer.value("id", "");
    d["version"] = offer.value("version", "v1");
    d["phase"] = "claimed";
    return {{"deployment", d},
            {"offer", offer},
            {"server",
             {{"id", "server-1"},
              {"name", "gpu-01"},
              {"ipAddress", "10.0.0.1"},
              {"validator", "v"},
              {"cpuPerGpu", 4},
              {"memoryPerGpu", 16},
              {"tee", false},
              {"labels", json::object()}}},
            {"gpus", json::array({{{"id", "gpu-a"}, {"model", "h100"}}})},
            {"grant", {{"token", "canary-token-7f3a"}, {"configId", "conf-1"}}},
            {"namespace", "chutes"},
            {"applied", json::array()}};
}

void render(Context &t) {
    SourceFixture f(t);
    json offer;
    for (const Delivery &d : f.watched().all(Delivery::put))
        if (d.kind == "offer" && offer.is_null()) offer = json::parse(d.document, nullptr, false);
    if (!offer.is_object()) skip("the market is empty");
    json request = render_request("dep-kit-2", offer);
    const auto &table = source_of(f.s);
    for (int round = 0; round < 8; ++round) {
        const std::string text = request.dump();
        TextSink first, second;
        for (TextSink *out : {&first, &second})
            t.must("render", f.s.call("render", [&](const rig_call *c, rig_error *e) {
                return table.render(f.s.instance, c, rig::doc(text), out->raw(), e);
            }));
        expect(first.text() == second.text(), "render() answered the same request in two ways; it is a pure function");
        const json answer = object_from("render", first.text());
        expect(answer.value("objects", json()).is_array() && answer.value("done", json()).is_boolean(),
               R"(render() wrote no {"objects":[...],"done":bool})");
        for (const json &o : answer["objects"]) {
            const json labels = o.value("metadata", json::object()).value("labels", json::object());
            const bool shared = o.value("kind", "") == "ConfigMap" && !labels.contains("chutes/deployment-id") &&
                                labels.value("app.kubernetes.io/managed-by", "") == "rigger";
            expect(shared || labels.value("chutes/deployment-id", "") == "dep-kit-2",
                   "an object of render() lacks the label chutes/deployment-id, so it would be nobody's: " +
                       o.dump().substr(0, 160));
            json stored = o;
            stored["metadata"]["uid"] = "uid-1";
            if (o.value("kind", "") == "Service")
                for (json &port : stored["spec"]["ports"]) port["nodePort"] = 30001;
            request["applied"].push_back(stored);
        }
        if (answer["done"]) return;
    }
    fail("render() was not done after 8 rounds");
}

void authenticate(Context &t) {
    SourceFixture f(t);
    const auto &table = source_of(f.s);
    if (!table.authenticate) skip("it authenticates nobody");
    const std::string method = "GET", url = "/v1/nodes";
    for (const std::vector<rig_kv> &headers :
         {std::vector<rig_kv>{},
          {{rig::view("Authorization"), rig::view("Bearer nonsense")}, {rig::view("X-Signature"), rig::view("00")}}}) {
        const rig_http_request request{sizeof(rig_http_request),
                                       0,
                                       rig::view(method),
                                       rig::view(url),
                                       headers.data(),
                                       headers.size(),
                                       {nullptr, 0},
                                       0,
                                       0};
        TextSink out;
        const Outcome o = f.s.ask("authenticate", [&](const rig_call *c, rig_error *e) {
            return table.authenticate(f.s.instance, c, &request, out.raw(), e);
        });
        expect(o.code != RIG_OK, "authenticate() let in a request that carries no valid signature: " + out.text());
    }
}

} // namespace

void exercise_source(Session &s) {
    MarketRecorder market;
    const Outcome w = watch(s, market, {}, 100);
    TextSink out(s.manner.sink_room);
    if (!s.manner.null_error) s.t.answer("watch", w);
    (void)claim(s, "no-such-offer-7f3a", out, claim_document("no-such-offer-7f3a").dump());
    (void)claim(s, "no-such-offer-7f3a", out, "{");
    (void)release(s, {{"deploymentId", "no-such"}, {"reason", "test"}});
    expect(!out.written_after_refusal(), "claim() went on writing after its sink refused");
}

void add_source_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"source", name, what, RIG_KIND_VALIDATOR_SOURCE, gate, run});
    };
    add("functions", "has every function that is not optional", source_functions, true);
    add("listing", "watch() begins and completes listings of well-formed items", source_listing);
    add("cancel", "watch() ends within 2 s of being cancelled", source_cancel);
    add("refused", "watch() stops when the host takes no more", refused);
    add("resume", "watch() goes on from its own resume token and survives any other", resume);
    add("unknown-offer", "claim() of an unknown offer is refused", unknown_offer);
    add("claim-twice", "claim() and release() may be repeated, and no token is logged", claim_twice);
    add("release-unknown", "release() of something unknown is success", release_unknown);
    add("render", "render() is pure, ends, and labels every object", render);
    add("authenticate", "authenticate() fails closed", authenticate);
}

} // namespace check
