#include "daemon/config/suggest.hpp"

#include "daemon/config/keys.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace rigger::config {
namespace {
constexpr size_t longest_word = 64;

/// Edits (insert, delete, replace, swap two neighbours) between two words, with '-' and '_' and the case of letters
/// taken as equal.
size_t distance(std::string_view a, std::string_view b) {
    const auto plain = [](char c) {
        return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const char x = plain(a[i - 1]), y = plain(b[j - 1]);
            row[j] = std::min({last[j - 1] + (x == y ? 0 : 1), last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && x == plain(b[j - 2]) && plain(a[i - 2]) == y)
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

/// Names of the keys and sections right below `section`.
std::vector<std::string> children(std::string_view section) {
    std::set<std::string> names;
    const std::string prefix = section.empty() ? "" : std::string(section) + ".";
    for (const Key &key : keys()) {
        if (!key.path.starts_with(prefix)) continue;
        const std::string_view rest = key.path.substr(prefix.size());
        if (rest.find("[]") != std::string_view::npos && rest.find('.') > rest.find("[]")) continue;
        names.emplace(rest.substr(0, rest.find('.')));
    }
    return {names.begin(), names.end()};
}
} // namespace

std::string nearest(std::string_view word, const std::vector<std::string> &candidates) {
    if (word.size() > longest_word) return "";
    const std::string *best = nullptr;
    size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
    for (const std::string &candidate : candidates)
        if (const size_t d = distance(word, candidate); d < best_distance) {
            best = &candidate;
            best_distance = d;
        }
    return best ? *best : "";
}

std::string suggest_key(std::string_view section, std::string_view name) {
    const auto siblings = children(section);
    if (const std::string near = nearest(name, siblings); !near.empty()) return "; did you mean '" + near + "'?";
    for (const Key &key : keys())
        if (leaf(key.path) == name && key.path != name) return "; did you mean '" + std::string(key.path) + "'?";
    std::string all;
    for (const std::string &sibling : siblings) all += (all.empty() ? "" : ", ") + sibling;
    return "; known here: " + all;
}

} // namespace rigger::config
