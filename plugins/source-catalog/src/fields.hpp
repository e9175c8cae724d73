// fields.hpp -- reading one item's fields; the first thing that is wrong is remembered. Used by the .cpp files that
// read items.
#pragma once
#include "text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <string>

namespace catalog {

class Fields {
public:
    using Json = nlohmann::json;
    Fields(const Json &item, std::string where) : item_(item), where_(std::move(where)) {
        if (!item.is_object()) fail("", "must be an object");
    }

    const Json &raw(const char *name) const {
        static const Json null;
        if (!item_.is_object()) return null;
        const auto at = item_.find(name);
        return at == item_.end() ? null : *at;
    }
    std::string text(const char *name, std::string fallback = {}) {
        const Json &value = raw(name);
        if (value.is_null()) return fallback;
        if (value.is_string()) return value.get<std::string>();
        fail(name, "must be a string");
        return fallback;
    }
    std::optional<double> number(const char *name, double highest = 1e15) {
        const Json &value = raw(name);
        if (value.is_null()) return std::nullopt;
        std::optional<double> n;
        if (value.is_number()) n = value.get<double>();
        else if (value.is_string()) n = parse_number(value.get_ref<const std::string &>());
        if (n && *n >= 0 && *n <= highest) return n;
        fail(name, "is " + shown(value.dump(-1, ' ', true, Json::error_handler_t::replace)) +
                       "; it must be a number from 0 to " +
                       (highest > 1e9 ? "10^15" : std::to_string(std::lround(highest))));
        return std::nullopt;
    }
    std::optional<int> count(const char *name, int highest) {
        const auto n = number(name, highest);
        if (!n) return std::nullopt;
        if (*n != std::floor(*n)) fail(name, "must be a whole number");
        return static_cast<int>(*n);
    }
    /// Truth as the validator's clients take it: true, a number other than 0, "true"; null is no answer.
    std::optional<bool> flag(const char *name) {
        const Json &value = raw(name);
        if (value.is_null()) return std::nullopt;
        if (value.is_boolean()) return value.get<bool>();
        if (value.is_number()) return value.get<double>() != 0;
        if (value == "true" || value == "True" || value == "1") return true;
        if (value == "false" || value == "False" || value == "0" || value == "") return false;
        fail(name, "must be true or false");
        return std::nullopt;
    }
    void fail(const char *name, const std::string &what) {
        if (!error_) error_ = where_ + (*name ? "." : "") + name + " " + what;
    }
    const std::optional<std::string> &error() const { return error_; }

private:
    const Json &item_;
    std::string where_;
    std::optional<std::string> error_;
};

} // namespace catalog
