#include "host/instance_file.hpp"

#include "host/yaml.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(InstanceFile, ReadsEveryField) {
    const auto f = parse_instance_file(R"(
plugin: com.example.packing
component: com.example.packing.tight
name: tight
weight: 0.5
on_failure: closed
required: true
limits:
  score: { soft: 2ms, hard: 80ms }
  start: { hard: 1m }
  breaker: { failures: 3, of: 10, open: 5s }
secrets: { hotkey: "${file:/etc/hotkey}" }
config:
  level: 3
  ratio: 0.25
  name: "7"
  on: true
  none: ~
  list: [1, two]
)",
                                       "/etc/rigger/plugins-enabled/07-packing.yaml");
    ASSERT_TRUE(f.ok()) << f.error().message;
    EXPECT_EQ(f->order, 7);
    EXPECT_EQ(f->name, "tight");
    EXPECT_EQ(f->weight, 0.5);
    EXPECT_EQ(f->on_failure, OnFailure::closed);
    EXPECT_TRUE(f->required);
    EXPECT_EQ(f->limits.at("score").soft, Duration(2ms));
    EXPECT_EQ(f->limits.at("start").hard, Duration(1min));
    EXPECT_FALSE(f->limits.at("start").soft.has_value());
    EXPECT_EQ(f->breaker.open, Duration(5s));
    EXPECT_EQ(f->secrets.at("hotkey"), "${file:/etc/hotkey}");
    EXPECT_EQ(f->config, R"({"level":3,"list":[1,"two"],"name":"7","none":null,"on":true,"ratio":0.25})");
}

TEST(InstanceFile, TakesNameAndOrderFromTheFileName) {
    struct Case {
        const char *file, *name;
        int order;
    };
    for (const Case &c : {Case{"50-packing.yaml", "packing", 50}, Case{"/a/b/5-x.yaml", "x", 5},
                          Case{"packing.yaml", "packing", 50}, Case{"007.yaml", "007", 50}}) {
        const auto f = parse_instance_file("plugin: com.example.a\n", c.file);
        ASSERT_TRUE(f.ok()) << f.error().message;
        EXPECT_EQ(f->name, c.name);
        EXPECT_EQ(f->order, c.order);
    }
}

TEST(InstanceFile, RefusesWhatItDoesNotKnow) {
    struct Case {
        const char *text, *message;
    };
    const Case cases[] = {
        {"name: x\n", "i.yaml:1: plugin is missing"},
        {"plugin: nodots\n", "i.yaml:1: plugin: 'nodots' is not a plugin id"},
        {"plugin: com.a\nname: A B\n", "i.yaml:2: name: 'A B' is not a name"},
        {"plugin: com.a\nweight: -1\n", "weight must lie in 0..1000"},
        {"plugin: com.a\nweight: nan\n", "weight must be a number"},
        {"plugin: com.a\nweight: heavy\n", "weight must be a number"},
        {"plugin: com.a\non_failure: panic\n", "write abstain or closed"},
        {"plugin: com.a\nrequired: 1\n", "required must be true or false"},
        {"plugin: com.a\nlimits: { score: { soft: fast } }\n", "limits.score.soft must be a span"},
        {"plugin: com.a\nlimits: { score: { soft: 2s, hard: 1s } }\n", "must not be shorter than 'soft'"},
        {"plugin: com.a\nlimits: { score: { mild: 2s } }\n", "limits.score.mild is not a known key"},
        {"plugin: com.a\nlimits: { breaker: { failures: 9, of: 3 } }\n", "must not exceed 'of'"},
        {"plugin: com.a\nlimits: { breaker: { open: 6m } }\n", "6m is too long"},
        {"plugin: com.a\nsecrets: { hotkey: 0xsecret }\n", "not the secret itself"},
        {"plugin: com.a\nconfig: [1]\n", "config must be a map"},
        {"plugin: com.a\nconfigg: {}\n", "i.yaml:2: configg is not a known key"},
    };
    for (const Case &c : cases) {
        const auto f = parse_instance_file(c.text, "i.yaml");
        ASSERT_FALSE(f.ok()) << c.text;
        EXPECT_THAT(f.error().message, HasSubstr(c.message)) << c.text;
    }
}

TEST(InstanceFile, KnowsTheLineOfEachValueOfItsConfiguration) {
    const auto f = parse_instance_file(
        "plugin: com.example.a\nconfig:\n  a: 1\n  list:\n    - { x: 1 }\n    - x: 2\n      y: 3\n", "i.yaml");
    ASSERT_TRUE(f.ok()) << f.error().message;
    EXPECT_EQ(config_line(*f, {"a"}), 3);
    EXPECT_EQ(config_line(*f, {"list", "1", "y"}), 7);
    EXPECT_EQ(config_line(*f, {"list", "0", "missing"}), 5) << "the nearest thing around it";
    EXPECT_EQ(config_line(*f, {"list", "9"}), 5);
    EXPECT_EQ(config_line(*f, {"missing"}), 3);
    EXPECT_EQ(config_line(*parse_instance_file("plugin: com.example.a\n", "i.yaml"), {"a"}), 1);
}

TEST(InstanceFile, AreFoundInTheirOrder) {
    std::string name = (std::filesystem::temp_directory_path() / "rigger-files-XXXXXX").string();
    const std::filesystem::path dir = ::mkdtemp(name.data());
    for (const char *file : {"50-b.yaml", "50-a.yaml", "9-z.yaml", "notes.txt", ".hidden.yaml"})
        std::ofstream(dir / file) << "plugin: com.example.a\n";
    std::ofstream(dir / "10-broken.yaml") << "plugin: [";
    const auto found = find_instances(dir);
    std::filesystem::remove_all(dir);
    ASSERT_TRUE(found.ok());
    std::vector<std::string> names;
    for (const auto &f : *found) names.push_back(f.name + (f.file.ok() ? "" : "!"));
    EXPECT_THAT(names, testing::ElementsAre("z", "broken!", "a", "b"));
}

TEST(Span, ReadsUnitsAndNothingElse) {
    EXPECT_EQ(parse_span("250ms"), Duration(250ms));
    EXPECT_EQ(parse_span("5m"), Duration(5min));
    EXPECT_EQ(parse_span("1h"), Duration(1h));
    for (const char *bad : {"", "5", "s", "-1s", "1.5s", "5 s", "99999999999999h", "1d"})
        EXPECT_FALSE(parse_span(bad)) << bad;
}

} // namespace
} // namespace rigger::host
