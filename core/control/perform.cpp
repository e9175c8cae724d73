#include "control/perform.hpp"

#include "control/documents.hpp"
#include "domain/objects.hpp"

namespace rigger {
namespace {

using Answer = decltype(EffectDone::result);

Error not_loaded(const std::string &what) {
    return {Code::unavailable, "NotLoaded", what + " is not loaded; enable its plugin", 0};
}

std::string reference(const std::string &cluster, const ObjectMeta &object) {
    JsonWriter json;
    json.begin_object().field("cluster", cluster).field("apiVersion", object.api_version).field("kind", object.kind);
    if (!object.namespace_name.empty()) json.field("namespace", object.namespace_name);
    json.field("name", object.name);
    if (!object.uid.empty()) json.field("uid", object.uid);
    return json.end_object().take();
}

struct KindRef {
    const char *api_version, *kind;
    bool required; ///< a cluster without this kind is no error when false
};
/// Everything that a source may render. Pods last, so that a controller seen before has already told of them.
constexpr KindRef workload_kinds[] = {{"batch/v1", "Job", true},         {"apps/v1", "Deployment", false},
                                      {"apps/v1", "StatefulSet", false}, {"v1", "Service", true},
                                      {"v1", "ConfigMap", true},         {"v1", "Pod", true}};

/// Collects a listing of one cluster; only a complete one counts.
class ListingSink final : public ObjectSink {
public:
    explicit ListingSink(std::string cluster) : cluster_(std::move(cluster)) {}
    Status object(ObjectChange change, std::string_view cluster, std::string_view document) override {
        if (cluster != cluster_ || change == ObjectChange::removed) return {};
        RIG_TRY_ASSIGN(auto meta, project_meta(document));
        objects.push_back(std::move(meta));
        return {};
    }
    Status mark(std::string_view cluster, Mark mark, std::string_view detail) override {
        if (cluster != cluster_) return {};
        if (mark == Mark::complete) complete = true;
        if (mark == Mark::lost) complete = false, why = detail;
        return {};
    }
    Status checkpoint(std::string_view) override { return {}; }

    std::vector<ObjectMeta> objects;
    bool complete = false;
    std::string why;

private:
    std::string cluster_;
};

class ComplaintSink final : public ObjectSink {
public:
    Status object(ObjectChange, std::string_view, std::string_view document) override {
        RIG_TRY_ASSIGN(auto said, project_event(document));
        if (said && (newest.message.empty() || newest.at <= said->at)) newest = *std::move(said);
        return {};
    }
    Status mark(std::string_view, Mark, std::string_view) override { return {}; }
    Status checkpoint(std::string_view) override { return {}; }
    Complaint newest;
};

struct Performer {
    const PortTable &ports;
    const CallContext &call;

    Result<std::shared_ptr<ValidatorSource>> source_for(const Deployment &d) const {
        auto source = ports.source(d.source);
        if (!source) return not_loaded("source " + d.source.value);
        return source;
    }
    Result<std::shared_ptr<ClusterBackend>> backend_for(const ClusterName &cluster) const {
        const std::string name = backend_of(cluster);
        auto backend = ports.backend(name);
        if (!backend) return not_loaded("backend " + name);
        return backend;
    }

    Answer operator()(const ClaimEffect &e) const {
        RIG_TRY_ASSIGN(const auto source, source_for(*e.deployment));
        RIG_TRY_ASSIGN(auto grant,
                       source->claim(call, e.deployment->id.value, e.deployment->offer, documents::claim(e)));
        return {Claimed{std::move(grant)}};
    }

    Answer operator()(const RenderEffect &e) const {
        RIG_TRY_ASSIGN(const auto source, source_for(*e.deployment));
        RIG_TRY_ASSIGN(const std::string answer, source->render(call, documents::render(e)));
        RIG_TRY_ASSIGN(auto rendered, documents::read_rendering(answer));
        return {std::move(rendered)};
    }

    Answer operator()(const ApplyEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.deployment->cluster));
        const std::string cluster = own_name(e.deployment->cluster);
        auto stored = backend->apply(call, cluster, e.object, {false, e.kind == "Job"});
        if (stored) return {Applied{*std::move(stored), false}};
        if (stored.error().code != Code::conflict || stored.error().reason != "AlreadyExists") return stored.error();
        return take_over(*backend, cluster, e);
    }

    /// The object exists: an earlier attempt of ours made it, or a foreign one has its name.
    Answer take_over(ClusterBackend &backend, const std::string &cluster, const ApplyEffect &e) const {
        RIG_TRY_ASSIGN(auto wanted, project_meta(e.object));
        if (wanted.namespace_name.empty()) wanted.namespace_name = e.deployment->namespace_name;
        RIG_TRY_ASSIGN(auto document, backend.get(call, reference(cluster, wanted)));
        RIG_TRY_ASSIGN(const auto found, project_meta(document));
        if (found.deployment != e.deployment->id)
            return Error{Code::conflict, "NotOurs",
                         e.kind + " " + e.name + " exists already and does not belong to deployment " +
                             e.deployment->id.value,
                         0};
        if (found.terminating)
            return Error{Code::unavailable, "Terminating",
                         e.kind + " " + e.name + " of an earlier attempt is still going away", 0};
        const bool stale =
            !found.config_id.empty() && !e.deployment->config_id.empty() && found.config_id != e.deployment->config_id;
        return {Applied{std::move(document), stale}};
    }

    Answer operator()(const ListEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.deployment->cluster));
        const std::string cluster = own_name(e.deployment->cluster);
        Listed listed;
        for (const KindRef &kind : workload_kinds) {
            JsonWriter query;
            query.begin_object()
                .field("cluster", cluster)
                .field("apiVersion", kind.api_version)
                .field("kind", kind.kind);
            query.field("namespace", e.deployment->namespace_name);
            query.field("labelSelector", std::string(deployment_label) + "=" + e.deployment->id.value).end_object();
            ListingSink sink(cluster);
            if (const Status done = backend->list(call, query.text(), sink); !done.ok()) {
                const Code code = done.error().code;
                if (!kind.required && (code == Code::invalid || code == Code::unsupported || code == Code::not_found))
                    continue;
                // A list has nothing definite to say about the deployment: whatever went wrong, it is tried again.
                Error error = done.error().within(std::string("listing ") + kind.kind + "s of deployment " +
                                                  e.deployment->id.value);
                if (code != Code::deadline && code != Code::cancelled) error.code = Code::unavailable;
                return error;
            }
            if (!sink.complete && kind.required)
                return Error{Code::unavailable, "ListingIncomplete",
                             std::string("the listing of ") + kind.kind + "s was cut" +
                                 (sink.why.empty() ? "" : ": " + sink.why),
                             0};
            for (ObjectMeta &object : sink.objects) {
                if (object.api_version.empty()) object.api_version = kind.api_version;
                if (object.kind.empty()) object.kind = kind.kind;
                if (object.deployment == e.deployment->id) listed.objects.push_back(std::move(object));
            }
        }
        return {std::move(listed)};
    }

    Answer operator()(const RemoveEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.cluster));
        const std::string cluster = own_name(e.cluster);
        std::string ref = reference(cluster, e.object);
        ref.pop_back(); // the closing brace: the options follow
        ref += std::string(",\"propagationPolicy\":\"") + (e.foreground ? "Foreground" : "Background") + "\"";
        if (e.grace_seconds >= 0) ref += ",\"gracePeriodSeconds\":" + std::to_string(e.grace_seconds);
        RIG_TRY(backend->remove(call, ref + "}"));
        return {Removed{}};
    }

    Answer operator()(const AnnounceEffect &e) const {
        RIG_TRY_ASSIGN(const auto source, source_for(*e.deployment));
        RIG_TRY_ASSIGN(auto instance, source->announce(call, documents::announce(e)));
        return {Announced{std::move(instance)}};
    }

    Answer operator()(const ReleaseEffect &e) const {
        RIG_TRY_ASSIGN(const auto source, source_for(*e.deployment));
        RIG_TRY(source->release(call, documents::release(e)));
        return {Released{}};
    }

    Answer operator()(const ExplainEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.deployment->cluster));
        const std::string cluster = own_name(e.deployment->cluster);
        JsonWriter query;
        query.begin_object().field("cluster", cluster).field("apiVersion", "v1").field("kind", "Event");
        query.field("namespace", e.deployment->namespace_name);
        query.field("fieldSelector",
                    "involvedObject.kind=" + e.kind + ",involvedObject.name=" + e.name + ",type=Warning");
        ComplaintSink sink;
        RIG_TRY(backend->list(call, query.end_object().take(), sink));
        return {Explained{std::move(sink.newest)}};
    }

    Answer operator()(const LookEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.deployment->cluster));
        for (const std::string &object : e.objects) {
            ObjectMeta meta;
            meta.kind = object.substr(0, object.find('/'));
            meta.name = object.substr(meta.kind.size() + 1);
            meta.namespace_name = e.deployment->namespace_name;
            for (const KindRef &kind : workload_kinds)
                if (meta.kind == kind.kind) meta.api_version = kind.api_version;
            const auto found = backend->get(call, reference(own_name(e.deployment->cluster), meta));
            if (found) return {Looked{true}};
            if (found.error().code != Code::not_found) return found.error();
        }
        return {Looked{false}};
    }

    Answer operator()(const RecognizeEffect &e) const {
        RIG_TRY_ASSIGN(const auto backend, backend_for(e.cluster));
        const auto found =
            backend->get(call, reference(own_name(e.cluster), {"v1", "Node", {}, e.node, {}, {}, {}, false}));
        return {Recognized{e.cluster, found.ok() || !is_unknown_cluster(found.error())}};
    }

    Answer operator()(const PlanEffect &e) const {
        RIG_TRY_ASSIGN(auto plan, ports.planner().plan(e.snapshot));
        return {Planned{std::move(plan)}};
    }

    Answer operator()(const ReconcileEffect &e) const { return {perform_reconcile(e, ports.reconcilers(), call)}; }
    Answer operator()(const RelistEffect &) const { return internal_error("a relist is not performed here"); }
    Answer operator()(const ReplyEffect &) const { return internal_error("a reply is not performed here"); }
};

} // namespace

EffectDone perform(const Effect &effect, const PortTable &ports, const CallContext &call) {
    return {effect.id, std::visit(Performer{ports, call}, effect.what)};
}

} // namespace rigger
