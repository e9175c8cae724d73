// core/control/views/views.hpp -- the views of rig.control/1, one function each: a snapshot and arguments in, a JSON
// document out. Pure.
#pragma once
#include "control/json_writer.hpp"
#include "control/planner.hpp"
#include "control/status.hpp"
#include "domain/ports/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rigger::views {

/// What a view is made from.
struct Scene {
    const Published &published;
    MonoTime now; ///< when it is asked: views age between publications
    const Snapshot &snapshot() const { return *published.snapshot; }
};

/// Arguments of every view together; the declarations of commands say which of them a command has.
struct Arguments {
    std::string gpu, node, server, namespace_name, offer, type, deployment, reason, source, cluster, pod, container,
        defrag;
    size_t limit = 0;
    std::optional<int64_t> tail, since_seconds;
    bool all = false, dry_run = false, force = false, wait = false, follow = false, previous = false;
};
/// invalid (InvalidArguments): not an object, or a field of the wrong type. Unknown fields are ignored.
Result<Arguments> parse_arguments(std::string_view text);

/// {"items":[ ... what `items` wrote ... ],"snapshot","takenAt","warnings"}
std::string list_answer(const Scene &scene, const JsonWriter &items,
                        const std::vector<std::string> &more_warnings = {});
/// Why the second name is of no use, and what to do about it.
std::string text_of(const SameCluster &same);
std::string remedy_of(const SameCluster &same);
/// Why parts of the snapshot cannot be trusted now.
std::vector<std::string> warnings(const Scene &scene);

std::string nodes(const Scene &scene, const Arguments &arguments);
std::string pods(const Scene &scene, const Arguments &arguments);
std::string servers(const Scene &scene);
std::string gpus(const Scene &scene);
std::string deployments(const Scene &scene);
std::string instances(const Scene &scene, const Arguments &arguments);
std::string failures(const Scene &scene);
Result<std::string> offers(const Scene &scene, Planner &planner, const Arguments &arguments);
Result<std::string> pairs(const Scene &scene, Planner &planner, const Arguments &arguments);
Result<std::string> why_not(const Scene &scene, Planner &planner, const Arguments &arguments);
Result<std::string> events(const Scene &scene, Store &store, const Arguments &arguments);

struct StatusFacts {
    std::string version, plugins;        ///< plugins: JSON, empty: none
    std::vector<std::string> conditions; ///< what is wrong outside the loop
    std::string machinery;               ///< JSON, empty: none
    Duration uptime{};
    double cost_floor = 0;
};
std::string status(const Scene &scene, const StatusFacts &facts);

} // namespace rigger::views
