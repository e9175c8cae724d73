#include "control/effects.hpp"

namespace rigger {
namespace {

std::string source_port(const SourceName &name) { return "source/" + name.value; }
std::string backend_port(const ClusterName &cluster) { return "backend/" + backend_of(cluster); }

struct PortOf {
    std::string operator()(const ClaimEffect &e) const { return source_port(e.deployment->source); }
    std::string operator()(const RenderEffect &e) const { return source_port(e.deployment->source); }
    std::string operator()(const ApplyEffect &e) const { return backend_port(e.deployment->cluster); }
    std::string operator()(const ListEffect &e) const { return backend_port(e.deployment->cluster); }
    std::string operator()(const RemoveEffect &e) const { return backend_port(e.cluster); }
    std::string operator()(const AnnounceEffect &e) const { return source_port(e.deployment->source); }
    std::string operator()(const ReleaseEffect &e) const { return source_port(e.deployment->source); }
    std::string operator()(const ExplainEffect &e) const { return backend_port(e.deployment->cluster); }
    std::string operator()(const LookEffect &e) const { return backend_port(e.deployment->cluster); }
    std::string operator()(const RecognizeEffect &e) const { return backend_port(e.cluster); }
    std::string operator()(const PlanEffect &) const { return "plan"; }
    std::string operator()(const ReconcileEffect &) const { return "reconcile"; }
    std::string operator()(const RelistEffect &) const { return {}; }
    std::string operator()(const ReplyEffect &) const { return {}; }
};

} // namespace

std::string effect_port(const Effect &effect) { return std::visit(PortOf{}, effect.what); }

bool left_too_late(const Effect &effect, MonoTime now) noexcept { return now > effect.leave_by; }

EffectDone not_sent(const Effect &effect) {
    return {effect.id, Error{Code::unavailable, "NotSent",
                             std::string(effect_name(effect)) + " waited too long for its turn and was not sent", 0}};
}

std::string_view effect_name(const Effect &effect) noexcept {
    constexpr std::string_view names[] = {"claim",   "render", "apply",     "list", "remove",    "announce", "release",
                                          "explain", "look",   "recognize", "plan", "reconcile", "relist",   "reply"};
    return names[effect.what.index()];
}

} // namespace rigger
