#include "fixture.hpp"

#include <gmock/gmock.h>

namespace catalog {
namespace {

using test::Json;
using test::second;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeskTest : public test::MarketTest {
protected:
    /// A daemon starts with what the store and the files hold.
    void start() {
        auto parsed = parse_config(config.dump());
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        cursor = {};
        desk = std::make_unique<Desk>(host.host(), std::move(*parsed));
        const auto status = desk->open();
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    /// What the host hears, in words: "+a" put, "-a" removed, marks by name, events as "!type".
    std::vector<std::string> hear() {
        desk->work();
        std::vector<std::string> words;
        const Telling telling = desk->tell(cursor);
        for (const auto &item : telling.items) {
            const std::string kind = std::string(item.kind) == "offer" ? "" : "i:";
            if (item.what == Telling::Item::put)
                words.push_back(kind + "+" + item.id), documents[item.id] = Json::parse(item.document);
            else if (item.what == Telling::Item::remove) words.push_back(kind + "-" + item.id);
            else
                words.push_back(
                    kind + std::array{"?", "BEGIN", "COMPLETE", "FRESH", "LOST"}[static_cast<size_t>(item.number)]);
        }
        for (const Event &e : telling.events)
            words.push_back("!" + Json::parse(e.document)["type"].get<std::string>()), heard_events.push_back(e);
        return words;
    }
    std::vector<std::string> hear_after(double seconds) {
        host.advance(static_cast<uint64_t>(seconds * 1e9));
        return hear();
    }
    /// Changes of files are seen at the second look.
    std::vector<std::string> hear_of_files() {
        auto first = hear_after(2);
        auto then = hear_after(2);
        first.insert(first.end(), then.begin(), then.end());
        std::erase_if(first, [](const std::string &w) { return w == "FRESH" || w == "i:FRESH"; });
        return first;
    }
    rig::Result<std::string> deploy(const char *id, const char *offer) {
        auto grant = desk->claim(id, offer, "{}");
        if (!grant.ok()) return grant;
        return desk->announce(Json{{"id", id}}.dump());
    }

    std::unique_ptr<Desk> desk;
    Cursor cursor;
    std::map<std::string, Json> documents;
    std::vector<Event> heard_events;
};

TEST_F(DeskTest, FirstListing_IsComplete) {
    write(file, market_of({"a", "b"}));
    start();
    EXPECT_THAT(hear(), ElementsAre("BEGIN", "+a", "+b", "COMPLETE", "i:BEGIN", "i:COMPLETE"));
    EXPECT_EQ(documents["a"]["economics"]["instanceCount"], 3.0);
}

TEST_F(DeskTest, Quiet_SaysFresh_NowAndThen) {
    write(file, market_of({"a"}));
    start();
    hear();
    EXPECT_THAT(hear_after(1), IsEmpty());
    EXPECT_THAT(hear_after(5), ElementsAre("FRESH", "i:FRESH"));
}

TEST_F(DeskTest, ChangedFile_IsToldAsDifferences_WithTheValidatorsEvents) {
    write(file, market_of({"a", "b", "c"}));
    start();
    hear();
    write(file, R"({"chutes":[)" + chute("a") + "," + chute("b", "v2") + "," + chute("d") + "]}");
    const auto words = hear_of_files();
    EXPECT_THAT(words, ElementsAre("+a", "+b", "+d", "-c", "!chute_updated", "!chute_created", "!chute_deleted"));
}

// Equals are ranked by the order of the listing, so the host must hear it.
TEST_F(DeskTest, ReorderedFile_IsListedAnew) {
    write(file, market_of({"a", "b", "c"}));
    start();
    hear();
    write(file, market_of({"a", "b", "c", "d"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("+d", "!chute_created")) << "at the end: no reason to list anew";
    write(file, market_of({"b", "d"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("-a", "-c", "!chute_deleted", "!chute_deleted"));
    write(file, market_of({"b", "d", "a"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("+a", "!chute_created")) << "what was gone comes back at the end";
    write(file, market_of({"d", "b", "a"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("BEGIN", "+d", "+b", "+a", "COMPLETE"));
    write(file, market_of({"d", "e", "b", "a"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("BEGIN", "+d", "+e", "+b", "+a", "COMPLETE", "!chute_created"));
}

TEST_F(DeskTest, FileThatIsStillBeingWritten_IsNotRead) {
    write(file, market_of({"a"}));
    start();
    hear();
    write(file, market_of({"a", "b"}));
    EXPECT_THAT(hear_after(2), IsEmpty()); // seen for the first time
    write(file, market_of({"a", "b", "c"}));
    EXPECT_THAT(hear_after(2), IsEmpty()); // changed again
    EXPECT_THAT(hear_after(2), ElementsAre("+b", "+c", "FRESH", "!chute_created", "!chute_created"));
}

TEST_F(DeskTest, TouchedFile_ThatSaysTheSame_ChangesNothing) {
    write(file, market_of({"a"}));
    start();
    hear();
    write(file, market_of({"a"}) + "\n");
    EXPECT_THAT(hear_of_files(), IsEmpty());
}

struct Ruin {
    const char *name;
    std::string text;
};

TEST_F(DeskTest, RuinedFile_KeepsTheOldMarket_SaysLost_AndWhy_UntilItIsGoodAgain) {
    const std::string good = market_of({"a", "b"});
    const Ruin ruins[] = {{"cut", good.substr(0, good.size() / 2)},
                          {"empty", ""},
                          {"no chutes", R"({"chutes":[]})"},
                          {"binary", std::string("\0\1\2", 3)},
                          {"deep", std::string(100, '[')},
                          {"negative", R"({"chutes":[],"metrics":[{"chute_id":"a","instance_count":-1}]})"},
                          {"duplicate", R"({"chutes":[{"chute_id":"a"},{"chute_id":"a"}]})"}};
    for (const Ruin &ruin : ruins) {
        write(file, good);
        start();
        hear();
        write(file, ruin.text);
        EXPECT_THAT(hear_of_files(), ElementsAre("LOST", "!market_stale")) << ruin.name;
        EXPECT_THAT(desk->stale_because(), HasSubstr(file.string())) << ruin.name;
        EXPECT_TRUE(host.logged(desk->stale_because())) << ruin.name;
        EXPECT_TRUE(desk->claim("d-" + std::string(ruin.name), "a", "{}").ok())
            << "the last good market still stands: " << ruin.name;
        write(file, market_of({"a", "b", "c"}));
        EXPECT_THAT(hear_of_files(),
                    ElementsAre("BEGIN", "+a", "+b", "+c", "COMPLETE", "!market_recovered", "!chute_created"))
            << ruin.name;
        EXPECT_EQ(desk->stale_because(), "");
    }
}

TEST_F(DeskTest, MissingFile_KeepsTheOldMarket) {
    write(file, market_of({"a"}));
    start();
    hear();
    std::filesystem::remove(file);
    EXPECT_THAT(hear_of_files(), ElementsAre("LOST", "!market_stale"));
    EXPECT_THAT(desk->stale_because(), HasSubstr("No such file"));
}

TEST_F(DeskTest, StaleMarket_IsNotCalledFresh) {
    write(file, market_of({"a"}));
    start();
    hear();
    std::filesystem::remove(file);
    hear_of_files();
    EXPECT_THAT(hear_after(10), ElementsAre("i:FRESH"));
}

TEST_F(DeskTest, NoFileAtTheStart_MeansAnUnknownMarket_UntilItComes) {
    start();
    EXPECT_THAT(hear(), ElementsAre("LOST", "i:BEGIN", "i:COMPLETE", "!market_stale"));
    const auto refused = desk->claim("d", "a", "{}");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, RIG_E_UNAVAILABLE);
    write(file, market_of({"a"}));
    EXPECT_THAT(hear_of_files(), ElementsAre("BEGIN", "+a", "COMPLETE", "!market_recovered"));
}

TEST_F(DeskTest, DirectoryInPlaceOfTheFile_IsRefused) {
    std::filesystem::create_directory(file);
    start();
    EXPECT_THAT(desk->stale_because(), HasSubstr("not a regular file"));
}

TEST_F(DeskTest, CutButReadableMarket_IsHeld_AndBelievedWhenItStays) {
    write(file, market_of(ids(40)));
    start();
    hear();
    write(file, market_of(ids(3)));
    EXPECT_THAT(hear_of_files(), ElementsAre("LOST", "!market_stale"));
    EXPECT_THAT(desk->stale_because(), HasSubstr("from 40 to 3"));
    EXPECT_THAT(hear_after(50), ElementsAre("i:FRESH"));
    const auto words = hear_after(20);
    EXPECT_THAT(words, ::testing::Contains("COMPLETE"));
    EXPECT_EQ(std::count(words.begin(), words.end(), "!chute_deleted"), 37);
}

TEST_F(DeskTest, CutMarketThatIsRestored_NeverHappened) {
    write(file, market_of(ids(40)));
    start();
    hear();
    write(file, market_of(ids(3)));
    hear_of_files();
    write(file, market_of(ids(40)));
    const auto words = hear_of_files();
    EXPECT_THAT(words, ::testing::Contains("!market_recovered"));
    EXPECT_THAT(words, ::testing::Not(::testing::Contains("!chute_deleted")));
}

TEST_F(DeskTest, WholeLifeOfAnInstance) {
    write(file, market_of({"a"}));
    start();
    hear();
    auto answer = deploy("d1", "a");
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    const std::string id = Json::parse(*answer)["instanceId"];
    EXPECT_THAT(hear(), ElementsAre("i:+" + id, "i:FRESH", "!instance_created"));
    EXPECT_EQ(documents[id]["verified"], false);
    EXPECT_THAT(hear_after(20), ElementsAre("i:+" + id, "i:FRESH", "!instance_verified"));
    EXPECT_EQ(documents[id]["verified"], true);
    EXPECT_THAT(hear_after(10), ElementsAre("i:+" + id, "i:FRESH", "!instance_activated"));
    EXPECT_EQ(documents[id]["active"], true);
    EXPECT_EQ(documents[id]["offerId"], "a");
    ASSERT_TRUE(desk->release(Json{{"deploymentId", "d1"}, {"claimId", "d1"}, {"instanceId", id}}.dump()).ok());
    EXPECT_THAT(hear(), ElementsAre("i:-" + id, "i:FRESH", "!instance_deleted"));
}

TEST_F(DeskTest, OwnInstances_ChangeTheCounts_OnlyWhenAskedTo) {
    config["countOwnInstances"] = true;
    write(file, market_of({"a"}));
    start();
    hear();
    ASSERT_TRUE(deploy("d1", "a").ok());
    hear_after(30);
    hear();
    EXPECT_EQ(documents["a"]["economics"]["instanceCount"], 4.0);
}

TEST_F(DeskTest, Restart_RemembersClaimsInstancesAndEvents) {
    write(file, market_of({"a"}));
    start();
    hear();
    auto grant = desk->claim("d1", "a", "{}");
    auto answer = desk->announce(R"({"id":"d1"})");
    start();
    EXPECT_EQ(*desk->claim("d1", "a", "{}"), *grant);
    EXPECT_EQ(*desk->announce(R"({"id":"d1"})"), *answer);
    const auto words = hear();
    EXPECT_THAT(words, ElementsAre("BEGIN", "+a", "COMPLETE", "i:BEGIN",
                                   "i:+" + Json::parse(*answer)["instanceId"].get<std::string>(), "i:COMPLETE",
                                   "!instance_created"));
    EXPECT_THAT(hear_after(20), ::testing::Contains("!instance_verified"));
}

TEST_F(DeskTest, Restart_WithTheHostsCheckpoint_DoesNotRepeatEvents) {
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(deploy("d1", "a").ok());
    hear();
    const uint64_t seen = cursor.sequence;
    EXPECT_GT(seen, 0u);
    start();
    desk->resume(cursor, seen);
    EXPECT_THAT(hear(), ::testing::Not(::testing::Contains("!instance_created")));
}

TEST_F(DeskTest, CheckpointFromAnotherLife_MakesEverythingNews) {
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(deploy("d1", "a").ok());
    desk->resume(cursor, 4711);
    EXPECT_THAT(hear(), ::testing::Contains("!instance_created"));
}

TEST_F(DeskTest, StoreThatFails_LeavesEverythingAsItWas_AndRecovers) {
    write(file, market_of({"a"}));
    start();
    hear();
    host.fail(RIG_SERVICE_STORE, {RIG_E_UNAVAILABLE, "DiskFull", "no space left", 0});
    const auto refused = desk->claim("d1", "a", "{}");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, "DiskFull");
    EXPECT_THAT(hear_after(30), ElementsAre("FRESH", "i:FRESH"));
    host.heal(RIG_SERVICE_STORE);
    EXPECT_TRUE(deploy("d1", "a").ok());
    host.fail(RIG_SERVICE_STORE, {RIG_E_UNAVAILABLE, "DiskFull", "no space left", 0});
    EXPECT_THAT(hear_after(20), ::testing::Not(::testing::Contains("!instance_verified")));
    EXPECT_TRUE(host.logged("no space left"));
    host.heal(RIG_SERVICE_STORE);
    EXPECT_THAT(hear_after(1), ::testing::Contains("!instance_verified"));
}

TEST_F(DeskTest, WithoutStore_ItWorksInMemory_AndSaysSo) {
    host.withhold(RIG_SERVICE_STORE);
    write(file, market_of({"a"}));
    start();
    EXPECT_TRUE(host.logged("will not survive a restart"));
    EXPECT_TRUE(deploy("d1", "a").ok());
}

TEST_F(DeskTest, TwoCatalogues_KeepTheirRecordsApart) {
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(deploy("d1", "a").ok());
    config["state"] = "second";
    start();
    EXPECT_THAT(hear(), ElementsAre("BEGIN", "+a", "COMPLETE", "i:BEGIN", "i:COMPLETE"));
}

TEST_F(DeskTest, Replay_ChangesTheMarket_AtItsTimes) {
    write(file, market_of({"a"}));
    write(directory / "r.jsonl", R"({"at":10,"chute":)" + chute("b") + R"(}
{"at":20,"event":{"type":"bounty_change","data":{"chute_id":"a","bounty":7}}}
{"at":30,"remove":"a"}
{"at":40,"deleteInstances":{"offer":"b","count":2}}
)");
    config["replay"] = (directory / "r.jsonl").string();
    start();
    EXPECT_THAT(hear(), ElementsAre("BEGIN", "+a", "COMPLETE", "i:BEGIN", "i:COMPLETE"));
    EXPECT_THAT(hear_after(10), ElementsAre("+b", "FRESH", "!chute_created"));
    EXPECT_THAT(hear_after(10), ElementsAre("FRESH", "i:FRESH", "!bounty_change"));
    EXPECT_THAT(hear_after(10), ElementsAre("-a", "FRESH", "!chute_deleted"));
    EXPECT_THAT(hear_after(10), ElementsAre("FRESH", "i:FRESH", "!replay_deletion",
                                            "!replay_ended")); // told although nothing of ours ran
}

TEST_F(DeskTest, Replay_GoesOnWhereARestartInterruptedIt) {
    write(file, market_of({"a"}));
    write(directory / "r.jsonl", R"({"at":10,"chute":)" + chute("b") + "}\n{\"at\":20,\"event\":{\"type\":\"x\"}}\n");
    config["replay"] = (directory / "r.jsonl").string();
    start();
    hear();
    hear_after(10);
    const uint64_t seen = cursor.sequence;
    start();
    desk->resume(cursor, seen);
    EXPECT_THAT(hear(), ElementsAre("BEGIN", "+a", "+b", "COMPLETE", "i:BEGIN", "i:COMPLETE"));
    EXPECT_THAT(hear_after(10), ::testing::Contains("!x"));
}

TEST_F(DeskTest, Replay_CanRunFasterThanItWasRecorded) {
    write(file, market_of({"a"}));
    write(directory / "r.jsonl", "{\"at\":3600,\"remove\":\"a\"}\n{\"at\":3600,\"event\":{\"type\":\"x\"}}\n");
    config["replay"] = (directory / "r.jsonl").string();
    config["replaySpeed"] = 3600;
    start();
    hear();
    EXPECT_THAT(hear_after(1), ::testing::Contains("-a"));
}

TEST_F(DeskTest, Replay_DeletesInstances) {
    write(file, market_of({"a"}));
    write(directory / "r.jsonl", "{\"at\":5,\"deleteInstances\":{\"count\":1}}\n{\"at\":5,\"deleteInstances\":{"
                                 "\"count\":1,\"message\":\"second\"}}\n");
    config["replay"] = (directory / "r.jsonl").string();
    start();
    hear();
    ASSERT_TRUE(deploy("d1", "a").ok());
    ASSERT_TRUE(deploy("d2", "a").ok());
    hear();
    const auto words = hear_after(5);
    EXPECT_EQ(std::count(words.begin(), words.end(), "!instance_deleted"), 2);
    EXPECT_THAT(hear_after(5), ::testing::Not(::testing::Contains("!instance_deleted")));
}

TEST_F(DeskTest, BadReplay_RefusesTheStart) {
    write(file, market_of({"a"}));
    write(directory / "r.jsonl", "{\"at\":0}\n");
    config["replay"] = (directory / "r.jsonl").string();
    auto parsed = parse_config(config.dump());
    Desk bad(host.host(), std::move(*parsed));
    const auto status = bad.open();
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message, HasSubstr("r.jsonl:1"));
}

TEST_F(DeskTest, ThreeFiles_MakeOneMarket_AndOneBadOneKeepsTheOld) {
    config.erase("market");
    for (const char *list : {"chutes", "metrics", "utilization"})
        config[list] = (directory / (std::string(list) + ".json")).string();
    write(directory / "chutes.json", "[" + chute("a") + "]");
    write(directory / "metrics.json", R"({"a":{"instance_count":"5"}})");
    write(directory / "utilization.json", R"([{"chute_id":"a","scalable":true}])");
    start();
    hear();
    EXPECT_EQ(documents["a"]["economics"]["instanceCount"], 5.0);
    EXPECT_EQ(documents["a"]["economics"]["scalable"], true);
    write(directory / "metrics.json", R"({"a":{"instance_count":)");
    EXPECT_THAT(hear_of_files(), ElementsAre("LOST", "!market_stale"));
    EXPECT_THAT(desk->stale_because(), HasSubstr("metrics.json:1"));
}

TEST_F(DeskTest, Render_AnswersTheObjectsOfAChute) {
    write(file, market_of({"a"}));
    start();
    hear();
    const Json grant = Json::parse(*desk->claim("d1", "a", "{}"));
    const Json request{{"deployment", {{"id", "d1"}}},
                       {"offer", documents["a"]},
                       {"server", {{"id", "s"}, {"name", "gpu-01"}, {"ipAddress", "10.0.0.1"}}},
                       {"gpus", {{{"id", "g0"}, {"model", "h100"}}}},
                       {"grant", grant},
                       {"namespace", "chutes"},
                       {"applied", Json::array()}};
    auto answer = desk->render(request.dump());
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(Json::parse(*answer)["objects"][0]["kind"], "Service");
    EXPECT_EQ(answer->find(grant["token"].get<std::string>()), std::string::npos);
}

TEST_F(DeskTest, Token_NeverReachesTheLog) {
    write(file, market_of({"a"}));
    start();
    const Json grant = Json::parse(*desk->claim("d1", "a", "{}"));
    ASSERT_TRUE(desk->announce(R"({"id":"d1"})").ok());
    hear_after(30);
    EXPECT_FALSE(host.logged(grant["token"].get<std::string>()));
    for (const Event &event : heard_events)
        EXPECT_THAT(event.document, ::testing::Not(HasSubstr(grant["token"].get<std::string>())));
}

} // namespace
} // namespace catalog
