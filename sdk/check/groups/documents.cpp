#include "documents.hpp"

namespace check {
namespace {

constexpr const char *kNow = "2026-01-01T12:00:00Z";

json views(std::initializer_list<const char *> names, bool complete) {
    json out = json::object();
    for (const char *n : names)
        out[n] = {{"complete", complete}, {"ageSeconds", complete ? 1 : 4000}, {"generation", complete ? 7 : 0}};
    return out;
}

json instance_of(const json &deployment) {
    return {{"id", deployment["instanceId"]},
            {"offerId", deployment["offerId"]},
            {"version", deployment["version"]},
            {"configId", deployment["configId"]},
            {"verified", true},
            {"active", true},
            {"lastVerifiedAt", "2026-01-01T11:59:00Z"},
            {"createdAt", "2026-01-01T08:00:00Z"}};
}

json object_of(const std::string &deployment_id, const char *kind, const char *api) {
    return {{"apiVersion", api},
            {"kind", kind},
            {"namespace", "chutes"},
            {"name", "chute-" + deployment_id},
            {"uid", "uid-" + deployment_id},
            {"deploymentId", deployment_id},
            {"ageSeconds", 14000}};
}

Scene scene(const std::string &subject, bool complete) {
    const json d = sample_deployment("dep-1");
    if (subject == "deployment")
        return {"dep-1",
                {{"now", kNow}, {"deployment", d}, {"limits", {{"stubSeconds", 1800}, {"initSeconds", 3600}}}},
                {{"job", {{"active", 1}, {"succeeded", 0}, {"failed", 0}}},
                 {"pods", json::array({{{"name", "chute-dep-1-x"},
                                        {"phase", "Running"},
                                        {"ready", true},
                                        {"terminating", false},
                                        {"reason", nullptr},
                                        {"message", nullptr},
                                        {"exitCode", nullptr},
                                        {"ageSeconds", 14000}}})},
                 {"instance", instance_of(d)},
                 {"offer", {{"version", d["version"]}}},
                 {"views", views({"pods", "jobs", "instances", "offers"}, complete)}}};
    if (subject == "source")
        return {"catalog",
                {{"now", kNow}, {"deployments", json::array({d})}},
                {{"offers", json::array({{{"id", d["offerId"]}, {"version", d["version"]}}})},
                 {"instances", json::array({instance_of(d)})},
                 {"stored", json::array({{{"id", d["offerId"]}, {"version", d["version"]}}})},
                 {"views", views({"offers", "instances"}, complete)}}};
    return {"local",
            {{"now", kNow}, {"deployments", json::array({{{"id", "dep-1"}, {"phase", "active"}}})}},
            {{"objects", json::array({object_of("dep-1", "Job", "batch/v1"), object_of("dep-1", "Service", "v1")})},
             {"views", views({"jobs", "pods", "services"}, complete)}}};
}

} // namespace

json object_from(const char *what, const std::string &text) {
    json out = json::parse(text, nullptr, false);
    if (!out.is_object()) fail(std::string(what) + "() wrote no JSON object: " + text.substr(0, 120));
    return out;
}

json sample_deployment(const std::string &id) {
    return {{"id", id},
            {"offerId", "offer-1"},
            {"offerName", "demo-llm"},
            {"source", "catalog"},
            {"version", "v1"},
            {"serverId", "server-1"},
            {"serverName", "gpu-01"},
            {"cluster", "local/local"},
            {"namespace", "chutes"},
            {"phase", "active"},
            {"instanceId", "inst-" + id},
            {"configId", "conf-" + id},
            {"host", "10.0.0.1"},
            {"port", 30001},
            {"gpus", {"gpu-a"}},
            {"preemptible", true},
            {"jobId", nullptr},
            {"createdAt", "2026-01-01T08:00:00Z"},
            {"phaseSince", "2026-01-01T08:10:00Z"},
            {"verifiedAt", "2026-01-01T08:09:00Z"},
            {"activatedAt", "2026-01-01T08:10:00Z"},
            {"terminatingSince", nullptr},
            {"endCause", nullptr},
            {"endReason", nullptr}};
}

Scene settled_scene(const std::string &subject) { return scene(subject, true); }

Scene troubled_scene(const std::string &subject) {
    Scene s = scene(subject, true);
    if (subject == "deployment") {
        s.observed["job"] = {{"active", 0}, {"succeeded", 0}, {"failed", 1}};
        s.observed["pods"][0]["phase"] = "Failed";
        s.observed["pods"][0]["ready"] = false;
        s.observed["pods"][0]["exitCode"] = 137;
        s.observed["pods"][0]["reason"] = "OOMKilled";
    } else if (subject == "source") {
        json other = instance_of(sample_deployment("dep-9"));
        other["offerId"] = "offer-9";
        s.observed["instances"].push_back(other);
        s.observed["stored"].push_back({{"id", "offer-gone"}, {"version", "v0"}});
    } else {
        s.observed["objects"].push_back(object_of("dep-9", "Job", "batch/v1"));
    }
    return s;
}

Scene blind_scene(const std::string &subject) {
    Scene s = scene(subject, false);
    for (auto &[key, value] : s.observed.items()) {
        if (key == "views") continue;
        if (value.is_array()) value = json::array();
        else value = nullptr;
    }
    return s;
}

} // namespace check
