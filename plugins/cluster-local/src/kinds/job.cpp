// kinds/job.cpp -- batch/v1 Job: non-indexed.
#include "api/json.hpp"
#include "api/names.hpp"
#include "api/pod_spec.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cluster_local {
namespace {
constexpr std::array<std::string_view, 1> kJobFields{"status.successful"};
constexpr KindInfo kJobInfo{"batch/v1", "Job", "jobs", true, true, kJobFields};

class Job final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kJobInfo; }
    void set_defaults(Json &object) const override {
        Json &spec = child(object, "spec");
        if (!spec.contains("completions") && !spec.contains("parallelism")) spec["completions"] = 1;
        set_default(spec, "parallelism", 1);
        set_default(spec, "backoffLimit", 6);
        set_default(spec, "completionMode", "NonIndexed");
        set_default(spec, "suspend", false);
        Json &pod_template = child(spec, "template");
        default_pod_spec(child(pod_template, "spec"));
        // What ties pods to this job, as the API server generates it. The uid stands since the object was created.
        const auto uid = text_at(object, {"metadata", "uid"}), name = text_at(object, {"metadata", "name"});
        if (uid.empty() || flag_at(spec, {"manualSelector"})) return;
        set_default(spec, "selector", {{"matchLabels", {{"controller-uid", uid}}}});
        Json &labels = child(child(pod_template, "metadata"), "labels");
        for (const char *prefix : {"", "batch.kubernetes.io/"}) {
            set_default(labels, (std::string(prefix) + "controller-uid").c_str(), uid);
            set_default(labels, (std::string(prefix) + "job-name").c_str(), name);
        }
    }
    void validate(const Json &object, Problems &problems) const override {
        const Checker check(object, problems);
        for (const char *path :
             {"spec.parallelism", "spec.completions", "spec.backoffLimit", "spec.ttlSecondsAfterFinished"})
            check.integer(path, 0, INT32_MAX);
        check.integer("spec.activeDeadlineSeconds", 0, INT32_MAX);
        check.boolean("spec.suspend");
        check.boolean("spec.manualSelector");
        check.object("spec.selector");
        if (!check.one_of("spec.completionMode", {"NonIndexed"})) return;
        if (!check.object("spec.template") || !check.object("spec.template.spec")) return;
        if (text_at(object, {"metadata", "name"}).size() > 63)
            problems.add("metadata.name", "Too long: must have at most 63 characters");
        const Json &pod_template = object.at("spec").at("template");
        if (const Json *metadata = find(pod_template, {"metadata"})) {
            if (metadata->is_object()) check_labels(*metadata, "spec.template.metadata", problems);
            else problems.add("spec.template.metadata", "Invalid value: must be an object");
        }
        const auto policy = text_at(pod_template, {"spec", "restartPolicy"});
        if (policy == "Always")
            problems.add("spec.template.spec.restartPolicy", "Required value: valid values: \"OnFailure\", \"Never\"");
        check_pod_spec(pod_template.at("spec"), "spec.template.spec.", problems);
    }
    void validate_update(const Json &before, const Json &after, Problems &problems) const override {
        for (const char *key : {"selector", "template", "completions", "completionMode", "manualSelector"}) {
            const Json *was = find(before, {"spec", key}), *is = find(after, {"spec", key});
            if ((was == nullptr) != (is == nullptr) || (was && *was != *is))
                problems.immutable(std::string("spec.") + key);
        }
    }
    Json initial_status(const Json &) const override { return Json::object(); }
    void index_status(const Json &status, std::vector<std::string> &values) const override {
        values[0] = std::to_string(integer_at(status, {"succeeded"}).value_or(0));
    }
};
} // namespace

const Kind &job_kind() {
    static const Job kind;
    return kind;
}

} // namespace cluster_local
