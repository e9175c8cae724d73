// core/control/deployer_internal.hpp -- what the files of the deployer share.
#pragma once
#include "control/deployer.hpp"

#include <unordered_map>

namespace rigger::deployer {

/// Effects after which something exists outside: "claim", "apply:…", "announce"; also the beginning of an intent's
/// name.
bool leaves_something(std::string_view effect);
/// A step failed in a way that may pass: note it, try again later.
void retry_later(Turn &turn, Track &track, const Error &error);
/// true: trying again cannot help. An error that nobody understands counts so after config.unknown_error_attempts.
bool is_final(const Turn &turn, const Track &track, const std::string &effect, const Error &error);
void confirm_intent(Turn &turn, const Track &track, const std::string &effect, const std::string &outcome);
void put_intent(Turn &turn, const Track &track, const std::string &effect, std::string outcome = {});

/// An object of it was removed, or is about to be.
void journal_removal(Turn &turn, const Deployment &deployment, const ObjectMeta &object, const std::string &cause,
                     const std::string &reason);

/// Until then an object of it may still appear that nobody answered for.
MonoTime objects_settle_at(const Track &track);

/// Its objects exist and no pod runs: after a while its cluster is asked why, again and again until one does.
void look_why_it_waits(Turn &turn, Track &track);
void on_explained(Turn &turn, Track &track, const EffectDone &done);

/// What deployments hold of a GPU, those included that end and are not confirmed gone.
struct Held {
    int milli = 0;
    DeploymentId by; ///< one of them; empty: none
};
/// Of the server's GPUs that somebody holds. Looks at every deployment, once.
std::unordered_map<GpuId, Held> held_on(const Turn &turn, const ServerId &server);

/// Teardown's own step and answers.
void step_teardown(Turn &turn, Track &track);
void on_listed(Turn &turn, Track &track, const Listed &listed);
void on_removed(Turn &turn, Track &track, const Status &status);
void on_released(Turn &turn, Track &track, const Status &status);

} // namespace rigger::deployer
