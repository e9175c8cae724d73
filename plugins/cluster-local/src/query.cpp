#include "query.hpp"

#include "api/errors.hpp"
#include "api/json.hpp"
#include "api/labels.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

namespace cluster_local {
namespace {
/// The parts that queries and references share.
rig::Result<const Kind *> target(const Json &document, std::string_view cluster, const KindTable &kinds) {
    Problems problems;
    const Checker check(document, problems);
    for (const char *key : {"cluster", "apiVersion", "kind", "namespace", "name", "uid", "labelSelector",
                            "fieldSelector", "propagationPolicy"})
        check.string(key);
    if (!problems.empty()) return errors::bad_request(problems.text());
    const auto asked = text_at(document, {"cluster"}), api_version = text_at(document, {"apiVersion"}),
               kind = text_at(document, {"kind"});
    if (!asked.empty() && asked != cluster) return errors::unknown_cluster(asked, cluster);
    if (api_version.empty() || kind.empty()) return errors::bad_request("apiVersion and kind are required");
    if (const Kind *found = kinds.find(api_version, kind)) return found;
    return errors::no_kind_match(api_version, kind);
}
} // namespace

rig::Result<Query> Query::parse(std::string_view text, std::string_view cluster, const KindTable &kinds) {
    RIG_ASSIGN_OR_RETURN(const Json document, parse_object(text, "the query"));
    Query query;
    RIG_ASSIGN_OR_RETURN(query.kind, target(document, cluster, kinds));
    if (query.kind->info().namespaced) query.name_space = text_at(document, {"namespace"});
    RIG_ASSIGN_OR_RETURN(query.labels, LabelSelector::parse(text_at(document, {"labelSelector"})));
    RIG_ASSIGN_OR_RETURN(query.fields,
                         FieldSelector::parse(text_at(document, {"fieldSelector"}), query.kind->info().fields));
    if (const Json *limit = find(document, {"limit"})) {
        const auto value = integer_at(document, {"limit"});
        if (!value || *value < 0)
            return errors::bad_request("limit must be a whole number, not " + limit->dump().substr(0, 40));
        if (*value > 0) query.limit = static_cast<size_t>(*value);
    }
    return query;
}

bool Query::matches(const Record &record) const {
    if (!name_space.empty() && record.name_space != name_space) return false;
    if (!labels.matches(record.labels)) return false;
    return fields.empty() ||
           fields.matches(record.name, record.name_space, [&](size_t i) { return value_at(record.fields, i); });
}

rig::Result<Reference> Reference::parse(std::string_view text, std::string_view cluster, const KindTable &kinds) {
    RIG_ASSIGN_OR_RETURN(const Json document, parse_object(text, "the reference"));
    Reference reference;
    RIG_ASSIGN_OR_RETURN(reference.kind, target(document, cluster, kinds));
    reference.name = text_at(document, {"name"});
    if (reference.name.empty()) return errors::bad_request("name is required");
    reference.uid = text_at(document, {"uid"});
    reference.propagation = text_at(document, {"propagationPolicy"});
    if (reference.kind->info().namespaced) {
        reference.name_space = text_at(document, {"namespace"});
        if (reference.name_space.empty()) reference.name_space = "default";
    }
    if (find(document, {"gracePeriodSeconds"})) {
        reference.grace_seconds = integer_at(document, {"gracePeriodSeconds"});
        if (!reference.grace_seconds || *reference.grace_seconds < 0)
            return errors::bad_request("gracePeriodSeconds must be a whole number >= 0");
    }
    return reference;
}

} // namespace cluster_local
