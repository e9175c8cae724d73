#include "api/selector.hpp"

#include "api/errors.hpp"
#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/names.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>
#include <charconv>

namespace cluster_local {
namespace {
using Op = Requirement::Op;

std::optional<int64_t> whole(std::string_view s) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
    return error == std::errc() && end == s.data() + s.size() && !s.empty() ? std::optional(value) : std::nullopt;
}

rig::Error malformed(std::string_view text, std::string_view why) {
    return errors::bad_request("unable to parse label selector \"" + std::string(text.substr(0, 200)) +
                               "\": " + std::string(why));
}

rig::Status check(const Requirement &r, std::string_view text) {
    if (!is_label_key(r.key)) return malformed(text, "\"" + r.key.substr(0, 80) + "\" is not a label key");
    const bool set = r.op == Op::in || r.op == Op::not_in;
    if (set && r.values.empty()) return malformed(text, "for 'in' and 'notin' values must be given");
    for (const auto &value : r.values)
        if (!is_label_value(value)) return malformed(text, "\"" + value.substr(0, 80) + "\" is not a label value");
    if ((r.op == Op::greater || r.op == Op::less) && (r.values.size() != 1 || !whole(r.values[0])))
        return malformed(text, "'>' and '<' need one integer");
    return {};
}

/// Splits a selector into words and the symbols ( ) , ! = == != > <.
class Lexer {
public:
    explicit Lexer(std::string_view text) : rest_(text) {}
    std::string_view next() {
        skip();
        if (rest_.empty()) return {};
        size_t n = 0;
        if (symbol(rest_[0])) {
            n = rest_.starts_with("!=") || rest_.starts_with("==") ? 2 : 1;
        } else {
            while (n < rest_.size() && !symbol(rest_[n]) && !space(rest_[n])) ++n;
        }
        const auto token = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return token;
    }
    std::string_view peek() const {
        Lexer copy = *this;
        return copy.next();
    }
    static bool word(std::string_view token) { return !token.empty() && !symbol(token[0]); }

private:
    static bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    static bool symbol(char c) { return std::string_view("(),!=<>").find(c) != std::string_view::npos; }
    void skip() {
        while (!rest_.empty() && space(rest_[0])) rest_.remove_prefix(1);
    }
    std::string_view rest_;
};

/// A value may be missing: `a=` selects the empty value.
std::string optional_word(Lexer &lexer) {
    return Lexer::word(lexer.peek()) ? std::string(lexer.next()) : std::string();
}

rig::Result<Requirement> parse_one(Lexer &lexer, std::string_view text) {
    Requirement r;
    if (lexer.peek() == "!") {
        lexer.next();
        r.op = Op::absent;
    }
    if (!Lexer::word(lexer.peek())) return malformed(text, "a label key is missing");
    r.key = lexer.next();
    const auto op = lexer.peek();
    if (r.op == Op::absent || op.empty() || op == ",") return r;
    lexer.next();
    if (op == "=" || op == "==" || op == "!=") {
        r.op = op == "!=" ? Op::not_in : Op::in;
        r.values.push_back(optional_word(lexer));
    } else if (op == ">" || op == "<") {
        r.op = op == ">" ? Op::greater : Op::less;
        r.values.push_back(optional_word(lexer));
    } else if (op == "in" || op == "notin") {
        r.op = op == "in" ? Op::in : Op::not_in;
        if (lexer.next() != "(") return malformed(text, "'(' must follow in and notin");
        do r.values.push_back(optional_word(lexer));
        while (lexer.peek() == "," && !lexer.next().empty());
        if (lexer.next() != ")") return malformed(text, "')' is missing");
    } else {
        return malformed(text, "\"" + std::string(op.substr(0, 80)) + "\" is not an operator");
    }
    return r;
}
} // namespace

bool Requirement::matches(std::optional<std::string_view> value) const {
    const auto listed = [&] { return std::find(values.begin(), values.end(), *value) != values.end(); };
    switch (op) {
    case Op::in: return value && listed();
    case Op::not_in: return !value || !listed();
    case Op::exists: return value.has_value();
    case Op::absent: return !value;
    case Op::greater:
    case Op::less: {
        const auto have = value ? whole(*value) : std::nullopt;
        const auto bound = whole(values[0]);
        return have && bound && (op == Op::greater ? *have > *bound : *have < *bound);
    }
    }
    return false;
}

rig::Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector out;
    Lexer lexer(text);
    if (lexer.peek().empty()) return out;
    for (;;) {
        RIG_ASSIGN_OR_RETURN(Requirement requirement, parse_one(lexer, text));
        RIG_RETURN_IF_ERROR(check(requirement, text));
        out.requirements_.push_back(std::move(requirement));
        const auto token = lexer.next();
        if (token.empty()) return out;
        if (token != ",") return malformed(text, "',' expected before \"" + std::string(token.substr(0, 80)) + "\"");
    }
}

rig::Result<LabelSelector> LabelSelector::of(const Json &object) {
    LabelSelector out;
    const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (const Json *labels = find(object, {"matchLabels"}); labels && labels->is_object())
        for (const auto &[key, value] : labels->items()) {
            if (!value.is_string()) return malformed(text, "matchLabels values must be strings");
            out.requirements_.push_back({key, Op::in, {value.get<std::string>()}});
        }
    const Json *expressions = find(object, {"matchExpressions"});
    for (const Json &item : expressions && expressions->is_array() ? *expressions : Json::array()) {
        static constexpr std::pair<std::string_view, Op> kOps[] = {{"In", Op::in},         {"NotIn", Op::not_in},
                                                                   {"Exists", Op::exists}, {"DoesNotExist", Op::absent},
                                                                   {"Gt", Op::greater},    {"Lt", Op::less}};
        const auto *op = std::find_if(std::begin(kOps), std::end(kOps),
                                      [&](const auto &o) { return o.first == text_at(item, {"operator"}); });
        if (op == std::end(kOps)) return malformed(text, "unknown operator in matchExpressions");
        Requirement r{std::string(text_at(item, {"key"})), op->second, {}};
        const Json *values = find(item, {"values"});
        for (const Json &value : values && values->is_array() ? *values : Json::array()) {
            if (!value.is_string()) return malformed(text, "matchExpressions values must be strings");
            r.values.push_back(value.get<std::string>());
        }
        RIG_RETURN_IF_ERROR(check(r, text));
        out.requirements_.push_back(std::move(r));
    }
    return out;
}

bool LabelSelector::matches(std::string_view packed_labels) const {
    return std::all_of(requirements_.begin(), requirements_.end(),
                       [&](const Requirement &r) { return r.matches(label(packed_labels, r.key)); });
}

rig::Result<FieldSelector> FieldSelector::parse(std::string_view text, std::span<const std::string_view> supported) {
    const auto fail = [&](std::string_view why) {
        return errors::bad_request("unable to parse field selector \"" + std::string(text.substr(0, 200)) +
                                   "\": " + std::string(why));
    };
    FieldSelector out;
    for (size_t i = 0; i < text.size();) {
        Term term{0, {}, true};
        size_t op = text.find_first_of("=,", i);
        if (op == std::string_view::npos || text[op] == ',') return fail("each term needs '=', '==' or '!='");
        std::string_view key = text.substr(i, op - i);
        if (key.ends_with('!')) {
            term.equal = false;
            key.remove_suffix(1);
        } else if (text.substr(op).starts_with("==")) {
            ++op;
        }
        while (key.starts_with(' ')) key.remove_prefix(1);
        for (i = op + 1; i < text.size() && text[i] != ','; ++i) {
            if (text[i] == '=') return fail("'=' in a value must be escaped");
            if (text[i] == '\\' &&
                (i + 1 == text.size() || std::string_view(",=\\").find(text[++i]) == std::string_view::npos))
                return fail("invalid escape");
            term.value += text[i];
        }
        if (i < text.size()) ++i;
        if (key == "metadata.name") {
            term.field = kName;
        } else if (key == "metadata.namespace") {
            term.field = kNamespace;
        } else {
            const auto at = std::find(supported.begin(), supported.end(), key);
            if (at == supported.end())
                return errors::bad_request("field label not supported: " + std::string(key.substr(0, 120)));
            term.field = static_cast<size_t>(at - supported.begin());
        }
        out.terms_.push_back(std::move(term));
    }
    return out;
}

bool FieldSelector::matches(std::string_view name, std::string_view namespace_name,
                            const std::function<std::string_view(size_t)> &value) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](const Term &term) {
        const auto have = term.field == kName ? name : term.field == kNamespace ? namespace_name : value(term.field);
        return (have == term.value) == term.equal;
    });
}

} // namespace cluster_local
