// Read by the header below, for the expressions that have traits of their own (MeteredTraits): as many states as these
// may recurse through between two looks at the text.
#define _GLIBCXX_REGEX_STATE_LIMIT 2000

#include "host/pattern_cost.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace rigger::host {
namespace {
using nlohmann::json;

constexpr size_t longest_pattern = 512; ///< its nesting is what the engine's own parser recurses through
constexpr size_t most_steps = 50'000'000;
constexpr size_t deepest_stack = size_t{3} << 20; ///< threads have 8 MiB

struct TooMuch : std::exception {};

/// Counts what is left of the steps, and how deep the stack has become.
struct Meter {
    size_t steps;
    uintptr_t base = 0;

    void step() {
        if (steps == 0) throw TooMuch();
        --steps;
        const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
        if ((here > base ? here - base : base - here) > deepest_stack) throw TooMuch();
    }
};

/// A place in a text. The engine looks at it before every step that it takes.
class Metered {
public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char *;
    using reference = const char &;

    Metered() = default;
    Metered(const char *at, Meter &meter) : at_(at), meter_(&meter) {}
    reference operator*() const {
        meter_->step();
        return *at_;
    }
    Metered &operator++() {
        ++at_;
        return *this;
    }
    Metered operator++(int) {
        const Metered before = *this;
        ++at_;
        return before;
    }
    Metered &operator--() {
        --at_;
        return *this;
    }
    Metered operator--(int) {
        const Metered before = *this;
        --at_;
        return before;
    }
    friend bool operator==(const Metered &a, const Metered &b) {
        if (a.meter_) a.meter_->step();
        return a.at_ == b.at_;
    }
    friend bool operator!=(const Metered &a, const Metered &b) { return !(a == b); }

private:
    const char *at_ = nullptr;
    Meter *meter_ = nullptr;
};

struct MeteredTraits : std::regex_traits<char> {};

struct Pattern {
    std::string text;
    std::basic_regex<char, MeteredTraits> compiled;
};

/// Wherever they stand: what is no pattern but looks like one (in an example, say) is held to the same.
void collect_patterns(const json &j, std::set<std::string> &out) {
    if (!j.is_structured()) return;
    if (j.is_object()) {
        if (const auto at = j.find("pattern"); at != j.end() && at->is_string())
            out.insert(at->get_ref<const std::string &>());
        if (const auto at = j.find("patternProperties"); at != j.end() && at->is_object())
            for (const auto &[pattern, schema] : at->items()) out.insert(pattern);
    }
    for (const json &v : j) collect_patterns(v, out);
}

template <typename Visit> void visit_texts(const json &j, Visit &visit) {
    if (j.is_string()) visit(j.get_ref<const std::string &>());
    if (j.is_object())
        for (const auto &[key, value] : j.items()) visit(key);
    if (j.is_structured())
        for (const json &v : j) visit_texts(v, visit);
}

std::string shown(const std::string &pattern) { return "/" + pattern.substr(0, 200) + "/"; }
} // namespace

struct PatternCost::Impl {
    std::vector<Pattern> patterns;
    size_t steps;
};

Result<PatternCost> PatternCost::of(const json &schema, size_t evaluations) {
    std::set<std::string> texts;
    collect_patterns(schema, texts);
    auto impl = std::make_shared<Impl>();
    impl->steps = most_steps / std::max<size_t>(1, evaluations);
    for (const std::string &text : texts) {
        if (text.size() > longest_pattern)
            return invalid("SchemaInvalid", "the pattern " + shown(text) + "... is longer than " +
                                                std::to_string(longest_pattern) + " bytes");
        try {
            impl->patterns.push_back({text, std::basic_regex<char, MeteredTraits>(text)});
        } catch (const std::regex_error &e) {
            return invalid("SchemaInvalid",
                           "the pattern " + shown(text) + ": " +
                               (e.code() == std::regex_constants::error_space ? "its counted repetitions are too many"
                                                                              : e.what()));
        }
    }
    return PatternCost(std::move(impl));
}

Status PatternCost::check(const json &value) const {
    Meter meter{impl_->steps, reinterpret_cast<uintptr_t>(__builtin_frame_address(0))};
    for (const Pattern &pattern : impl_->patterns) {
        auto run = [&](const std::string &text) {
            const Metered begin(text.data(), meter), end(text.data() + text.size(), meter);
            (void)std::regex_search(begin, end, pattern.compiled);
        };
        try {
            visit_texts(value, run);
        } catch (const TooMuch &) {
            return invalid("PatternCost",
                           "holding its texts against the pattern " + shown(pattern.text) +
                               " of the schema takes too long; shorten them, or report the pattern to its author");
        }
    }
    return {};
}

} // namespace rigger::host
