// records.hpp -- what the played validator remembers, and how it changes. Durable: every record is one key of
// rig.store.
#pragma once
#include <rigger/sdk/status.hpp>
#include <times/rfc3339.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

using times::WallNs;

/// A launch token that was given out. Key "claim/<id>".
struct Claim {
    std::string id, offer_id, version, token, config_id, gpu_model;
    int gpu_count = 1;
    unsigned attempt = 0; ///< a claim that is repeated after it was burnt gets another grant
    bool burnt = false;   ///< its instance was deleted: the token is worth nothing
    WallNs created = 0;
};

/// Key "instance/<id>".
struct Instance {
    std::string id, claim_id, offer_id, version, config_id, gpu_model;
    int gpu_count = 1;
    WallNs created = 0;
    std::optional<WallNs> verified, active;
};

/// An event on its way to the host. Key "event/<sequence>"; forgotten when the host has stored a later checkpoint.
struct Event {
    std::uint64_t sequence = 0;
    std::string id, document;
};

/// One transition: committed to the store as a whole, then applied.
struct Changes {
    std::vector<Claim> claims;
    std::vector<std::string> ended_claims;
    std::vector<Instance> instances;
    struct Ended {
        std::string id, reason;
    };
    std::vector<Ended> ended_instances;
    std::vector<Event> events;
    std::map<size_t, unsigned> script_uses; ///< rule -> how often it was used
    bool empty() const {
        return claims.empty() && ended_claims.empty() && instances.empty() && ended_instances.empty() &&
               events.empty() && script_uses.empty();
    }
};

std::string to_text(const Claim &claim);
std::string to_text(const Instance &instance);
rig::Result<Claim> claim_from(std::string_view text);
rig::Result<Instance> instance_from(std::string_view text);

/// The instance document of docs/plugins/documents.md section 1.
std::string document_of(const Instance &instance);

} // namespace catalog
