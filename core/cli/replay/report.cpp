#include "cli/replay/report.hpp"

#include "cli/render/table.hpp"
#include "cli/replay/figures.hpp"
#include "cli/replay/report_defrag.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace rigger::cli::replay {
namespace {

std::string percent(double share) { return fixed(100 * share, 2); }

struct Summary {
    Spread spread;
    double fragmentation = 0, per_second = 0;
    std::map<std::string, double> failed; ///< per run
};

Summary summary(const std::vector<RunResult> &runs, bool online) {
    Summary sum{replay::spread(runs, online), 0, 0, {}};
    double seconds = 0, arrivals = 0;
    const auto count = static_cast<double>(runs.size());
    for (const RunResult &run : runs) {
        sum.fragmentation += run.replay.fragmentation / count;
        seconds += run.seconds;
        arrivals += static_cast<double>(run.replay.arrivals);
        for (const auto &[why, times] : run.replay.failed) sum.failed[why] += static_cast<double>(times) / count;
    }
    sum.per_second = seconds > 0 ? arrivals / seconds : 0;
    return sum;
}

double mean(const std::vector<double> &values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(std::max<size_t>(1, values.size()));
}

std::string failed_text(const Summary &sum) {
    std::string text;
    for (const auto &[why, times] : sum.failed) text += (text.empty() ? "" : ", ") + why + " " + fixed(times, 0);
    return text.empty() ? "-" : text;
}

} // namespace

std::string report_text(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result, const std::vector<PublishedFigures> &published, bool online) {
    std::vector<TableColumn> columns{{.title = "LIST"}, {.title = "SCORER"}};
    for (const char *title :
         {online ? "MEAN ALLOCATED %" : "ALLOCATED %", "SPREAD", "LEAST", "MOST", "FRAGMENTED %", "DECISIONS/S"})
        columns.push_back({.title = title, .right = true});
    columns.push_back({.title = "FAILED TASKS"});
    std::vector<std::vector<Cell>> rows;
    for (size_t l = 0; l < lists.size(); ++l)
        for (size_t c = 0; c < contestants.size(); ++c) {
            const Summary sum = summary(result.runs[l][c], online);
            rows.push_back({{lists[l].name},
                            {contestants[c].label},
                            {percent(sum.spread.mean)},
                            {percent(sum.spread.deviation)},
                            {percent(sum.spread.least)},
                            {percent(sum.spread.most)},
                            {percent(sum.fragmentation)},
                            {fixed(sum.per_second, 0)},
                            {failed_text(sum)}});
            if (!result.bounds.empty() && c + 1 == contestants.size())
                rows.push_back(
                    {{lists[l].name}, {"at most"}, {percent(mean(result.bounds[l]))}, {}, {}, {}, {}, {}, {}});
        }
    std::string text = layout_table(columns, rows, {}).text;
    if ((lists.size() < 2 || contestants.size() < 2) && published.empty()) return text;
    std::vector<TableColumn> heads{{.title = "LIST"}};
    for (const Contestant &contestant : contestants) heads.push_back({.title = contestant.label, .right = true});
    for (const PublishedFigures &one : published) heads.push_back({.title = one.name + " PUBLISHED", .right = true});
    if (!result.bounds.empty()) heads.push_back({.title = "AT MOST", .right = true});
    std::vector<std::vector<Cell>> lines;
    for (size_t l = 0; l < lists.size(); ++l) {
        lines.push_back({{lists[l].name}});
        for (size_t c = 0; c < contestants.size(); ++c)
            lines.back().push_back({percent(spread(result.runs[l][c], online).mean)});
        for (const PublishedFigures &one : published) {
            const auto at = one.percent.find(lists[l].name);
            lines.back().push_back({at == one.percent.end() ? "-" : fixed(at->second, 2)});
        }
        if (!result.bounds.empty()) lines.back().push_back({percent(mean(result.bounds[l]))});
    }
    return text + "\n" + layout_table(heads, lines, {}).text;
}

std::string report_json(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result, const std::vector<PublishedFigures> &published, bool online) {
    using Json = nlohmann::ordered_json;
    Json out{{"lists", Json::array()}};
    for (size_t l = 0; l < lists.size(); ++l) {
        Json list{{"name", lists[l].name}, {"contestants", Json::array()}};
        for (size_t c = 0; c < contestants.size(); ++c) {
            const Summary sum = summary(result.runs[l][c], online);
            Json one{{"label", contestants[c].label},
                     {"knowsList", contestants[c].told_list},
                     {"mean", sum.spread.mean},
                     {"deviation", sum.spread.deviation},
                     {"least", sum.spread.least},
                     {"most", sum.spread.most},
                     {"fragmentation", sum.fragmentation},
                     {"decisionsPerSecond", sum.per_second},
                     {"failed", sum.failed},
                     {"runs", Json::array()}};
            for (const RunResult &run : result.runs[l][c]) {
                Json curve = Json::array();
                for (const auto &point : run.replay.curve) curve.push_back({point.arrived, point.allocated});
                Json line({{"seed", run.seed},
                           {"arrivals", run.replay.arrivals},
                           {"placed", run.replay.placed},
                           {"allocated", figure(run, online)},
                           {"seconds", run.seconds},
                           {"curve", std::move(curve)}});
                if (run.replay.defrag) line["defrag"] = defrag_json(lists[l], *run.replay.defrag);
                one["runs"].push_back(std::move(line));
            }
            list["contestants"].push_back(std::move(one));
        }
        for (const PublishedFigures &one : published)
            if (const auto at = one.percent.find(lists[l].name); at != one.percent.end())
                list["published"][one.name] = at->second / 100;
        if (!result.bounds.empty()) list["atMost"] = mean(result.bounds[l]);
        out["lists"].push_back(std::move(list));
    }
    return out.dump(1);
}

} // namespace rigger::cli::replay
