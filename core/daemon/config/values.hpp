// core/daemon/config/values.hpp -- the kinds of values that a key can have: how they are read, written and described.
#pragma once
#include "daemon/config/config.hpp"

#include <optional>
#include <set>
#include <variant>

namespace rigger::config {

enum class Type : uint8_t { flag, integer, number, text, path, duration, size, choice, mode, texts, secret, records };

/// Where a value lies in a Config.
using Slot =
    std::variant<bool *, int *, uint16_t *, uint32_t *, size_t *, double *, std::string *, std::filesystem::path *,
                 Duration *, std::chrono::milliseconds *, std::vector<std::filesystem::path> *, std::set<OfferId> *,
                 std::optional<std::set<OfferId>> *, Role *, Secret *, std::vector<TokenConfig> *>;

/// What is allowed. Ranges are in the value's own unit: bytes, nanoseconds, the number itself.
struct Rule {
    Type type = Type::text;
    double min{}, max{};
    std::string_view choices{};                             ///< "a|b|c"
    std::string (*check)(std::string_view value) = nullptr; ///< of texts: what is wrong, or ""
};

/// Empties a list (and makes it present) before its items are assigned one by one.
void begin_list(Slot slot);
/// Reads one scalar into the slot; a list grows by it. The answer is what is wrong, "" if nothing; it quotes the text
/// only if `show`.
std::string assign(const Rule &rule, Slot slot, std::string_view text, bool show);
/// "16m", "1MiB", "0660", "a, b"; a secret is "***", or "" when empty.
std::string format(const Rule &rule, Slot slot);
/// True when both hold the same value.
bool same(Slot a, Slot b);
/// "a duration from 1s to 24h", "one of: text, json"
std::string describe(const Rule &rule);

std::string format_duration(Duration value);
std::string format_size(uint64_t bytes);

} // namespace rigger::config
