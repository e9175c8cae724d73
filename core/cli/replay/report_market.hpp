// core/cli/replay/report_market.hpp -- what several scorers made of one recorded market.
#pragma once
#include "cli/replay/scorer_spec.hpp"
#include "domain/replay/market_replay.hpp"

#include <string>
#include <vector>

namespace rigger::cli::replay {

/// One line per contestant. Precondition: as many results as contestants.
std::string market_text(const std::vector<Contestant> &contestants,
                        const std::vector<rigger::replay::MarketResult> &results);
/// {"hours","contestants":[{"label","valuePerHour","value","idle","starting","starts","moves","ended","plans","curve":[[seconds,
/// value per hour, busy]]}]}
std::string market_json(const std::vector<Contestant> &contestants,
                        const std::vector<rigger::replay::MarketResult> &results);

} // namespace rigger::cli::replay
