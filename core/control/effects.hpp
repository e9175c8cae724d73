// core/control/effects.hpp -- everything the controller wants done outside. Each starts only after the writes decided
// with and before it are durable.
#pragma once
#include "base/status.hpp"
#include "control/messages.hpp"
#include "domain/deployment.hpp"
#include "domain/snapshot.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace rigger {

struct ClaimEffect {
    DeploymentPtr deployment;
    OfferPtr offer;
    ServerPtr server;
};
struct RenderEffect {
    DeploymentPtr deployment;
    OfferPtr offer;
    ServerPtr server;
    std::shared_ptr<const Grant> grant; ///< holds a secret: goes to render() alone
    std::vector<std::string> applied;   ///< objects as stored, in order
};
/// Jobs are created, never changed: one that exists already is taken over when it carries this grant's config id.
struct ApplyEffect {
    DeploymentPtr deployment;
    std::string object, kind, name;
};
/// Everything of any known kind that carries the deployment's label, from the cluster itself.
struct ListEffect {
    DeploymentPtr deployment;
};
struct RemoveEffect {
    ClusterName cluster;
    ObjectMeta object;
    bool foreground = false;
    int64_t grace_seconds = -1;
}; ///< -1: the object's own
/// The newest complaint of its cluster about one object of the deployment: why it has no pod, or why that does not
/// start.
struct ExplainEffect {
    DeploymentPtr deployment;
    std::string kind, name;
};
/// Asks its cluster for each of these objects by name.
struct LookEffect {
    DeploymentPtr deployment;
    std::vector<std::string> objects; ///< "Kind/name"
};
/// Does its backend still have a cluster of that name?
struct RecognizeEffect {
    ClusterName cluster;
    std::string node; ///< what it is asked for; whether that exists does not matter
};
struct AnnounceEffect {
    DeploymentPtr deployment;
    std::vector<int> ports;
    std::string pod;
};
struct ReleaseEffect {
    DeploymentPtr deployment;
    InstanceId instance;
    std::string cause, reason;
};
struct PlanEffect {
    SnapshotPtr snapshot;
};
/// A deployment with its ages by the monotonic clock, so that a jump of the wall clock makes nothing old.
struct AgedDeployment {
    DeploymentPtr deployment;
    Duration age{}, phase_age{};
};
struct ReconcileEffect {
    SnapshotPtr snapshot;
    std::vector<AgedDeployment> deployments; ///< all of them: documents of the other subjects list them
    std::vector<size_t> subjects;            ///< which of them are subjects of this pass, by index
    std::vector<SourceName> sources;
    std::vector<ClusterName> clusters;
    std::shared_ptr<const std::vector<std::pair<OfferId, std::pair<SourceName, std::string>>>>
        stored; ///< offer -> (source, version)
    Duration stub_limit{}, init_limit{};
};
/// Ends the running watches of these ports so that they list anew; contact does not count as lost.
struct RelistEffect {
    bool source = false;
    std::string port;
};
struct ReplyEffect {
    RequestId request = 0;
    Result<std::string> answer;
};

struct Effect {
    EffectId id = 0; ///< 0: brings nothing back
    Duration timeout{};
    std::variant<ClaimEffect, RenderEffect, ApplyEffect, ListEffect, RemoveEffect, AnnounceEffect, ReleaseEffect,
                 ExplainEffect, LookEffect, RecognizeEffect, PlanEffect, ReconcileEffect, RelistEffect, ReplyEffect>
        what;
    Duration hard_limit{};         ///< past its deadline it is written off after this long: here and where it runs
    MonoTime leave_by{UINT64_MAX}; ///< see left_too_late()
};

/// An effect that waited so long before it could leave that its answer would come after it was written off, and beside
/// the effect that replaced it. It must not leave any more.
bool left_too_late(const Effect &effect, MonoTime now) noexcept;
EffectDone not_sent(const Effect &effect);

/// The port an effect works on ("source/catalog", "backend/local", "" for none): effects of one port are bounded
/// together.
std::string effect_port(const Effect &effect);
std::string_view effect_name(const Effect &effect) noexcept;

} // namespace rigger
