// core/host/yaml.hpp -- YAML as a plain tree with line numbers, and a reader that refuses what it does not know.
//
// The tree is built from parser events, so that depth, size and aliases are refused before anything grows. Any thread.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

struct Yaml {
    enum class Type : uint8_t { null, scalar, sequence, map };
    Type type = Type::null;
    std::string scalar;
    bool quoted = false;           ///< a quoted or block scalar is text, whatever it looks like
    int line = 0;                  ///< 1-based
    std::vector<Yaml> items;       ///< of a sequence, or the values of a map
    std::vector<std::string> keys; ///< of a map, beside items

    const Yaml *find(std::string_view key) const noexcept;
};

struct YamlLimits {
    size_t bytes = 64 * 1024;
    int depth = 16;
    size_t nodes = 20'000;
};

/// One document. Errors: invalid, "<file>:<line>: ..."; reason prefix + "Syntax" | "Limit".
Result<Yaml> parse_yaml(std::string_view text, std::string_view file, YamlLimits limits,
                        std::string_view reason_prefix);

/// JSON text by YAML's core schema: plain null, true, false and numbers are typed, everything else is a string.
std::string yaml_to_json(const Yaml &yaml);

/// "250ms", "2s", "5m", "1h", "50us". nullopt: not a span.
std::optional<Duration> parse_span(std::string_view text) noexcept;

/// Reads one map. The first error sticks; finish() reports it, or the first key that nobody asked for.
class YamlReader {
public:
    YamlReader(const Yaml &map, std::string_view file, std::string_view where, std::string_view reason_prefix);

    bool has(std::string_view key);
    std::string text(std::string_view key, std::string fallback = {}, bool required = false);
    bool flag(std::string_view key, bool fallback);
    int64_t integer(std::string_view key, int64_t fallback, int64_t min, int64_t max, bool required = false);
    double number(std::string_view key, double fallback, double min, double max);
    std::optional<Duration> span(std::string_view key, Duration min, Duration max);
    std::vector<std::string> texts(std::string_view key, size_t max_items = 64);
    /// The value, whatever it is; nullptr: absent.
    const Yaml *any(std::string_view key);
    /// A nested map, read by `body`.
    void map(std::string_view key, const std::function<void(YamlReader &)> &body);
    /// A sequence of maps.
    void maps(std::string_view key, size_t max_items, const std::function<void(YamlReader &)> &body);
    /// Every entry of this map, as its own nested map: for maps whose keys are data.
    void each(const std::function<void(const std::string &key, const Yaml &value)> &body);

    /// "<file>:<line>: <what>". A value that breaks a rule of the caller: what is wrong, and what to do.
    void refuse(std::string_view key, std::string_view what);
    void refuse_at(int line, std::string_view reason, std::string_view what);
    Status finish();
    bool failed() const noexcept { return !status_.ok(); }
    int line(std::string_view key) const;
    const std::string &where() const noexcept { return where_; }

private:
    const Yaml *take(std::string_view key);
    std::string path(std::string_view key) const;
    const Yaml *scalar(std::string_view key, std::string_view wanted);
    void finish_nested(YamlReader &nested);

    const Yaml &map_;
    std::string file_, where_, prefix_;
    std::vector<bool> taken_;
    Status status_;
};

} // namespace rigger::host
