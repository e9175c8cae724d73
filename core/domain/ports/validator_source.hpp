// core/domain/ports/validator_source.hpp -- a market, as domain sees it. Implemented by host/kinds over a plugin, and
// by test doubles.
#pragma once
#include "base/status.hpp"
#include "domain/offer.hpp"
#include "domain/ports/call.hpp"

#include <string>
#include <string_view>

namespace rigger {

/// Receives what watch() delivers, one call at a time, on a thread of the source's; none after watch() has returned. A
/// status that is not ok ends the watch.
class MarketSink {
public:
    virtual ~MarketSink() = default;
    virtual Status offer(Offer offer) = 0;
    virtual Status instance(SourceInstance instance) = 0;
    virtual Status removed(std::string_view kind, std::string_view id,
                           std::string_view reason) = 0; ///< kind: "offer" | "instance"; definite
    virtual Status mark(std::string_view kind, Mark mark) = 0;
    virtual Status event(std::string_view id, std::string_view document) = 0;
    virtual Status checkpoint(std::string_view resume_token) = 0;
    /// A document that could not be understood: counted and shown, the watch goes on, nothing is treated as absent
    /// because of it.
    virtual void malformed(std::string_view kind, std::string_view id, const Error &why) = 0;
};

/// Permission to run one copy. `token` is a secret: it goes into the workload object and nowhere else.
struct Grant {
    std::string token, config_id;
    std::string document; ///< the whole grant as the source gave it
};

/// Blocking; called from workers; duties as in sdk/include/rigger/abi/kind/validator_source.h.
class ValidatorSource {
public:
    virtual ~ValidatorSource() = default;
    virtual const SourceName &name() const = 0;
    virtual Status watch(const CallContext &, std::string_view resume_token, MarketSink &) = 0;
    virtual Result<Grant> claim(const CallContext &, std::string_view claim_id, const OfferId &,
                                std::string_view claim_document) = 0;
    /// Answer: {"objects":[...],"done":bool}
    virtual Result<std::string> render(const CallContext &, std::string_view request_document) = 0;
    /// Answer: the instance id, empty when an event will bring it.
    virtual Result<InstanceId> announce(const CallContext &, std::string_view deployment_document) = 0;
    virtual Status release(const CallContext &, std::string_view release_document) = 0;
};

} // namespace rigger
