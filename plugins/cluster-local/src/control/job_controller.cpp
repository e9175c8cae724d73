#include "control/job_controller.hpp"

#include "api/json.hpp"
#include "api/time.hpp"
#include "kinds/pod.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>
#include <charconv>

namespace cluster_local {
namespace {
constexpr std::string_view kTracking = "batch.kubernetes.io/job-tracking";
constexpr uint64_t kFirstRetry = 10 * kSecond, kLastRetry = 360 * kSecond;
constexpr std::string_view kJobController = "job-controller";

bool is_finished(const Json &status) {
    const Json *conditions = find(status, {"conditions"});
    if (!conditions || !conditions->is_array()) return false;
    return std::any_of(conditions->begin(), conditions->end(), [](const Json &c) {
        return text_at(c, {"status"}) == "True" &&
               (text_at(c, {"type"}) == "Complete" || text_at(c, {"type"}) == "Failed");
    });
}
void set_count(Json &status, const char *key, int64_t value) {
    if (value == 0) status.erase(key);
    else status[key] = value;
}
int64_t restarts(const Json &status) {
    int64_t sum = 0;
    if (const Json *containers = find(status, {"containerStatuses"}); containers && containers->is_array())
        for (const Json &container : *containers) sum += integer_at(container, {"restartCount"}).value_or(0);
    return sum;
}
} // namespace

/// One look at one job.
struct JobController::Sync {
    const Record &job;
    Json object, status;
    std::vector<const Record *> active; ///< neither finished nor being deleted
    int64_t succeeded = 0, failed = 0, restarts = 0;
    bool new_failures = false, done = false;
    int64_t last_failure_ns = 0; ///< wall time; kept in the job's memo
    const Json &spec() const { return object.at("spec"); }
    int64_t number(std::string_view key, int64_t otherwise) const {
        return integer_at(spec(), {key}).value_or(otherwise);
    }
};

void JobController::on_put(const Record &record, const Record *) {
    if (record.kind == &job_kind()) return jobs_.add(record.id);
    if (record.kind != &pod_kind() || record.owners.empty()) return;
    bool owned = false;
    for (const auto &owner : record.owners)
        if (const Record *job = api_.store().find_uid(owner); job && job->kind == &job_kind()) {
            jobs_.add(job->id);
            owned = true;
        }
    if (!owned && record.finalizers) orphans_.add(record.id);
}
void JobController::on_erase(const Record &record) {
    if (record.kind == &job_kind()) {
        for (const Record *pod : api_.store().owned_by(record.uid))
            if (pod->finalizers) orphans_.add(pod->id);
    } else if (record.kind == &pod_kind()) {
        for (const auto &owner : record.owners)
            if (const Record *job = api_.store().find_uid(owner); job && job->kind == &job_kind()) jobs_.add(job->id);
    }
}
void JobController::on_reset() {
    jobs_.clear();
    orphans_.clear();
}

rig::Status JobController::run(size_t &budget) {
    const uint64_t now = api_.clock().mono_ns();
    while (budget > 0) {
        if (const auto id = orphans_.pop(now)) {
            --budget;
            if (const Record *pod = api_.store().find_id(*id)) RIG_RETURN_IF_ERROR(release_orphan(*pod));
        } else if (const auto job_id = jobs_.pop(now)) {
            --budget;
            if (const Record *job = api_.store().find_id(*job_id)) RIG_RETURN_IF_ERROR(sync(*job));
        } else {
            break;
        }
    }
    return {};
}

rig::Status JobController::release_orphan(const Record &pod) {
    for (const auto &owner : pod.owners)
        if (const Record *job = api_.store().find_uid(owner); job && job->kind == &job_kind()) return {};
    return api_.drop_finalizer(pod, kTracking);
}

rig::Status JobController::sync(const Record &job) {
    ObjectStore &store = api_.store();
    Sync s{job, {}, {}, {}};
    RIG_ASSIGN_OR_RETURN(s.object, store.object(job));
    s.status = s.object.value("status", Json::object());
    const Json before = s.status;
    RIG_ASSIGN_OR_RETURN(const std::string memo, store.memo(job));
    (void)std::from_chars(memo.data(), memo.data() + memo.size(), s.last_failure_ns);

    if (job.deleting || is_finished(s.status)) {
        for (const Record *pod : store.owned_by(job.uid))
            if (pod->kind == &pod_kind() && pod->finalizers) RIG_RETURN_IF_ERROR(api_.drop_finalizer(*pod, kTracking));
        return {};
    }
    if (!s.status.contains("startTime") && !flag_at(s.spec(), {"suspend"}))
        s.status["startTime"] = rfc3339(api_.clock().wall_ns());
    RIG_RETURN_IF_ERROR(count_pods(s));
    RIG_RETURN_IF_ERROR(decide(s));
    if (!s.done) RIG_RETURN_IF_ERROR(scale(s));

    const auto ready =
        std::count_if(s.active.begin(), s.active.end(), [](const Record *pod) { return pod_ready(*pod); });
    set_count(s.status, "active", static_cast<int64_t>(s.active.size()));
    set_count(s.status, "succeeded", s.succeeded);
    set_count(s.status, "failed", s.failed);
    s.status["ready"] = ready;
    if (s.status == before) return {};
    return store.update_status(job, s.status,
                               s.new_failures ? std::optional<std::string_view>(std::to_string(s.last_failure_ns))
                                              : std::nullopt);
}

/// Counts pods that ended since the last look and lets them go; a pod that is being deleted counts as failed, as in
/// Kubernetes.
rig::Status JobController::count_pods(Sync &s) {
    s.succeeded = integer_at(s.status, {"succeeded"}).value_or(0);
    s.failed = integer_at(s.status, {"failed"}).value_or(0);
    const bool on_failure = text_at(s.spec(), {"template", "spec", "restartPolicy"}) == "OnFailure";
    for (const Record *pod : api_.store().owned_by(s.job.uid)) {
        if (pod->kind != &pod_kind()) continue;
        if (!pod_finished(*pod) && !pod->deleting) {
            s.active.push_back(pod);
            if (on_failure) {
                RIG_ASSIGN_OR_RETURN(const Json status, api_.store().status(*pod));
                s.restarts += restarts(status);
            }
            continue;
        }
        if (!pod->finalizers) continue;
        if (pod_phase(*pod) == "Succeeded") {
            ++s.succeeded;
        } else {
            ++s.failed;
            s.new_failures = true;
            s.last_failure_ns = api_.clock().wall_ns();
        }
        RIG_RETURN_IF_ERROR(api_.drop_finalizer(*pod, kTracking));
    }
    return {};
}

rig::Status JobController::decide(Sync &s) {
    const int64_t limit = s.number("backoffLimit", 6);
    if (s.failed > limit || (s.restarts > 0 && s.restarts >= limit))
        return finish(s, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    const auto started = parse_rfc3339(text_at(s.status, {"startTime"}));
    if (const auto deadline = integer_at(s.spec(), {"activeDeadlineSeconds"}); deadline && started) {
        const int64_t left = *started + *deadline * static_cast<int64_t>(kSecond) - api_.clock().wall_ns();
        if (left <= 0) return finish(s, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline");
        jobs_.add_at(s.job.id, api_.clock().mono_ns() + static_cast<uint64_t>(left));
    }
    const auto completions = integer_at(s.spec(), {"completions"});
    const bool complete = completions ? s.succeeded >= *completions : s.succeeded > 0 && s.active.empty();
    if (complete && !flag_at(s.spec(), {"suspend"}))
        return finish(s, "Complete", "CompletionsReached", "Reached expected number of succeeded pods");
    return {};
}

rig::Status JobController::finish(Sync &s, std::string_view condition, std::string_view reason,
                                  std::string_view message) {
    s.done = true;
    const std::string now = rfc3339(api_.clock().wall_ns());
    if (!s.status["conditions"].is_array()) s.status["conditions"] = Json::array();
    s.status["conditions"].push_back({{"type", condition},
                                      {"status", "True"},
                                      {"reason", reason},
                                      {"message", message},
                                      {"lastProbeTime", now},
                                      {"lastTransitionTime", now}});
    if (condition == "Complete") s.status["completionTime"] = now;
    else s.failed += static_cast<int64_t>(s.active.size());
    for (const Record *pod : s.active) {
        const int64_t id = pod->id;
        RIG_RETURN_IF_ERROR(api_.drop_finalizer(*pod, kTracking));
        if (const Record *still = api_.store().find_id(id)) RIG_RETURN_IF_ERROR(api_.remove(*still, {}));
    }
    s.active.clear();
    return condition == "Complete" ? events_.normal(s.job, kJobController, "Completed", "Job completed")
                                   : events_.warning(s.job, kJobController, reason, message);
}

rig::Status JobController::scale(Sync &s) {
    const int64_t parallelism = flag_at(s.spec(), {"suspend"}) ? 0 : s.number("parallelism", 1);
    const auto completions = integer_at(s.spec(), {"completions"});
    const auto active = static_cast<int64_t>(s.active.size());
    int64_t wanted = parallelism;
    if (completions) wanted = std::min(parallelism, *completions - s.succeeded);
    else if (s.succeeded > 0) wanted = std::min(parallelism, active);
    if (active > wanted) {
        std::stable_sort(s.active.begin(), s.active.end(),
                         [](const Record *a, const Record *b) { return pod_ready(*a) > pod_ready(*b); });
        while (static_cast<int64_t>(s.active.size()) > std::max<int64_t>(wanted, 0)) {
            const int64_t id = s.active.back()->id;
            s.active.pop_back();
            RIG_RETURN_IF_ERROR(api_.drop_finalizer(*api_.store().find_id(id), kTracking)); // taken back, not failed
            if (const Record *still = api_.store().find_id(id)) RIG_RETURN_IF_ERROR(api_.remove(*still, {}));
        }
        return {};
    }
    if (active == wanted) return {};
    if (s.failed > 0 && s.last_failure_ns > 0) {
        const uint64_t delay = std::min(kLastRetry, kFirstRetry << std::min<int64_t>(s.failed - 1, 6));
        const int64_t left = s.last_failure_ns + static_cast<int64_t>(delay) - api_.clock().wall_ns();
        if (left > 0) {
            jobs_.add_at(s.job.id, api_.clock().mono_ns() + std::min(static_cast<uint64_t>(left), delay));
            return {};
        }
    }
    constexpr int64_t kBurst = 100; // the rest follows at the next look
    for (int64_t i = active; i < std::min(wanted, active + kBurst); ++i) RIG_RETURN_IF_ERROR(create_pod(s));
    if (wanted > active + kBurst) jobs_.add(s.job.id);
    return {};
}

rig::Status JobController::retry_create(Sync &s, const rig::Error &error) {
    jobs_.add_at(s.job.id, api_.clock().mono_ns() + kFirstRetry);
    return events_.warning(s.job, kJobController, "FailedCreate", "Error creating: " + error.message);
}

rig::Status JobController::create_pod(Sync &s) {
    const Json &pod_template = s.spec().at("template");
    Json metadata = pod_template.value("metadata", Json::object());
    metadata.erase("name");
    metadata.erase("creationTimestamp");
    metadata["generateName"] = s.job.name + "-";
    metadata["namespace"] = s.job.name_space;
    metadata["finalizers"] = Json::array({kTracking});
    metadata["ownerReferences"] = {{{"apiVersion", "batch/v1"},
                                    {"kind", "Job"},
                                    {"name", s.job.name},
                                    {"uid", s.job.uid},
                                    {"controller", true},
                                    {"blockOwnerDeletion", true}}};
    auto created = api_.create(pod_kind(), {{"metadata", std::move(metadata)}, {"spec", pod_template.at("spec")}});
    if (!created.ok() && created.error().code != RIG_E_UNAVAILABLE) // the namespace is going, or the name is taken
        return retry_create(s, created.error());
    RIG_ASSIGN_OR_RETURN(const Record *pod, std::move(created));
    s.active.push_back(pod);
    return events_.normal(s.job, kJobController, "SuccessfulCreate", "Created pod: " + pod->name);
}

} // namespace cluster_local
