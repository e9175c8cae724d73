#include "commands.hpp"
#include "documents.hpp"

#include <map>

namespace cluster_commands {
namespace {

void join(Json &row, const Json &probed) {
    const std::string state = text(probed, "state"), version = text(probed, "version"), error = text(probed, "error");
    row["state"] = state.empty() ? "unknown" : state;
    row["version"] = version.empty() ? Json() : Json(version);
    if (error.empty()) return;
    row["lastError"] = error; // what is wrong now says more than what was
    const std::string at = text(probed, "errorAt");
    row["lastErrorAt"] = at.empty() ? Json() : Json(at);
    row["recovered"] = false;
}

} // namespace

rig::Result<std::string> clusters(const rig::Control &control, rig::Call call) {
    auto seen = control.query(call, "clusters", "{}");
    if (!seen.ok()) return seen.error();
    Json answer = Json::parse(*seen, nullptr, false);
    if (!list(answer, "items")) return malformed("view of the clusters");

    std::string probed;
    const rig_sink sink = rig::detail::collect(probed);
    if (const rig::Status status = control.stream(call, "probe", "{}", &sink); !status.ok()) return status.error();
    const Json probes = Json::parse(probed, nullptr, false);
    if (!list(probes, "clusters")) return malformed("probe of the clusters");

    std::map<std::string, Json> left;
    for (const Json &one : *list(probes, "clusters")) left.insert_or_assign(text(one, "name"), one);
    // "backend/" stands for clusters whose names nobody knew; the probe may know them.
    const auto named_by_probe = [&](const std::string &name) {
        const auto first = left.upper_bound(name);
        return !name.empty() && name.back() == '/' && first != left.end() &&
               first->first.compare(0, name.size(), name) == 0;
    };
    Json items = Json::array();
    for (Json &row : answer["items"]) {
        if (!row.is_object() || named_by_probe(text(row, "name"))) continue;
        const auto found = left.find(text(row, "name"));
        join(row, found == left.end() ? Json::object() : found->second);
        if (found != left.end()) left.erase(found);
        items.push_back(std::move(row));
    }
    for (const auto &[name, one] : left) { // configured, but nothing came from it yet
        Json row{{"name", name},
                 {"backend", name.substr(0, name.find('/'))},
                 {"freshness", "unknown"},
                 {"lagSeconds", nullptr},
                 {"nodes", 0},
                 {"pods", 0},
                 {"disconnects", 0},
                 {"lastError", nullptr},
                 {"lastErrorAt", nullptr},
                 {"recovered", nullptr}};
        join(row, one);
        items.push_back(std::move(row));
    }
    answer["items"] = std::move(items);
    return dump(answer);
}

} // namespace cluster_commands
