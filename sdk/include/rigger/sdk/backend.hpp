// rigger/sdk/backend.hpp -- write a cluster backend: derive from rig::Backend, declare with
// rig::backend<YourBackend>(...).
#pragma once
#include <rigger/abi/kind/cluster_backend.h>
#include <rigger/sdk/source.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

/// Where list() and watch() deliver. A status that is not ok ends the call: return it.
class Objects {
public:
    explicit Objects(const rig_object_sink *sink) noexcept : s_(sink) {}
    Status object(int32_t change, std::string_view cluster, std::string_view object) const {
        return check(s_->object(s_->ctx, change, view(cluster), doc(object)));
    }
    Status mark(std::string_view cluster, int32_t m, std::string_view detail = {}) const {
        return check(s_->mark(s_->ctx, view(cluster), m, view(detail)));
    }
    Status checkpoint(std::string_view token) const { return check(s_->checkpoint(s_->ctx, doc(token))); }

private:
    static Status check(rig_code code) {
        return code == RIG_OK ? Status() : Status(Error{code, "WatchEnded", "the host ended the watch", 0});
    }
    const rig_object_sink *s_;
};

/// All calls [worker]. Duties: see abi/kind/cluster_backend.h.
class Backend : public Component {
public:
    virtual Result<std::string> probe(Call) = 0;
    virtual Status list(Call, std::string_view query, const Objects &) = 0;
    virtual Result<std::string> get(Call, std::string_view ref) = 0;
    virtual Result<std::string> apply(Call, std::string_view cluster, std::string_view object, uint32_t flags) = 0;
    virtual Status remove(Call, std::string_view ref) = 0;
    virtual Status watch(Call, std::string_view query, std::string_view resume_token, const Objects &) = 0;
    virtual Status logs(Call, std::string_view request, Sink out) = 0;
    virtual Result<std::string> diagnose(Call, std::string_view) { return detail::unsupported("diagnose").error(); }
};

namespace detail {
template <typename C> struct BackendKind {
    static constexpr const char *id = RIG_KIND_CLUSTER_BACKEND;
    static C &of(rig_instance *i) noexcept { return Adapter<C, BackendKind>::of(i); }
    static rig_code probe(rig_instance *i, const rig_call *c, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).probe(Call(c))); });
    }
    static rig_code list(rig_instance *i, const rig_call *c, rig_doc q, const rig_object_sink *s, rig_error *e) {
        return guard(e, [&] { return of(i).list(Call(c), view(q), Objects(s)); });
    }
    static rig_code get(rig_instance *i, const rig_call *c, rig_doc ref, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).get(Call(c), view(ref))); });
    }
    static rig_code apply(rig_instance *i, const rig_call *c, rig_str cluster, rig_doc o, uint32_t flags,
                          const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).apply(Call(c), view(cluster), view(o), flags)); });
    }
    static rig_code remove(rig_instance *i, const rig_call *c, rig_doc ref, rig_error *e) {
        return guard(e, [&] { return of(i).remove(Call(c), view(ref)); });
    }
    static rig_code watch(rig_instance *i, const rig_call *c, rig_doc q, rig_bytes token, const rig_object_sink *s,
                          rig_error *e) {
        return guard(e, [&] { return of(i).watch(Call(c), view(q), view(token), Objects(s)); });
    }
    static rig_code logs(rig_instance *i, const rig_call *c, rig_doc r, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return of(i).logs(Call(c), view(r), Sink(out)); });
    }
    static rig_code diagnose(rig_instance *i, const rig_call *c, rig_doc r, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).diagnose(Call(c), view(r))); });
    }
    static constexpr rig_cluster_backend table{
        sizeof(rig_cluster_backend), &probe, &list, &get, &apply, &remove, &watch, &logs, &diagnose};
};
} // namespace detail

template <typename C>
constexpr rig_component backend(const char *id, const char *title, const char *config_schema, uint64_t flags = 0,
                                const char *const *needs = nullptr) {
    return detail::component<C, detail::BackendKind>(id, title, config_schema, needs, flags);
}
} // namespace abi1
} // namespace rig
