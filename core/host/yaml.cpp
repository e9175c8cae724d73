#include "host/yaml.hpp"

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

namespace rigger::host {
namespace {

struct Refused {
    int line;
    bool limit;
    std::string what;
};

/// Builds the tree on an explicit stack; throws Refused, which passes through yaml-cpp to parse_yaml().
class Builder final : public YAML::EventHandler {
public:
    explicit Builder(YamlLimits limits) : limits_(limits) {}
    Yaml take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark &) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override { add(node(mark, anchor, Yaml::Type::null)); }
    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override {
        throw Refused{mark.line + 1, false, "an alias ('*name') is not allowed here; write the value out"};
    }
    void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                  const std::string &value) override {
        Yaml y = node(mark, anchor, Yaml::Type::scalar);
        y.scalar = value;
        y.quoted = tag == "!";
        add(std::move(y));
    }
    void OnSequenceStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(node(mark, anchor, Yaml::Type::sequence));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(node(mark, anchor, Yaml::Type::map));
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        Yaml yaml;
        bool key_next = true;
    };

    Yaml node(const YAML::Mark &mark, YAML::anchor_t anchor, Yaml::Type type) {
        if (anchor != 0)
            throw Refused{mark.line + 1, false, "an anchor ('&name') is not allowed here; write the value out"};
        if (++count_ > limits_.nodes)
            throw Refused{mark.line + 1, true,
                          "more than " + std::to_string(limits_.nodes) + " values; shorten the file"};
        Yaml y;
        y.type = type;
        y.line = mark.line + 1;
        return y;
    }
    void open(Yaml y) {
        if (static_cast<int>(stack_.size()) >= limits_.depth)
            throw Refused{y.line, true, "nested deeper than " + std::to_string(limits_.depth) + " levels; flatten it"};
        if (!stack_.empty() && stack_.back().yaml.type == Yaml::Type::map && stack_.back().key_next)
            throw Refused{y.line, false, "a key must be plain text"};
        stack_.push_back({std::move(y), true});
    }
    void close() {
        Yaml y = std::move(stack_.back().yaml);
        stack_.pop_back();
        add(std::move(y));
    }
    void add(Yaml y) {
        if (stack_.empty()) {
            root_ = std::move(y);
            return;
        }
        Open &top = stack_.back();
        if (top.yaml.type == Yaml::Type::sequence) {
            top.yaml.items.push_back(std::move(y));
            return;
        }
        if (top.key_next) {
            if (y.type != Yaml::Type::scalar) throw Refused{y.line, false, "a key must be plain text"};
            if (top.yaml.find(y.scalar) ||
                std::find(top.yaml.keys.begin(), top.yaml.keys.end(), y.scalar) != top.yaml.keys.end())
                throw Refused{y.line, false, "key '" + y.scalar + "' stands here twice; keep one"};
            top.yaml.keys.push_back(std::move(y.scalar));
        } else {
            top.yaml.items.push_back(std::move(y));
        }
        top.key_next = !top.key_next;
    }

    YamlLimits limits_;
    size_t count_ = 0;
    std::vector<Open> stack_;
    Yaml root_;
};

/// The scanner's effort grows with the square of the depth, and it looks ahead before the builder sees anything. So
/// brackets are counted first, those inside of texts too: no honest file has this many open ones.
bool too_many_brackets(std::string_view text) {
    constexpr int most_open = 100;
    int open = 0;
    for (const char c : text) {
        if (c == '[' || c == '{') ++open;
        else if ((c == ']' || c == '}') && open > 0) --open;
        if (open > most_open) return true;
    }
    return false;
}

Error error_at(std::string_view file, int line, std::string reason, std::string_view what) {
    return invalid(std::move(reason), std::string(file) + ":" + std::to_string(line) + ": " + std::string(what));
}

template <typename T> std::optional<T> parse_number(std::string_view s) {
    if (!s.empty() && s.front() == '+') s.remove_prefix(1);
    T value{};
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (ec != std::errc() || end != s.data() + s.size() || s.empty()) return std::nullopt;
    return value;
}

bool looks_numeric(std::string_view s) {
    return !s.empty() &&
           (s.front() == '-' || s.front() == '+' || s.front() == '.' || (s.front() >= '0' && s.front() <= '9')) &&
           s.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

nlohmann::json to_tree(const Yaml &y) {
    switch (y.type) {
    case Yaml::Type::null: return nullptr;
    case Yaml::Type::sequence: {
        nlohmann::json out = nlohmann::json::array();
        for (const Yaml &item : y.items) out.push_back(to_tree(item));
        return out;
    }
    case Yaml::Type::map: {
        nlohmann::json out = nlohmann::json::object();
        for (size_t i = 0; i < y.items.size(); ++i) out[y.keys[i]] = to_tree(y.items[i]);
        return out;
    }
    case Yaml::Type::scalar: break;
    }
    if (y.quoted) return y.scalar;
    if (y.scalar == "null" || y.scalar == "~" || y.scalar == "Null" || y.scalar == "NULL") return nullptr;
    if (y.scalar == "true" || y.scalar == "True" || y.scalar == "TRUE") return true;
    if (y.scalar == "false" || y.scalar == "False" || y.scalar == "FALSE") return false;
    if (looks_numeric(y.scalar)) {
        if (const auto i = parse_number<int64_t>(y.scalar)) return *i;
        if (const auto d = parse_number<double>(y.scalar); d && std::isfinite(*d)) return *d;
    }
    return y.scalar;
}

} // namespace

const Yaml *Yaml::find(std::string_view key) const noexcept {
    for (size_t i = 0; i < keys.size() && i < items.size(); ++i)
        if (keys[i] == key) return &items[i];
    return nullptr;
}

Result<Yaml> parse_yaml(std::string_view text, std::string_view file, YamlLimits limits,
                        std::string_view reason_prefix) {
    const std::string syntax = std::string(reason_prefix) + "Syntax", limit = std::string(reason_prefix) + "Limit";
    if (text.size() > limits.bytes)
        return error_at(file, 1, limit,
                        "the file is larger than " + std::to_string(limits.bytes / 1024) + " KiB; shorten it");
    if (text.find('\0') != std::string_view::npos)
        return error_at(file, 1, syntax, "the file holds a zero byte, so it is not YAML text; replace it");
    if (too_many_brackets(text)) return error_at(file, 1, limit, "brackets are nested too deeply; flatten the file");
    try {
        std::istringstream in{std::string(text)};
        YAML::Parser parser(in);
        Builder builder(limits);
        if (!parser.HandleNextDocument(builder))
            return error_at(file, 1, syntax, "the file is empty; write at least the required keys");
        Yaml root = builder.take();
        Builder rest(limits);
        if (parser.HandleNextDocument(rest))
            return error_at(file, root.line, syntax, "the file holds more than one document ('---'); keep one");
        return root;
    } catch (const Refused &r) {
        return error_at(file, r.line, r.limit ? limit : syntax, r.what);
    } catch (const YAML::Exception &e) {
        return error_at(file, std::max(1, e.mark.line + 1), syntax, "not valid YAML: " + e.msg);
    } catch (const std::exception &e) { return error_at(file, 1, syntax, std::string("not valid YAML: ") + e.what()); }
}

std::string yaml_to_json(const Yaml &yaml) {
    return to_tree(yaml).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Duration> parse_span(std::string_view text) noexcept {
    struct Unit {
        std::string_view suffix;
        int64_t ns;
    };
    constexpr Unit units[] = {{"ns", 1},
                              {"us", 1'000},
                              {"ms", 1'000'000},
                              {"s", 1'000'000'000},
                              {"m", 60'000'000'000},
                              {"h", 3'600'000'000'000}};
    for (const Unit &u : units) {
        if (!text.ends_with(u.suffix)) continue;
        const auto n = parse_number<int64_t>(text.substr(0, text.size() - u.suffix.size()));
        if (!n || *n < 0 || *n > INT64_MAX / u.ns) continue;
        return Duration(*n * u.ns);
    }
    return std::nullopt;
}

YamlReader::YamlReader(const Yaml &map, std::string_view file, std::string_view where, std::string_view reason_prefix)
    : map_(map), file_(file), where_(where), prefix_(reason_prefix), taken_(map.keys.size(), false) {
    if (map.type != Yaml::Type::map)
        refuse_at(map.line, "Type",
                  where_.empty() ? "the file must hold a map of keys and values"
                                 : where_ + " must be a map of keys and values");
}

std::string YamlReader::path(std::string_view key) const {
    return where_.empty() ? std::string(key) : where_ + "." + std::string(key);
}

int YamlReader::line(std::string_view key) const {
    const Yaml *y = map_.find(key);
    return y ? y->line : map_.line;
}

void YamlReader::refuse_at(int line, std::string_view reason, std::string_view what) {
    if (status_.ok()) status_ = error_at(file_, line, prefix_ + std::string(reason), what);
}

void YamlReader::refuse(std::string_view key, std::string_view what) {
    refuse_at(line(key), "Value", path(key) + ": " + std::string(what));
}

const Yaml *YamlReader::take(std::string_view key) {
    for (size_t i = 0; i < map_.keys.size(); ++i) {
        if (map_.keys[i] != key) continue;
        taken_[i] = true;
        return &map_.items[i];
    }
    return nullptr;
}

bool YamlReader::has(std::string_view key) { return map_.find(key) != nullptr; }

const Yaml *YamlReader::any(std::string_view key) { return take(key); }

const Yaml *YamlReader::scalar(std::string_view key, std::string_view wanted) {
    const Yaml *y = take(key);
    if (!y || y->type == Yaml::Type::scalar) return y;
    refuse_at(y->line, "Type", path(key) + " must be " + std::string(wanted));
    return nullptr;
}

std::string YamlReader::text(std::string_view key, std::string fallback, bool required) {
    const Yaml *y = scalar(key, "text");
    if (y && (!required || !y->scalar.empty())) return y->scalar;
    if (required && !failed()) refuse_at(map_.line, "Missing", path(key) + " is missing; add it");
    return fallback;
}

bool YamlReader::flag(std::string_view key, bool fallback) {
    const Yaml *y = scalar(key, "true or false");
    if (!y) return fallback;
    if (!y->quoted && (y->scalar == "true" || y->scalar == "false")) return y->scalar == "true";
    refuse_at(y->line, "Type", path(key) + " must be true or false, not '" + y->scalar + "'");
    return fallback;
}

int64_t YamlReader::integer(std::string_view key, int64_t fallback, int64_t min, int64_t max, bool required) {
    const Yaml *y = scalar(key, "a whole number");
    if (!y) {
        if (required && !failed()) refuse_at(map_.line, "Missing", path(key) + " is missing; add it");
        return fallback;
    }
    const auto n = y->quoted ? std::nullopt : parse_number<int64_t>(y->scalar);
    if (!n) {
        refuse_at(y->line, "Type", path(key) + " must be a whole number, not '" + y->scalar + "'");
        return fallback;
    }
    if (*n >= min && *n <= max) return *n;
    refuse_at(y->line, "Value",
              path(key) + " must lie in " + std::to_string(min) + ".." + std::to_string(max) + ", not " + y->scalar);
    return fallback;
}

double YamlReader::number(std::string_view key, double fallback, double min, double max) {
    const Yaml *y = scalar(key, "a number");
    if (!y) return fallback;
    const auto n = y->quoted || !looks_numeric(y->scalar) ? std::nullopt : parse_number<double>(y->scalar);
    if (!n) {
        refuse_at(y->line, "Type", path(key) + " must be a number, not '" + y->scalar + "'");
        return fallback;
    }
    if (*n >= min && *n <= max) return *n;
    std::ostringstream what;
    what << path(key) << " must lie in " << min << ".." << max << ", not " << y->scalar;
    refuse_at(y->line, "Value", what.str());
    return fallback;
}

std::optional<Duration> YamlReader::span(std::string_view key, Duration min, Duration max) {
    const Yaml *y = scalar(key, "a span such as 250ms, 5s or 2m");
    if (!y) return std::nullopt;
    const auto d = parse_span(y->scalar);
    if (!d) {
        refuse_at(y->line, "Type", path(key) + " must be a span such as 250ms, 5s or 2m, not '" + y->scalar + "'");
        return std::nullopt;
    }
    if (*d >= min && *d <= max) return d;
    refuse_at(y->line, "Value", path(key) + ": " + y->scalar + " is too " + (*d < min ? "short" : "long"));
    return std::nullopt;
}

std::vector<std::string> YamlReader::texts(std::string_view key, size_t max_items) {
    std::vector<std::string> out;
    const Yaml *y = take(key);
    if (!y || y->type == Yaml::Type::null) return out;
    if (y->type != Yaml::Type::sequence) {
        refuse_at(y->line, "Type", path(key) + " must be a list");
        return out;
    }
    if (y->items.size() > max_items)
        refuse_at(y->line, "Limit", path(key) + " has more than " + std::to_string(max_items) + " entries; shorten it");
    for (size_t i = 0; i < y->items.size() && !failed(); ++i) {
        const Yaml &item = y->items[i];
        if (item.type != Yaml::Type::scalar || item.scalar.empty())
            refuse_at(item.line, "Type", path(key) + "[" + std::to_string(i) + "] must be text");
        else out.push_back(item.scalar);
    }
    return out;
}

void YamlReader::finish_nested(YamlReader &nested) {
    Status s = nested.finish();
    if (!s.ok() && status_.ok()) status_ = std::move(s);
}

void YamlReader::map(std::string_view key, const std::function<void(YamlReader &)> &body) {
    const Yaml *y = take(key);
    if (!y) return;
    YamlReader nested(*y, file_, path(key), prefix_);
    if (!nested.failed()) body(nested);
    finish_nested(nested);
}

void YamlReader::maps(std::string_view key, size_t max_items, const std::function<void(YamlReader &)> &body) {
    const Yaml *y = take(key);
    if (!y || y->type == Yaml::Type::null) return;
    if (y->type != Yaml::Type::sequence) return refuse_at(y->line, "Type", path(key) + " must be a list");
    if (y->items.size() > max_items)
        return refuse_at(y->line, "Limit",
                         path(key) + " has more than " + std::to_string(max_items) + " entries; shorten it");
    for (size_t i = 0; i < y->items.size() && !failed(); ++i) {
        YamlReader nested(y->items[i], file_, path(key) + "[" + std::to_string(i) + "]", prefix_);
        if (!nested.failed()) body(nested);
        finish_nested(nested);
    }
}

void YamlReader::each(const std::function<void(const std::string &, const Yaml &)> &body) {
    for (size_t i = 0; i < map_.keys.size() && !failed(); ++i) {
        taken_[i] = true;
        body(map_.keys[i], map_.items[i]);
    }
}

Status YamlReader::finish() {
    for (size_t i = 0; i < taken_.size() && status_.ok(); ++i)
        if (!taken_[i])
            refuse_at(map_.items[i].line, "UnknownKey",
                      path(map_.keys[i]) + " is not a known key; remove it or correct its spelling");
    return status_;
}

} // namespace rigger::host
