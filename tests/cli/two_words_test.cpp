// Commands whose names are several words: a family of their own in the command line, the help, the completion and over
// HTTP.
#include "cli/cluster_rbac.hpp"
#include "cli/command_line.hpp"
#include "terminal.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace rigger::cli {
namespace {

using Json = nlohmann::json;

class TwoWords : public ::testing::Test {
protected:
    void SetUp() override {
        daemon.commands.declare(R"json({"commands":[
          {"name":"clusters","group":"fleet","effect":"read","summary":{"en":"List"},"result":{"kind":"record"}},
          {"name":"cluster doctor","group":"fleet","effect":"read","http":{"method":"GET","path":"/v1/cluster/doctor"},"summary":{"en":"Examine"},
           "options":{"type":"object","properties":{"cluster":{"type":"string","x-cli":{"position":0}}}},"result":{"kind":"record","verdict":"well"}}]})json");
        ASSERT_TRUE(daemon.start().ok());
    }
    Seen run(const Words &words) { return Terminal(daemon.socket_path()).run(words); }
    http_server::FakeDaemon daemon;
};

TEST_F(TwoWords, NameOneCommand_WhereverOptionsStand) {
    for (const Words &words : std::vector<Words>{{"cluster", "doctor", "a"},
                                                 {"-o", "json", "cluster", "doctor", "a"},
                                                 {"cluster", "-o", "json", "doctor", "a"},
                                                 {"cluster", "doctor", "-o", "json", "a"}}) {
        const Seen seen = run(words);
        EXPECT_NE(seen.out.find("cluster doctor"), std::string::npos) << seen.err;
        EXPECT_NE(seen.out.find("a"), std::string::npos);
    }
    EXPECT_EQ(run({"clusters", "-o", "json"}).code, 0);
}

TEST_F(TwoWords, TheVerdictIsTheExitCode) {
    for (const auto &[answer, code] : {std::pair(R"({"well":true})", exit_ok),
                                       std::pair(R"({"well":false})", exit_failed), std::pair("{}", exit_failed)}) {
        daemon.commands.on("cluster doctor",
                           [answer = std::string(answer)](auto &&...) -> Result<std::string> { return answer; });
        EXPECT_EQ(run({"cluster", "doctor", "-o", "json"}).code, code) << answer;
    }
}

TEST_F(TwoWords, AnUnfinishedOrWrongNameSaysWhatThereIs) {
    for (const Words &words : std::vector<Words>{{"cluster"}, {"cluster", "doktor"}}) {
        const Seen seen = run(words);
        EXPECT_EQ(seen.code, exit_usage);
        EXPECT_NE(seen.err.find("cluster doctor"), std::string::npos) << seen.err;
    }
}

TEST_F(TwoWords, HelpShowsTheFamilyOrTheCommand) {
    for (const Words &words : std::vector<Words>{{"cluster", "--help"}, {"help", "cluster"}}) {
        const std::string page = run(words).out;
        EXPECT_NE(page.find("cluster doctor"), std::string::npos);
        EXPECT_NE(page.find("cluster rbac"), std::string::npos);
        EXPECT_EQ(page.find("completion"), std::string::npos);
    }
    EXPECT_NE(run({"help", "cluster", "doctor"}).out.find("Usage: rigger cluster doctor"), std::string::npos);
}

TEST_F(TwoWords, AreCompletedWordByWord) {
    EXPECT_EQ(run({"__complete", "--", "clus"}).out, "clusters\tList\ncluster\n");
    EXPECT_EQ(run({"__complete", "--", "cluster", "d"}).out, "doctor\tExamine\n");
    EXPECT_EQ(run({"__complete", "--", "nothing", "d"}).out, "");
    EXPECT_EQ(run({"__complete", "--", "help", "cluster", "d"}).out, "doctor\tExamine\n");
    EXPECT_NE(run({"__complete", "--", "cluster", "doctor", "--"}).out.find("--cluster"), std::string::npos);
}

TEST(ClusterRbac, PutsOtherNamesEverywhere_AndOnlyThere) {
    const auto text = cluster_rbac(
        R"({"namespace":"rigger","serviceAccount":"chutes"})"); // the two swapped: no new name is taken for an old one
    ASSERT_TRUE(text.ok());
    std::vector<std::string> kinds;
    for (const YAML::Node &one : YAML::LoadAll(*text)) {
        kinds.push_back(one["kind"].as<std::string>());
        EXPECT_EQ(one["metadata"]["name"].as<std::string>(), kinds.back() == "Namespace" ? "rigger" : "chutes")
            << kinds.back();
        if (one["metadata"]["namespace"]) { EXPECT_EQ(one["metadata"]["namespace"].as<std::string>(), "rigger"); }
        if (!one["subjects"]) continue;
        EXPECT_EQ(one["subjects"][0]["name"].as<std::string>(), "chutes");
        EXPECT_EQ(one["subjects"][0]["namespace"].as<std::string>(), "rigger");
        EXPECT_EQ(one["roleRef"]["name"].as<std::string>(), "chutes");
    }
    EXPECT_EQ(kinds, (std::vector<std::string>{"Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding",
                                               "Role", "RoleBinding"}));
    EXPECT_NE(text->find("resourceNames: [rigger]"), std::string::npos);
}

TEST(ClusterRbac, IsTheDocumentedFile_AndOneListInJson) {
    Terminal t("/nonexistent/socket");
    const Seen seen = t.run({"cluster", "rbac"});
    EXPECT_EQ(seen.code, 0) << "no daemon is needed";
    EXPECT_EQ(seen.out, file_text(std::string(RIGGER_TESTS_DIR) + "/../../docs/operators/kubernetes-rbac.yaml"));
    EXPECT_EQ(t.run({"cluster", "rbac", "-o", "yaml"}).out, seen.out);
    const Json list = Json::parse(t.run({"cluster", "rbac", "-o", "json"}).out, nullptr, false);
    ASSERT_EQ(list["kind"], "List");
    EXPECT_EQ(list["items"][4]["rules"][0],
              Json::parse(R"({"apiGroups":["batch"],"resources":["jobs"],"verbs":["get","create","patch","delete"]})"));
}

TEST(ClusterRbac, ANameThatKubernetesRefusesIsRefused) {
    for (const char *bad : {"", "Work", "a b", "-a", "a-", "a: b", "a\n---", "a.b"})
        EXPECT_FALSE(cluster_rbac(Json{{"namespace", bad}}.dump()).ok()) << bad;
    EXPECT_FALSE(cluster_rbac(Json{{"serviceAccount", std::string(64, 'a')}}.dump()).ok());
}

} // namespace
} // namespace rigger::cli
