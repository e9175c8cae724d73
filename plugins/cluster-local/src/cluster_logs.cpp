#include "api/json.hpp"
#include "api/time.hpp"
#include "cluster.hpp"
#include "query.hpp"
#include "runtime/runtime.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <chrono>

namespace cluster_local {
namespace {
constexpr auto kPoll = std::chrono::milliseconds(100);

/// {"cluster","namespace","name","container"?,"tailLines"?,"follow"?,"sinceSeconds"?,"previous"?}
struct Request {
    std::string name_space, name, container;
    bool follow = false, previous = false;
    std::optional<int64_t> tail, since_seconds;
};

rig::Result<Request> parse(std::string_view text, std::string_view cluster) {
    RIG_ASSIGN_OR_RETURN(const Json document, parse_object(text, "the log request"));
    Problems problems;
    const Checker check(document, problems);
    for (const char *key : {"cluster", "namespace", "name", "container"}) check.string(key);
    for (const char *key : {"follow", "previous"}) check.boolean(key);
    check.integer("tailLines", 0, INT32_MAX);
    check.integer("sinceSeconds", 1, INT32_MAX);
    check.required("name");
    if (!problems.empty()) return errors::bad_request(problems.text());
    if (const auto asked = text_at(document, {"cluster"}); !asked.empty() && asked != cluster)
        return errors::unknown_cluster(asked, cluster);
    Request request{std::string(text_at(document, {"namespace"})),
                    std::string(text_at(document, {"name"})),
                    std::string(text_at(document, {"container"})),
                    flag_at(document, {"follow"}),
                    flag_at(document, {"previous"}),
                    integer_at(document, {"tailLines"}),
                    integer_at(document, {"sinceSeconds"})};
    if (request.name_space.empty()) request.name_space = "default";
    return request;
}

struct Source {
    std::string container, image;
    LogSpan span;
    bool running = false;
};

/// Which container of the pod, and when it ran.
rig::Result<Source> locate(const Json &pod, const Request &request, int64_t now) {
    Source source;
    const Json *containers = find(pod, {"spec", "containers"});
    const std::string where = "pod \"" + request.name + "\"";
    if (!containers || containers->empty()) return errors::bad_request(where + " has no containers");
    if (request.container.empty() && containers->size() > 1)
        return errors::bad_request("a container name must be specified for " + where);
    source.container =
        request.container.empty() ? std::string(text_at(containers->front(), {"name"})) : request.container;
    bool exists = false;
    for (const Json &container : *containers)
        if (text_at(container, {"name"}) == source.container) {
            exists = true;
            source.image = text_at(container, {"image"});
        }
    if (!exists) return errors::bad_request("container \"" + source.container + "\" is not valid for " + where);
    const Json *statuses = find(pod, {"status", "containerStatuses"});
    std::string waits = "ContainerCreating";
    for (const Json &status : statuses && statuses->is_array() ? *statuses : Json::array()) {
        if (text_at(status, {"name"}) != source.container) continue;
        const Json *ended =
            request.previous ? find(status, {"lastState", "terminated"}) : find(status, {"state", "terminated"});
        if (!ended && !request.previous) {
            if (const auto at = parse_rfc3339(text_at(status, {"state", "running", "startedAt"}))) {
                source.span.started_ns = *at;
                source.span.ended_ns = now;
                source.running = true;
                return source;
            }
            ended = find(status, {"lastState", "terminated"}); // between restarts the last output is still there
        }
        if (ended) {
            source.span.started_ns = parse_rfc3339(text_at(*ended, {"startedAt"})).value_or(0);
            source.span.ended_ns = parse_rfc3339(text_at(*ended, {"finishedAt"})).value_or(0);
            return source;
        }
        if (const auto reason = text_at(status, {"state", "waiting", "reason"}); !reason.empty()) waits = reason;
    }
    if (request.previous)
        return errors::bad_request("previous terminated container \"" + source.container + "\" in " + where +
                                   " not found");
    return errors::bad_request("container \"" + source.container + "\" in " + where + " is waiting to start: " + waits);
}
} // namespace

rig::Status Cluster::logs(rig::Call call, std::string_view text, rig::Sink out) {
    RIG_ASSIGN_OR_RETURN(Request request, parse(text, options_.name));
    int64_t from = INT64_MIN;
    if (request.since_seconds) from = clock_.wall_ns() - *request.since_seconds * static_cast<int64_t>(kSecond);
    size_t tail = request.tail ? static_cast<size_t>(*request.tail) : SIZE_MAX;
    std::string uid;
    std::unique_lock held(lock_);
    for (;;) {
        if (call.cancelled()) return rig::Error{RIG_E_CANCELLED, "Cancelled", "the log request was cancelled", 0};
        if (clock_.mono_ns() >= call.deadline_ns())
            return rig::Error{RIG_E_DEADLINE, "DeadlineExceeded", "the log request reached its deadline", 0};
        RIG_RETURN_IF_ERROR(healthy());
        const Record *record = store_->find(pod_kind(), request.name_space, request.name);
        if (!record || (!uid.empty() && uid != record->uid))
            return uid.empty() ? rig::Status(errors::not_found("pods", request.name)) : rig::Status();
        RIG_ASSIGN_OR_RETURN(const Json pod, store_->object(*record));
        const int64_t now = clock_.wall_ns();
        auto source = locate(pod, request, now);
        if (!source.ok() && uid.empty()) return source.error();
        uid = record->uid;
        if (source.ok()) {
            source->span.from_ns = from;
            source->span.tail = tail;
            const PodTask task{record->id, record->uid,   record->name_space, record->name,
                               {},         source->image, record->labels,     0};
            const std::string lines = runtime_->logs(task, source->container, source->span);
            from = now + 1;
            tail = SIZE_MAX;
            held.unlock();
            if (!lines.empty()) RIG_RETURN_IF_ERROR(out.write(lines));
            if (!request.follow || !source->running) return {};
            held.lock();
        }
        changed_.wait_for(held, kPoll);
    }
}

} // namespace cluster_local
