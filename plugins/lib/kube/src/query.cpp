#include "query.hpp"

#include <rigger/sdk/try.hpp>

namespace kube {
namespace {
rig::Error bad_query(const std::string &what) { return {RIG_E_INVALID, "BadRequest", what, 0}; }

/// A text, or "" where it is missing; false: of another type.
bool take(const nlohmann::json &from, const char *key, std::string &into) {
    const auto at = from.find(key);
    if (at == from.end() || at->is_null()) return true;
    if (!at->is_string()) return false;
    into = at->get<std::string>();
    return true;
}
bool take(const nlohmann::json &from, const char *key, int64_t &into) {
    const auto at = from.find(key);
    if (at == from.end() || at->is_null()) return true;
    if (!at->is_number_integer() || at->get<int64_t>() < 0) return false;
    into = at->get<int64_t>();
    return true;
}
} // namespace

rig::Result<Query> Query::parse(std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const nlohmann::json from, rig::json::object(text, "query"));
    Query q;
    int64_t limit = 0;
    if (!take(from, "cluster", q.cluster) || !take(from, "apiVersion", q.api_version) || !take(from, "kind", q.kind) ||
        !take(from, "namespace", q.selection.ns) || !take(from, "labelSelector", q.selection.labels) ||
        !take(from, "fieldSelector", q.selection.fields) || !take(from, "limit", limit))
        return bad_query("a query's fields are texts, and limit a number that is not negative");
    if (q.api_version.empty() || q.kind.empty()) return bad_query("a query needs apiVersion and kind");
    if (!q.selection.ns.empty() && !is_path_segment(q.selection.ns)) return bad_query("namespace cannot be a name");
    q.limit = static_cast<size_t>(limit);
    return q;
}

rig::Result<Ref> Ref::parse(std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const nlohmann::json from, rig::json::object(text, "ref"));
    Ref r;
    if (!take(from, "cluster", r.cluster) || !take(from, "apiVersion", r.api_version) || !take(from, "kind", r.kind) ||
        !take(from, "namespace", r.ns) || !take(from, "name", r.name) || !take(from, "uid", r.remove.uid) ||
        !take(from, "propagationPolicy", r.remove.propagation) ||
        !take(from, "gracePeriodSeconds", r.remove.grace_seconds))
        return bad_query("a ref's fields are texts, and gracePeriodSeconds a number that is not negative");
    if (r.api_version.empty() || r.kind.empty() || !is_path_segment(r.name))
        return bad_query("a ref needs apiVersion, kind and name");
    if (!r.ns.empty() && !is_path_segment(r.ns)) return bad_query("namespace cannot be a name");
    const std::string &p = r.remove.propagation;
    if (!p.empty() && p != "Foreground" && p != "Background" && p != "Orphan")
        return bad_query("propagationPolicy must be Foreground, Background or Orphan");
    return r;
}

} // namespace kube
