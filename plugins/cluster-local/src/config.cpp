#include "config.hpp"

#include "api/json.hpp"
#include "api/names.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
double number(const Json &object, Path path, double otherwise) {
    const Json *value = find(object, path);
    return value && value->is_number() ? value->get<double>() : otherwise;
}
std::string text(const Json &object, Path path, std::string_view otherwise) {
    const Json *value = find(object, path);
    return value && value->is_string() ? value->get<std::string>() : std::string(otherwise);
}
rig::Error refuse(const std::string &why) { return {RIG_E_INVALID, "ConfigInvalid", "config: " + why, 0}; }

rig::Result<Rule> parse_rule(const Json &item) {
    static constexpr std::pair<std::string_view, Outcome> kOutcomes[] = {
        {"ImagePullBackOff", Outcome::image_pull}, {"Error", Outcome::error},     {"OOMKilled", Outcome::oom_killed},
        {"Completed", Outcome::completed},         {"Evicted", Outcome::evicted}, {"Pending", Outcome::pending},
        {"NotReady", Outcome::not_ready}};
    Rule rule;
    const auto named = text_at(item, {"outcome"});
    const auto *outcome =
        std::find_if(std::begin(kOutcomes), std::end(kOutcomes), [&](const auto &o) { return o.first == named; });
    if (outcome == std::end(kOutcomes)) return refuse("simulation.rules: unknown outcome '" + std::string(named) + "'");
    rule.outcome = outcome->second;
    if (const std::string label = text(item, {"label"}, ""); !label.empty()) {
        const size_t equal = label.find('=');
        if (equal == std::string::npos || equal == 0)
            return refuse("simulation.rules: label '" + label + "' must be key=pattern");
        rule.label_key = label.substr(0, equal);
        rule.label_value = label.substr(equal + 1);
    }
    rule.image = text(item, {"image"}, "*");
    rule.node = text(item, {"node"}, "*");
    rule.name = text(item, {"pod"}, "*");
    rule.message = text(item, {"message"}, "");
    rule.exit_code = static_cast<int>(integer_at(item, {"exitCode"}).value_or(1));
    rule.after_seconds = number(item, {"afterSeconds"}, 0);
    rule.for_seconds = number(item, {"forSeconds"}, -1);
    rule.probability = number(item, {"probability"}, 1);
    rule.each_attempt = flag_at(item, {"eachAttempt"});
    return rule;
}

rig::Status parse_simulation(const Json &object, Script &script) {
    if (const Json *pull = find(object, {"pullSeconds"})) {
        if (!pull->is_array() || pull->size() != 2 || !(*pull)[0].is_number() || !(*pull)[1].is_number())
            return refuse("simulation.pullSeconds must be [shortest, longest]");
        script.pull_seconds = {(*pull)[0].get<double>(), (*pull)[1].get<double>()};
        if (script.pull_seconds.first > script.pull_seconds.second)
            return refuse("simulation.pullSeconds: the shortest time is longer than the longest");
    }
    script.seed = static_cast<uint64_t>(integer_at(object, {"seed"}).value_or(1));
    script.start_seconds = number(object, {"startSeconds"}, script.start_seconds);
    script.ready_seconds = number(object, {"readySeconds"}, script.ready_seconds);
    script.stop_seconds = number(object, {"stopSeconds"}, script.stop_seconds);
    script.log_seconds = number(object, {"logSeconds"}, script.log_seconds);
    const Json *rules = find(object, {"rules"}), *outages = find(object, {"outages"});
    for (const Json &item : rules && rules->is_array() ? *rules : Json::array()) {
        RIG_ASSIGN_OR_RETURN(Rule rule, parse_rule(item));
        script.rules.push_back(std::move(rule));
    }
    for (const Json &item : outages && outages->is_array() ? *outages : Json::array()) {
        const Outage outage{text(item, {"node"}, "*"), number(item, {"afterSeconds"}, 0),
                            number(item, {"forSeconds"}, 60), number(item, {"everySeconds"}, 0)};
        if (outage.every_seconds > 0 && outage.every_seconds <= outage.for_seconds)
            return refuse("simulation.outages: everySeconds must be longer than forSeconds");
        script.outages.push_back(outage);
    }
    return {};
}
} // namespace

namespace {
/// Never beside whatever the process was started from: a cluster that is lost with the working directory would look
/// durable.
rig::Result<std::string> database_path(const std::string &directory, const std::string &database) {
    if (database == ":memory:" || database.starts_with('/')) return database;
    if (!directory.empty()) return directory + "/" + (database.empty() ? "cluster-local.sqlite" : database);
    if (database.empty()) return std::string(":memory:");
    return refuse("database: '" + database +
                  "' is relative, and no stateDir says to what; set stateDir, give the whole path, or ':memory:'");
}
} // namespace

rig::Result<Config> parse_config(std::string_view json) {
    RIG_ASSIGN_OR_RETURN(const Json object, parse_object(json, "config"));
    Config config;
    config.cluster.name = text(object, {"cluster"}, "local");
    RIG_ASSIGN_OR_RETURN(config.cluster.store.path,
                         database_path(text(object, {"stateDir"}, ""), text(object, {"database"}, "")));
    config.fleet = text(object, {"fleet"}, "");
    config.fleet_poll_seconds = number(object, {"fleetPollSeconds"}, 2);
    config.cluster.events = static_cast<size_t>(integer_at(object, {"events"}).value_or(1000));
    config.cluster.store.max_tombstones =
        static_cast<size_t>(integer_at(object, {"rememberDeletions"}).value_or(10'000));
    config.cluster.store.first_port = static_cast<int>(integer_at(object, {"nodePorts", "first"}).value_or(30'000));
    config.cluster.store.last_port = static_cast<int>(integer_at(object, {"nodePorts", "last"}).value_or(32'767));
    if (config.cluster.store.first_port > config.cluster.store.last_port)
        return refuse("nodePorts: first is greater than last");
    if (const Json *namespaces = find(object, {"namespaces"}); namespaces && namespaces->is_array()) {
        config.cluster.namespaces.clear();
        for (const Json &name : *namespaces) {
            if (!name.is_string() || !is_dns1123_label(name.get<std::string>()))
                return refuse("namespaces: " + name.dump() + " is not a namespace name");
            config.cluster.namespaces.push_back(name.get<std::string>());
        }
    }
    if (const Json *simulation = find(object, {"simulation"})) {
        RIG_RETURN_IF_ERROR(parse_simulation(*simulation, config.cluster.script));
        config.has_seed = find(*simulation, {"seed"}) != nullptr;
    }
    return config;
}

} // namespace cluster_local
