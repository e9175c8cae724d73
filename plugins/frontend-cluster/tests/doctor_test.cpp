#include "commands.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rigger/sdk/testing/fake_host.hpp>

namespace {
using Json = nlohmann::json;

class Doctor : public ::testing::Test {
protected:
    rig::Result<std::string> told(std::string diagnosis, const char *arguments = "{}") {
        host.on_stream([diagnosis](auto, auto) -> rig::Result<std::string> { return diagnosis; });
        return cluster_commands::doctor(rig::Control(host.host()), rig::Call(nullptr), arguments);
    }
    Json answer(std::string diagnosis) {
        auto text = told(std::move(diagnosis));
        EXPECT_TRUE(text.ok());
        return text.ok() ? Json::parse(*text) : Json();
    }
    rig::testing::FakeHost host;
};

TEST_F(Doctor, EveryCheckIsARowWithItsStateAndRemedy) {
    const Json found = answer(
        R"({"clusters":[{"name":"k/a","checks":[{"check":"TLS","ok":true,"detail":"fine","remedy":""},{"check":"nodes","ok":false,"detail":"none","remedy":"label one"}]},
                                              {"name":"k/b","checks":[{"check":"TLS","ok":null,"detail":"not reached","remedy":"start it"}]}]})");
    EXPECT_EQ(
        found["items"],
        Json::parse(
            R"([{"cluster":"k/a","check":"TLS","state":"ok","detail":"fine","remedy":""},{"cluster":"k/a","check":"nodes","state":"failed","detail":"none","remedy":"label one"},
                                              {"cluster":"k/b","check":"TLS","state":"unknown","detail":"not reached","remedy":"start it"}])"));
    EXPECT_EQ(found["well"], false);
}

TEST_F(Doctor, IsContentOnlyWhenEveryCheckIsOk) {
    EXPECT_EQ(answer(R"({"clusters":[{"name":"k/a","checks":[{"check":"TLS","ok":true}]}]})")["well"], true);
    EXPECT_EQ(answer(R"({"clusters":[{"name":"k/a","checks":[{"check":"TLS","ok":true},{"check":"nodes"}]}]})")["well"],
              false)
        << "not known";
    EXPECT_EQ(answer(R"({"clusters":[{"name":"k/a","checks":["?"]}]})")["well"], false);
    EXPECT_EQ(answer(R"({"clusters":[]})")["well"], false) << "nothing was examined";
}

TEST_F(Doctor, OnRequestOnlyProblemsAreShown_WhichChangesNoVerdict) {
    const char *const diagnosis =
        R"({"clusters":[{"name":"k/a","checks":[{"check":"TLS","ok":true},{"check":"nodes","ok":false},{"check":"GPUs"}]}]})";
    const Json found = Json::parse(*told(diagnosis, R"({"problems":true})"));
    ASSERT_EQ(found["items"].size(), 2U);
    EXPECT_EQ(found["items"][0]["check"], "nodes");
    EXPECT_EQ(found["well"], false);
    const Json fine = Json::parse(
        *told(R"({"clusters":[{"name":"k/a","checks":[{"check":"TLS","ok":true}]}]})", R"({"problems":true})"));
    EXPECT_TRUE(fine["items"].empty());
    EXPECT_EQ(fine["well"], true);
}

TEST_F(Doctor, AMalformedDiagnosisIsNoGoodNews) {
    for (const char *bad : {"", "[]", "{}", R"({"clusters":null})", R"({"clusters":[null]})",
                            R"({"clusters":[{"name":"k/a","checks":[]}]})"})
        EXPECT_FALSE(told(bad).ok()) << bad;
}

TEST_F(Doctor, TheClusterThatIsNamedIsPassedOn) {
    (void)told(R"({"clusters":[]})", R"({"cluster":"k/a"})");
    EXPECT_EQ(host.asked().at(0).what, "diagnosis");
    EXPECT_EQ(host.asked().at(0).arguments, R"({"cluster":"k/a"})");
}

} // namespace
