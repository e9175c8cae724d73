#include "csv_market.hpp"

#include "csv.hpp"
#include "text.hpp"

#include <chutes/names.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace catalog {
namespace {

/// The validator's GPU table (chutes.ai, P25), USD per GPU-hour; b300 is not in it and is assumed.
constexpr std::pair<std::string_view, double> prices[] = {
    {"3090", 0.25},      {"4090", 0.40},          {"5090", 0.70},     {"a10", 0.25},       {"a100", 1.20},
    {"a100_40gb", 1.10}, {"a100_40gb_sxm", 1.15}, {"a100_sxm", 1.25}, {"a4000", 0.20},     {"a4000_ada", 0.21},
    {"a40", 0.50},       {"a5000", 0.25},         {"a6000", 0.50},    {"a6000_ada", 0.75}, {"b200", 4.50},
    {"b300", 5.50},      {"h100", 1.79},          {"h100_nvl", 2.25}, {"h100_sxm", 2.35},  {"h20", 0.60},
    {"h200", 2.75},      {"h800", 1.50},          {"l4", 0.25},       {"l40", 0.55},       {"l40s", 0.85},
    {"mi300x", 3.00},    {"pro_6000", 1.80}};

constexpr double usd_per_multiplier = 4.5; ///< the validator's hourly price at a compute multiplier of 1
constexpr double calls_at_once = 8;        ///< that one instance is taken to serve
constexpr double busy_share = 0.6;         ///< utilisation that the market is taken to settle at

/// A number in [0, 1) that depends on the chute, the purpose and the seed alone (FNV-1a).
double chance(const Chute &chute, std::string_view purpose, std::uint64_t seed) {
    std::uint64_t h = 0xcbf29ce484222325u ^ seed;
    const auto mix = [&](std::string_view text) {
        for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    };
    mix(chute.id);
    mix(purpose);
    h ^= h >> 33; // FNV's high bits are weak for short texts
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    return static_cast<double>(h >> 11) * 0x1p-53;
}

/// 1, 2, 4 or 8: the nearest by ratio.
int gpus_for(double price, double cheapest) {
    const double exact = std::clamp(price / cheapest, 1.0, 8.0);
    return 1 << static_cast<int>(std::lround(std::log2(exact)));
}

void derive(Items &items, Chute &chute, double invocations, double price, double cheapest, const CsvRule &rule) {
    chute.gpu_count = gpus_for(price, cheapest);
    chute.tee = chute.name.size() > 4 && chute.name.compare(chute.name.size() - 4, 4, "-TEE") == 0;
    chute.has_cords = true;
    chute.version = chutes::uuid5_oid(chute.id + ":catalogue");
    chute.chutes_version = chute.tee ? "0.6.0" : "0.3.61";
    chute.image = "catalogue/vllm:0.10";

    Metrics m;
    m.multiplier = price / usd_per_multiplier;
    m.invocations = std::round(invocations / rule.window_hours);
    const double seconds_per_call = (2 + price / 4) * (0.75 + 0.5 * chance(chute, "seconds", rule.seed));
    m.compute_time = m.invocations * seconds_per_call;
    const double busy = m.compute_time / 3600; // calls at once, on average
    m.instances = std::max(1.0, std::ceil(busy / (calls_at_once * busy_share)));
    const double squeeze = chance(chute, "squeeze", rule.seed); // half of the market sees no limits, the tightest 5 %
    m.rate_limits = squeeze < 0.5 ? 0 : std::floor(m.invocations * 0.1 * (squeeze - 0.5));

    Utilization u;
    u.scalable = true;
    u.instances = u.active_instances = m.instances;
    u.target = m.instances + 1 + std::floor(4 * chance(chute, "allowance", rule.seed));
    items.metrics.emplace(chute.id, m);
    items.utilization.emplace(chute.id, u);
}

std::vector<std::string> words(std::string_view text) {
    constexpr std::string_view separators = " \t,;";
    std::set<std::string> unique;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find_first_of(separators, at), text.size());
        if (end > at) unique.emplace(text.substr(at, end - at));
        at = end + 1;
    }
    return {unique.begin(), unique.end()};
}

/// A number as JSON markets may hold it, too. The error lacks file and line.
rig::Result<double> figure(const CsvRow &row, size_t column) {
    constexpr double most = 1e15;
    const auto number = parse_number(trimmed(row.fields[column]));
    if (number && *number >= 0 && *number <= most) return *number;
    return rig::Error{RIG_E_INVALID, "MarketFile",
                      "'" + shown(row.fields[column]) + "' is not a number from 0 to 10^15", 0};
}

} // namespace

std::optional<double> gpu_price(std::string_view short_ref) {
    for (const auto &[name, price] : prices)
        if (name == short_ref) return price;
    return std::nullopt;
}

rig::Result<Items> market_from_csv(std::string_view text, std::string_view file, const CsvRule &rule) {
    auto rows =
        parse_csv(text, file, {"chute_id", "name", "invocation_count", "current_estimated_price", "supported_gpus"});
    if (!rows.ok()) return rows.error();
    if (rows->empty()) return refused(file, 1, "lists no chute; an empty list is taken for a cut one");

    Items items;
    std::map<std::string, size_t> first_line;
    for (const CsvRow &row : *rows) {
        Chute chute;
        chute.id = trimmed(row.fields[0]);
        chute.name = trimmed(row.fields[1]);
        if (chute.name.empty()) chute.name = chute.id;
        if (chute.id.empty()) return refused(file, row.line, "chute_id is empty");
        if (const auto [at, fresh] = first_line.emplace(chute.id, row.line); !fresh)
            return refused(file, row.line,
                           "chute_id " + shown(chute.id) + " stands in line " + std::to_string(at->second) +
                               " already");
        const auto invocations = figure(row, 2);
        if (!invocations.ok()) return refused(file, row.line, "invocation_count " + invocations.error().message);
        const auto price = figure(row, 3);
        if (!price.ok()) return refused(file, row.line, "current_estimated_price " + price.error().message);
        chute.gpus = words(row.fields[4]);
        if (chute.gpus.empty())
            return refused(file, row.line, "supported_gpus is empty: such a chute could run nowhere");
        double cheapest = INFINITY;
        for (const std::string &gpu : chute.gpus) cheapest = std::min(cheapest, gpu_price(gpu).value_or(1.0));
        derive(items, chute, *invocations, *price, cheapest, rule);
        items.chutes.push_back(std::move(chute));
    }
    return items;
}

} // namespace catalog
