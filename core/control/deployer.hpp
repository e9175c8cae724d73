// core/control/deployer.hpp -- carries each deployment through its life: one effect at a time per deployment, many
// deployments at once.
#pragma once
#include "control/turn.hpp"
#include "domain/lifecycle.hpp"

#include <string>
#include <vector>

namespace rigger::deployer {

struct StartRequest {
    OfferPtr offer;
    ServerPtr server;
    std::vector<GpuId> gpus;
    std::string reason, principal; ///< principal: who wished it; "placement" for automatic placement
};
/// Checks the request against the current state, takes the GPUs, writes the deployment and begins it.
/// conflict: NotEnoughFreeGpus, ServerLocked, ServerNotReady (automatic placement), Banned, AlreadyHere,
/// OfferCapReached, SourceMissing. Nothing is changed then. An operator's request may put a second copy beside a live
/// one only on other GPUs; automatic placement never does.
Result<DeploymentId> start(Turn &turn, const StartRequest &request);

/// Begins the end. No-op when it has begun. `failure`: may leave a mark in the failure memory.
void end(Turn &turn, Track &track, const Ending &ending, bool failure = true);

/// Its pods are gone. No-op the second time. Precondition: its teardown has begun.
void free_gpus(Turn &turn, Track &track);

/// An intent that a previous run left open: its call may be on its way still.
void expect_aftermath(Turn &turn, const Intent &open);

/// Takes up the marks and lets go, also on record, of those that have lapsed.
void remember_failures(Turn &turn, const std::vector<FailureMark> &fresh);

/// Level-triggered: looks at phase and notes and begins what comes next, if it is time. Safe to call at any moment.
void step(Turn &turn, const DeploymentId &id);

/// The answer to an effect of this deployment.
void on_effect(Turn &turn, const DeploymentId &id, const EffectDone &done);

/// Its cluster lists no pod and not even its Service: asks for what the intent log says was made, object by object.
void look_for(Turn &turn, Track &track);
/// The cluster said so often enough, for long enough and just now, that none of it exists.
bool is_confirmed_missing(const Turn &turn, const Track &track);

/// A pod, job or service of this deployment changed or went.
void on_objects_changed(Turn &turn, const DeploymentId &id);

/// What the source says of an instance. Answer: the deployment it belongs to, if any.
DeploymentId on_instance(Turn &turn, const SourceName &source, const InstanceId &instance, const std::string &config_id,
                         bool verified, bool active, std::optional<WallTime> verified_at);
/// The source no longer has the instance: definite.
void on_instance_gone(Turn &turn, const SourceName &source, const InstanceId &instance, const std::string &config_id,
                      const std::string &reason);

} // namespace rigger::deployer
