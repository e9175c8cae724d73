#include "session.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <dirent.h>
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

namespace check {
namespace {

using nlohmann::json;

json least_value(const json &schema) {
    if (!schema.is_object()) return nullptr;
    if (schema.contains("default")) return schema["default"];
    if (schema.contains("const")) return schema["const"];
    if (schema.contains("enum") && !schema["enum"].empty()) return schema["enum"][0];
    std::string type = "object";
    if (schema.contains("type")) {
        const json &declared =
            schema["type"].is_array() && !schema["type"].empty() ? schema["type"][0] : schema["type"];
        if (declared.is_string()) type = declared.get<std::string>();
    }
    if (type == "string") return std::string(schema.value("minLength", size_t{0}), 'x');
    if (type == "integer" || type == "number") return schema.contains("minimum") ? schema["minimum"] : json(0);
    if (type == "boolean") return false;
    if (type == "array") return json::array();
    if (type == "null") return nullptr;
    json out = json::object();
    const json properties = schema.value("properties", json::object());
    for (const auto &[key, value] : properties.items())
        if (value.is_object() && value.contains("default")) out[key] = value["default"];
    for (const json &key : schema.value("required", json::array()))
        if (key.is_string() && !out.contains(key.get<std::string>()))
            out[key.get<std::string>()] = least_value(properties.value(key.get<std::string>(), json::object()));
    return out;
}

size_t entries(const char *folder) {
    size_t n = 0;
    if (DIR *d = opendir(folder)) {
        while (readdir(d)) ++n;
        closedir(d);
    }
    return n;
}

} // namespace

std::string config_for(const Context &t, const rig_component &c) {
    if (!t.options.config.empty()) return t.options.config;
    if (!c.config_schema) return "{}";
    const json schema = json::parse(c.config_schema, nullptr, false);
    return schema.is_discarded() ? "{}" : least_value(schema).dump();
}

Session::Session(Context &context, FakeHost &h, Manner m) : t(context), host(h), manner(m) {
    for (const std::string &name : t.package.manifest.secrets) host.secret(name, "canary-secret-7f3a91");
}

Session::~Session() {
    if (!instance) return;
    try {
        if (started_) (void)stop();
        destroy();
    } catch (const Ending &) { // the test has ended already
    }
}

const rig_call *Session::raw_call() {
    call_.table.deadline_ns = manner.deadline_ns;
    if (manner.cancelled) set_cancelled(true);
    call_.table.cancelled = &cancel_flag_;
    call_.finish(manner.future ? Age::future : Age::current, sizeof(rig_call));
    return &call_.table;
}

Outcome Session::create() { return create(config_for(t, *t.component)); }

Outcome Session::create(const std::string &config) {
    std::string borrowed = config; // overwritten after the call: the plugin may not keep a view of it
    const Outcome o = call("create", [&](const rig_call *, rig_error *e) {
        return t.component->create(t.component, host.raw(), rig::doc(borrowed), &instance, e);
    });
    std::memset(borrowed.data(), 'x', borrowed.size());
    if (o.code != RIG_OK) {
        instance = nullptr;
        return o;
    }
    expect(instance != nullptr, "create() answered Ok but gave no instance");
    expect(instance->ops != nullptr, "create() gave an instance without its table of functions (ops)");
    expect(instance->ops->struct_size >= CHECK_END(rig_instance_ops, query),
           "the instance's ops are too short: struct_size " + std::to_string(instance->ops->struct_size));
    expect(instance->ops->start && instance->ops->stop && instance->ops->destroy && instance->ops->query,
           "a function of the instance's ops is NULL");
    return o;
}

Outcome Session::start() {
    started_ = true;
    return call("start", [&](const rig_call *c, rig_error *e) { return instance->ops->start(instance, c, e); });
}

Outcome Session::stop() {
    started_ = false;
    set_cancelled(false);
    return call("stop", [&](const rig_call *c, rig_error *e) { return instance->ops->stop(instance, c, e); });
}

void Session::destroy() {
    rig_instance *const gone = std::exchange(instance, nullptr);
    call("destroy", [&](const rig_call *, rig_error *) { return gone->ops->destroy(gone), RIG_OK; });
}

Session &Session::run() {
    t.must("create", create());
    t.must("start", start());
    return *this;
}

const void *Session::checked_table(const char *id, size_t size_1_0) {
    set_call("query");
    const void *found = instance->ops->query(instance, id);
    set_call("");
    expect(found != nullptr, std::string("query(\"") + id + "\") answered NULL");
    uint64_t size = 0;
    std::memcpy(&size, found, sizeof size);
    expect(size >= size_1_0, std::string("the table of ") + id + " is too short: struct_size " + std::to_string(size) +
                                 ", 1.0 has " + std::to_string(size_1_0));
    return found;
}

void Session::exercise() {
    const std::string_view kind = t.component->kind;
    if (kind == RIG_KIND_PLACEMENT_SCORER) return exercise_scorer(*this);
    if (kind == RIG_KIND_RECONCILER) return exercise_reconciler(*this);
    if (kind == RIG_KIND_VALIDATOR_SOURCE) return exercise_source(*this);
    if (kind == RIG_KIND_CLUSTER_BACKEND) return exercise_backend(*this);
    if (kind == RIG_KIND_COMMAND_FRONTEND) return exercise_frontend(*this);
}

struct Ticker::Body {
    Session &s;
    unsigned cancel_after_ms;
    std::atomic<bool> done{false};
    std::thread thread;
};

Ticker::Ticker(Session &s, unsigned cancel_after_ms) : body_(new Body{s, cancel_after_ms, {}, {}}) {
    body_->thread = std::thread([b = body_] {
        for (unsigned ms = 0; !b->done; ms += 5) {
            if (ms >= b->cancel_after_ms) b->s.set_cancelled(true);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            b->s.host.advance(100'000'000);
        }
    });
}

Ticker::~Ticker() {
    body_->done = true;
    body_->thread.join();
    delete body_;
}

size_t count_threads() { return entries("/proc/self/task") - 2; }
size_t count_files() { return entries("/proc/self/fd") - 3; } // ".", ".." and the listing itself
size_t allocated_bytes() {
    const struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

} // namespace check
