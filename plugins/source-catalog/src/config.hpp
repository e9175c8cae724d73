// config.hpp -- what an operator sets for a catalogue.
#pragma once
#include "csv_market.hpp"
#include "market.hpp"

#include <chutes/settings.hpp>
#include <rigger/sdk/status.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace catalog {

/// Something the played validator does on purpose.
struct ScriptRule {
    enum class When { claim, verify, activate, active } when = When::claim;
    std::string offer = "*"; ///< id or name; "*": any
    std::string answer =
        "exhausted"; ///< claim: exhausted | denied | not-found | unavailable. Else the instance is deleted
    std::string message = "scripted";
    unsigned times = 1;       ///< then the rule is spent; the count survives restarts
    double after_seconds = 0; ///< active: after that long in the active state
    double retry_after_seconds = 30;
};

struct ValidatorConfig {
    enum class Scaling { none, scalable, public_rule } scaling = Scaling::scalable;
    bool register_by_event = false; ///< announce() answers {} and the instance follows by an event
    double verify_seconds = 20, activate_seconds = 10;
    double claim_seconds = 7200; ///< a token that nobody used is void after that
    std::string hotkey; ///< whom the catalogue plays: only servers pledged to it, and unpledged ones, are used; empty:
                        ///< whomever a server is pledged to
    std::string miner_hotkey = "5CatalogueMinerHotkey";
    std::uint64_t seed = 1;
    std::vector<ScriptRule> script;
};

struct Config {
    // Either one list of models, or one JSON file with everything, or one JSON file per list.
    std::string csv, market, chutes, metrics, utilization, images;
    std::string replay;
    std::string state = "default"; ///< name under which launch tokens and instances are remembered; one per catalogue
    double replay_speed = 1;
    CsvRule csv_rule;
    MultiplierFrom multiplier = MultiplierFrom::metrics;
    bool count_own_instances = false;
    bool allow_empty = false; ///< an empty list is believed
    double poll_seconds = 2;
    double shrink_hold_seconds =
        60; ///< how long a market that lost more than half of its offers must stand before it is believed
    ValidatorConfig validator;
    ::chutes::Settings workload;
};

extern const char *const config_schema;

/// INVALID names the key and what it must be.
rig::Result<Config> parse_config(std::string_view json);

} // namespace catalog
