#include "cli/render/yaml.hpp"

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A text that a YAML reader would take for a number, a truth value, a time or nothing.
bool looks_like_something_else(const std::string &text) {
    static constexpr std::array<std::string_view, 14> words{"true", "false", "yes", "no",   "on",   "off",   "null",
                                                            "y",    "n",     "~",   ".nan", ".inf", "-.inf", "+.inf"};
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (text.empty() || std::find(words.begin(), words.end(), lower) != words.end()) return true;
    const char first = text.front();
    return (first >= '0' && first <= '9') || ((first == '-' || first == '+' || first == '.') && text.size() > 1);
}

void emit(YAML::Emitter &out, const Json &value) {
    switch (value.type()) {
    case Json::value_t::object:
        if (value.empty()) out << YAML::Flow;
        out << YAML::BeginMap;
        for (const auto &[key, member] : value.items()) {
            out << YAML::Key;
            if (looks_like_something_else(key)) out << YAML::DoubleQuoted;
            out << key << YAML::Value;
            emit(out, member);
        }
        out << YAML::EndMap;
        break;
    case Json::value_t::array:
        if (value.empty()) out << YAML::Flow;
        out << YAML::BeginSeq;
        for (const Json &one : value) emit(out, one);
        out << YAML::EndSeq;
        break;
    case Json::value_t::string: {
        const auto &text = value.get_ref<const std::string &>();
        if (looks_like_something_else(text) || text.find_first_of("\n\r\t") != std::string::npos)
            out << YAML::DoubleQuoted;
        out << text;
        break;
    }
    case Json::value_t::null:
    case Json::value_t::discarded:
    case Json::value_t::binary: out << YAML::Null; break;
    case Json::value_t::boolean:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: out << value.dump(); break;
    }
}

} // namespace

std::string to_yaml(const Json &value) {
    YAML::Emitter out;
    out.SetIndent(2);
    emit(out, value);
    return std::string(out.c_str()) + "\n";
}

} // namespace rigger::cli
