#include "host/misfit.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <regex>

namespace rigger::host {
namespace {
using nlohmann::json;

constexpr int max_depth = 32;

const json *member(const json &schema, const char *key) {
    if (!schema.is_object()) return nullptr;
    const auto at = schema.find(key);
    return at == schema.end() ? nullptr : &*at;
}

std::string text_of(const json &value, size_t most = 40) {
    std::string out =
        value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (out.size() > most) out = out.substr(0, most) + "...";
    for (char &c : out)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return out;
}

std::string found(const json &schema, const json &value) {
    if (value.is_object()) return "found keys and values";
    if (value.is_array())
        return "found a list" +
               (value.empty() ? std::string(" without entries") : " of " + std::to_string(value.size()));
    if (const json *secret = member(schema, "writeOnly"); secret && *secret == true)
        return "what stands there does not fit";
    return value.is_string() ? "found '" + text_of(value) + "'" : "found " + text_of(value);
}

std::string joined(const json &list, const char *last) {
    std::string out;
    for (size_t i = 0; i < list.size(); ++i)
        out += (i == 0 ? "" : i + 1 == list.size() ? last : ", ") + text_of(list[i]);
    return out;
}

/// " from 1 to 9", " of at least 1", ...; empty: unbounded.
std::string bounds(const json &schema, const char *low, const char *high, const char *unit) {
    const json *const a = member(schema, low), *const b = member(schema, high);
    if (a && b && *a == *b) return " of " + text_of(*a) + unit;
    if (a && b) return (*unit ? " of " : " from ") + text_of(*a) + " to " + text_of(*b) + unit;
    if (a) return " of at least " + text_of(*a) + unit;
    if (b) return " of at most " + text_of(*b) + unit;
    return {};
}

std::string expected_type(const json &schema, const std::string &type) {
    if (type == "boolean") return "true or false";
    if (type == "null") return "null";
    if (type == "object") return "keys and values";
    if (type == "array") return "a list" + bounds(schema, "minItems", "maxItems", " entries");
    if (type == "string") {
        std::string out = "a text";
        const json *const least = member(schema, "minLength");
        if (least && *least == 1 && !member(schema, "maxLength")) out = "a text that is not empty";
        else out += bounds(schema, "minLength", "maxLength", " characters");
        if (const json *pattern = member(schema, "pattern")) out += " that fits /" + text_of(*pattern, 200) + "/";
        return out;
    }
    std::string out = type == "integer" ? "a whole number" : "a number";
    out += bounds(schema, "minimum", "maximum", "");
    if (const json *above = member(schema, "exclusiveMinimum"); above && above->is_number())
        out += " above " + text_of(*above);
    if (const json *below = member(schema, "exclusiveMaximum"); below && below->is_number())
        out += " below " + text_of(*below);
    return out;
}

std::string expected(const json &schema) {
    std::string out;
    if (const json *one = member(schema, "const")) out = text_of(*one);
    else if (const json *list = member(schema, "enum"); list && list->is_array()) out = joined(*list, " or ");
    else if (const json *type = member(schema, "type")) {
        for (const json &t : type->is_array() ? *type : json::array({*type}))
            if (t.is_string()) out += (out.empty() ? "" : " or ") + expected_type(schema, t);
    } else {
        for (const char *key : {"anyOf", "oneOf"})
            if (const json *branches = member(schema, key); branches && branches->is_array())
                for (const json &branch : *branches)
                    if (const std::string form = expected(branch); !form.empty())
                        out += (out.empty() ? "" : "; or ") + form;
    }
    const json *const why = member(schema, "description");
    if (why && why->is_string() && !out.empty() && why->get_ref<const std::string &>().size() <= 120)
        out += " (" + text_of(*why, 120) + ")";
    return out;
}

bool is_type(const json &value, const std::string &type) {
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "null") return value.is_null();
    if (type == "number") return value.is_number();
    if (type == "integer")
        return value.is_number_integer() ||
               (value.is_number_float() && value.get<double>() == std::trunc(value.get<double>()));
    return true;
}

size_t characters(const std::string &text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool within(const json &schema, double value, const char *low, const char *high) {
    const json *const a = member(schema, low), *const b = member(schema, high);
    return !(a && a->is_number() && value < a->get<double>()) && !(b && b->is_number() && value > b->get<double>());
}

bool fits_itself(const json &schema, const json &value) {
    if (const json *one = member(schema, "const"); one && value != *one) return false;
    if (const json *list = member(schema, "enum");
        list && list->is_array() && std::find(list->begin(), list->end(), value) == list->end())
        return false;
    if (const json *type = member(schema, "type")) {
        const json types = type->is_array() ? *type : json::array({*type});
        if (std::none_of(types.begin(), types.end(), [&](const json &t) { return t.is_string() && is_type(value, t); }))
            return false;
    }
    if (value.is_number()) {
        const double number = value.get<double>();
        if (!within(schema, number, "minimum", "maximum")) return false;
        if (const json *above = member(schema, "exclusiveMinimum");
            above && above->is_number() && number <= above->get<double>())
            return false;
        if (const json *below = member(schema, "exclusiveMaximum");
            below && below->is_number() && number >= below->get<double>())
            return false;
    }
    if (value.is_array()) return within(schema, static_cast<double>(value.size()), "minItems", "maxItems");
    if (!value.is_string()) return true;
    const auto &text = value.get_ref<const std::string &>();
    if (!within(schema, static_cast<double>(characters(text)), "minLength", "maxLength")) return false;
    const json *const pattern = member(schema, "pattern");
    return !pattern || !pattern->is_string() || std::regex_search(text, std::regex(pattern->get<std::string>()));
}

class Search {
public:
    explicit Search(const json &root) : root_(root) {}

    bool look(const json &given, const json &value, int depth) {
        if (depth > max_depth) return false;
        const json &schema = resolved(given, depth);
        if (!fits_itself(schema, value)) return say(found(schema, value) + "; expected " + expected(schema));
        if (value.is_object()) return look_in_object(schema, value, depth);
        if (const json *items = member(schema, "items"); items && value.is_array())
            for (size_t i = 0; i < value.size(); ++i)
                if (at(std::to_string(i), [&] { return look(*items, value[i], depth + 1); })) return true;
        return no_branch_fits(schema, value, depth);
    }

    Misfit misfit;

private:
    bool say(std::string text) {
        misfit.text = std::move(text);
        return true;
    }

    template <typename Look> bool at(const std::string &key, Look look) {
        misfit.path.push_back(key);
        if (look()) return true;
        misfit.path.pop_back();
        return false;
    }

    const json &resolved(const json &schema, int depth) const {
        const json *const ref = member(schema, "$ref");
        if (!ref || !ref->is_string() || depth > max_depth) return schema;
        try {
            return resolved(root_.at(json::json_pointer(ref->get_ref<const std::string &>().substr(1))), depth + 1);
        } catch (const json::exception &) { return schema; }
    }

    bool look_in_object(const json &schema, const json &value, int depth) {
        static const json nothing = json::object();
        const json *properties = member(schema, "properties");
        if (!properties || !properties->is_object()) properties = &nothing;
        const json *const others = member(schema, "additionalProperties");
        if (others && *others == false && !member(schema, "patternProperties"))
            for (const auto &[key, ignored] : value.items())
                if (!properties->contains(key))
                    return at(key, [&] {
                        return say("is not known; remove it or correct its spelling" + known(*properties));
                    });
        if (const json *required = member(schema, "required"); required && required->is_array())
            for (const json &key : *required)
                if (key.is_string() && !value.contains(key.get_ref<const std::string &>())) {
                    const auto property = properties->find(key.get_ref<const std::string &>());
                    const std::string what = property == properties->end() ? "" : expected(resolved(*property, depth));
                    return at(key,
                              [&] { return say("is missing" + (what.empty() ? "; add it" : "; expected " + what)); });
                }
        for (const auto &[key, part] : value.items()) {
            const auto property = properties->find(key);
            const json *const rule = property != properties->end()   ? &*property
                                     : others && others->is_object() ? others
                                                                     : nullptr;
            if (rule && at(key, [&, &inner = part] { return look(*rule, inner, depth + 1); })) return true;
        }
        return no_branch_fits(schema, value, depth);
    }

    bool no_branch_fits(const json &schema, const json &value, int depth) {
        for (const char *key : {"anyOf", "oneOf"}) {
            const json *const branches = member(schema, key);
            if (!branches || !branches->is_array() || branches->empty()) continue;
            const bool any = std::any_of(branches->begin(), branches->end(), [&](const json &branch) {
                return !Search(root_).look(branch, value, depth + 1);
            });
            if (any) continue;
            const std::string what = expected(schema);
            return say(found(schema, value) +
                       (what.empty() ? ", which is none of the forms allowed here" : "; expected " + what));
        }
        return false;
    }

    static std::string known(const json &properties) {
        std::string out;
        size_t n = 0;
        for (const auto &[key, ignored] : properties.items()) {
            if (++n > 20) return out + ", ...";
            out += (out.empty() ? "; known here: " : ", ") + key;
        }
        return out;
    }

    const json &root_;
};

} // namespace

std::optional<Misfit> find_misfit(const json &schema, const json &value) {
    Search search(schema);
    if (!search.look(schema, value, 0)) return std::nullopt;
    for (std::string &part : search.misfit.path) part = text_of(part, 128);
    return std::move(search.misfit);
}

std::string dotted(const std::string &top, const std::vector<std::string> &path) {
    std::string out = top;
    for (const std::string &part : path) {
        const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
        out += index ? "[" + part + "]" : (out.empty() ? "" : ".") + part;
    }
    return out;
}

} // namespace rigger::host
