#include "client.hpp"

#include <algorithm>
#include <chrono>

namespace backend_suite {
namespace {
rig_doc doc(const std::string &text) { return {text.data(), text.size()}; }
std::string text(rig_bytes b) { return {static_cast<const char *>(b.ptr), b.len}; }

rig_code append(void *ctx, const void *data, size_t len) {
    static_cast<std::string *>(ctx)->append(static_cast<const char *>(data), len);
    return RIG_OK;
}
struct CallFrame {
    rig_call call{};
    uint32_t cancelled = 0;
    rig_error error{};
    std::string out;
    rig_sink sink{&out, &append};
    CallFrame() {
        call.struct_size = sizeof call;
        call.deadline_ns = UINT64_MAX;
        call.cancelled = &cancelled;
        error.struct_size = sizeof error;
    }
    Outcome outcome(rig_code code, bool json = true) {
        Outcome o{code, {}, {}, {}};
        if (code != RIG_OK) o.reason = error.reason, o.message = error.message;
        else if (json && !out.empty()) o.object = Json::parse(out);
        else o.object = out;
        return o;
    }
};
} // namespace

std::ostream &operator<<(std::ostream &out, const Outcome &o) {
    return o.ok() ? out << "OK " << o.object.dump().substr(0, 400)
                  : out << "code " << o.code << " " << o.reason << ": " << o.message;
}
std::vector<std::string> Listing::names() const {
    std::vector<std::string> out;
    for (const Json &object : objects) out.push_back(object.at("metadata").at("name"));
    std::sort(out.begin(), out.end());
    return out;
}

Outcome Client::probe() const {
    CallFrame f;
    return f.outcome(t_.probe(instance(), &f.call, &f.sink, &f.error));
}
Outcome Client::apply(const Json &object, uint32_t flags) const { return apply_text(object.dump(), flags); }
Outcome Client::apply_text(std::string_view object, uint32_t flags) const {
    CallFrame f;
    const std::string cluster = h_.cluster();
    return f.outcome(t_.apply(instance(), &f.call, {cluster.data(), cluster.size()}, {object.data(), object.size()},
                              flags, &f.sink, &f.error));
}
Outcome Client::get(const Json &reference) const {
    CallFrame f;
    const std::string r = reference.dump();
    return f.outcome(t_.get(instance(), &f.call, doc(r), &f.sink, &f.error));
}
Outcome Client::remove(const Json &reference) const {
    CallFrame f;
    const std::string r = reference.dump();
    return f.outcome(t_.remove(instance(), &f.call, doc(r), &f.error));
}
Outcome Client::logs(const Json &request) const {
    CallFrame f;
    const std::string r = request.dump();
    return f.outcome(t_.logs(instance(), &f.call, doc(r), &f.sink, &f.error), false);
}
Listing Client::list(const Json &query) const {
    CallFrame f;
    Listing listing;
    const std::string q = query.dump();
    const rig_object_sink sink{sizeof sink, &listing,
                               [](void *ctx, int32_t, rig_str, rig_doc object) -> rig_code {
                                   static_cast<Listing *>(ctx)->objects.push_back(Json::parse(text(object)));
                                   return RIG_OK;
                               },
                               [](void *ctx, rig_str, int32_t mark, rig_str) -> rig_code {
                                   static_cast<Listing *>(ctx)->marks.push_back(mark);
                                   return RIG_OK;
                               },
                               [](void *, rig_bytes) -> rig_code { return RIG_OK; }};
    listing.outcome = f.outcome(t_.list(instance(), &f.call, doc(q), &sink, &f.error));
    return listing;
}

WatchSession::WatchSession(const Client &client, const Json &query, std::string resume_token)
    : client_(client), query_(query.dump()), token_(std::move(resume_token)) {
    thread_ = std::thread([this] {
        rig_call call{};
        call.struct_size = sizeof call;
        call.deadline_ns = UINT64_MAX;
        call.cancelled = &cancelled_;
        rig_error error{};
        error.struct_size = sizeof error;
        const rig_object_sink sink{sizeof sink, this, &object, &mark, &checkpoint};
        const rig_code code = client_.table().watch(client_.instance(), &call, doc(query_),
                                                    {token_.data(), token_.size()}, &sink, &error);
        const std::lock_guard held(lock_);
        code_ = code;
        ended_ = true;
        changed_.notify_all();
    });
}
WatchSession::~WatchSession() {
    if (thread_.joinable()) cancel();
}
rig_code WatchSession::cancel() {
    __atomic_store_n(&cancelled_, 1U, __ATOMIC_RELAXED);
    {
        std::unique_lock held(lock_);
        if (!changed_.wait_for(held, std::chrono::seconds(20), [&] { return ended_; }))
            ADD_FAILURE() << "a cancelled watch did not return within 20 s";
    }
    thread_.join();
    return code_;
}
rig_code WatchSession::take(WatchEvent event) {
    const std::lock_guard held(lock_);
    events_.push_back(std::move(event));
    changed_.notify_all();
    return RIG_OK;
}
rig_code WatchSession::object(void *ctx, int32_t change, rig_str, rig_doc object) {
    const auto what = change == RIG_CHANGE_SYNC  ? WatchEvent::sync
                      : change == RIG_CHANGE_PUT ? WatchEvent::put
                                                 : WatchEvent::removed;
    return static_cast<WatchSession *>(ctx)->take({what, Json::parse(text(object)), {}});
}
rig_code WatchSession::mark(void *ctx, rig_str, int32_t mark, rig_str) {
    const auto what = mark == RIG_MARK_BEGIN      ? WatchEvent::begin
                      : mark == RIG_MARK_COMPLETE ? WatchEvent::complete
                      : mark == RIG_MARK_FRESH    ? WatchEvent::fresh
                                                  : WatchEvent::lost;
    return static_cast<WatchSession *>(ctx)->take({what, {}, {}});
}
rig_code WatchSession::checkpoint(void *ctx, rig_bytes token) {
    return static_cast<WatchSession *>(ctx)->take({WatchEvent::checkpoint, {}, text(token)});
}

std::vector<WatchEvent> WatchSession::events() const {
    const std::lock_guard held(lock_);
    return events_;
}
bool WatchSession::until(const std::function<bool(const std::vector<WatchEvent> &)> &condition) {
    for (int i = 0; i < 600; ++i) {
        {
            std::unique_lock held(lock_);
            if (condition(events_)) return true;
            if (ended_) return false;
            changed_.wait_for(held, std::chrono::milliseconds(i < 5 ? 20 : 200));
            if (condition(events_)) return true;
        }
        client_.harness().pass(client_.harness().virtual_time() ? 1 : 0);
    }
    return false;
}
bool WatchSession::until_seen(WatchEvent::What what, const std::string &name) {
    return until([&](const auto &events) {
        return std::any_of(events.begin(), events.end(),
                           [&](const WatchEvent &e) { return e.what == what && e.name() == name; });
    });
}
std::string WatchSession::last_token() const {
    const std::lock_guard held(lock_);
    for (auto it = events_.rbegin(); it != events_.rend(); ++it)
        if (it->what == WatchEvent::checkpoint) return it->token;
    return {};
}

void BackendTest::SetUp() {
    harness = make_harness();
    ASSERT_NE(harness, nullptr);
    client = std::make_unique<Client>(*harness);
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ns = "t-" + std::to_string(std::hash<std::string>()(name) % 1'000'000'000) + "-" +
         std::to_string(std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000);
    const Outcome made =
        client->apply({{"apiVersion", "v1"},
                       {"kind", "Namespace"},
                       {"metadata", {{"name", ns}, {"labels", {{"app.kubernetes.io/managed-by", "rigger"}}}}}});
    ASSERT_TRUE(made.ok()) << made;
    // A real cluster gives a namespace its service account a moment later; before that it refuses pods.
    eventually([&] {
        const Outcome account = client->get(ref("v1", "ServiceAccount", "default"));
        return account.ok() || account.code == RIG_E_UNSUPPORTED;
    });
}
void BackendTest::TearDown() {
    if (client)
        (void)client->remove(
            {{"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", ns}});
}

Json BackendTest::config_map(const std::string &name, Json labels, Json data) const {
    labels["app.kubernetes.io/managed-by"] = "rigger";
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"namespace", ns}, {"labels", std::move(labels)}}},
            {"data", std::move(data)}};
}
Json BackendTest::job(const std::string &name) const {
    const Json labels = {{"app.kubernetes.io/managed-by", "rigger"}, {"chutes/deployment-id", name}};
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", {{"name", name}, {"namespace", ns}, {"labels", labels}}},
            {"spec",
             {{"parallelism", 1},
              {"completions", 1},
              {"backoffLimit", 0},
              {"template",
               {{"metadata", {{"labels", labels}}},
                {"spec",
                 {{"restartPolicy", "Never"},
                  {"terminationGracePeriodSeconds", 2},
                  {"containers", Json::array({Json{{"name", "main"},
                                                   {"image", "registry.k8s.io/pause:3.9"},
                                                   {"resources", {{"requests", {{"cpu", "10m"}}}}}}})}}}}}}}};
}
Json BackendTest::pod(const std::string &name) const {
    Json spec = job(name)["spec"]["template"]["spec"];
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", name}, {"namespace", ns}, {"labels", {{"app.kubernetes.io/managed-by", "rigger"}}}}},
            {"spec", std::move(spec)}};
}
Json BackendTest::service(const std::string &name) const {
    return {{"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", {{"name", name}, {"namespace", ns}, {"labels", {{"app.kubernetes.io/managed-by", "rigger"}}}}},
            {"spec",
             {{"type", "NodePort"},
              {"selector", {{"chutes/deployment-id", name}}},
              {"ports", Json::array({Json{{"name", "chute-8000"}, {"port", 8000}, {"protocol", "TCP"}},
                                     Json{{"name", "chute-8001"}, {"port", 8001}, {"protocol", "TCP"}}})}}}};
}
Json BackendTest::ref(const std::string &api_version, const std::string &kind, const std::string &name) const {
    return {{"cluster", harness->cluster()},
            {"apiVersion", api_version},
            {"kind", kind},
            {"namespace", ns},
            {"name", name}};
}
Json BackendTest::ref(const Json &object) const {
    return ref(object.at("apiVersion"), object.at("kind"), object.at("metadata").at("name"));
}
Json BackendTest::query(const std::string &api_version, const std::string &kind, Json extra) const {
    extra["cluster"] = harness->cluster();
    extra["apiVersion"] = api_version;
    extra["kind"] = kind;
    if (!extra.contains("namespace")) extra["namespace"] = ns;
    return extra;
}
std::string BackendTest::some_node() {
    const Listing nodes = client->list({{"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Node"}});
    return nodes.objects.empty() ? std::string() : nodes.names().front();
}
bool BackendTest::eventually(const std::function<bool()> &condition) {
    for (int i = 0; i < 240; ++i) {
        if (condition()) return true;
        harness->pass(0.5);
    }
    return condition();
}
bool BackendTest::gone(const Json &reference) {
    return eventually([&] { return client->get(reference).code == RIG_E_NOT_FOUND; });
}

} // namespace backend_suite
