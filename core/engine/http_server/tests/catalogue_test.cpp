#include "engine/http_server/catalogue.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

Json command(const char *name, const char *effect, const char *method, const char *path,
             Json properties = Json::object()) {
    return {{"name", name},
            {"effect", effect},
            {"http", {{"method", method}, {"path", path}}},
            {"options", {{"type", "object"}, {"properties", std::move(properties)}}}};
}
std::shared_ptr<const Catalogue> read(const std::vector<Json> &commands) {
    return read_catalogue(Json{{"commands", commands}}.dump(), "1.0");
}

TEST(Catalogue, OptionsAndRoutesAreRead) {
    const auto catalogue = read({command("undeploy", "destructive", "DELETE", "/v1/d/{id}",
                                         {{"id", {{"type", "string"}}}, {"n", {{"type", {"integer", "null"}}}}})});
    const Command *found = catalogue->find("undeploy");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->effect, CommandEffect::destructive);
    EXPECT_EQ(found->segments, (std::vector<std::string>{"v1", "d", "{id}"}));
    EXPECT_EQ(found->options.at("n"), OptionType::integer);
    EXPECT_TRUE(catalogue->problems.empty());
}

TEST(Catalogue, AnEffectThatIsNotKnownIsTakenForTheWorst) {
    EXPECT_EQ(read({command("x", "harmless", "POST", "/v1/x")})->find("x")->effect, CommandEffect::destructive);
}

TEST(Catalogue, OnlyReadingCommandsCanBeWatched) {
    Json writing = command("x", "write", "POST", "/v1/x");
    writing["watch"] = true;
    EXPECT_FALSE(read({writing})->find("x")->watch);
}

struct BadRoute {
    const char *effect, *method, *path;
};
class Routes : public ::testing::TestWithParam<BadRoute> {};
TEST_P(Routes, ThatCannotBeServedAreLeftOutWithAReason) {
    const auto catalogue = read({command("x", GetParam().effect, GetParam().method, GetParam().path)});
    ASSERT_EQ(catalogue->problems.size(), 1u);
    ASSERT_NE(catalogue->find("x"), nullptr) << "the command itself stays";
    EXPECT_TRUE(catalogue->find("x")->segments.empty());
}
INSTANTIATE_TEST_SUITE_P(All, Routes,
                         ::testing::Values(BadRoute{"read", "BREW", "/v1/x"}, BadRoute{"write", "GET", "/v1/x"},
                                           BadRoute{"read", "GET", "/x"}, BadRoute{"read", "GET", "/v1/"},
                                           BadRoute{"read", "GET", "/v1//x"}, BadRoute{"read", "GET", "/v1/x/"},
                                           BadRoute{"read", "GET", "/v1/plugins"},
                                           BadRoute{"read", "POST", "/v1/commands/x"},
                                           BadRoute{"read", "GET", "/v1/{any}"},
                                           BadRoute{"read", "GET", "/v1/x/{nosuch}"},
                                           BadRoute{"read", "GET", "/v1/x/{a}b"}, BadRoute{"read", "GET", "/v1/x?y"}));

TEST(Catalogue, TheSecondOfTwoEqualRoutesIsLeftOut) {
    const Json id{{"id", {{"type", "string"}}}, {"name", {{"type", "string"}}}};
    const auto catalogue =
        read({command("a", "read", "GET", "/v1/x/{id}", id), command("b", "read", "GET", "/v1/x/{name}", id),
              command("c", "read", "GET", "/v1/x/all")});
    EXPECT_EQ(catalogue->problems.size(), 1u);
    EXPECT_TRUE(catalogue->find("b")->segments.empty());
    EXPECT_FALSE(catalogue->find("c")->segments.empty());
}

TEST(Catalogue, WhateverAFrontendDeclares_NothingThrows) {
    for (const char *bad :
         {"", "[]", "{}", "null", R"({"commands":3})", R"({"commands":[1,null,"x",{}]})",
          R"({"commands":[{"name":5}]})",
          R"({"commands":[{"name":"x","options":5,"http":[],"result":"no","summary":7,"group":[1]}]})",
          R"({"commands":[{"name":"x","effect":7,"watch":"yes","options":{"properties":[1],"required":7}}]})",
          R"({"commands":[{"name":"x","result":{"kind":"list","columns":[1,{"key":5}]}}]})"}) {
        const auto catalogue = read_catalogue(bad, "1.0");
        EXPECT_TRUE(Json::accept(catalogue->openapi)) << bad;
    }
}

TEST(Catalogue, TheTagFollowsTheText) {
    const auto a = read({command("a", "read", "GET", "/v1/a")}), b = read({command("b", "read", "GET", "/v1/b")});
    EXPECT_NE(a->etag, b->etag);
    EXPECT_EQ(a->etag, read({command("a", "read", "GET", "/v1/a")})->etag);
}

TEST(OpenApi, DescribesEveryRouteOfEveryCommand) {
    Json nodes = command(
        "nodes", "read", "GET", "/v1/nodes",
        {{"limit", {{"type", "integer"}, {"description", "so many"}, {"x-zh", "条数"}, {"x-cli", {{"short", "l"}}}}}});
    nodes["watch"] = true;
    nodes["summary"] = {{"en", "List nodes"}, {"zh", "列出节点"}};
    nodes["result"] = {{"kind", "list"},
                       {"items", "items"},
                       {"columns", {{{"key", "a.b"}, {"type", "string"}}, {{"key", "n"}, {"type", "integer"}}}}};
    Json undeploy = command("undeploy", "destructive", "DELETE", "/v1/d/{id}", {{"id", {{"type", "string"}}}});
    undeploy["options"]["required"] = {"id"};
    const Json api = Json::parse(read({nodes, undeploy})->openapi);
    EXPECT_EQ(api["openapi"], "3.1.0");
    EXPECT_EQ(api["info"]["version"], "1.0");
    const Json &get = api["paths"]["/v1/nodes"]["get"];
    EXPECT_EQ(get["summary"], "List nodes");
    EXPECT_EQ(get["x-role"], "read");
    EXPECT_EQ(
        get["parameters"][0],
        Json::parse(
            R"({"name":"limit","in":"query","required":false,"schema":{"type":"integer","description":"so many"},"description":"so many"})"));
    EXPECT_TRUE(
        get["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["items"]["items"]["properties"]
            .contains("n"));
    const Json &erase = api["paths"]["/v1/d/{id}"]["delete"];
    EXPECT_EQ(erase["parameters"][0]["in"], "path");
    EXPECT_EQ(erase["x-role"], "operate");
    EXPECT_TRUE(api["paths"]["/v1/commands/undeploy"]["post"]["requestBody"]["required"].get<bool>());
    for (const char *own : {"/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/commands", "/v1/plugins",
                            "/v1/plugins/reload", "/v1/plugins/{name}/reset"})
        EXPECT_TRUE(api["paths"].contains(own)) << own;
}

TEST(OpenApi, ADeclarationWithMembersOfTheWrongTypeLeavesTheOthersTheirs) {
    Json odd = command("odd", "read", "GET", "/v1/odd");
    odd["result"] = {{"kind", "list"}, {"items", 5}};
    odd["summary"] = {{"en", 7}};
    const auto catalogue = read({odd, command("good", "read", "GET", "/v1/good")});
    const Json api = Json::parse(catalogue->openapi);
    ASSERT_TRUE(api.contains("paths"));
    EXPECT_TRUE(api["paths"].contains("/v1/good"));
    EXPECT_EQ(api["paths"]["/v1/odd"]["get"]["summary"], "odd");
}

/// Every "$ref" of the document leads somewhere.
void expect_references(const Json &whole, const Json &part) {
    const std::string target = part.is_object() ? part.value("$ref", "") : "";
    EXPECT_TRUE(target.empty() || whole.contains(Json::json_pointer(target.substr(1)))) << target;
    if (part.is_structured())
        for (const Json &child : part) expect_references(whole, child);
}
TEST(OpenApi, EveryReferenceIsDefinedAndEveryOperationIdUnique) {
    const Json api =
        Json::parse(read({command("a", "read", "GET", "/v1/a"), command("b", "write", "POST", "/v1/b")})->openapi);
    expect_references(api, api);
    std::set<std::string> ids;
    for (const Json &path : api["paths"])
        for (const Json &operation : path)
            EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
}

} // namespace
} // namespace rigger::http_server
