// csv_market.hpp -- a market from the list of models: what the list says, and by what rule the rest is derived.
//
// Columns: chute_id, name, invocation_count, current_estimated_price (USD per hour and instance), supported_gpus
// (separated by blanks, commas or semicolons). The rule (README, "What the CSV lacks") is a pure function of the row
// and the seed.
#pragma once
#include "items.hpp"

#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <string_view>

namespace catalog {

struct CsvRule {
    double window_hours = 720; ///< the time in which invocation_count was counted
    std::uint64_t seed = 1;
};

/// Refuses, with file and line: a header without one of the columns, cut rows, bad numbers, repeated ids, rows without
/// GPUs, a list without rows.
rig::Result<Items> market_from_csv(std::string_view text, std::string_view file, const CsvRule &rule);

/// The validator's price of one GPU of this model, USD per hour; nullopt: not in its table.
std::optional<double> gpu_price(std::string_view short_ref);

} // namespace catalog
