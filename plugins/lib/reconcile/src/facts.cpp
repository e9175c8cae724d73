#include <reconcile/facts.hpp>

#include <times/rfc3339.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace reconcile {
namespace {

using Json = nlohmann::json;

/// Reads documents and keeps the first thing that is wrong.
class Reader {
public:
    Json parse(std::string_view text, const char *what) {
        Json document = Json::parse(text, nullptr, false);
        if (!document.is_object()) fail(what, "is not a JSON object");
        return document;
    }
    void start(const Json &desired) {
        const auto at = times::parse_rfc3339(text(desired, "now"));
        if (at) now_ = *at;
        else fail("now", "is not a time");
    }
    static const Json &member(const Json &object, const char *name) {
        static const Json null;
        if (!object.is_object()) return null;
        const auto at = object.find(name);
        return at == object.end() ? null : *at;
    }
    const Json &list(const Json &object, const char *name) {
        static const Json none = Json::array();
        const Json &value = member(object, name);
        if (value.is_array()) return value;
        if (!value.is_null()) fail(name, "must be a list");
        return none;
    }
    std::string text(const Json &object, const char *name) {
        const Json &value = member(object, name);
        if (value.is_string()) return value.get<std::string>();
        if (!value.is_null()) fail(name, "must be a text");
        return {};
    }
    std::string required(const Json &object, const char *name) {
        std::string value = text(object, name);
        if (value.empty()) fail(name, "is missing");
        return value;
    }
    bool flag(const Json &object, const char *name) {
        const Json &value = member(object, name);
        if (value.is_boolean()) return value.get<bool>();
        if (!value.is_null()) fail(name, "must be true or false");
        return false;
    }
    std::optional<double> number(const Json &object, const char *name) {
        const Json &value = member(object, name);
        if (value.is_number() && std::isfinite(value.get<double>())) return value.get<double>();
        if (!value.is_null()) fail(name, "must be a number");
        return std::nullopt;
    }
    int count(const Json &object, const char *name) {
        return static_cast<int>(std::clamp(number(object, name).value_or(0), 0.0, 1e6));
    }
    /// Seconds since the time in a field; a time in the future is age 0, which condemns nothing.
    std::optional<double> age(const Json &object, const char *name) {
        const std::string value = text(object, name);
        if (value.empty()) return std::nullopt;
        const auto at = times::parse_rfc3339(value);
        if (!at) {
            fail(name, "is not a time");
            return std::nullopt;
        }
        return std::max(0.0, static_cast<double>(now_ - *at) / 1e9);
    }
    void fail(const std::string &field, const char *what) {
        if (!error_) error_ = rig::Error{RIG_E_INVALID, "BadDocument", "cannot reconcile: " + field + " " + what, 0};
    }
    const std::optional<rig::Error> &error() const { return error_; }

private:
    times::WallNs now_ = 0;
    std::optional<rig::Error> error_;
};

Views read_views(Reader &r, const Json &observed) {
    Views views;
    const Json &all = Reader::member(observed, "views");
    if (!all.is_object()) return views;
    for (const auto &[name, value] : all.items()) {
        View view;
        view.complete = r.flag(value, "complete");
        view.age = r.number(value, "ageSeconds").value_or(view.age);
        views.put(name, view);
    }
    return views;
}

Deployment read(Reader &r, const Json &d) {
    Deployment out;
    out.id = r.required(d, "id");
    out.phase = r.required(d, "phase");
    out.offer_id = r.text(d, "offerId");
    out.offer_name = r.text(d, "offerName");
    if (out.offer_name.empty()) out.offer_name = out.offer_id;
    out.version = r.text(d, "version");
    out.instance_id = r.text(d, "instanceId");
    out.config_id = r.text(d, "configId");
    out.job_id = r.text(d, "jobId");
    out.age = r.age(d, "createdAt").value_or(0);
    out.phase_age = std::min(r.age(d, "phaseSince").value_or(0), std::max(out.age, 0.0));
    return out;
}

Instance read_instance(Reader &r, const Json &i) {
    return {r.required(i, "id"), r.text(i, "offerId"), r.text(i, "version"), r.text(i, "configId"),
            r.age(i, "createdAt")};
}

Pod read_pod(Reader &r, const Json &p) {
    Pod out;
    out.name = r.text(p, "name");
    out.phase = r.text(p, "phase");
    out.reason = r.text(p, "reason");
    out.message = r.text(p, "message");
    out.terminating = r.flag(p, "terminating");
    if (const auto code = r.number(p, "exitCode")) out.exit_code = static_cast<int>(*code);
    return out;
}

std::vector<Offer> read_offers(Reader &r, const Json &list) {
    std::vector<Offer> out;
    for (const Json &o : list)
        out.push_back({r.required(o, "id"), r.text(o, "version"), r.flag(o, "updateInProgress")});
    return out;
}

} // namespace

bool Views::usable(std::string_view name, double max_age) const {
    const auto at = views_.find(name);
    return at != views_.end() && at->second.complete && at->second.age <= max_age;
}

double Views::age(std::string_view name) const {
    const auto at = views_.find(name);
    return at == views_.end() ? View{}.age : at->second.age;
}

rig::Result<DeploymentFacts> read_deployment(std::string_view desired_text, std::string_view observed_text) {
    Reader r;
    const Json desired = r.parse(desired_text, "desired"), observed = r.parse(observed_text, "observed");
    r.start(desired);
    DeploymentFacts f;
    f.deployment = read(r, Reader::member(desired, "deployment"));
    const Json &limits = Reader::member(desired, "limits");
    f.stub_seconds = r.number(limits, "stubSeconds");
    f.init_seconds = r.number(limits, "initSeconds");
    if (const Json &job = Reader::member(observed, "job"); !job.is_null())
        f.job = Job{r.count(job, "active"), r.count(job, "succeeded"), r.count(job, "failed")};
    for (const Json &pod : r.list(observed, "pods")) f.pods.push_back(read_pod(r, pod));
    if (const Json &instance = Reader::member(observed, "instance"); !instance.is_null())
        f.instance = read_instance(r, instance);
    if (const Json &offer = Reader::member(observed, "offer"); !offer.is_null())
        f.offer = Offer{"", r.text(offer, "version"), r.flag(offer, "updateInProgress")};
    f.views = read_views(r, observed);
    if (r.error()) return *r.error();
    return f;
}

rig::Result<SourceFacts> read_source(std::string_view desired_text, std::string_view observed_text) {
    Reader r;
    const Json desired = r.parse(desired_text, "desired"), observed = r.parse(observed_text, "observed");
    r.start(desired);
    SourceFacts f;
    for (const Json &d : r.list(desired, "deployments")) f.deployments.push_back(read(r, d));
    f.offers = read_offers(r, r.list(observed, "offers"));
    f.stored = read_offers(r, r.list(observed, "stored"));
    for (const Json &i : r.list(observed, "instances")) f.instances.push_back(read_instance(r, i));
    f.views = read_views(r, observed);
    if (r.error()) return *r.error();
    return f;
}

rig::Result<ClusterFacts> read_cluster(std::string_view desired_text, std::string_view observed_text) {
    Reader r;
    const Json desired = r.parse(desired_text, "desired"), observed = r.parse(observed_text, "observed");
    r.start(desired);
    ClusterFacts f;
    for (const Json &d : r.list(desired, "deployments")) f.phases[r.required(d, "id")] = r.required(d, "phase");
    for (const Json &o : r.list(observed, "objects"))
        f.objects.push_back({r.required(o, "apiVersion"), r.required(o, "kind"), r.text(o, "namespace"),
                             r.required(o, "name"), r.text(o, "uid"), r.text(o, "deploymentId"),
                             r.number(o, "ageSeconds")});
    f.views = read_views(r, observed);
    if (r.error()) return *r.error();
    return f;
}

} // namespace reconcile
