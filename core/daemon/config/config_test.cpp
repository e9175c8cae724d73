#include "daemon/config/config.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace rigger {
namespace {
using testing::HasSubstr;
using testing::Not;

LoadedConfig parse(std::string_view yaml, const Environment &environment = {}) {
    return parse_config(yaml, "r.yaml", environment);
}

std::string errors(const LoadedConfig &loaded) { return loaded.ok() ? "" : loaded.status().error().message; }

const char *const token = "      - {name: ci, secret: 0123456789abcdef}\n";

TEST(Config, EmptyFile_IsAllDefaults) {
    for (const char *const text : {"", "\n", "# nothing\n", "---\n", "~\n", "\xEF\xBB\xBF"}) {
        const LoadedConfig loaded = parse(text);
        ASSERT_TRUE(loaded.ok()) << errors(loaded);
        EXPECT_EQ(loaded.config.store_url(), "sqlite:///var/lib/rigger/rigger.db");
        EXPECT_EQ(loaded.config.socket_path(), "/run/rigger/rigger.sock");
        EXPECT_TRUE(diff(loaded.config, Config{}).empty());
    }
}

TEST(Config, EveryKindOfValue_IsRead) {
    const LoadedConfig loaded =
        parse("state_dir: /tmp/state\n"
              "plugins: {path: [/a, /b c], safe_mode: true}\n"
              "http:\n  unix_socket: {mode: 0600}\n  tcp:\n    enabled: true\n    port: 8080\n    tokens:\n"
              "      - name: ci\n        role: operate\n        secret: 0123456789abcdef\n"
              "limits: {max_body: 2MiB, write_timeout: 1m30s}\n"
              "placement: {whitelist: [b, a, a], cost_floor: 0.5}\n"
              "log: {level: debug}\n"
              "control:\n  failures: {window: 20m}\n  reconcile: {deletion_budget: 0.25}\n  machinery: {queue_limit: "
              "4096}\n");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const Config &c = loaded.config;
    EXPECT_EQ(c.state_dir, "/tmp/state");
    EXPECT_EQ(c.store_url(), "sqlite:///tmp/state/rigger.db");
    EXPECT_EQ(c.plugins.path, (std::vector<std::filesystem::path>{"/a", "/b c"}));
    EXPECT_TRUE(c.plugins.safe_mode);
    EXPECT_EQ(c.http.unix_socket.mode, 0600U);
    EXPECT_EQ(c.http.tcp.port, 8080);
    ASSERT_EQ(c.http.tcp.tokens.size(), 1U);
    EXPECT_EQ(c.http.tcp.tokens[0].name, "ci");
    EXPECT_EQ(c.http.tcp.tokens[0].role, Role::operate);
    EXPECT_EQ(c.http.tcp.tokens[0].secret.reveal(), "0123456789abcdef");
    EXPECT_EQ(c.limits.body_bytes, 2U << 20);
    EXPECT_EQ(c.limits.write_time, std::chrono::seconds(90));
    EXPECT_EQ(c.placement.whitelist, (std::set<OfferId>{OfferId("a"), OfferId("b")}));
    EXPECT_EQ(c.placement.cost_floor, 0.5);
    EXPECT_EQ(c.log.level, "debug");
    EXPECT_EQ(c.control.failure_window, std::chrono::minutes(20));
    EXPECT_EQ(c.control.deletion_budget, 0.25);
    EXPECT_EQ(c.control.queue_limit, 4096U);
}

TEST(Config, EmptyWhitelist_IsNotAnAbsentOne) {
    EXPECT_FALSE(parse("placement: {}").config.placement.whitelist.has_value());
    const LoadedConfig empty = parse("placement: {whitelist: []}");
    ASSERT_TRUE(empty.ok());
    ASSERT_TRUE(empty.config.placement.whitelist.has_value());
    EXPECT_TRUE(empty.config.placement.whitelist->empty());
}

struct Refusal {
    const char *name, *yaml, *where, *text;
};
void PrintTo(const Refusal &refusal, std::ostream *out) { *out << refusal.name; }

class ConfigRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefusal, NamesThePlaceAndTheRemedy) {
    const LoadedConfig loaded = parse(GetParam().yaml);
    ASSERT_EQ(loaded.problems.size(), 1U) << errors(loaded);
    EXPECT_EQ(loaded.problems[0].where, GetParam().where) << loaded.problems[0].text;
    EXPECT_THAT(loaded.problems[0].text, HasSubstr(GetParam().text));
    EXPECT_EQ(loaded.status().error().code, Code::invalid);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ConfigRefusal,
    testing::Values(
        Refusal{"unknown_key", "log:\n  levle: info\n", "r.yaml:2:3", "unknown key 'log.levle'; did you mean 'level'?"},
        Refusal{"unknown_section", "lgo:\n  level: info\n", "r.yaml:1:1", "unknown key 'lgo'; did you mean 'log'?"},
        Refusal{"dash_for_underscore", "state-dir: /x\n", "r.yaml:1:1", "did you mean 'state_dir'?"},
        Refusal{"key_in_the_wrong_section", "http:\n  port: 80\n", "r.yaml:2:3", "did you mean 'http.tcp.port'?"},
        Refusal{"nothing_near", "log:\n  xyzzy: 1\n", "r.yaml:2:3", "known here: format, level"},
        Refusal{"dotted_key", "log.level: info\n", "r.yaml:1:1", "a key has no dots"},
        Refusal{"bracket_key", "http:\n  tcp:\n    \"tokens[]\": []\n", "r.yaml:3:5", "unknown key"},
        Refusal{"duplicate", "log:\n  level: info\n  format: text\n  level: warn\n", "r.yaml:4:3",
                "for the second time, first in line 2; keep one"},
        Refusal{"port_too_large", "http:\n  tcp:\n    port: 70000\n", "r.yaml:3:11",
                "http.tcp.port: found '70000'; expected a whole number from 1 to 65535"},
        Refusal{"port_overflow", "http:\n  tcp:\n    port: 99999999999999999999\n", "r.yaml:3:11",
                "expected a whole number"},
        Refusal{"port_fraction", "http:\n  tcp:\n    port: 80.5\n", "r.yaml:3:11", "expected a whole number"},
        Refusal{"port_quoted", "http:\n  tcp:\n    port: \"80\"\n", "r.yaml:3:11", "remove the quotes"},
        Refusal{"budget_too_large", "control:\n  reconcile:\n    deletion_budget: 3.0\n", "r.yaml:3:22",
                "found '3.0'; expected a number from 0 to 1"},
        Refusal{"budget_nan", "control:\n  reconcile:\n    deletion_budget: nan\n", "r.yaml:3:22", "expected a number"},
        Refusal{"negative_span", "control:\n  failures:\n    window: -5m\n", "r.yaml:3:13",
                "found '-5m'; expected a duration from 0s to 720h"},
        Refusal{"span_without_unit", "control:\n  failures:\n    window: 16\n", "r.yaml:3:13",
                "add a unit: ms, s, m or h"},
        Refusal{"span_with_a_wrong_unit", "control:\n  failures:\n    window: 16min\n", "r.yaml:3:13",
                "expected a duration"},
        Refusal{"span_in_wrong_order", "control:\n  failures:\n    window: 5m1h\n", "r.yaml:3:13",
                "expected a duration"},
        Refusal{"span_too_long", "control:\n  failures:\n    window: 99999999999999h\n", "r.yaml:3:13",
                "expected a duration"},
        Refusal{"span_below_milliseconds", "limits:\n  watch_pause: 1ms500us\n", "r.yaml:2:16",
                "expected whole milliseconds"},
        Refusal{"size_without_unit", "limits:\n  max_body: 1000\n", "r.yaml:2:13", "add a unit: B, KiB, MiB or GiB"},
        Refusal{"size_in_decimal_units", "limits:\n  max_body: 1MB\n", "r.yaml:2:13",
                "expected a size from 1KiB to 64MiB"},
        Refusal{"yes_is_no_boolean", "plugins:\n  safe_mode: yes\n", "r.yaml:2:14",
                "found 'yes'; expected true or false"},
        Refusal{"choice", "log:\n  level: verbose\n", "r.yaml:2:10",
                "found 'verbose'; expected one of: trace, debug, info, warn, error"},
        Refusal{"relative_path", "state_dir: state\n", "r.yaml:1:12", "expected an absolute path"},
        Refusal{"empty_path", "state_dir: \"\"\n", "r.yaml:1:12", "must not be empty"},
        Refusal{"open_to_all", "http:\n  unix_socket:\n    mode: 0666\n", "r.yaml:3:11", "for owner and group alone"},
        Refusal{"decimal_mode", "http:\n  unix_socket:\n    mode: 660\n", "r.yaml:3:11", "octal file permissions"},
        Refusal{"host_name_as_address", "http:\n  tcp:\n    address: localhost\n", "r.yaml:3:14",
                "names are not looked up"},
        Refusal{"store", "store:\n  url: mysql://x\n", "r.yaml:2:8", "expected sqlite:///absolute/path"},
        Refusal{"store_engine_that_is_not_there", "store:\n  url: postgresql://x/y\n", "r.yaml:2:8",
                "expected sqlite:///absolute/path"},
        Refusal{"bus_that_is_not_there", "bus:\n  url: redis://localhost\n", "r.yaml:2:8", "expected memory"},
        Refusal{"no_value", "state_dir:\n", "r.yaml:1:1", "has no value"},
        Refusal{"map_for_a_value", "state_dir:\n  a: b\n", "r.yaml:2:3", "found a map of keys"},
        Refusal{"value_for_a_section", "log: info\n", "r.yaml:1:6",
                "log: found a single value; expected keys below it"},
        Refusal{"value_for_a_list", "plugins:\n  path: /a\n", "r.yaml:2:9", "expected a list"},
        Refusal{"list_for_the_file", "- a\n", "r.yaml:1:1", "the file holds a list; expected keys and values"},
        Refusal{"list_in_a_list", "plugins:\n  path: [[/a]]\n", "r.yaml:2:10", "plugins.path[0]: found a list"},
        Refusal{"tcp_without_tokens", "http:\n  tcp:\n    enabled: true\n", "r.yaml:3:5",
                "needs at least one entry in http.tcp.tokens"},
        Refusal{"token_without_secret", "http:\n  tcp:\n    tokens:\n      - name: ci\n", "r.yaml:4:9",
                "http.tcp.tokens[0].secret: is missing"},
        Refusal{"token_with_unknown_key",
                "http:\n  tcp:\n    tokens:\n      - {name: ci, secret: 0123456789abcdef, rolle: read}\n",
                "r.yaml:4:46", "unknown key 'http.tcp.tokens[0].rolle'; did you mean 'role'?"},
        Refusal{"short_secret", "http:\n  tcp:\n    tokens:\n      - {name: ci, secret: hunter2}\n", "r.yaml:4:28",
                "the secret has 7 bytes"},
        Refusal{"retry_order", "control:\n  deployer:\n    retry_cap: 500ms\n", "r.yaml:3:5",
                "control.deployer.retry_first (1s) must not be longer than"},
        Refusal{"socket_too_long",
                "http:\n  unix_socket:\n    path: "
                "/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/"
                "12345678\n",
                "r.yaml:3:11", "at most 103 bytes"},
        Refusal{"alias", "state_dir: &a /x\nruntime_dir: *a\n", "r.yaml:1:12", "anchors ('&name') are not allowed"},
        Refusal{"tag", "state_dir: !!str /x\n", "r.yaml:1:12", "tags ('!name') are not allowed"},
        Refusal{"two_documents", "log: {}\n---\nlog: {}\n", "r.yaml:3:1", "a second document"},
        Refusal{"map_as_key", "? {a: b}\n: c\n", "r.yaml:1:3", "a key must be a plain text"},
        Refusal{"broken_yaml", "log: [a\n", "r.yaml:2:1", "not valid YAML"},
        Refusal{"tab_indent", "log:\n\tlevel: info\n", "r.yaml:2:7", "not valid YAML"},
        Refusal{"reference_of_a_new_kind", "state_dir: ${vault:x}\n", "r.yaml:1:12",
                "must be ${file:/absolute/path} or ${env:NAME}"},
        Refusal{"unset_variable", "state_dir: ${env:NOWHERE}\n", "r.yaml:1:12",
                "environment variable 'NOWHERE' is not set"}),
    [](const testing::TestParamInfo<Refusal> &test) { return std::string(test.param.name); });

TEST(Config, AllProblems_AreReportedAtOnce_InTheOrderOfTheFile) {
    const LoadedConfig loaded =
        parse("language: fr\nlog:\n  levle: x\n  format: xml\ncontrol:\n  reconcile:\n    deletion_budget: 3\n");
    ASSERT_EQ(loaded.problems.size(), 4U) << errors(loaded);
    for (size_t i = 1; i < loaded.problems.size(); ++i) EXPECT_LT(loaded.problems[i - 1].line, loaded.problems[i].line);
    EXPECT_THAT(errors(loaded), HasSubstr("r.yaml:1:11: language"));
    EXPECT_THAT(errors(loaded), HasSubstr("\nr.yaml:7:22: control.reconcile.deletion_budget"));
}

TEST(Config, BinaryInput_IsRefused) {
    for (const std::string &text :
         {std::string("state_dir: /\0x", 14),
          std::string("\x7f"
                      "ELF\x02\x01"),
          std::string("log: \xff\xfe"), std::string("a: \xed\xa0\x80"), std::string("\xff\xfel\0o\0g\0", 8)}) {
        const LoadedConfig loaded = parse(text);
        ASSERT_EQ(loaded.problems.size(), 1U);
        EXPECT_THAT(loaded.problems[0].text, HasSubstr("is not UTF-8 text"));
    }
}

TEST(Config, BombsAndGiants_AreRefusedQuickly) {
    std::string bomb = "a: &a [x, x, x, x]\n";
    for (char c = 'b'; c < 'z'; ++c)
        bomb +=
            std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" + static_cast<char>(c - 1) + "]\n";
    EXPECT_THAT(errors(parse(bomb)), HasSubstr("anchors"));
    std::string deep = "a: ";
    for (int i = 0; i < 5000; ++i) deep += "{a: ";
    EXPECT_THAT(errors(parse(deep)), HasSubstr("nested deeper than 16 levels"));
    EXPECT_FALSE(parse(std::string(5000, '[')).ok());
    EXPECT_THAT(errors(parse(std::string(300 * 1024, '#'))), HasSubstr("larger than 256 KiB"));
    std::string many = "placement: {banned: [";
    for (int i = 0; i < 30'000; ++i) many += "a,";
    EXPECT_THAT(errors(parse(many + "]}")), HasSubstr("more than 20000 values"));
    EXPECT_THAT(errors(parse(std::string(100'000, 'x') + ": 1")), HasSubstr("r.yaml:1:1"));
    EXPECT_LT(errors(parse(std::string(500, 'x') + ": 1")).size(), 700U) << "a message does not repeat a giant key";
    EXPECT_LT(errors(parse("state_dir: " + std::string(100'000, 'x'))).size(), 300U) << "nor a giant value";
}

TEST(Config, Environment_OverridesTheFile) {
    const LoadedConfig loaded = parse("log: {level: warn}\nplugins: {path: [/a]}\n", {{"RIGGER_LOG_LEVEL", "trace"},
                                                                                      {"RIGGER_PLUGINS_PATH", "/x,/y"},
                                                                                      {"RIGGER_HTTP_TCP_PORT", "99"},
                                                                                      {"OTHER", "x"}});
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(loaded.config.log.level, "trace");
    EXPECT_EQ(loaded.config.plugins.path, (std::vector<std::filesystem::path>{"/x", "/y"}));
    EXPECT_EQ(loaded.config.http.tcp.port, 99);
    EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Config, BadEnvironment_IsNamed) {
    const LoadedConfig loaded = parse("", {{"RIGGER_HTTP_TCP_PORT", "0"}});
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].where, "environment variable RIGGER_HTTP_TCP_PORT");
}

TEST(Config, MisspeltVariable_IsAWarning) {
    const LoadedConfig loaded = parse("", {{"RIGGER_LOG_LEVLE", "debug"}, {"RIGGER_SOMETHING_ELSE_ENTIRELY", "x"}});
    ASSERT_TRUE(loaded.ok());
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_THAT(loaded.warnings[0].text, HasSubstr("RIGGER_LOG_LEVEL"));
}

TEST(Config, Reference_StandsForAnyValue) {
    const LoadedConfig loaded =
        parse("http: {tcp: {port: '${env:PORT}'}}\nstate_dir: ${env:DIR}\n", {{"PORT", "81"}, {"DIR", "/d"}});
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(loaded.config.http.tcp.port, 81);
    EXPECT_EQ(loaded.config.state_dir, "/d");
}

TEST(Config, ReferencedValue_NeverAppearsInAnError) {
    const LoadedConfig loaded = parse("http: {tcp: {port: '${env:SECRET}', tokens: [{name: ci, secret: "
                                      "'${env:SECRET}'}]}}\nlog: {level: '${env:SECRET}'}\n",
                                      {{"SECRET", "hunter2 hunter2 hunter2"}});
    EXPECT_EQ(loaded.problems.size(), 3U) << errors(loaded);
    EXPECT_THAT(errors(loaded), Not(HasSubstr("hunter2")));
}

TEST(Config, WrittenOutSecret_NeverAppearsInAnError) {
    EXPECT_THAT(errors(parse("http: {tcp: {tokens: [{name: ci, secret: hunter2}]}}")), Not(HasSubstr("hunter2")));
}

TEST(Config, TwoTokensOfOneName_AreRefused) {
    EXPECT_THAT(errors(parse(std::string("http:\n  tcp:\n    tokens:\n") + token + token)),
                HasSubstr("'ci' is used by another token"));
}

TEST(Config, LoadConfig_NamesAFileThatCannotBeRead) {
    const LoadedConfig missing = load_config("/nonexistent/rigger.yaml", {});
    ASSERT_EQ(missing.problems.size(), 1U);
    EXPECT_EQ(missing.problems[0].where, "/nonexistent/rigger.yaml");
    EXPECT_THAT(missing.problems[0].text, HasSubstr("No such file"));
    EXPECT_FALSE(load_config("/", {}).ok());
    EXPECT_FALSE(load_config("/dev/zero", {}).ok());
    EXPECT_FALSE(Config::load("/nonexistent/rigger.yaml").ok());
}

TEST(ConfigDiff, SaysWhatChangedAndWhatNeedsARestart) {
    const LoadedConfig before = parse(std::string("http:\n  tcp:\n    tokens:\n") + token);
    const LoadedConfig after = parse("log: {level: debug}\nstate_dir: /other\nhttp:\n  tcp:\n    tokens:\n      - "
                                     "{name: ci, secret: another-secret-value}\n");
    ASSERT_TRUE(before.ok() && after.ok()) << errors(before) << errors(after);
    const auto changes = diff(before.config, after.config);
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_EQ(changes[0].key, "state_dir");
    EXPECT_TRUE(changes[0].restart);
    EXPECT_EQ(changes[0].to, "/other");
    EXPECT_EQ(changes[1].key, "http.tcp.tokens[0].secret");
    EXPECT_EQ(changes[1].from, "***");
    EXPECT_EQ(changes[1].to, "***");
    EXPECT_EQ(changes[2].key, "log.level");
    EXPECT_EQ(changes[2].from, "info");
    EXPECT_FALSE(changes[2].restart);
}

TEST(ConfigDiff, WhatIsTakenOnceAtTheStart_NeedsARestart) {
    const LoadedConfig after = parse(
        "plugins: {path: [/a], enabled: /b}\nlog: {format: json}\ncontrol:\n"
        "  watches: {backoff_first: 2s, backoff_cap: 9m, stable: 61s}\n"
        "  machinery: {commit_retry_first: 1s, commit_retry_cap: 9s, journal_keep: 1h, journal_keep_entries: 5}\n");
    ASSERT_TRUE(after.ok()) << errors(after);
    const auto changes = diff(parse("").config, after.config);
    EXPECT_EQ(changes.size(), 10U);
    for (const ConfigChange &change : changes) EXPECT_TRUE(change.restart) << change.key;
}

TEST(ConfigDiff, CountsTokensAndTellsAbsentFromEmpty) {
    const auto tokens = diff(parse("").config, parse(std::string("http:\n  tcp:\n    tokens:\n") + token).config);
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens[0].to, "1 entries");
    EXPECT_EQ(diff(parse("").config, parse("placement: {whitelist: []}").config).size(), 1U);
}

} // namespace
} // namespace rigger
