// The installed file and the documentation are made from the table of keys: here they are compared with what lies in
// the tree.
#include "daemon/config/reference.hpp"

#include "daemon/config/keys.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <sstream>

namespace rigger {
namespace {

std::string in_tree(const std::string &file) {
    std::ifstream in(std::string(RIGGER_SOURCE_DIR) + "/" + file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// "" when equal, else the first line that differs.
std::string first_difference(const std::string &a, const std::string &b) {
    std::istringstream left(a), right(b);
    std::string l, r;
    for (int line = 1;; ++line) {
        const bool more_left = static_cast<bool>(std::getline(left, l)),
                   more_right = static_cast<bool>(std::getline(right, r));
        if (!more_left && !more_right) return "";
        if (more_left != more_right || l != r)
            return "line " + std::to_string(line) + ": '" + l + "', but the table says '" + r + "'";
    }
}

TEST(ConfigReference, InstalledFile_IsWhatTheTableSays) {
    EXPECT_EQ(first_difference(in_tree("etc/rigger.yaml"), default_config_yaml()), "")
        << "run: rigger-config-reference yaml > etc/rigger.yaml";
}

TEST(ConfigReference, Documentation_IsWhatTheTableSays) {
    EXPECT_EQ(first_difference(in_tree("docs/operators/configuration.md"), config_reference_page()), "")
        << "run: rigger-config-reference page > docs/operators/configuration.md";
}

TEST(ConfigReference, InstalledFile_SaysTheDefaults) {
    const LoadedConfig from_file = parse_config(in_tree("etc/rigger.yaml"), "rigger.yaml", {});
    ASSERT_TRUE(from_file.ok()) << from_file.status().error().message;
    const LoadedConfig from_nothing = parse_config("", "empty", {});
    ASSERT_TRUE(from_nothing.ok());
    const auto changes = diff(from_nothing.config, from_file.config);
    EXPECT_TRUE(changes.empty()) << changes[0].key << ": " << changes[0].from << " -> " << changes[0].to;
}

TEST(ConfigKeys, EveryKey_HasASectionAHelpAndASensibleDefault) {
    Config defaults = parse_config("", "empty", {}).config;
    defaults.http.tcp.tokens.resize(1);
    std::set<std::string_view> paths;
    std::set<std::string> variables;
    for (const config::Key &key : config::keys()) {
        EXPECT_TRUE(paths.insert(key.path).second) << key.path << " is declared twice";
        EXPECT_TRUE(key.help.ends_with('.')) << key.path;
        const size_t dot = key.path.rfind('.');
        if (dot != std::string_view::npos && key.path.find("[]") == std::string_view::npos) {
            EXPECT_TRUE(config::is_section(key.path.substr(0, dot))) << key.path;
        }
        if (const std::string variable = config::environment_name(key); !variable.empty()) {
            EXPECT_TRUE(variables.insert(variable).second) << variable << " means two keys";
        }
        using config::Type;
        if (key.rule.type == Type::texts || key.rule.type == Type::records || key.rule.type == Type::secret ||
            key.path == "http.tcp.tokens[].name")
            continue;
        const config::Slot slot = key.slot(defaults, 0);
        EXPECT_EQ(config::assign(key.rule, slot, config::format(key.rule, slot), true), "")
            << key.path << ": its own default is refused";
    }
}

/// Converts to anything: how many of these initialise an aggregate tells how many members it has.
struct Anything {
    template <typename T> operator T() const; // never called
};
template <typename T, typename... Members> constexpr size_t members_of() {
    if constexpr (requires { T{Members{}..., Anything{}}; }) return members_of<T, Members..., Anything>();
    else return sizeof...(Members);
}

TEST(ConfigKeys, EveryMemberOfTheControlLoopsConfiguration_HasAKey) {
    size_t keys = 0;
    for (const config::Key &key : config::keys()) keys += key.path.starts_with("control.") ? 1 : 0;
    EXPECT_EQ(keys, members_of<ControlConfig>()) << "declare the new member in keys_control.cpp";
}

TEST(ConfigKeys, EveryLimitOfTheHttpServer_HasAKey) {
    size_t keys = 0;
    for (const config::Key &key : config::keys()) keys += key.path.starts_with("limits.") ? 1 : 0;
    EXPECT_EQ(keys, members_of<http_server::Limits>()) << "declare the new member in keys.cpp";
}

} // namespace
} // namespace rigger
