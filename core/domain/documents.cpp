#include "domain/documents.hpp"

#include "base/time.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace rigger {
namespace {
using nlohmann::json;

constexpr size_t max_id = 256, max_text = 64 * 1024;

Error bad(std::string_view what, std::string_view why) {
    return invalid("DocumentInvalid", std::string(what) + ": " + std::string(why));
}

/// Brackets outside of strings, before the parser builds anything.
Status check_depth(std::string_view text, int limit) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limit)
                return invalid("DocumentTooDeep",
                               "the document is nested deeper than " + std::to_string(limit) + " levels");
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return {};
}

Result<json> parse_object(std::string_view text, const DocumentLimits &limits) {
    if (text.size() > limits.bytes)
        return invalid("DocumentTooLarge", "the document has " + std::to_string(text.size()) + " bytes, the limit is " +
                                               std::to_string(limits.bytes));
    RIG_TRY(check_depth(text, limits.depth));
    json j = json::parse(text, nullptr, false);
    if (j.is_discarded()) return invalid("DocumentMalformed", "the document is not valid JSON");
    if (!j.is_object()) return invalid("DocumentMalformed", "the document is not a JSON object");
    return j;
}

Result<json> parse_of(std::string_view what, std::string_view text) {
    auto j = parse_object(text, {});
    if (!j.ok()) return j.error().within(what);
    return j;
}

/// Reads fields of one object; the first failure sticks. Missing and null give the default.
class Fields {
public:
    Fields(const json &object, std::string what) : j_(object), what_(std::move(what)) {}

    const json *find(const char *key) {
        const auto at = j_.find(key);
        return at == j_.end() || at->is_null() ? nullptr : &*at;
    }
    void text(const char *key, std::string &out, size_t limit = max_text, bool required = false) {
        const json *v = find(key);
        if (!v) {
            if (required) fail(key, "is missing");
            return;
        }
        if (!v->is_string()) return fail(key, "must be text");
        const auto &s = v->get_ref<const std::string &>();
        if (s.size() > limit) return fail(key, "is too long");
        out = s;
    }
    template <typename Tag> void id(const char *key, Id<Tag> &out, bool required = false) {
        text(key, out.value, max_id, required);
    }
    void flag(const char *key, bool &out) {
        const json *v = find(key);
        if (!v) return;
        if (!v->is_boolean()) return fail(key, "must be true or false");
        out = v->get<bool>();
    }
    void number(const char *key, double &out) {
        const json *v = find(key);
        if (!v) return;
        if (!v->is_number()) return fail(key, "must be a number");
        const double d = v->get<double>();
        if (!std::isfinite(d)) return fail(key, "must be finite");
        if (d < 0) return fail(key, "must not be negative");
        out = d;
    }
    template <typename T> void integer(const char *key, T &out, int64_t min, int64_t max) {
        const json *v = find(key);
        if (!v) return;
        const bool whole =
            v->is_number_integer() || (v->is_number_float() && std::trunc(v->get<double>()) == v->get<double>());
        if (!whole) return fail(key, "must be a whole number");
        const double d = v->get<double>();
        if (!(d >= static_cast<double>(min) && d <= static_cast<double>(max)))
            return fail(key, "must lie in " + std::to_string(min) + ".." + std::to_string(max));
        out = static_cast<T>(v->get<int64_t>());
    }
    void time(const char *key, std::optional<WallTime> &out) {
        std::string s;
        text(key, s, 64);
        if (s.empty()) return;
        out = parse_rfc3339(s);
        if (!out) fail(key, "must be a time such as 2026-01-02T03:04:05Z");
    }
    void time(const char *key, WallTime &out) {
        std::optional<WallTime> t;
        time(key, t);
        if (t) out = *t;
    }
    void texts(const char *key, std::vector<std::string> &out, size_t limit) {
        const json *v = find(key);
        if (!v) return;
        if (!v->is_array()) return fail(key, "must be a list");
        if (v->size() > limit) return fail(key, "has more than " + std::to_string(limit) + " entries");
        for (const json &item : *v) {
            if (!item.is_string()) return fail(key, "must hold texts only");
            out.push_back(item.get<std::string>());
        }
    }
    /// A nested object, or an empty one.
    json object(const char *key) {
        const json *v = find(key);
        if (!v) return json::object();
        if (!v->is_object()) {
            fail(key, "must be an object");
            return json::object();
        }
        return *v;
    }
    void fail(const std::string &key, const std::string &why) {
        if (status_.ok()) status_ = bad(what_, key + " " + why);
    }
    Status status() const { return status_; }

private:
    const json &j_;
    std::string what_;
    Status status_;
};

std::string named(std::string_view kind, std::string_view id) {
    return std::string(kind) + " " + std::string(id.substr(0, 64));
}

Status read_requirements(const json &j, const std::string &what, Requirements &r) {
    Fields f(j, what + ": requirements");
    f.integer("gpuCount", r.gpu_count, 0, 64);
    f.integer("gpuMilli", r.gpu_milli, 1, 1000);
    f.texts("gpuModels", r.gpu_models, 256);
    f.flag("tee", r.tee);
    f.number("diskGb", r.disk_gb);
    f.integer("cpuMilli", r.cpu_milli, 0, 100'000'000);
    f.integer("memoryMib", r.memory_mib, 0, int64_t{1} << 40);
    std::sort(r.gpu_models.begin(), r.gpu_models.end());
    r.gpu_models.erase(std::unique(r.gpu_models.begin(), r.gpu_models.end()), r.gpu_models.end());
    if (f.status().ok() && r.gpu_milli < 1000 && r.gpu_count != 1) f.fail("gpuMilli", "below 1000 needs gpuCount 1");
    return f.status();
}

Status read_economics(const json &j, const std::string &what, Economics &e) {
    Fields f(j, what + ": economics");
    f.flag("hasMetrics", e.has_metrics);
    f.flag("hasUtilization", e.has_utilization);
    f.flag("scalable", e.scalable);
    f.flag("updateInProgress", e.update_in_progress);
    f.number("computeMultiplier", e.compute_multiplier);
    f.number("totalComputeTime", e.total_compute_time);
    f.number("totalInvocations", e.total_invocations);
    f.number("rateLimitCount", e.rate_limit_count);
    f.number("instanceCount", e.instance_count);
    return f.status();
}

Status check_id(Fields &f, const std::string &what, std::string_view id) {
    std::string written;
    f.text("id", written, max_id, true);
    RIG_TRY(f.status());
    if (written.empty()) return bad(what, "id is empty");
    if (written != id)
        return bad(what, "id is '" + written + "', the call said '" + std::string(id.substr(0, 64)) + "'");
    return {};
}

json text_or_null(const std::string &s) { return s.empty() ? json(nullptr) : json(s); }
json time_or_null(const std::optional<WallTime> &t) { return t ? json(to_rfc3339(*t)) : json(nullptr); }
std::optional<WallTime> at(const std::optional<int64_t> &ns) {
    return ns ? std::optional(WallTime{*ns}) : std::nullopt;
}
std::string dump(const json &j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

Status check_object_tree(const json &o, const std::string &what) {
    if (!o.is_object()) return bad(what, "must be an object");
    Fields f(o, what);
    std::string ignored;
    f.text("apiVersion", ignored, max_id, true);
    f.text("kind", ignored, max_id, true);
    const json metadata = f.object("metadata");
    RIG_TRY(f.status());
    Fields m(metadata, what + ": metadata");
    m.text("name", ignored, max_id, true);
    return m.status();
}
} // namespace

Status check_document(std::string_view text, const DocumentLimits &limits) {
    if (text.size() > limits.bytes)
        return invalid("DocumentTooLarge", "the document has " + std::to_string(text.size()) + " bytes, the limit is " +
                                               std::to_string(limits.bytes));
    RIG_TRY(check_depth(text, limits.depth));
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || text[first] != '{')
        return invalid("DocumentMalformed", "the document is not a JSON object");
    if (!json::accept(text)) return invalid("DocumentMalformed", "the document is not valid JSON");
    return {};
}

Result<Offer> parse_offer(std::string_view id, std::string_view document, const SourceName &source, uint64_t ordinal) {
    const std::string what = named("offer", id);
    RIG_TRY_ASSIGN(const json j, parse_of(what, document));
    Fields f(j, what);
    RIG_TRY(check_id(f, what, id));
    Offer o;
    o.id = OfferId(id);
    o.source = source;
    o.ordinal = ordinal;
    f.text("name", o.name);
    f.text("version", o.version, max_id);
    f.text("image", o.image);
    f.text("chutesVersion", o.chutes_version, max_id);
    f.text("validator", o.validator, max_id);
    f.flag("deployable", o.deployable);
    f.flag("preemptible", o.preemptible);
    int cap = -1;
    f.integer("maxInstances", cap, 0, 1'000'000);
    if (cap >= 0) o.max_instances = cap;
    const json requirements = f.object("requirements"), economics = f.object("economics");
    RIG_TRY(f.status());
    RIG_TRY(read_requirements(requirements, what, o.needs));
    RIG_TRY(read_economics(economics, what, o.economics));
    o.document = document;
    return o;
}

Result<SourceInstance> parse_instance(std::string_view id, std::string_view document, const SourceName &source) {
    const std::string what = named("instance", id);
    RIG_TRY_ASSIGN(const json j, parse_of(what, document));
    Fields f(j, what);
    RIG_TRY(check_id(f, what, id));
    SourceInstance i;
    i.id = InstanceId(id);
    i.source = source;
    f.id("offerId", i.offer);
    f.text("version", i.version, max_id);
    f.text("configId", i.config_id, max_id);
    f.flag("verified", i.verified);
    f.flag("active", i.active);
    std::optional<WallTime> verified_at, created_at;
    f.time("lastVerifiedAt", verified_at);
    f.time("createdAt", created_at);
    RIG_TRY(f.status());
    if (verified_at) i.last_verified_ns = verified_at->ns;
    if (created_at) i.created_ns = created_at->ns;
    return i;
}

Result<Grant> parse_grant(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("grant", document));
    Fields f(j, "grant");
    Grant g;
    f.text("token", g.token);
    f.text("configId", g.config_id, max_id);
    RIG_TRY(f.status());
    g.document = document;
    return g;
}

Result<InstanceId> parse_announcement(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("announcement", document));
    Fields f(j, "announcement");
    InstanceId id;
    f.id("instanceId", id);
    RIG_TRY(f.status());
    return id;
}

Result<Deployment> parse_deployment(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("deployment", document));
    Fields f(j, "deployment");
    Deployment d;
    std::string phase = "planned";
    std::vector<std::string> gpus;
    f.id("id", d.id, true);
    f.id("offerId", d.offer);
    f.text("offerName", d.offer_name);
    f.id("source", d.source);
    f.text("version", d.version, max_id);
    f.id("serverId", d.server);
    f.text("serverName", d.node_name);
    f.id("cluster", d.cluster);
    f.text("namespace", d.namespace_name, max_id);
    f.text("phase", phase, max_id);
    f.id("instanceId", d.instance);
    f.text("configId", d.config_id, max_id);
    f.text("host", d.host);
    f.integer("port", d.port, 0, 65535);
    f.texts("gpus", gpus, 1024);
    f.flag("preemptible", d.preemptible);
    f.text("jobId", d.job_id, max_id);
    f.time("createdAt", d.created_at);
    f.time("phaseSince", d.phase_since);
    f.time("verifiedAt", d.verified_at);
    f.time("activatedAt", d.activated_at);
    f.time("terminatingSince", d.terminating_since);
    f.text("endCause", d.end_cause);
    f.text("endReason", d.end_reason);
    const auto parsed = parse_phase(phase);
    if (!parsed) f.fail("phase", "'" + phase + "' is not a phase");
    RIG_TRY(f.status());
    d.phase = *parsed;
    for (std::string &g : gpus) d.gpus.emplace_back(std::move(g));
    return d;
}

Status check_action(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("action", document));
    Fields f(j, "action");
    std::string verb, evidence, ignored;
    std::vector<std::string> views;
    f.text("verb", verb, max_id, true);
    f.text("cause", ignored, max_id, true);
    f.text("reason", ignored, max_text, true);
    f.text("evidence", evidence, max_id, true);
    f.texts("views", views, 64);
    if (!f.find("target")) f.fail("target", "is missing");
    (void)f.object("target");
    RIG_TRY(f.status());
    static const std::set<std::string, std::less<>> verbs{"terminate", "remove-object", "release-instance",
                                                          "delete-offer"};
    if (!verbs.contains(verb)) return bad("action", "verb '" + verb + "' is not known");
    if (evidence != "definite" && evidence != "absence" && evidence != "policy")
        return bad("action", "evidence '" + evidence + "' is not known");
    return {};
}

Status check_rendering(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("rendering", document));
    Fields f(j, "rendering");
    bool done = false;
    f.flag("done", done);
    RIG_TRY(f.status());
    const json *objects = f.find("objects");
    if (!objects) return done ? Status() : Status(bad("rendering", "objects are missing, and it is not done"));
    if (!objects->is_array()) return bad("rendering", "objects must be a list");
    for (size_t i = 0; i < objects->size(); ++i)
        RIG_TRY(check_object_tree((*objects)[i], "rendering: objects[" + std::to_string(i) + "]"));
    return {};
}

Status check_object(std::string_view document) {
    RIG_TRY_ASSIGN(const json j, parse_of("object", document));
    return check_object_tree(j, "object");
}

std::string to_json(const Deployment &d) {
    json gpus = json::array();
    for (const GpuId &g : d.gpus) gpus.push_back(g.str());
    return dump({{"id", d.id.str()},
                 {"offerId", d.offer.str()},
                 {"offerName", d.offer_name},
                 {"source", d.source.str()},
                 {"version", d.version},
                 {"serverId", d.server.str()},
                 {"serverName", d.node_name},
                 {"cluster", d.cluster.str()},
                 {"namespace", d.namespace_name},
                 {"phase", phase_name(d.phase)},
                 {"instanceId", text_or_null(d.instance.str())},
                 {"configId", text_or_null(d.config_id)},
                 {"host", text_or_null(d.host)},
                 {"port", d.port > 0 ? json(d.port) : json(nullptr)},
                 {"gpus", gpus},
                 {"preemptible", d.preemptible},
                 {"jobId", text_or_null(d.job_id)},
                 {"createdAt", to_rfc3339(d.created_at)},
                 {"phaseSince", to_rfc3339(d.phase_since)},
                 {"verifiedAt", time_or_null(d.verified_at)},
                 {"activatedAt", time_or_null(d.activated_at)},
                 {"terminatingSince", time_or_null(d.terminating_since)},
                 {"endCause", text_or_null(d.end_cause)},
                 {"endReason", text_or_null(d.end_reason)}});
}

std::string to_json(const SourceInstance &i) {
    return dump({{"id", i.id.str()},
                 {"offerId", i.offer.str()},
                 {"version", i.version},
                 {"configId", text_or_null(i.config_id)},
                 {"verified", i.verified},
                 {"active", i.active},
                 {"lastVerifiedAt", time_or_null(at(i.last_verified_ns))},
                 {"createdAt", time_or_null(at(i.created_ns))}});
}

std::string to_json(const Offer &o) {
    const Requirements &r = o.needs;
    const Economics &e = o.economics;
    return dump({{"id", o.id.str()},
                 {"name", o.name},
                 {"version", o.version},
                 {"image", o.image},
                 {"chutesVersion", o.chutes_version},
                 {"validator", o.validator},
                 {"requirements",
                  {{"gpuCount", r.gpu_count},
                   {"gpuMilli", r.gpu_milli},
                   {"gpuModels", r.gpu_models},
                   {"tee", r.tee},
                   {"diskGb", r.disk_gb},
                   {"cpuMilli", r.cpu_milli},
                   {"memoryMib", r.memory_mib}}},
                 {"economics",
                  {{"hasMetrics", e.has_metrics},
                   {"hasUtilization", e.has_utilization},
                   {"scalable", e.scalable},
                   {"updateInProgress", e.update_in_progress},
                   {"computeMultiplier", e.compute_multiplier},
                   {"totalComputeTime", e.total_compute_time},
                   {"totalInvocations", e.total_invocations},
                   {"rateLimitCount", e.rate_limit_count},
                   {"instanceCount", e.instance_count}}},
                 {"deployable", o.deployable},
                 {"preemptible", o.preemptible},
                 {"maxInstances", o.max_instances ? json(*o.max_instances) : json(nullptr)}});
}

} // namespace rigger
