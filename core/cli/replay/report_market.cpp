#include "cli/replay/report_market.hpp"

#include "cli/render/table.hpp"
#include "cli/replay/figures.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::cli::replay {
namespace {

using rigger::replay::MarketResult;

/// Share of the GPU time that was held but did not earn yet.
double starting(const MarketResult &result) {
    return result.gpu_hours > 0 ? (result.busy_gpu_hours - result.active_gpu_hours) / result.gpu_hours : 0;
}

} // namespace

std::string market_text(const std::vector<Contestant> &contestants, const std::vector<MarketResult> &results) {
    std::vector<TableColumn> columns{{.title = "SCORER"}};
    for (const char *title : {"VALUE/H", "OF BEST %", "IDLE %", "STARTING %", "STARTS", "MOVES", "ENDED", "PLANS"})
        columns.push_back({.title = title, .right = true});
    double best = 0;
    for (const MarketResult &one : results) best = std::max(best, one.value_per_hour());
    std::vector<std::vector<Cell>> rows;
    for (size_t c = 0; c < contestants.size(); ++c) {
        const MarketResult &one = results[c];
        rows.push_back({{contestants[c].label},
                        {fixed(one.value_per_hour(), 2)},
                        {best > 0 ? fixed(100 * one.value_per_hour() / best, 2) : "-"},
                        {fixed(100 * one.idle(), 2)},
                        {fixed(100 * starting(one), 2)},
                        {std::to_string(one.starts)},
                        {std::to_string(one.moves)},
                        {std::to_string(one.ended)},
                        {std::to_string(one.plans)}});
    }
    return layout_table(columns, rows, {}).text;
}

std::string market_json(const std::vector<Contestant> &contestants, const std::vector<MarketResult> &results) {
    using Json = nlohmann::ordered_json;
    Json out{{"hours", results.empty() ? 0.0 : results[0].hours}, {"contestants", Json::array()}};
    for (size_t c = 0; c < contestants.size(); ++c) {
        const MarketResult &one = results[c];
        Json curve = Json::array();
        for (const auto &point : one.curve) curve.push_back({point.at_s, point.value_per_hour, point.busy});
        out["contestants"].push_back({{"label", contestants[c].label},
                                      {"valuePerHour", one.value_per_hour()},
                                      {"value", one.value},
                                      {"idle", one.idle()},
                                      {"starting", starting(one)},
                                      {"starts", one.starts},
                                      {"moves", one.moves},
                                      {"ended", one.ended},
                                      {"plans", one.plans},
                                      {"curve", std::move(curve)}});
    }
    return out.dump(1);
}

} // namespace rigger::cli::replay
