// replay.hpp -- a recorded history: market changes and events with their times, one JSON object per line.
//
//   {"at": 60, "chute": {...}, "metrics": {...}, "utilization": {...}}   items replace those of the same chute_id
//   {"at": 90, "remove": "<chute_id>"}                                   the chute leaves the market
//   {"at": 95, "event": {"type": "bounty_change", "data": {...}}}        handed on as it is
//   {"at": 99, "deleteInstances": {"offer": "*", "count": 1, "message": "scaled down"}}
// `at`: seconds from the start of the replay, or RFC 3339 (the first line is the start). Times never fall. '#' lines
// are comments.
#pragma once
#include "items.hpp"
#include "records.hpp"

#include <rigger/sdk/status.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

struct ReplayStep {
    size_t line = 0;
    double at = 0; ///< seconds from the start
    // What happens; any of these may be absent.
    std::optional<Chute> chute;
    std::optional<std::pair<std::string, Metrics>> metrics;         ///< by chute_id
    std::optional<std::pair<std::string, Utilization>> utilization; ///< by chute_id
    std::string remove;
    std::string event; ///< JSON text without "at"
    struct Deletion {
        std::string offer = "*", message = "deleted by the replay";
        size_t count = 1;
    };
    std::optional<Deletion> deletion;
    bool changes_market() const { return chute || metrics || utilization || !remove.empty(); }
};

/// Refuses, with file and line, what cannot be understood: a replay is wholly good or not played.
rig::Result<std::vector<ReplayStep>> parse_replay(std::string_view text, std::string_view file);

/// Carries the market changes of steps [0, done) over to `items`.
void play(Items &items, const std::vector<ReplayStep> &steps, size_t done);

} // namespace catalog
