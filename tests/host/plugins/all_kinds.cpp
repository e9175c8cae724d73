// One well-behaved component of every kind, which does what its documents and its configuration tell it to.
#include <rigger/sdk/plugin.hpp>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

rig::Error told(std::string_view what) { return {RIG_E_INTERNAL, "ToldTo", std::string(what), 0}; }

void pause_briefly() {
    timespec t{0, 1'000'000};
    nanosleep(&t, nullptr);
}

class Source final : public rig::Source {
public:
    Source(rig::Host, std::string_view) {}
    rig::Status watch(rig::Call call, std::string_view token, const rig::Market &market) override {
        if (token == "end at once") return {};
        if (token == "odd ids") {
            for (const std::string &id : {std::string(300, 'i'), std::string("two\nlines"), std::string("\x1b[31m")}) {
                (void)market.put("offer", id, "{}");
                (void)market.put("instance", id, "{}");
            }
            (void)market.checkpoint(std::string(size_t{2} << 20, 'c'));
            return {};
        }
        (void)market.mark("offer", RIG_MARK_BEGIN);
        (void)market.put("offer", "b", R"({"id":"b","requirements":{"gpuCount":2,"gpuModels":["h100"]}})");
        (void)market.put("offer", "a", R"({"id":"a","economics":{"computeMultiplier":0.5},"future":[1]})");
        (void)market.put("offer", "bad", R"({"id":"bad","economics":{"computeMultiplier":-1}})");
        (void)market.put("instance", "i", R"({"id":"i","offerId":"a","active":true})");
        (void)market.put("weather", "x", "{}");
        (void)market.mark("offer", RIG_MARK_COMPLETE);
        (void)market.event("e1", R"({"type":"chute_created","data":{}})");
        (void)market.remove("offer", "b", "gone");
        if (token == "b comes back") (void)market.put("offer", "b", R"({"id":"b"})");
        (void)market.checkpoint("token-2");
        while (!call.cancelled()) pause_briefly();
        return rig::Error{RIG_E_CANCELLED, "Cancelled", "the watch was cancelled", 0};
    }
    rig::Result<std::string> claim(rig::Call, std::string_view id, std::string_view offer, std::string_view) override {
        if (offer == "full") return rig::Error{RIG_E_EXHAUSTED, "NoRoom", "the validator has no room now", 4000};
        if (offer == "fail") return told("claim failed");
        if (offer == "garbage") return std::string("[1,2");
        return R"({"token":"secret-)" + std::string(id) + R"(","configId":"c1"})";
    }
    rig::Result<std::string> render(rig::Call, std::string_view request) override {
        if (has(request, "nameless"))
            return std::string(R"({"objects":[{"apiVersion":"v1","kind":"Pod","metadata":{}}]})");
        return std::string(R"({"objects":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}],"done":true})");
    }
    rig::Result<std::string> announce(rig::Call, std::string_view deployment) override {
        return has(deployment, "later") ? std::string("{}") : std::string(R"({"instanceId":"inst-1"})");
    }
    rig::Status release(rig::Call, std::string_view) override { return {}; }
};

class Backend final : public rig::Backend {
public:
    Backend(rig::Host, std::string_view) {}
    rig::Result<std::string> probe(rig::Call) override {
        return std::string(R"({"clusters":[{"name":"local","state":"ready","version":"1.29"}]})");
    }
    rig::Status list(rig::Call, std::string_view query, const rig::Objects &out) override {
        (void)out.object(RIG_CHANGE_SYNC, "local", R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p1"}})");
        if (has(query, "odd names"))
            for (const std::string &name : {std::string(), std::string(300, 'n'), std::string("two\nlines")}) {
                (void)out.object(RIG_CHANGE_SYNC, name, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}})");
                (void)out.mark(name, RIG_MARK_COMPLETE);
            }
        if (has(query, "broken")) (void)out.object(RIG_CHANGE_SYNC, "local", "{");
        return out.mark("local", RIG_MARK_COMPLETE);
    }
    rig::Result<std::string> get(rig::Call, std::string_view ref) override {
        if (has(ref, "absent")) return rig::Error{RIG_E_NOT_FOUND, "NotFound", "no such object", 0};
        return std::string(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p1"}})");
    }
    rig::Result<std::string> apply(rig::Call, std::string_view, std::string_view object, uint32_t flags) override {
        if ((flags & RIG_APPLY_CREATE_ONLY) != 0)
            return rig::Error{RIG_E_CONFLICT, "AlreadyExists", "an object of that name exists", 0};
        return std::string(object);
    }
    rig::Status remove(rig::Call, std::string_view) override { return {}; }
    rig::Status watch(rig::Call call, std::string_view, std::string_view, const rig::Objects &out) override {
        (void)out.mark("local", RIG_MARK_COMPLETE);
        while (!call.cancelled()) pause_briefly();
        return {};
    }
    rig::Status logs(rig::Call, std::string_view request, rig::Sink out) override {
        (void)out.write("line 1\n");
        return has(request, "previous") ? out.write("older\n") : rig::Status();
    }
    rig::Result<std::string> diagnose(rig::Call, std::string_view request) override {
        if (has(request, "unable")) return rig::Backend::diagnose(rig::Call(nullptr), request);
        return std::string(R"({"clusters":[{"name":"local","checks":[]}]})");
    }
};

class Scorer final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {
        {"gpu.free", RIG_COL_F64, 0}, {"no.such.column", RIG_COL_F64, 1}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{"gpu.count", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = 0, score_max = 8;
    Scorer(rig::Host, std::string_view) {}
    rig::Status score(const rig::ScoreBatch &b) override {
        for (size_t w = 0; w < b.workloads(); ++w)
            for (size_t c = 0; c < b.candidates(); ++c) {
                const double left = b.candidate(0)[c] - b.workload(0)[w];
                b.scores(w)[c] = left < 0 ? -__builtin_inf() : left;
            }
        return {};
    }
    rig::Result<std::string> explain(const rig::ScoreBatch &b, size_t w, size_t c) override {
        return R"({"terms":[],"text":")" + std::to_string(static_cast<int>(b.candidate(0)[c] - b.workload(0)[w])) +
               " left\"}";
    }
};

class Reconciler final : public rig::Reconciler {
public:
    static constexpr const char *watches[] = {"deployment", "cluster", nullptr};
    Reconciler(rig::Host, std::string_view) {}
    rig::Result<uint64_t> reconcile(rig::Call, std::string_view key, std::string_view, std::string_view,
                                    const rig::Actions &out) override {
        if (key.substr(0, 4) == "fail") return told("reconcile failed");
        if (key == "malformed") {
            (void)out.act("x", R"({"verb":"explode"})");
            return 0;
        }
        (void)out.act(
            "a1",
            R"({"verb":"terminate","target":{"deploymentId":"d"},"cause":"JobFailed","reason":"failed=1","evidence":"definite","views":[]})");
        return 5'000'000'000;
    }
};

/// Its commands are the tests' hands inside of a plugin: each uses one service.
class Frontend final : public rig::Frontend {
public:
    Frontend(rig::Host host, std::string_view config) : host_(host), config_(config) { ++alive; }
    ~Frontend() override { --alive; }
    rig::Result<std::string> catalogue() override {
        if (has(config_, "\"catalogue\":\"broken\""))
            return std::string(R"({"commands":[{"name":"Bad Name!"},{"name":"no-effect"}]})");
        if (has(config_, "\"catalogue\":\"unreadable\""))
            return std::string(R"({"commands":[{"name":"five","effect":"read","result":5},
                {"name":"items","effect":"read","result":{"kind":"list","items":5}},
                {"name":"columns","effect":"read","result":{"kind":"list","columns":{}}},
                {"name":"keyless","effect":"read","result":{"kind":"list","columns":[{"title":"A"}]}},
                {"name":"silent","effect":"read"},
                {"name":"fine","effect":"read","result":{"kind":"list","columns":[{"key":"a","title":"A"}]}}]})");
        const std::string name = has(config_, "\"command\":\"other\"") ? "other" : "show";
        return R"({"commands":[{"name":")" + name +
               R"(","effect":"read","options":{"type":"object","additionalProperties":false,"required":["what"],
            "properties":{"what":{"type":"string"},"count":{"type":"integer","minimum":1,"default":3}}}},
            {"name":"shared","effect":"destructive"}]})";
    }
    rig::Result<std::string> invoke(rig::Call call, std::string_view command, std::string_view arguments,
                                    std::string_view principal, rig::Sink progress) override {
        if (command == "shared") return R"({"by":"shared"})" + std::string();
        (void)progress.write("{\"step\":1}");
        if (has(arguments, "\"control\"")) return rig::Control(host_).query(call, "nodes", "{}");
        if (has(arguments, "\"control-alone\"")) return rig::Control(host_).query(rig::Call(nullptr), "nodes", "{}");
        if (has(arguments, "\"control-stream\"")) {
            std::string pieces = "{\"text\":\"";
            const rig_sink sink = rig::detail::collect(pieces);
            const rig::Status status = rig::Control(host_).stream(call, "logs", "{}", &sink);
            if (!status.ok()) return status.error();
            return pieces + "\"}";
        }
        if (has(arguments, "\"act\"")) return rig::Control(host_).act(call, "deploy", R"({"offer":"a"})");
        if (has(arguments, "\"store\"")) return store();
        if (has(arguments, "\"secret\"")) return quoted(host_.secret("hotkey"));
        if (has(arguments, "\"foreign secret\"")) return quoted(host_.secret("wallet"));
        if (has(arguments, "\"timer\"")) return timer();
        if (const size_t at = arguments.find("timers "); at != arguments.npos) {
            size_t taken = 0;
            for (size_t n = std::strtoull(arguments.data() + at + 7, nullptr, 10); n > 0; --n) taken += timer().ok();
            return "{\"taken\":" + std::to_string(taken) + "}";
        }
        if (has(arguments, "\"alive\"")) return "{\"alive\":" + std::to_string(alive.load()) + "}";
        if (has(arguments, "\"task\"")) return "{\"task\":" + std::to_string(task_.load()) + "}";
        if (const size_t at = arguments.find("task "); at != arguments.npos) return task(arguments.substr(at + 5));
        if (has(arguments, "\"ticks\""))
            return "{\"ticks\":" + std::to_string(ticks_.load()) + ",\"events\":" + std::to_string(events_.load()) +
                   "}";
        if (has(arguments, "\"event\"")) return event();
        if (has(arguments, "\"http\"")) return http(call, "https://api.example.com/v1");
        if (has(arguments, "\"foreign http\"")) return http(call, "https://api.example.com@evil.test/");
        if (has(arguments, "\"metric\"")) return metric();
        if (has(arguments, "\"huge\"")) return std::string(size_t{40} << 20, ' ');
        if (has(arguments, "\"fail\"")) return told("the command failed");
        if (has(arguments, "\"wait\"")) {
            while (!call.cancelled()) pause_briefly();
            return rig::Error{RIG_E_CANCELLED, "Cancelled", "the command was cancelled", 0};
        }
        host_.log(rig::Level::warn, "hello\nworld");
        return R"({"arguments":)" + std::string(arguments) + R"(,"principal":)" + std::string(principal) +
               R"(,"config":)" + config_ + "}";
    }

private:
    static rig::Result<std::string> quoted(rig::Result<std::string> text) {
        if (!text.ok()) return text.error();
        return "{\"value\":\"" + *text + "\"}";
    }
    rig::Result<std::string> store() {
        if (auto s = host_.save("key", "value"); !s.ok()) return s.error();
        auto back = host_.load("key");
        if (!back.ok()) return back.error();
        return "{\"value\":\"" + back->value_or("none") + "\"}";
    }
    rig::Result<std::string> timer() {
        uint64_t id = 0;
        auto s = host_.after(
            1'000'000'000, 0, [](void *self) { ++static_cast<Frontend *>(self)->ticks_; }, this, &id);
        return s.ok() ? rig::Result<std::string>(std::string("{}")) : rig::Result<std::string>(s.error());
    }
    /// A task that is busy, or waits on the host's clock, for so many milliseconds: "busy 60", "away 900".
    rig::Result<std::string> task(std::string_view what) {
        task_ = 0;
        busy_ = has(what, "busy");
        span_ns_ = std::strtoull(what.data() + 5, nullptr, 10) * 1'000'000;
        uint64_t id = 0;
        auto s = host_.after(
            1, 0, [](void *self) { static_cast<Frontend *>(self)->take_time(); }, this, &id);
        return s.ok() ? rig::Result<std::string>(std::string("{}")) : rig::Result<std::string>(s.error());
    }
    void take_time() {
        const auto now = [this] { return busy_ ? cpu_ns() : host_.now_ns(); };
        const uint64_t begun = now();
        task_ = 1;
        while (now() - begun < span_ns_)
            if (!busy_) pause_briefly();
        task_ = 2;
    }
    static uint64_t cpu_ns() {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
    }
    rig::Result<std::string> event() {
        const auto *t = host_.table<rig_events>(RIG_SERVICE_EVENTS);
        rig_error e{};
        e.struct_size = sizeof e;
        uint64_t subscription = 0;
        t->subscribe(
            host_.raw(), rig::view("test.*"),
            [](void *self, rig_str, rig_doc) { ++static_cast<Frontend *>(self)->events_; }, this, &subscription, &e);
        t->publish(host_.raw(), rig::view("test.one"), rig::doc("{}"), &e);
        if (t->publish(host_.raw(), rig::view("rigger.faked"), rig::doc("{}"), &e) != RIG_E_DENIED)
            return told("a reserved topic was accepted");
        return std::string("{}");
    }
    rig::Result<std::string> http(rig::Call call, std::string_view url) {
        const auto *t = host_.table<rig_http>(RIG_SERVICE_HTTP);
        rig_http_request r{};
        r.struct_size = sizeof r;
        r.method = rig::view("GET");
        r.url = rig::view(url);
        rig_error e{};
        e.struct_size = sizeof e;
        std::string body;
        const rig_code code = t->call(
            host_.raw(), call.raw(), &r, &body,
            [](void *to, rig_code, const rig_http_response *answer, const rig_error *) {
                if (answer) *static_cast<std::string *>(to) = std::string(rig::view(answer->body));
            },
            &e);
        if (code != RIG_OK) return rig::Error{code, e.reason, e.message, 0};
        return body;
    }
    rig::Result<std::string> metric() {
        const auto *t = host_.table<rig_metrics>(RIG_SERVICE_METRICS);
        rig_error e{};
        e.struct_size = sizeof e;
        uint64_t handle = 99, again = 98;
        t->define(host_.raw(), 0, rig::view("tests_total"), rig::view("Tests"), nullptr, 0, nullptr, 0, &handle, &e);
        t->define(host_.raw(), 0, rig::view("tests_total"), rig::view("Tests"), nullptr, 0, nullptr, 0, &again, &e);
        if (handle != again) return told("one metric has two handles");
        t->add(host_.raw(), handle, 2);
        t->add(host_.raw(), 1'000'000, 2);
        return std::string("{}");
    }
    static std::atomic<int> alive;
    rig::Host host_;
    std::string config_;
    std::atomic<int> ticks_{0}, events_{0};
    std::atomic<int> task_{0}; ///< 1: begun, 2: over
    bool busy_ = false;
    uint64_t span_ns_ = 0;
};

std::atomic<int> Frontend::alive{0};

constexpr const char *kNothing = R"({"type":"object","additionalProperties":false})";
constexpr const char *kConfig = R"({"type":"object","additionalProperties":false,"properties":{
    "command":{"enum":["show","other"],"default":"show"},"catalogue":{"type":"string"},"level":{"type":"integer","maximum":9}}})";
constexpr rig_component kSource =
    rig::source<Source>("com.example.all.source", "Source", kNothing, RIG_COMPONENT_CONCURRENT);
constexpr rig_component kBackend =
    rig::backend<Backend>("com.example.all.backend", "Backend", kNothing, RIG_COMPONENT_CONCURRENT);
constexpr rig_component kScorer = rig::scorer<Scorer>("com.example.all.scorer", "Scorer", kNothing, RIG_COMPONENT_PURE);
constexpr rig_component kReconciler = rig::reconciler<Reconciler>("com.example.all.reconciler", "Reconciler", kNothing);
constexpr rig_component kFrontend =
    rig::frontend<Frontend>("com.example.all.frontend", "Frontend", kConfig, RIG_COMPONENT_CONCURRENT);
constexpr rig_component kLone =
    rig::reconciler<Reconciler>("com.example.all.lone", "Lone", kNothing, RIG_COMPONENT_SINGLETON);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kSource, &kBackend, &kScorer, &kReconciler, &kFrontend, &kLone);
