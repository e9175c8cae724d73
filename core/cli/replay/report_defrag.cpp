#include "cli/replay/report_defrag.hpp"

#include "cli/render/table.hpp"
#include "cli/replay/figures.hpp"

#include <nlohmann/json.hpp>

namespace rigger::cli::replay {
namespace {

double total_gain(const rigger::replay::DefragResult &moves) {
    double sum = 0;
    for (const auto &move : moves.moves) sum += move.gain;
    return sum;
}

/// Mean over the runs of what `figure` says of one.
template <typename Figure> double mean(const std::vector<RunResult> &runs, Figure figure) {
    double sum = 0;
    for (const RunResult &run : runs) sum += figure(run) / static_cast<double>(runs.size());
    return sum;
}

} // namespace

std::string defrag_text(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                        const ContestResult &result) {
    std::vector<TableColumn> columns{{.title = "LIST"}, {.title = "SCORER"}};
    for (const char *title :
         {"MOVES", "BUDGET", "GAIN (GPUS)", "FRAGMENTED %", "THEN %", "ALLOCATED %", "THEN %", "TASKS MORE"})
        columns.push_back({.title = title, .right = true});
    std::vector<std::vector<Cell>> rows;
    for (size_t l = 0; l < lists.size(); ++l)
        for (size_t c = 0; c < contestants.size(); ++c) {
            const auto &runs = result.runs[l][c];
            const auto of = [&](auto figure) {
                return mean(runs,
                            [&](const RunResult &run) { return static_cast<double>(figure(*run.replay.defrag)); });
            };
            rows.push_back({{lists[l].name},
                            {contestants[c].label},
                            {fixed(of([](const auto &d) { return d.moves.size(); }), 0)},
                            {fixed(of([](const auto &d) { return d.budget; }), 0)},
                            {fixed(of(total_gain) / 1000, 1)},
                            {fixed(100 * mean(runs, [](const RunResult &run) { return run.replay.fragmentation; }), 2)},
                            {fixed(100 * of([](const auto &d) { return d.fragmentation; }), 2)},
                            {fixed(100 * mean(runs, [](const RunResult &run) { return run.replay.allocated(); }), 2)},
                            {fixed(100 * of([](const auto &d) { return d.allocated; }), 2)},
                            {fixed(of([](const auto &d) { return d.placed; }), 0)}});
        }
    std::string text =
        "Moves at the end, and the refused tasks offered once more:\n" + layout_table(columns, rows, {}).text;
    if (lists.size() != 1 || contestants.size() != 1 || result.runs[0][0].size() != 1) return text;
    rows.clear();
    const auto &tasks = lists[0].trace.tasks;
    for (const auto &move : result.runs[0][0][0].replay.defrag->moves)
        rows.push_back({{std::to_string(rows.size() + 1)},
                        {tasks[move.task].name},
                        {move.from},
                        {move.to},
                        {fixed(move.gain, 0)}});
    if (rows.empty()) return text;
    return text + "\n" +
           layout_table({{.title = "MOVE", .right = true},
                         {.title = "TASK"},
                         {.title = "FROM"},
                         {.title = "TO"},
                         {.title = "GAIN (GPU MILLI)", .right = true}},
                        rows, {})
               .text;
}

nlohmann::ordered_json defrag_json(const NamedTrace &list, const rigger::replay::DefragResult &defrag) {
    nlohmann::ordered_json moves = nlohmann::ordered_json::array();
    for (const auto &move : defrag.moves)
        moves.push_back({{"task", list.trace.tasks[move.task].name},
                         {"from", move.from},
                         {"to", move.to},
                         {"gainMilli", move.gain}});
    return {{"running", defrag.running},       {"budget", defrag.budget},
            {"gainMilli", total_gain(defrag)}, {"fragmentation", defrag.fragmentation},
            {"tasksMore", defrag.placed},      {"allocated", defrag.allocated},
            {"moves", std::move(moves)}};
}

} // namespace rigger::cli::replay
