// core/domain/documents.hpp -- JSON documents of docs/plugins/documents.md, between text and domain types. Pure, any
// thread.
//
// Strict on what it knows (types, ranges, finite and not negative), tolerant of fields it does not know. A document of
// another side is first checked for size and depth, so that no input can exhaust memory or stack.
#pragma once
#include "base/status.hpp"
#include "domain/deployment.hpp"
#include "domain/offer.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/validator_source.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rigger {

struct DocumentLimits {
    size_t bytes = size_t{4} << 20;
    int depth = 64;
};

/// One JSON object within the limits. Errors: invalid; reason "DocumentTooLarge", "DocumentTooDeep" or
/// "DocumentMalformed".
Status check_document(std::string_view text, const DocumentLimits &limits = {});

/// Errors: as check_document, and "DocumentInvalid" naming the field: "offer 67df...: economics.computeMultiplier must
/// not be negative".
Result<Offer> parse_offer(std::string_view id, std::string_view document, const SourceName &source, uint64_t ordinal);
Result<SourceInstance> parse_instance(std::string_view id, std::string_view document, const SourceName &source);
/// The error's text never holds the token.
Result<Grant> parse_grant(std::string_view document);
/// The answer of announce(): the instance id, empty when an event will bring it.
Result<InstanceId> parse_announcement(std::string_view document);
Result<Deployment> parse_deployment(std::string_view document);
/// Checks verb, target, evidence and views of an action that a reconciler proposes.
Status check_action(std::string_view document);
/// Checks the answer of render(): {"objects":[object...],"done":bool}; each object has apiVersion, kind and
/// metadata.name.
Status check_rendering(std::string_view document);
/// Checks a Kubernetes-shaped object: apiVersion, kind, metadata.name.
Status check_object(std::string_view document);

std::string to_json(const Deployment &deployment);
std::string to_json(const SourceInstance &instance);
/// The offer in the shape of section 1, without `workload`.
std::string to_json(const Offer &offer);

} // namespace rigger
