// The plugins' key spaces: revisions, compare-and-set, all or none, from any thread.
#include "backend.hpp"

#include <atomic>
#include <thread>

namespace rigger::store_test {
namespace {

KvWrite put(std::string key, std::string value, std::optional<uint64_t> revision = {}) {
    return {false, std::move(key), std::move(value), revision};
}
KvWrite erase(std::string key, std::optional<uint64_t> revision = {}) { return {true, std::move(key), "", revision}; }

TEST_P(StoreConformance, Kv_UnknownKey_IsNothing) {
    const auto found = store->kv_get("p", "k");
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_FALSE(found->has_value());
}

TEST_P(StoreConformance, Kv_ValueOfAnyBytes_IsFoundAgainWithItsRevision) {
    const std::string bytes("\0\xff\x01 value", 9);
    const auto revision = store->kv_commit("p", {put("k", bytes)});
    ASSERT_TRUE(revision.ok()) << revision.error().message;
    const auto found = store->kv_get("p", "k");
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->key, "k");
    EXPECT_EQ((*found)->value, bytes);
    EXPECT_EQ((*found)->revision, *revision);
}

TEST_P(StoreConformance, Kv_PluginsDoNotSeeEachOther) {
    ASSERT_TRUE(store->kv_commit("p", {put("k", "p's")}).ok());
    ASSERT_TRUE(store->kv_commit("q", {put("k", "q's")}).ok());
    EXPECT_EQ((*store->kv_get("p", "k"))->value, "p's");
    EXPECT_EQ(store->kv_list("q", "")->size(), 1U);
    ASSERT_TRUE(store->kv_commit("q", {erase("k")}).ok());
    EXPECT_TRUE(store->kv_get("p", "k")->has_value());
}

TEST_P(StoreConformance, Kv_List_IsSortedAndHoldsThePrefixAlone) {
    ASSERT_TRUE(store
                    ->kv_commit("p", {put("a", "1"), put("ab", "2"), put("abc", "3"), put("ac", "4"), put("a%", "5"),
                                      put("a_", "6"), put("b", "7"), put("ab\xc3\xbf", "8")})
                    .ok());
    std::vector<std::string> keys;
    const auto entries = store->kv_list("p", "ab");
    for (const KvEntry &entry : *entries) keys.push_back(entry.key);
    EXPECT_EQ(keys, (std::vector<std::string>{"ab", "abc", "ab\xc3\xbf"}));
    EXPECT_EQ(store->kv_list("p", "a%")->size(), 1U);
    EXPECT_EQ(store->kv_list("p", "a_")->size(), 1U);
    EXPECT_EQ(store->kv_list("p", "")->size(), 8U);
    EXPECT_TRUE(store->kv_list("p", "x")->empty());
}

TEST_P(StoreConformance, Kv_Revisions_GrowWithEveryCommit_EvenAcrossAnErasure) {
    const auto first = store->kv_commit("p", {put("k", "1")});
    const auto second = store->kv_commit("p", {erase("k")});
    const auto third = store->kv_commit("p", {put("k", "1")});
    EXPECT_LT(*first, *second);
    EXPECT_LT(*second, *third);
    EXPECT_EQ((*store->kv_get("p", "k"))->revision, *third);
}

TEST_P(StoreConformance, Kv_CompareAndSet_TakesOnlyTheRightRevision) {
    const auto first = store->kv_commit("p", {put("k", "1", 0)});
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE(store->kv_commit("p", {put("k", "2", *first)}).ok());
    struct Case {
        const char *what;
        KvWrite write;
    };
    for (const Case &c :
         {Case{"old revision", put("k", "3", *first)}, Case{"must not exist, but does", put("k", "3", 0)},
          Case{"exists, but does not", put("other", "3", 77)}, Case{"erase of an old revision", erase("k", *first)}}) {
        const auto done = store->kv_commit("p", {c.write});
        ASSERT_FALSE(done.ok()) << c.what;
        EXPECT_EQ(done.error().code, Code::conflict) << c.what;
        EXPECT_EQ(done.error().reason, "KvConflict") << c.what;
    }
    EXPECT_EQ((*store->kv_get("p", "k"))->value, "2");
}

TEST_P(StoreConformance, Kv_Conflict_UndoesTheWholeCommit) {
    ASSERT_TRUE(store->kv_commit("p", {put("a", "1"), put("b", "1")}).ok());
    EXPECT_FALSE(store->kv_commit("p", {put("a", "2"), erase("b"), put("c", "2", 99)}).ok());
    EXPECT_EQ((*store->kv_get("p", "a"))->value, "1");
    EXPECT_TRUE(store->kv_get("p", "b")->has_value());
    EXPECT_FALSE(store->kv_get("p", "c")->has_value());
}

TEST_P(StoreConformance, Kv_BadKeys_AreRefused) {
    for (const std::string &key : {std::string(), std::string("a\0b", 3)}) {
        const auto done = store->kv_commit("p", {put(key, "v")});
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().code, Code::invalid);
    }
}

TEST_P(StoreConformance, Kv_EmptyCommit_AnswersTheCurrentRevision) {
    const auto revision = store->kv_commit("p", {put("k", "1")});
    EXPECT_EQ(*store->kv_commit("p", {}), *revision);
}

TEST_P(StoreConformance, Kv_LargeValue_IsKept) {
    const std::string large(3 << 20, 'x');
    ASSERT_TRUE(store->kv_commit("p", {put("k", large)}).ok());
    EXPECT_EQ((*store->kv_get("p", "k"))->value, large);
}

TEST_P(StoreConformance, AnyThread_CountsWithCompareAndSet_WhileTheControllerCommits) {
    constexpr int threads = 4, rounds = 25;
    ASSERT_TRUE(store->kv_commit("p", {put("n", "0")}).ok());
    std::atomic<int> broken{0};
    std::vector<std::thread> counters;
    for (int t = 0; t < threads; ++t)
        counters.emplace_back([&] {
            for (int done = 0; done < rounds;) {
                const auto found = store->kv_get("p", "n");
                if (!found.ok() || !found->has_value()) return void(++broken);
                const auto next = std::to_string(std::stoi((*found)->value) + 1);
                const auto commit = store->kv_commit("p", {put("n", next, (*found)->revision)});
                if (commit.ok()) ++done;
                else if (commit.error().code != Code::conflict) return void(++broken);
            }
        });
    for (int i = 0; i < rounds; ++i) {
        if (!store->commit({AppendJournal{sample_event(i)}}).ok()) ++broken;
        if (!store->journal(0, 5, "").ok()) ++broken;
    }
    for (std::thread &thread : counters) thread.join();
    EXPECT_EQ(broken.load(), 0);
    EXPECT_EQ((*store->kv_get("p", "n"))->value, std::to_string(threads * rounds));
    EXPECT_EQ(load().unhandled.size(), static_cast<size_t>(rounds));
}

} // namespace
} // namespace rigger::store_test
