// core/cli/replay/market_recorder.hpp -- plays a source plugin's recorded market in virtual time and keeps what it
// tells, with its times.
#pragma once
#include "cli/replay/scorer_house.hpp"
#include "domain/replay/market_tape.hpp"

#include <filesystem>
#include <functional>

namespace rigger::cli::replay {

struct RecordingSettings {
    std::filesystem::path history;  ///< source-catalog's event file
    std::filesystem::path market;   ///< the market before it, .csv or .json; empty: there was none
    double look_every_s = 60;       ///< at least 5
    double most_hours = 24.0 * 366; ///< give up beyond
    std::function<void(double hours)> progress;
};

/// Errors: the source's, when it refuses a file; "MarketSilent" when it does not answer.
Result<rigger::replay::MarketTape> record_market(const RecordingSettings &settings, const HouseOptions &house);

} // namespace rigger::cli::replay
