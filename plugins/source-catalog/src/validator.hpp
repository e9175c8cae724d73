// validator.hpp -- the validator's part of the life cycle, played: launch tokens, instances, events, refusals on
// purpose.
//
// Decides, and leaves effects to its owner: every call answers Changes that the owner makes durable and then hands to
// apply(). Nothing reads a clock or a random source. Not thread-safe.
#pragma once
#include "config.hpp"
#include "market.hpp"
#include "records.hpp"

#include <rigger/sdk/status.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace catalog {

class Validator {
public:
    explicit Validator(const ValidatorConfig &config) : config_(config) {}

    struct Granted {
        std::string document;              ///< {"token","configId"}
        std::optional<rig::Error> refused; ///< by the script: the claim fails with this once `changes` are durable
        Changes changes;
    };
    /// For the version that the market lists now, as the validator does it. Repeated: the same grant. NOT_FOUND: no
    /// such offer. EXHAUSTED: no room, retry_after_ms says when to ask again.
    rig::Result<Granted> claim(WallNs now, std::string_view claim_id, std::string_view offer_id,
                               std::string_view request, const Market &market) const;

    struct Announced {
        std::string document; ///< {"instanceId"} or {}
        Changes changes;
    };
    /// DENIED: no claim of ours, or a burnt one. Repeated: the same instance.
    rig::Result<Announced> announce(WallNs now, std::string_view deployment) const;

    /// Unknown ids change nothing.
    rig::Result<Changes> release(WallNs now, std::string_view request) const;

    /// What time has brought: verification, activation, scripted deletions, tokens that ran out.
    Changes due(WallNs now, const Market &market) const;

    /// Deletes up to `count` instances of an offer ("*": any), oldest first.
    Changes delete_instances(WallNs now, const std::string &offer, const Market &market, size_t count,
                             const std::string &message) const;

    void apply(const Changes &changes);

    const std::map<std::string, Instance> &instances() const { return instances_; }
    const std::map<std::string, Claim> &claims() const { return claims_; }
    double active_instances(const std::string &offer_id) const;

private:
    struct Use { // a script rule that applies
        size_t rule;
        unsigned uses;
    };
    const Claim *find_claim(const std::string &id) const;
    bool names(const ScriptRule &rule, const std::string &offer_id, const Market *market) const;
    const ScriptRule *scripted(ScriptRule::When when, const std::string &offer_id, const Market *market,
                               Changes &changes) const;
    rig::Status room(const Chute &chute, const Market &market) const;
    void remove(Changes &changes, WallNs now, const Instance &instance, const std::string &message) const;
    Event event(const Instance &instance, const char *type, WallNs now, const std::string &message = {}) const;

    const ValidatorConfig &config_;
    std::map<std::string, Claim> claims_;
    std::map<std::string, Instance> instances_;
    std::map<size_t, unsigned> script_uses_;
};

} // namespace catalog
