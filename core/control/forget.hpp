// core/control/forget.hpp -- takes a server off the record that is gone for good: only on an operator's word, and never
// one that may still be there.
#pragma once
#include "control/turn.hpp"

namespace rigger::forget {

/// Answers with a plan. conflict: NodeStillSeen, ClusterNotSeen (`force`: the operator knows that the machine is gone),
/// ServerInUse (`force`: its deployments are ended with it). Deployments in a cluster that cannot be asked count as
/// gone with their machine; their claims are released all the same, and the server goes after the last of them.
void server(Turn &turn, const Command &command, const ForgetRequest &request);

/// A deployment on the server is off the record: it may have been the last that a server to be forgotten waited for.
void after(Turn &turn, const ServerId &server);

/// A forgetting that a previous run began: what it declared to be gone stays so.
void resume(Turn &turn, Track &track);

} // namespace rigger::forget
