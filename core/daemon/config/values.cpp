#include "daemon/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace rigger::config {
namespace {

struct Unit {
    std::string_view suffix;
    double factor;
};
constexpr Unit duration_units[] = {{"h", 3600e9}, {"m", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
constexpr Unit size_units[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};
constexpr size_t longest_quote = 60;

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text.substr(0, longest_quote)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    // A multi-byte character that was cut is dropped as a whole.
    if (text.size() > longest_quote) {
        while ((static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
        if (static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
        out += "...";
    }
    return out + "'";
}

std::string found(std::string_view text, bool show) {
    return show ? "found " + quoted(text) : "the value it refers to does not fit";
}

std::string wrong(std::string_view text, bool show, const Rule &rule, std::string_view hint = "") {
    return found(text, show) + "; expected " + describe(rule) + std::string(hint);
}

template <typename T> std::optional<T> number_of(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "16m" or "1h30m": numbers with units, largest first. In the smallest unit.
std::optional<double> with_units(std::string_view text, std::span<const Unit> units) {
    double total = 0;
    bool any = false;
    size_t next = 0;
    while (!text.empty()) {
        const size_t digits = text.find_first_not_of("0123456789");
        if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
        const auto amount = number_of<uint64_t>(text.substr(0, digits));
        text.remove_prefix(digits);
        const size_t letters = std::min(text.find_first_of("0123456789"), text.size());
        const auto unit = std::find_if(units.begin() + static_cast<ptrdiff_t>(next), units.end(),
                                       [&](const Unit &u) { return u.suffix == text.substr(0, letters); });
        if (!amount || unit == units.end()) return std::nullopt;
        next = static_cast<size_t>(unit - units.begin()) + 1;
        text.remove_prefix(letters);
        total += static_cast<double>(*amount) * unit->factor;
        any = true;
    }
    return any ? std::optional<double>(total) : std::nullopt;
}

std::string with_unit(uint64_t value, std::span<const Unit> units) {
    for (const Unit &unit : units)
        if (const auto factor = static_cast<uint64_t>(unit.factor); value >= factor && value % factor == 0)
            return std::to_string(value / factor) + std::string(unit.suffix);
    return "0" + std::string(units.back().suffix);
}

std::string plain_number(double value) {
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
    return {text, end};
}

std::string range_text(const Rule &rule, double value) {
    if (rule.type == Type::duration) return format_duration(Duration(static_cast<int64_t>(value)));
    if (rule.type == Type::size) return format_size(static_cast<uint64_t>(value));
    return plain_number(value);
}

bool in_range(const Rule &rule, double value) { return value >= rule.min && value <= rule.max; }

std::vector<std::string> choices_of(std::string_view choices) {
    std::vector<std::string> out;
    while (!choices.empty()) {
        const size_t bar = std::min(choices.find('|'), choices.size());
        out.emplace_back(choices.substr(0, bar));
        choices.remove_prefix(std::min(bar + 1, choices.size()));
    }
    return out;
}

std::string set_flag(const Rule &rule, Slot slot, std::string_view text, bool show) {
    if (text != "true" && text != "false") return wrong(text, show, rule);
    *std::get<bool *>(slot) = text == "true";
    return "";
}

struct IntegerStore {
    int64_t value;
    void operator()(int *to) const { *to = static_cast<int>(value); }
    void operator()(uint16_t *to) const { *to = static_cast<uint16_t>(value); }
    void operator()(uint32_t *to) const { *to = static_cast<uint32_t>(value); }
    void operator()(size_t *to) const { *to = static_cast<size_t>(value); }
    void operator()(auto *) const {}
};

std::string set_integer(const Rule &rule, Slot slot, std::string_view text, bool show) {
    const auto value = number_of<int64_t>(text);
    if (!value || !in_range(rule, static_cast<double>(*value))) return wrong(text, show, rule);
    std::visit(IntegerStore{*value}, slot);
    return "";
}

std::string set_number(const Rule &rule, Slot slot, std::string_view text, bool show) {
    const auto value = number_of<double>(text);
    if (!value || !std::isfinite(*value) || !in_range(rule, *value)) return wrong(text, show, rule);
    *std::get<double *>(slot) = *value;
    return "";
}

std::string set_duration(const Rule &rule, Slot slot, std::string_view text, bool show) {
    const auto ns = with_units(text, duration_units);
    if (!ns) return wrong(text, show, rule, number_of<double>(text) ? "; add a unit: ms, s, m or h" : "");
    if (!in_range(rule, *ns)) return wrong(text, show, rule);
    const Duration value(static_cast<int64_t>(*ns));
    if (Duration **to = std::get_if<Duration *>(&slot)) {
        **to = value;
        return "";
    }
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(value);
    if (ms != value) return found(text, show) + "; expected whole milliseconds";
    *std::get<std::chrono::milliseconds *>(slot) = ms;
    return "";
}

std::string set_size(const Rule &rule, Slot slot, std::string_view text, bool show) {
    const auto bytes = with_units(text, size_units);
    if (!bytes) return wrong(text, show, rule, number_of<double>(text) ? "; add a unit: B, KiB, MiB or GiB" : "");
    if (!in_range(rule, *bytes)) return wrong(text, show, rule);
    *std::get<size_t *>(slot) = static_cast<size_t>(*bytes);
    return "";
}

std::string set_choice(const Rule &rule, Slot slot, std::string_view text, bool show) {
    const auto choices = choices_of(rule.choices);
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) return wrong(text, show, rule);
    if (Role **to = std::get_if<Role *>(&slot)) **to = text == "operate" ? Role::operate : Role::read;
    else *std::get<std::string *>(slot) = text;
    return "";
}

std::string set_mode(const Rule &rule, Slot slot, std::string_view text, bool show) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (text.size() != 4 || text[0] != '0' || error != std::errc() || end != text.data() + text.size() ||
        (value & 07) != 0)
        return wrong(text, show, rule);
    *std::get<uint32_t *>(slot) = value;
    return "";
}

std::string check_text(const Rule &rule, std::string_view text, bool show) {
    if (static_cast<double>(text.size()) < rule.min)
        return text.empty() ? "must not be empty" : wrong(text, show, rule);
    if (static_cast<double>(text.size()) > rule.max) return wrong(text, show, rule);
    if (text.find_first_of(std::string_view("\0\n\r", 3)) != std::string_view::npos) return "must be one line";
    if (rule.type == Type::path && !text.empty() && !text.starts_with('/')) return wrong(text, show, rule);
    const std::string bad = rule.check ? rule.check(text) : "";
    return bad.empty() ? "" : found(text, show) + "; " + bad;
}

struct TextStore {
    std::string_view text;
    void operator()(std::string *to) const { *to = text; }
    void operator()(std::filesystem::path *to) const { *to = text; }
    void operator()(std::vector<std::filesystem::path> *to) const { to->emplace_back(text); }
    void operator()(std::set<OfferId> *to) const { to->emplace(text); }
    void operator()(std::optional<std::set<OfferId>> *to) const { (*to)->emplace(text); }
    void operator()(auto *) const {}
};

struct ListStart {
    void operator()(std::vector<std::filesystem::path> *list) const { list->clear(); }
    void operator()(std::set<OfferId> *list) const { list->clear(); }
    void operator()(std::optional<std::set<OfferId>> *list) const { list->emplace(); }
    void operator()(auto *) const {}
};

std::string set_secret(const Rule &rule, Slot slot, std::string_view text) {
    if (static_cast<double>(text.size()) < rule.min || static_cast<double>(text.size()) > rule.max)
        return "the secret has " + std::to_string(text.size()) + " bytes; expected " + describe(rule);
    for (const char c : text)
        if (c <= ' ' || c > '~') return "the secret holds a space or a character outside ASCII; a bearer token cannot";
    *std::get<Secret *>(slot) = Secret(text);
    return "";
}

} // namespace

std::string format_duration(Duration value) {
    return value.count() == 0 ? "0s" : with_unit(static_cast<uint64_t>(value.count()), duration_units);
}
std::string format_size(uint64_t bytes) { return with_unit(bytes, size_units); }

void begin_list(Slot slot) { std::visit(ListStart{}, slot); }

std::string assign(const Rule &rule, Slot slot, std::string_view text, bool show) {
    switch (rule.type) {
    case Type::flag: return set_flag(rule, slot, text, show);
    case Type::integer: return set_integer(rule, slot, text, show);
    case Type::number: return set_number(rule, slot, text, show);
    case Type::duration: return set_duration(rule, slot, text, show);
    case Type::size: return set_size(rule, slot, text, show);
    case Type::choice: return set_choice(rule, slot, text, show);
    case Type::mode: return set_mode(rule, slot, text, show);
    case Type::secret: return set_secret(rule, slot, text);
    case Type::text:
    case Type::path: {
        std::string bad = check_text(rule, text, show);
        if (bad.empty()) std::visit(TextStore{text}, slot);
        return bad;
    }
    case Type::texts: {
        std::string bad = check_text(rule, text, show);
        if (bad.empty()) std::visit(TextStore{text}, slot);
        return bad;
    }
    case Type::records: break;
    }
    return "must be a list";
}

std::string format(const Rule &rule, Slot slot) {
    struct {
        const Rule &rule;
        std::string operator()(const bool *v) const { return *v ? "true" : "false"; }
        std::string operator()(const int *v) const { return std::to_string(*v); }
        std::string operator()(const uint16_t *v) const { return std::to_string(*v); }
        std::string operator()(const uint32_t *v) const {
            if (rule.type != Type::mode) return std::to_string(*v);
            char text[8] = "0000";
            for (int i = 3, rest = static_cast<int>(*v); i > 0; --i, rest /= 8)
                text[i] = static_cast<char>('0' + rest % 8);
            return text;
        }
        std::string operator()(const size_t *v) const {
            return rule.type == Type::size ? format_size(*v) : std::to_string(*v);
        }
        std::string operator()(const double *v) const { return plain_number(*v); }
        std::string operator()(const std::string *v) const { return *v; }
        std::string operator()(const Duration *v) const { return format_duration(*v); }
        std::string operator()(const std::chrono::milliseconds *v) const { return format_duration(*v); }
        std::string operator()(const Role *v) const { return *v == Role::operate ? "operate" : "read"; }
        std::string operator()(const Secret *v) const { return v->empty() ? "" : "***"; }
        std::string operator()(const std::vector<TokenConfig> *v) const {
            return std::to_string(v->size()) + " entries";
        }
        std::string operator()(const std::filesystem::path *v) const { return v->string(); }
        std::string operator()(const std::vector<std::filesystem::path> *v) const {
            std::string out;
            for (const auto &item : *v) out += (out.empty() ? "" : ", ") + item.string();
            return "[" + out + "]";
        }
        std::string operator()(const std::set<OfferId> *v) const {
            std::string out;
            for (const OfferId &item : *v) out += (out.empty() ? "" : ", ") + item.value;
            return "[" + out + "]";
        }
        std::string operator()(const std::optional<std::set<OfferId>> *v) const { return *v ? (*this)(&**v) : ""; }
    } const text{rule};
    return std::visit(text, slot);
}

bool same(Slot a, Slot b) {
    return std::visit(
        [&]<typename T>(T *left) {
            const T *right = std::get<T *>(b);
            if constexpr (std::is_same_v<T, std::vector<TokenConfig>>) return left->size() == right->size();
            else return *left == *right;
        },
        a);
}

std::string describe(const Rule &rule) {
    const auto range = [&] { return range_text(rule, rule.min) + " to " + range_text(rule, rule.max); };
    switch (rule.type) {
    case Type::flag: return "true or false";
    case Type::integer: return "a whole number from " + range();
    case Type::number: return "a number from " + range();
    case Type::duration: return "a duration from " + range();
    case Type::size: return "a size from " + range();
    case Type::mode: return "octal file permissions such as 0660, for owner and group alone";
    case Type::secret: return "a secret of " + range() + " bytes, best as ${file:/path} or ${env:NAME}";
    case Type::path: return rule.min > 0 ? "an absolute path" : "an absolute path or nothing";
    case Type::texts: return "a list of texts";
    case Type::records: return "a list of entries";
    case Type::text: return "a text of " + range() + " bytes";
    case Type::choice: break;
    }
    std::string out;
    for (const std::string &choice : choices_of(rule.choices)) out += (out.empty() ? "" : ", ") + choice;
    return "one of: " + out;
}

} // namespace rigger::config
