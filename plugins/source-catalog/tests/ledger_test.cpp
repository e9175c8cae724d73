#include "ledger.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace catalog {
namespace {

class LedgerTest : public ::testing::Test {
protected:
    static Changes events(int n) {
        Changes changes;
        for (int i = 0; i < n; ++i) changes.events.push_back({0, "e", "{}"});
        return changes;
    }
    rig::testing::FakeHost host;
    ValidatorConfig config;
    Validator validator{config};
    Ledger ledger{host.host(), validator, "default"};
};

TEST_F(LedgerTest, Events_AreNumberedOnwards_AlsoAcrossRestarts) {
    ASSERT_TRUE(ledger.load().ok());
    ASSERT_TRUE(ledger.commit(events(3)).ok());
    Ledger next(host.host(), validator, "default");
    ASSERT_TRUE(next.load().ok());
    ASSERT_TRUE(next.commit(events(1)).ok());
    EXPECT_EQ(next.last_sequence(), 4u);
    EXPECT_EQ(next.events_after(2).size(), 2u);
}

TEST_F(LedgerTest, Numbers_AreNotReused_AfterOldEventsWereDropped) {
    ASSERT_TRUE(ledger.commit(events(1000)).ok());
    ledger.confirmed(1000);
    EXPECT_EQ(ledger.events_after(0).size(), 256u);
    Ledger next(host.host(), validator, "default");
    ASSERT_TRUE(next.load().ok());
    EXPECT_EQ(next.last_sequence(), 1000u);
    EXPECT_EQ(next.events_after(0).size(), 256u);
}

TEST_F(LedgerTest, UnconfirmedEvents_AreNeverDropped) {
    ASSERT_TRUE(ledger.commit(events(1000)).ok());
    ledger.confirmed(10);
    EXPECT_EQ(ledger.events_after(0).size(), 990u);
}

TEST_F(LedgerTest, FailedCommit_ChangesNothing) {
    host.fail(RIG_SERVICE_STORE, {RIG_E_UNAVAILABLE, "DiskFull", "no space", 0});
    Changes changes = events(1);
    changes.instances.push_back({"i", "d", "c", "v", "g", "h100", 1, 0, {}, {}});
    EXPECT_FALSE(ledger.commit(changes).ok());
    EXPECT_EQ(ledger.last_sequence(), 0u);
    EXPECT_TRUE(validator.instances().empty());
}

TEST_F(LedgerTest, ScriptUses_SurviveARestart) {
    config.script = {{ScriptRule::When::claim, "*", "denied", "m", 1, 0, 0}};
    Changes changes;
    changes.script_uses[0] = 1;
    ASSERT_TRUE(ledger.commit(changes).ok());
    Validator later(config);
    Ledger next(host.host(), later, "default");
    ASSERT_TRUE(next.load().ok());
    Items items;
    items.chutes.resize(1);
    items.chutes[0].id = "c";
    auto granted = later.claim(0, "d", "c", "{}", Market(items, MultiplierFrom::metrics));
    ASSERT_TRUE(granted.ok());
    EXPECT_FALSE(granted->refused);
}

TEST_F(LedgerTest, DamagedRecord_IsAnError_NotAnEmptyWorld) {
    const std::string key = "default/instance/i", value = "{\"id\":7}";
    ASSERT_TRUE(host.host().save(key, value).ok());
    const auto status = ledger.load();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason, "StoreDamaged");
}

TEST_F(LedgerTest, StoreThatCannotBeRead_IsAnError) {
    host.fail(RIG_SERVICE_STORE, {RIG_E_UNAVAILABLE, "Locked", "locked", 0});
    EXPECT_FALSE(ledger.load().ok());
}

} // namespace
} // namespace catalog
