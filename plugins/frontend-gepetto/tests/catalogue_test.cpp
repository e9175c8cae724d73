#include "answer.hpp"
#include "catalogue.hpp"
#include "fake_control.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace {

using Json = nlohmann::json;

Json commands() { return Json::parse(gepetto::catalogue())["commands"]; }

Json command(const std::string &name) {
    for (const Json &c : commands())
        if (c["name"] == name) return c;
    ADD_FAILURE() << "no command " << name;
    return {};
}

std::vector<std::string> columns(const std::string &name) {
    std::vector<std::string> keys;
    const Json declared = command(name);
    for (const Json &c : declared["result"]["columns"])
        if (!c.value("wide", false)) keys.push_back(c["key"]);
    return keys;
}

TEST(Catalogue, EveryCommandCanBeAnswered) {
    for (const Json &c : commands()) {
        FakeControl fake;
        fake.answer = R"({"items":[]})";
        const auto result =
            gepetto::answer(fake.control(), rig::Call(nullptr), c["name"].get<std::string>(), "{}", nullptr);
        EXPECT_TRUE(result.ok()) << c["name"] << ": " << result.error().message;
    }
}

TEST(Catalogue, EveryTextIsThereInEnglishAndChinese) {
    for (const Json &c : commands()) {
        EXPECT_FALSE(c["summary"].value("en", "").empty()) << c["name"];
        EXPECT_FALSE(c["summary"].value("zh", "").empty()) << c["name"];
        EXPECT_TRUE(!c.contains("description") || !c["description"].value("zh", "").empty()) << c["name"];
        for (const auto &[key, option] : c["options"]["properties"].items()) {
            EXPECT_FALSE(option.value("description", "").empty()) << c["name"] << " " << key;
            EXPECT_FALSE(option.value("x-zh", "").empty()) << c["name"] << " " << key;
        }
        for (const Json &column : c["result"].value("columns", Json::array()))
            EXPECT_FALSE(column.value("zh", "").empty()) << c["name"] << column["key"];
    }
}

TEST(Catalogue, NamesRoutesAndShortOptionsAreUnique) {
    std::set<std::string> names, routes;
    for (const Json &c : commands()) {
        EXPECT_TRUE(names.insert(c["name"]).second) << c["name"];
        EXPECT_TRUE(routes.insert(c["http"]["method"].get<std::string>() + c["http"]["path"].get<std::string>()).second)
            << c["name"];
        std::set<std::string> letters{"h", "o", "v"};
        for (const auto &[key, option] : c["options"]["properties"].items()) {
            const std::string letter = option.value("/x-cli/short"_json_pointer, "");
            EXPECT_TRUE(letter.empty() || letters.insert(letter).second) << c["name"] << " -" << letter;
        }
    }
}

TEST(Catalogue, OnlyReadingCommandsAreServedByGet) {
    for (const Json &c : commands()) EXPECT_EQ(c["http"]["method"] == "GET", c["effect"] == "read") << c["name"];
}

TEST(Catalogue, WhatEndsDeploymentsIsDestructive) {
    for (const char *name : {"undeploy", "recycle", "forget"}) EXPECT_EQ(command(name)["effect"], "destructive") << name;
    for (const char *name : {"deploy", "ban", "unban", "lock", "unlock", "sync"})
        EXPECT_EQ(command(name)["effect"], "write") << name;
}

TEST(Catalogue, PathParametersAreRequiredOptions) {
    for (const Json &c : commands()) {
        const std::string path = c["http"]["path"];
        const auto open = path.find('{');
        if (open == std::string::npos) continue;
        const std::string parameter = path.substr(open + 1, path.find('}') - open - 1);
        EXPECT_TRUE(c["options"]["properties"].contains(parameter)) << c["name"];
        const Json required = c["options"].value("required", Json::array());
        EXPECT_NE(std::find(required.begin(), required.end(), parameter), required.end()) << c["name"];
    }
}

using Keys = std::vector<std::string>;
TEST(Catalogue, ListsHaveTheOriginalsColumnsInItsOrder) {
    EXPECT_EQ(columns("nodes"), (Keys{"serverId", "nodeName", "ipAddress", "status", "diskTotalGb", "diskUsedGb"}));
    EXPECT_EQ(columns("pods"), (Keys{"namespace", "nodeName", "podName", "status", "podIp", "startTime"}));
    EXPECT_EQ(columns("insts"), (Keys{"deploymentId", "nodeName", "offerName", "gpuCount", "ready", "status",
                                      "podState", "startTime", "reason", "message"}));
    EXPECT_EQ(columns("chutes"), (Keys{"offerId", "offerName", "gain", "instances", "gpuModels", "gpuCount"}));
    EXPECT_EQ(columns("scales"), (Keys{"offerId", "offerName", "serverId", "serverName", "value", "cost", "gpuCount"}));
}

TEST(Catalogue, TheOriginalsOptionNamesAreAccepted) {
    const auto names = [](const char *command_name, const char *option) {
        const Json cli = command(command_name)["options"]["properties"][option].value("x-cli", Json::object());
        std::set<std::string> all{option, cli.value("short", "")};
        for (const Json &alias : cli.value("aliases", Json::array())) all.insert(alias);
        return all;
    };
    EXPECT_TRUE(names("pods", "namespace").count("n") && names("pods", "namespace").count("ns"));
    EXPECT_TRUE(names("insts", "node").count("d"));
    EXPECT_TRUE(names("chutes", "gpu").count("g") && names("scales", "gpu").count("g") &&
                names("scales", "server").count("s"));
    EXPECT_TRUE(names("deploy", "chute").count("c") && names("deploy", "server").count("s"));
    EXPECT_TRUE(names("undeploy", "deployment").count("i") && names("undeploy", "deployment").count("depl_id"));
}

} // namespace
