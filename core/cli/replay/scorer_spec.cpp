#include "cli/replay/scorer_spec.hpp"

#include <algorithm>
#include <charconv>

namespace rigger::cli::replay {
namespace {

bool is_name(std::string_view text) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), good);
}

Error wrong(const Contestant &contestant, const std::string &what) {
    return invalid(
        "ScorerSpec",
        contestant.option + " " + contestant.label + ": " + what +
            "; write NAME[@POLICY][:WEIGHT], joined by commas, +list at the end for one that knows the list");
}

} // namespace

Result<Contestant> parse_contestant(std::string_view words, std::string_view option) {
    Contestant contestant;
    contestant.label = words;
    contestant.option = option;
    std::string_view rest = words;
    if (constexpr std::string_view told = "+list"; rest.ends_with(told)) {
        contestant.told_list = true;
        rest.remove_suffix(told.size());
    }
    while (true) {
        const size_t comma = rest.find(',');
        std::string_view one = rest.substr(0, comma);
        ScorerSpec spec;
        if (const size_t colon = one.find(':'); colon != one.npos) {
            const std::string_view weight = one.substr(colon + 1);
            const auto [end, failed] = std::from_chars(weight.data(), weight.data() + weight.size(), spec.weight);
            if (failed != std::errc() || end != weight.data() + weight.size() ||
                !(spec.weight >= 0 && spec.weight <= 1000))
                return wrong(contestant, "a weight is a number from 0 to 1000");
            one = one.substr(0, colon);
        }
        if (const size_t at = one.find('@'); at != one.npos) {
            spec.policy = one.substr(at + 1);
            if (!is_name(spec.policy)) return wrong(contestant, "a policy is a word");
            one = one.substr(0, at);
        }
        if (!is_name(one)) return wrong(contestant, "'" + std::string(one) + "' is not a scorer's name");
        spec.plugin = one == "random" || one.find('.') != one.npos ? std::string(one) : "rig." + std::string(one);
        contestant.scorers.push_back(std::move(spec));
        if (comma == rest.npos) return contestant;
        rest.remove_prefix(comma + 1);
    }
}

} // namespace rigger::cli::replay
