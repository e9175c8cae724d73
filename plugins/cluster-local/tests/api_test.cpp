#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/merge.hpp"
#include "api/names.hpp"
#include "api/quantity.hpp"
#include "api/selector.hpp"
#include "api/time.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cluster_local {
namespace {

TEST(Quantity, Forms_AreReadAsKubernetesReadsThem) {
    const struct {
        const char *text;
        int64_t scale, value;
    } cases[] = {{"1", 1, 1},
                 {"500m", 1000, 500},
                 {"0.5", 1000, 500},
                 {"1.5Gi", 1, 1'610'612'736},
                 {"10G", 1, 10'000'000'000},
                 {"1e3", 1, 1000},
                 {"1E3", 1, 1000},
                 {"100n", 1000, 1},
                 {"1m", 1, 1},
                 {"64Ki", 1, 65536},
                 {"0", 1, 0},
                 {"+2", 1, 2},
                 {"2.", 1, 2},
                 {".5", 1000, 500}};
    for (const auto &c : cases) EXPECT_EQ(parse_quantity(std::string_view(c.text), c.scale), c.value) << c.text;
}
TEST(Quantity, Nonsense_IsRefused) {
    for (const char *text : {"", "x", "-1", "1 Gi", "1gi", "1KB", "e3", "1e99", "--1", "NaN", ".", "1..2"})
        EXPECT_FALSE(parse_quantity(std::string_view(text))) << text;
}
TEST(Quantity, HugeValues_AreCutInsteadOfWrapping) {
    EXPECT_GT(*parse_quantity(std::string_view("99999999Ei")), 0);
    EXPECT_GT(resources_of({{"memory", "99999999Ei"}}).memory, int64_t{1} << 49);
}
TEST(Quantity, Resources_SurviveTheirIndexForm) {
    const Resources r{1500, 1'610'612'736, 7, 8};
    const Resources back = from_index(to_index(r));
    EXPECT_EQ(back.cpu_milli, 1500);
    EXPECT_EQ(back.memory, 1'610'612'736);
    EXPECT_EQ(back.storage, 7);
    EXPECT_EQ(back.gpus, 8);
}

TEST(Time, Times_SurviveTheirText) {
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339(1'767'225'600'999'999'999), "2026-01-01T00:00:00Z");
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00Z"), 1'767'225'600'000'000'000);
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00.5Z"), 1'767'225'600'000'000'000);
}
TEST(Time, Nonsense_IsRefused) {
    for (const char *text : {"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z",
                             "2026-01-01T00:00:00", "2026-01-01 00:00:00Z"})
        EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Names, Rules_AreThoseOfKubernetes) {
    for (const char *good : {"a", "a-b", "9a", "a.b-c.d"}) EXPECT_TRUE(is_dns1123_subdomain(good)) << good;
    for (const char *bad : {"", "-a", "a-", "a..b", ".a", "a.", "A", "a_b", "a.-b", "a b"})
        EXPECT_FALSE(is_dns1123_subdomain(bad)) << bad;
    EXPECT_FALSE(is_dns1123_label("a.b"));
    EXPECT_FALSE(is_dns1123_label(std::string(64, 'a')));
    EXPECT_TRUE(is_dns1035_label("a9"));
    EXPECT_FALSE(is_dns1035_label("9a"));
    for (const char *good : {"app", "chutes/deployment-id", "a.b/C_d.e"}) EXPECT_TRUE(is_label_key(good)) << good;
    for (const char *bad : {"", "/a", "a/", "a/b/c", "-a", "a b"}) EXPECT_FALSE(is_label_key(bad)) << bad;
    EXPECT_TRUE(is_label_value(""));
    EXPECT_FALSE(is_label_value("-"));
}

TEST(Labels, PackedLabels_AreFoundByKey) {
    const Json labels = {{"b", "2"}, {"a", "1"}, {"empty", ""}};
    const std::string packed = pack_labels(&labels);
    EXPECT_EQ(label(packed, "a"), "1");
    EXPECT_EQ(label(packed, "b"), "2");
    EXPECT_EQ(label(packed, "empty"), "");
    EXPECT_FALSE(label(packed, "1"));
    EXPECT_FALSE(label("", "a"));
    EXPECT_EQ(value_at(pack_values({"x", "", "z"}), 2), "z");
    EXPECT_EQ(value_at(pack_values({"x"}), 5), "");
}

TEST(LabelSelector, Syntax_IsKubernetes) {
    const Json labels = {{"a", "1"}, {"b", "x"}, {"n", "7"}};
    const std::string packed = pack_labels(&labels);
    const struct {
        const char *text;
        bool matches;
    } cases[] = {{"", true},
                 {"a=1", true},
                 {"a==1", true},
                 {"a=2", false},
                 {"a!=2", true},
                 {"c!=2", true},
                 {"a", true},
                 {"!a", false},
                 {"!c", true},
                 {"c=", false},
                 {"a in (1,2)", true},
                 {"a in (2)", false},
                 {"a notin (2)", true},
                 {"c notin (2)", true},
                 {"a=1,b=x", true},
                 {"a=1,b=y", false},
                 {" a = 1 , b in ( x ) ", true},
                 {"n>6", true},
                 {"n>7", false},
                 {"n<8", true},
                 {"b>1", false},
                 {"c>1", false},
                 {"in=1", false},
                 {"a in (,1)", true}};
    for (const auto &c : cases) {
        auto selector = LabelSelector::parse(c.text);
        ASSERT_TRUE(selector.ok()) << c.text << ": " << selector.error().message;
        EXPECT_EQ(selector->matches(packed), c.matches) << c.text;
    }
}
TEST(LabelSelector, Mistakes_AreRefused) {
    for (const char *text : {",", "a=1,", "a,,b", "=1", "a=b=c", "a in", "a in 1", "a in (1", "a in (1))", "a b", "!",
                             "!a=1", "a>x", "a/b/c=1", "a=(1)", "a=-", "a===b"})
        EXPECT_FALSE(LabelSelector::parse(text).ok()) << text;
}
TEST(LabelSelector, ObjectForm_Matches) {
    const Json labels = {{"a", "1"}};
    auto selector =
        LabelSelector::of({{"matchLabels", {{"a", "1"}}},
                           {"matchExpressions", Json::array({Json{{"key", "b"}, {"operator", "DoesNotExist"}}})}});
    ASSERT_TRUE(selector.ok());
    EXPECT_TRUE(selector->matches(pack_labels(&labels)));
    EXPECT_FALSE(selector->matches(""));
    EXPECT_FALSE(
        LabelSelector::of({{"matchExpressions", Json::array({Json{{"key", "b"}, {"operator", "Near"}}})}}).ok());
}
TEST(FieldSelector, Terms_MatchAndEscape) {
    constexpr std::string_view fields[] = {"spec.nodeName"};
    const auto value = [](size_t) { return std::string_view("n,1"); };
    const auto matches = [&](const char *text) {
        auto selector = FieldSelector::parse(text, fields);
        return selector.ok() && selector->matches("pod", "ns", value);
    };
    EXPECT_TRUE(matches("metadata.name=pod"));
    EXPECT_TRUE(matches("metadata.name=pod,metadata.namespace==ns"));
    EXPECT_TRUE(matches("spec.nodeName=n\\,1"));
    EXPECT_FALSE(matches("spec.nodeName!=n\\,1"));
    EXPECT_TRUE(matches("spec.nodeName!=other"));
    for (const char *text : {"x", "spec.other=1", "a=b=c", "metadata.name=a\\x", "metadata.name=a\\"})
        EXPECT_FALSE(FieldSelector::parse(text, fields).ok()) << text;
}

TEST(Merge, FieldsOfOthers_Stay_AndOwnOnesFollow) {
    Json live = {{"own", 1}, {"other", 2}, {"deep", {{"own", 1}, {"other", 2}}}};
    apply_merge(live, {{"own", 1}, {"deep", {{"own", 1}}}}, {{"own", 3}});
    EXPECT_EQ(live, Json({{"own", 3}, {"other", 2}, {"deep", {{"other", 2}}}}));
}
TEST(Merge, AnOwnObjectThatEmpties_Goes) {
    Json live = {{"labels", {{"a", "1"}}}};
    apply_merge(live, {{"labels", {{"a", "1"}}}}, Json::object());
    EXPECT_EQ(live, Json::object());
}
TEST(Merge, KeyedLists_MergeByKey_OthersAreReplaced) {
    Json live = {
        {"containers", Json::array({Json{{"name", "a"}, {"image", "1"}, {"filled", true}}, Json{{"name", "foreign"}}})},
        {"args", {1, 2, 3}}};
    apply_merge(
        live, {{"containers", Json::array({Json{{"name", "a"}, {"image", "1"}}, Json{{"name", "gone"}}})}},
        {{"containers", Json::array({Json{{"name", "new"}}, Json{{"name", "a"}, {"image", "2"}}})}, {"args", {9}}});
    ASSERT_EQ(live["containers"].size(), 3U);
    EXPECT_EQ(live["containers"][0]["name"], "new");
    EXPECT_EQ(live["containers"][1], Json({{"name", "a"}, {"image", "2"}, {"filled", true}}));
    EXPECT_EQ(live["containers"][2]["name"], "foreign");
    EXPECT_EQ(live["args"], Json({9}));
}
TEST(Merge, Finalizers_AreASet) {
    Json live = {{"finalizers", {"foreign", "mine"}}};
    apply_merge(live, {{"finalizers", {"mine"}}}, {{"finalizers", {"new"}}});
    EXPECT_EQ(live["finalizers"], Json({"foreign", "new"}));
    apply_merge(live, {{"finalizers", {"new"}}}, Json::object());
    EXPECT_EQ(live["finalizers"], Json::array({"foreign"}));
}

TEST(ParseObject, Hostile_TextIsRefused) {
    EXPECT_TRUE(parse_object("{}", "x").ok());
    EXPECT_TRUE(parse_object(R"({"a":"[[[[[[[["})", "x").ok());
    for (const std::string &text :
         {std::string(""), std::string("[]"), std::string("{\"a\":\"\xc3\x28\"}"), std::string("{\"a\":1e999}"),
          std::string(70, '[') + std::string(70, ']'), "{\"a\":\"" + std::string(kMaxObjectBytes, 'x') + "\"}"})
        EXPECT_FALSE(parse_object(text, "x").ok()) << text.substr(0, 40);
}
TEST(Checker, WrongTypes_AreNamedWithTheirPath) {
    const Json object = {{"spec", {{"n", "1"}, {"big", 99}, {"map", {{"k", 1}}}, {"q", {{"cpu", "many"}}}}}};
    Problems problems;
    const Checker check(object, problems, "x.");
    EXPECT_FALSE(check.integer("spec.n", 0, 9));
    EXPECT_FALSE(check.integer("spec.big", 0, 9));
    EXPECT_FALSE(check.string_map("spec.map"));
    EXPECT_FALSE(check.quantities("spec.q"));
    EXPECT_TRUE(check.integer("spec.absent", 0, 9));
    check.required("spec.absent");
    for (const char *path :
         {"x.spec.n", "x.spec.big", "x.spec.map[k]", "x.spec.q[cpu]", "x.spec.absent: Required value"})
        EXPECT_NE(problems.text().find(path), std::string::npos) << path;
}

} // namespace
} // namespace cluster_local
