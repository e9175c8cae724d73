// core/cli/replay/report_defrag.hpp -- what moves at the end of each run would bring, as a table and as JSON.
#pragma once
#include "cli/replay/contest.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rigger::cli::replay {

/// One line per list and contestant, means over the seeds; of a single run also its moves, in the order in which they
/// can be made. Precondition: the contest was held with a budget.
std::string defrag_text(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result);
/// {"running","budget","gainMilli","fragmentation","tasksMore","allocated","moves":[{"task","from","to","gainMilli"}]};
/// the shares are those after the moves.
nlohmann::ordered_json defrag_json(const NamedTrace &list, const rigger::replay::DefragResult &defrag);

} // namespace rigger::cli::replay
