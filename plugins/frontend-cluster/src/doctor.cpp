#include "commands.hpp"
#include "documents.hpp"

namespace cluster_commands {
namespace {

/// A check whose outcome cannot be read is not known, and nothing unknown is well.
Json row(const std::string &cluster, const Json &check) {
    const auto ok = check.is_object() ? check.find("ok") : check.end();
    const bool said = check.is_object() && ok != check.end() && ok->is_boolean();
    return {{"cluster", cluster},
            {"check", text(check, "check")},
            {"state", !said         ? "unknown"
                      : *ok == true ? "ok"
                                    : "failed"},
            {"detail", text(check, "detail")},
            {"remedy", text(check, "remedy")}};
}

} // namespace

rig::Result<std::string> doctor(const rig::Control &control, rig::Call call, std::string_view arguments) {
    std::string answer;
    const rig_sink sink = rig::detail::collect(answer);
    if (const rig::Status status = control.stream(call, "diagnosis", arguments, &sink); !status.ok())
        return status.error();
    const Json found = Json::parse(answer, nullptr, false);
    const Json *const clusters = list(found, "clusters");
    if (!clusters) return malformed("diagnosis of the clusters");
    const Json given = Json::parse(arguments, nullptr, false);
    const bool all = !given.is_object() || given.value("problems", Json()) != true;
    Json items = Json::array();
    bool well = !clusters->empty();
    for (const Json &cluster : *clusters) {
        const Json *const checks = list(cluster, "checks");
        if (!checks || checks->empty()) return malformed("diagnosis of a cluster");
        for (const Json &check : *checks) {
            Json item = row(text(cluster, "name"), check);
            const bool ok = item["state"] == "ok";
            well = well && ok;
            if (all || !ok) items.push_back(std::move(item));
        }
    }
    return dump({{"well", well}, {"items", std::move(items)}});
}

} // namespace cluster_commands
