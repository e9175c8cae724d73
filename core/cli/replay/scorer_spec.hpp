// core/cli/replay/scorer_spec.hpp -- which scorers a replay compares, as words: "scorer-fragmentation", "a:2,b",
// "scorer-baseline@fgd+list".
#pragma once
#include "base/status.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rigger::cli::replay {

struct ScorerSpec {
    std::string plugin; ///< id, e.g. "rig.scorer-baseline"; "random": the built-in one
    std::string policy; ///< config.policy; empty: the default
    double weight = 1;
};
/// Scorers that work together.
struct Contestant {
    std::string label;
    std::string option; ///< that it was given with
    std::vector<ScorerSpec> scorers;
    bool told_list = false; ///< knows the mix of the whole list beforehand
};

/// NAME[@POLICY][:WEIGHT], several joined by commas; +list at the end: told the mix of the whole list. A name without a
/// dot is one of rigger's own ("rig." goes in front). Errors: "ScorerSpec", naming the option.
Result<Contestant> parse_contestant(std::string_view words, std::string_view option = "--scorer");

} // namespace rigger::cli::replay
