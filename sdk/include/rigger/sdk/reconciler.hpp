// rigger/sdk/reconciler.hpp -- write a reconciler: derive from rig::Reconciler, declare with
// rig::reconciler<Yours>(...).
#pragma once
#include <rigger/abi/kind/reconciler.h>
#include <rigger/sdk/host.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

/// Where reconcile() proposes.
class Actions {
public:
    explicit Actions(const rig_action_sink *sink) noexcept : s_(sink) {}
    Status act(std::string_view action_id, std::string_view action) const {
        const rig_code code = s_->act(s_->ctx, view(action_id), doc(action));
        return code == RIG_OK ? Status() : Status(Error{code, "ActionRefused", "the host refused the action", 0});
    }

private:
    const rig_action_sink *s_;
};

/// The derived class declares: static constexpr const char *watches[] = {"deployment", nullptr};
class Reconciler : public Component {
public:
    /// The answer: nanoseconds until this key wants to be looked at again; 0: at the next change or period.
    /// [worker]
    virtual Result<uint64_t> reconcile(Call, std::string_view key, std::string_view desired, std::string_view observed,
                                       const Actions &) = 0;
};

namespace detail {
template <typename C> struct ReconcilerKind {
    static constexpr const char *id = RIG_KIND_RECONCILER;
    static C &of(rig_instance *i) noexcept { return Adapter<C, ReconcilerKind>::of(i); }
    static rig_code reconcile(rig_instance *i, const rig_call *c, rig_str key, rig_doc desired, rig_doc observed,
                              const rig_action_sink *s, rig_reconcile_result *r, rig_error *e) {
        return guard(e, [&]() -> Status {
            auto requeue = of(i).reconcile(Call(c), view(key), view(desired), view(observed), Actions(s));
            if (!requeue.ok()) return requeue.error();
            if (r) r->requeue_after_ns = *requeue;
            return {};
        });
    }
    static constexpr rig_reconciler table{sizeof(rig_reconciler), C::watches, &reconcile};
};
} // namespace detail

template <typename C>
constexpr rig_component reconciler(const char *id, const char *title, const char *config_schema, uint64_t flags = 0,
                                   const char *const *needs = nullptr) {
    return detail::component<C, detail::ReconcilerKind>(id, title, config_schema, needs, flags);
}
} // namespace abi1
} // namespace rig
