#include "control/perform.hpp"

#include "control/documents.hpp"
#include "domain/objects.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace rigger {
namespace {

/// The deployment with times that agree with its true ages, whatever the wall clock did since.
void write_aged(JsonWriter &json, const AgedDeployment &aged, WallTime now) {
    Deployment d = *aged.deployment;
    d.created_at = now + -aged.age;
    d.phase_since = now + -aged.phase_age;
    documents::deployment(json, d);
}

/// What every document of a pass looks up, indexed once.
class Index {
public:
    explicit Index(const ReconcileEffect &e) : effect_(e), now_(e.snapshot->taken_at), mono_(e.snapshot->taken_mono) {
        const Snapshot &s = *e.snapshot;
        for (const OfferPtr &offer : s.offers) offers_[{offer->source.value, offer->id.value}] = offer.get();
        for (const SourceInstancePtr &i : s.instances) {
            instances_[{i->source.value, i->id.value}] = i.get();
            if (!i->config_id.empty()) by_config_[{i->source.value, i->config_id}] = i.get();
        }
        for (const ClusterState &cluster : s.clusters) {
            clusters_[cluster.name] = &cluster;
            for (const auto &pod : cluster.pod_list)
                if (!pod->deployment.empty())
                    pods_.emplace(pod->deployment.value, Located<PodView>{&cluster, pod.get()});
            for (const auto &job : cluster.job_list)
                if (!job->deployment.empty())
                    jobs_.emplace(job->deployment.value, Located<JobView>{&cluster, job.get()});
        }
        for (const SourceState &source : s.sources) sources_[source.name] = &source;
    }

    std::string deployment_desired(const AgedDeployment &d) const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("deployment");
        write_aged(json, d, now_);
        json.key("limits")
            .begin_object()
            .field("stubSeconds", in_seconds(effect_.stub_limit))
            .field("initSeconds", in_seconds(effect_.init_limit))
            .end_object();
        return json.end_object().take();
    }

    std::string deployment_observed(const Deployment &d) const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("job");
        const JobView *job = nullptr;
        each_of(jobs_, d, [&](const JobView &found) { job = &found; });
        if (!job) json.null();
        else
            json.begin_object()
                .field("active", job->active)
                .field("succeeded", job->succeeded)
                .field("failed", job->failed)
                .end_object();
        json.key("pods").begin_array();
        each_of(pods_, d, [&](const PodView &pod) { write_pod(json, pod); });
        json.end_array().key("instance");
        const SourceInstance *instance = instance_of(d);
        instance ? documents::instance(json, *instance) : void(json.null());
        json.key("offer");
        const auto offer = offers_.find({source_of(d).value, d.offer.value});
        if (offer == offers_.end()) json.null();
        else
            json.begin_object()
                .field("version", offer->second->version)
                .field("updateInProgress", offer->second->economics.update_in_progress)
                .end_object();
        json.key("views").begin_object();
        if (const auto cluster = clusters_.find(d.cluster); cluster != clusters_.end())
            write_cluster_views(json, *cluster->second);
        if (const auto source = sources_.find(d.source); source != sources_.end())
            write_source_views(json, *source->second);
        return json.end_object().end_object().take();
    }

    std::string source_desired(const SourceName &source) const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("deployments").begin_array();
        for (const AgedDeployment &d : effect_.deployments)
            if (d.deployment->source == source) write_aged(json, d, now_);
        return json.end_array().end_object().take();
    }

    std::string source_observed(const SourceName &source) const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("offers").begin_array();
        for (const OfferPtr &offer : effect_.snapshot->offers)
            if (offer->source == source)
                json.begin_object()
                    .field("id", offer->id)
                    .field("version", offer->version)
                    .field("updateInProgress", offer->economics.update_in_progress)
                    .end_object();
        json.end_array().key("instances").begin_array();
        for (const SourceInstancePtr &i : effect_.snapshot->instances)
            if (i->source == source) documents::instance(json, *i);
        json.end_array().key("stored").begin_array();
        // A row of before sources were recorded belongs to the only source there is, or to nobody.
        const bool sole = effect_.sources.size() == 1;
        for (const auto &[id, row] : *effect_.stored)
            if (row.first == source || (row.first.empty() && sole))
                json.begin_object().field("id", id).field("version", row.second).end_object();
        json.end_array().key("views").begin_object();
        if (const auto at = sources_.find(source); at != sources_.end()) write_source_views(json, *at->second);
        return json.end_object().end_object().take();
    }

    std::string cluster_desired() const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("deployments").begin_array();
        for (const AgedDeployment &d : effect_.deployments)
            json.begin_object()
                .field("id", d.deployment->id)
                .field("phase", phase_name(d.deployment->phase))
                .end_object();
        return json.end_array().end_object().take();
    }

    std::string cluster_observed(const ClusterName &name) const {
        JsonWriter json;
        json.begin_object().field("now", now_).key("objects").begin_array();
        const auto cluster = clusters_.find(name);
        if (cluster != clusters_.end()) {
            for (const auto &pod : cluster->second->pod_list)
                write_object(json, ObjectKind::pod, *pod, pod->created_at);
            for (const auto &job : cluster->second->job_list)
                write_object(json, ObjectKind::job, *job, job->created_at);
            for (const auto &service : cluster->second->service_list)
                write_object(json, ObjectKind::service, *service, {});
        }
        json.end_array().key("views").begin_object();
        if (cluster != clusters_.end()) write_cluster_views(json, *cluster->second);
        return json.end_object().end_object().take();
    }

private:
    void write_pod(JsonWriter &json, const PodView &pod) const {
        json.begin_object()
            .field("name", pod.name)
            .field("phase", pod.phase)
            .field("ready", pod.ready)
            .field("terminating", pod.terminating);
        json.text_or_null("reason", pod.reason).text_or_null("message", pod.message).field("exitCode", pod.exit_code);
        json.field("ageSeconds", pod.created_at ? std::max(0.0, in_seconds(now_ - *pod.created_at)) : 0.0).end_object();
    }
    template <typename V>
    void write_object(JsonWriter &json, ObjectKind kind, const V &view, std::optional<WallTime> created) const {
        if (view.deployment.empty()) return; // not ours
        json.begin_object()
            .field("apiVersion", kind_api_version(kind))
            .field("kind", kind_name(kind))
            .field("namespace", view.namespace_name);
        json.field("name", view.name).field("uid", view.uid).field("deploymentId", view.deployment);
        json.key("ageSeconds");
        created ? json.value(std::max(0.0, in_seconds(now_ - *created))) : json.null();
        json.end_object();
    }
    void write_cluster_views(JsonWriter &json, const ClusterState &c) const {
        const std::pair<const char *, const Freshness *> views[] = {
            {"nodes", &c.nodes}, {"pods", &c.pods}, {"jobs", &c.jobs}, {"services", &c.services}};
        for (const auto &[name, view] : views) json.key(name), documents::view(json, *view, mono_);
    }
    void write_source_views(JsonWriter &json, const SourceState &s) const {
        json.key("offers");
        documents::view(json, s.offers, mono_);
        json.key("instances");
        documents::view(json, s.instances, mono_);
    }
    /// A row that another program wrote names no source: it is of the only one there is, or of nobody.
    const SourceName &source_of(const Deployment &d) const {
        const auto &sources = effect_.snapshot->sources;
        return d.source.empty() && sources.size() == 1 ? sources.front().name : d.source;
    }
    const SourceInstance *instance_of(const Deployment &d) const {
        const SourceName &source = source_of(d);
        if (!d.instance.empty())
            if (const auto at = instances_.find({source.value, d.instance.value}); at != instances_.end())
                return at->second;
        if (d.config_id.empty()) return nullptr;
        const auto at = by_config_.find({source.value, d.config_id});
        return at == by_config_.end() ? nullptr : at->second;
    }

    template <typename V> struct Located {
        const ClusterState *cluster;
        const V *view;
    };
    template <typename V> using ByDeployment = std::unordered_multimap<std::string_view, Located<V>>;
    /// What carries its label in another cluster is not what we made for it: a copy, or a restored backup.
    template <typename V, typename F> static void each_of(const ByDeployment<V> &all, const Deployment &d, F &&f) {
        for (auto [at, last] = all.equal_range(d.id.value); at != last; ++at)
            if (d.cluster.empty() || at->second.cluster->name == d.cluster) f(*at->second.view);
    }

    const ReconcileEffect &effect_;
    WallTime now_;
    MonoTime mono_;
    using OfSource = std::pair<std::string_view, std::string_view>; ///< each source gives ids as it likes
    std::map<OfSource, const Offer *> offers_;
    std::map<OfSource, const SourceInstance *> instances_, by_config_;
    ByDeployment<PodView> pods_;
    ByDeployment<JobView> jobs_;
    std::unordered_map<ClusterName, const ClusterState *> clusters_;
    std::unordered_map<SourceName, const SourceState *> sources_;
};

class PassRun {
public:
    PassRun(const std::vector<std::shared_ptr<Reconciler>> &reconcilers, const CallContext &call)
        : reconcilers_(reconcilers), call_(call) {}

    bool wanted(std::string_view subject) const {
        return std::any_of(reconcilers_.begin(), reconcilers_.end(),
                           [&](const auto &r) { return watches(*r, subject); });
    }
    void run(std::string_view subject, const std::string &key, const std::string &desired,
             const std::string &observed) {
        for (const auto &reconciler : reconcilers_) {
            if (!watches(*reconciler, subject) || call_.is_cancelled()) continue;
            auto answer = reconciler->reconcile(call_, key, desired, observed);
            if (!answer) {
                note_failure(reconciler->name(), answer.error());
                continue;
            }
            for (ProposedAction &action : answer->actions)
                result.proposals.push_back({reconciler->name(), std::string(subject), key, std::move(action)});
            if (const Duration again(static_cast<int64_t>(std::min<uint64_t>(answer->requeue_after_ns, INT64_MAX)));
                again > Duration::zero() && (result.requeue_after == Duration::zero() || again < result.requeue_after))
                result.requeue_after = again;
        }
    }

    Reconciled result;

private:
    static bool watches(const Reconciler &reconciler, std::string_view subject) {
        const auto &all = reconciler.watches();
        return std::find(all.begin(), all.end(), subject) != all.end();
    }
    /// One line per reconciler, not one per subject.
    void note_failure(const std::string &name, const Error &error) {
        const auto same = std::find_if(result.failures.begin(), result.failures.end(),
                                       [&](const auto &f) { return f.first == name; });
        if (same == result.failures.end()) result.failures.emplace_back(name, error);
    }

    const std::vector<std::shared_ptr<Reconciler>> &reconcilers_;
    const CallContext &call_;
};

} // namespace

Reconciled perform_reconcile(const ReconcileEffect &e, const std::vector<std::shared_ptr<Reconciler>> &reconcilers,
                             const CallContext &call) {
    PassRun pass(reconcilers, call);
    const Index index(e);
    if (pass.wanted("deployment"))
        for (const size_t at : e.subjects) {
            const AgedDeployment &d = e.deployments[at];
            pass.run("deployment", d.deployment->id.value, index.deployment_desired(d),
                     index.deployment_observed(*d.deployment));
        }
    if (pass.wanted("source"))
        for (const SourceName &source : e.sources)
            pass.run("source", source.value, index.source_desired(source), index.source_observed(source));
    if (pass.wanted("cluster"))
        for (const ClusterName &cluster : e.clusters)
            pass.run("cluster", cluster.value, index.cluster_desired(), index.cluster_observed(cluster));
    return std::move(pass.result);
}

} // namespace rigger
