// core/cli/replay/report.hpp -- a contest's results as tables, as JSON, and as a plot.
#pragma once
#include "cli/replay/contest.hpp"
#include "cli/replay/trace_files.hpp"

#include <string>

namespace rigger::cli::replay {

/// One line per list and contestant; with several of both also lists against contestants and published figures.
std::string report_text(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result, const std::vector<PublishedFigures> &published, bool online);
/// {"lists":[{"name","contestants":[{"label","mean","deviation","least","most","fragmentation","decisionsPerSecond","failed":{},"runs":[{"seed","allocated"}]}],"published"?:{},"atMost"?}]}.
/// Shares of the capacity lie in 0..1.
std::string report_json(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result, const std::vector<PublishedFigures> &published, bool online);
/// Allocation curves of the first seed, one panel per list, as SVG that reads on paper and on a screen, with or without
/// colours.
std::string plot_svg(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                     const ContestResult &result);

} // namespace rigger::cli::replay
