// core/host/pattern_cost.hpp -- what the regular expressions of a JSON Schema may cost.
//
// The engine of the standard library backtracks: a short pattern can take years on a short text, and every character
// takes stack. A schema comes with a plugin, so each pattern is run here first, by the same engine, with every step and
// the depth of the stack counted. What passes here ends in as many steps where it is run without counting.
#pragma once
#include "base/status.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>

namespace rigger::host {

/// The patterns of one schema document. Immutable, any thread.
class PatternCost {
public:
    /// `evaluations`: how often at most one value is held against a pattern. Errors: invalid "SchemaInvalid"; a pattern
    /// that is none, or that is too long or too large.
    static Result<PatternCost> of(const nlohmann::json &schema, size_t evaluations);

    /// Whether all texts and keys in the value can be held against all patterns in about a second. Errors: invalid;
    /// names the pattern.
    Status check(const nlohmann::json &value) const;

private:
    struct Impl;
    explicit PatternCost(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

} // namespace rigger::host
