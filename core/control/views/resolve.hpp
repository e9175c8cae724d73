// core/control/views/resolve.hpp -- what an operator typed -> the one thing he means: id, name, or unambiguous prefix
// of the id. Pure.
#pragma once
#include "base/status.hpp"
#include "domain/snapshot.hpp"

#include <string>
#include <string_view>

namespace rigger::views {

/// A name as it was typed, in quotes, for a message: so much of it that the remedy behind it is still read.
std::string in_quotes(std::string_view typed);

// not_found UnknownOffer | UnknownServer | UnknownDeployment; invalid Ambiguous...: the message lists the candidates.
Result<OfferPtr> resolve_offer(const Snapshot &snapshot, std::string_view text);
Result<ServerPtr> resolve_server(const Snapshot &snapshot, std::string_view text);
/// What a filter by server means: `text` itself where any server's name contains it, else the name of the one server
/// whose id begins with it.
std::string server_filter(const Snapshot &snapshot, const std::string &text);
/// An instance id is accepted as well.
Result<DeploymentPtr> resolve_deployment(const Snapshot &snapshot, std::string_view text);
/// An offer id for bans: one that the market does not list any more is accepted when it is spelt out.
Result<OfferId> resolve_banned(const Snapshot &snapshot, std::string_view text);

} // namespace rigger::views
