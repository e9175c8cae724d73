// rigger/sdk/testing/instance.hpp -- one instance of a component, driven through the C tables exactly as the daemon
// drives it.
#pragma once
#include <rigger/abi/kinds.h>
#include <rigger/sdk/testing/fake_host.hpp>
#include <rigger/sdk/testing/recorders.hpp>
#include <rigger/sdk/testing/score_table.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace testing {

/// Stops and destroys the instance at the end of its life. The host must outlive it.
class Instance {
public:
    /// The library's first component, or the one with this id.
    static Result<Instance> create(const rig_plugin &plugin, FakeHost &host, std::string_view config = "{}",
                                   std::string_view id = {}) {
        for (auto *c = plugin.components; c && *c; ++c)
            if (id.empty() || id == (*c)->id) return create(**c, host, config);
        return Error{RIG_E_NOT_FOUND, "NoSuchComponent", "the plugin has no component '" + std::string(id) + "'", 0};
    }
    static Result<Instance> create(const rig_component &component, FakeHost &host, std::string_view config = "{}") {
        Instance made;
        rig_error e = abi1::detail::fresh_error();
        const rig_code code = component.create(&component, host.raw(), doc(config), &made.i_, &e);
        if (code != RIG_OK) return made.i_ = nullptr, Error{code, e.reason, e.message, e.retry_after_ms};
        if (!made.i_) return Error{RIG_E_INTERNAL, "NoInstance", "create() succeeded without an instance", 0};
        made.kind_ = component.kind;
        return made;
    }
    Instance(Instance &&other) noexcept
        : i_(std::exchange(other.i_, nullptr)), kind_(other.kind_), started_(other.started_) {}
    Instance &operator=(Instance &&) = delete;
    ~Instance() {
        if (!i_) return;
        if (started_) (void)stop();
        i_->ops->destroy(i_);
    }

    rig_instance *raw() const noexcept { return i_; }
    /// A kind's or an extension's table; nullptr if the instance has none.
    template <typename T> const T *table(const char *id) const {
        return static_cast<const T *>(i_->ops->query(i_, id));
    }

    Status start() {
        started_ = true;
        return run([&](const rig_call *c, rig_error *e) { return i_->ops->start(i_, c, e); });
    }
    Status stop() {
        started_ = false;
        return run([&](const rig_call *c, rig_error *e) { return i_->ops->stop(i_, c, e); });
    }

    // -- placement scorer
    /// A table for this scorer's columns.
    ScoreTable score_table(size_t workloads, size_t candidates) const {
        return ScoreTable(scorer(), workloads, candidates);
    }
    Status score(ScoreTable &t) {
        return run([&](const rig_call *c, rig_error *e) { return scorer().score(i_, c, &t.batch(), e); });
    }
    Result<std::string> explain(ScoreTable &t, size_t workload, size_t candidate) {
        if (!scorer().explain) return Error{RIG_E_UNSUPPORTED, "Unsupported", "this scorer does not explain", 0};
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return scorer().explain(i_, c, &t.batch(), workload, candidate, out, e);
        });
    }

    // -- reconciler
    Result<std::vector<ProposedAction>> reconcile(std::string_view key, std::string_view desired,
                                                  std::string_view observed, uint64_t *requeue_after_ns = nullptr) {
        const auto &t = *table<rig_reconciler>(RIG_KIND_RECONCILER);
        ActionRecorder recorder;
        rig_reconcile_result result{sizeof result, 0, 0};
        const Status s = run([&](const rig_call *c, rig_error *e) {
            return t.reconcile(i_, c, view(key), doc(desired), doc(observed), recorder.raw(), &result, e);
        });
        if (!s.ok()) return s.error();
        if (requeue_after_ns) *requeue_after_ns = result.requeue_after_ns;
        return recorder.actions();
    }

    // -- validator source
    Status watch(MarketRecorder &into, const FakeCall &call, std::string_view resume_token = {}) {
        const auto &t = *table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
        rig_error e = abi1::detail::fresh_error();
        return abi1::detail::status(t.watch(i_, call.raw(), doc(resume_token), into.raw(), &e), e);
    }
    Result<std::string> claim(std::string_view claim_id, std::string_view offer_id, std::string_view request) {
        const auto &t = *table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return t.claim(i_, c, view(claim_id), view(offer_id), doc(request), out, e);
        });
    }
    Result<std::string> render(std::string_view request) {
        const auto &t = *table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return t.render(i_, c, doc(request), out, e);
        });
    }
    Result<std::string> announce(std::string_view deployment) {
        const auto &t = *table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return t.announce(i_, c, doc(deployment), out, e);
        });
    }
    Status release(std::string_view request) {
        const auto &t = *table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
        return run([&](const rig_call *c, rig_error *e) { return t.release(i_, c, doc(request), e); });
    }

    // -- cluster backend
    Result<std::string> probe() {
        return text(
            [&](const rig_call *c, const rig_sink *out, rig_error *e) { return backend().probe(i_, c, out, e); });
    }
    Status list(std::string_view query, ObjectRecorder &into) {
        return run([&](const rig_call *c, rig_error *e) { return backend().list(i_, c, doc(query), into.raw(), e); });
    }
    Result<std::string> get(std::string_view ref) {
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return backend().get(i_, c, doc(ref), out, e);
        });
    }
    Result<std::string> apply(std::string_view cluster, std::string_view object, uint32_t flags = 0) {
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return backend().apply(i_, c, view(cluster), doc(object), flags, out, e);
        });
    }
    Status remove(std::string_view ref) {
        return run([&](const rig_call *c, rig_error *e) { return backend().remove(i_, c, doc(ref), e); });
    }
    Status watch(std::string_view query, ObjectRecorder &into, const FakeCall &call,
                 std::string_view resume_token = {}) {
        rig_error e = abi1::detail::fresh_error();
        return abi1::detail::status(backend().watch(i_, call.raw(), doc(query), doc(resume_token), into.raw(), &e), e);
    }
    Result<std::string> logs(std::string_view request) {
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return backend().logs(i_, c, doc(request), out, e);
        });
    }
    Result<std::string> diagnose(std::string_view request = "{}") {
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return backend().diagnose(i_, c, doc(request), out, e);
        });
    }

    // -- command frontend
    Result<std::string> catalogue() {
        const auto &t = *table<rig_command_frontend>(RIG_KIND_COMMAND_FRONTEND);
        return text([&](const rig_call *, const rig_sink *out, rig_error *e) { return t.catalogue(i_, out, e); });
    }
    Result<std::string> invoke(std::string_view command, std::string_view arguments = "{}",
                               std::string_view principal = R"({"name":"test","roles":["operate"]})",
                               TextSink *progress = nullptr) {
        const auto &t = *table<rig_command_frontend>(RIG_KIND_COMMAND_FRONTEND);
        TextSink ignored;
        return text([&](const rig_call *c, const rig_sink *out, rig_error *e) {
            return t.invoke(i_, c, view(command), doc(arguments), doc(principal),
                            (progress ? progress : &ignored)->raw(), out, e);
        });
    }

private:
    Instance() = default;
    const rig_placement_scorer &scorer() const { return *table<rig_placement_scorer>(RIG_KIND_PLACEMENT_SCORER); }
    const rig_cluster_backend &backend() const { return *table<rig_cluster_backend>(RIG_KIND_CLUSTER_BACKEND); }
    template <typename F> Status run(F &&body) {
        const FakeCall call;
        rig_error e = abi1::detail::fresh_error();
        return abi1::detail::status(body(call.raw(), &e), e);
    }
    template <typename F> Result<std::string> text(F &&body) {
        TextSink out;
        const Status s = run([&](const rig_call *c, rig_error *e) { return body(c, out.raw(), e); });
        if (!s.ok()) return s.error();
        return out.text();
    }
    rig_instance *i_ = nullptr;
    const char *kind_ = "";
    bool started_ = false;
};

} // namespace testing
} // namespace abi1
} // namespace rig
