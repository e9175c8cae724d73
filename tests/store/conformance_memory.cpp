// Intents, failure memory, back-offs, checkpoints and the event journal.
#include "backend.hpp"

namespace rigger::store_test {
namespace {

Intent sample_intent(const std::string &key, int n) {
    return {key, DeploymentId("d" + std::to_string(n)), "apply:Job/x", moment(n), std::nullopt, ""};
}

TEST_P(StoreConformance, Intent_IsOpenUntilConfirmed) {
    commit({PutIntent{sample_intent("d1/claim", 1)}, PutIntent{sample_intent("d2/claim", 2)}});
    PersistentState state = load();
    ASSERT_EQ(state.intents.size(), 2U);
    EXPECT_EQ(state.intents[0].key, "d1/claim");
    EXPECT_EQ(state.intents[0].deployment, DeploymentId("d1"));
    EXPECT_EQ(state.intents[0].effect, "apply:Job/x");
    EXPECT_EQ(state.intents[0].created_at, moment(1));
    commit({ConfirmIntent{"d1/claim", moment(9), "ok"}});
    state = load();
    ASSERT_EQ(state.intents.size(), 1U);
    EXPECT_EQ(state.intents[0].key, "d2/claim");
    ASSERT_EQ(state.applied.size(), 1U) << "what was made";
    EXPECT_EQ(state.applied[0].key, "d1/claim");
    EXPECT_EQ(state.applied[0].effect, "apply:Job/x");
    EXPECT_TRUE(state.applied[0].confirmed_at);
}

TEST_P(StoreConformance, Intent_PutAgainAfterItsConfirmation_IsOpenAgain) {
    commit({PutIntent{sample_intent("k", 1)}, ConfirmIntent{"k", moment(2), "ok"}, PutIntent{sample_intent("k", 3)}});
    const PersistentState state = load();
    ASSERT_EQ(state.intents.size(), 1U);
    EXPECT_EQ(state.intents[0].created_at, moment(3));
}

TEST_P(StoreConformance, Intents_OutliveTheirDeploymentsRow) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    Intent intent = sample_intent("k", 1);
    intent.deployment = deployment.id;
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment}, PutIntent{intent},
            DeleteDeployment{deployment.id}});
    EXPECT_EQ(load().intents.size(), 1U);
    commit({DeleteIntents{deployment.id}});
    EXPECT_TRUE(load().intents.empty());
}

TEST_P(StoreConformance, FailureMarks_OfTheOfferAndOfThePair_AreTwo) {
    const FailureMark offer_mark{OfferId("o"), ServerId(), "JobFailed", moment(1), moment(2), moment(3)};
    FailureMark pair_mark = offer_mark;
    pair_mark.server = ServerId("s");
    commit({PutFailureMark{offer_mark}, PutFailureMark{pair_mark}});
    PersistentState state = load();
    ASSERT_EQ(state.failures.size(), 2U);
    EXPECT_EQ(state.failures[0].cause, "JobFailed");
    EXPECT_EQ(state.failures[0].created_at, moment(1));
    EXPECT_EQ(state.failures[0].deleted_at, moment(2));
    EXPECT_EQ(state.failures[0].until, moment(3));
    commit({DeleteFailureMark{OfferId("o"), ServerId()}});
    state = load();
    ASSERT_EQ(state.failures.size(), 1U);
    EXPECT_EQ(state.failures[0].server, ServerId("s"));
}

TEST_P(StoreConformance, FailureMark_PutAgain_IsRenewed) {
    commit({PutFailureMark{{OfferId("o"), ServerId(), "A", moment(1), moment(2), moment(3)}},
            PutFailureMark{{OfferId("o"), ServerId(), "B", moment(4), moment(5), moment(6)}}});
    const PersistentState state = load();
    ASSERT_EQ(state.failures.size(), 1U);
    EXPECT_EQ(state.failures[0].cause, "B");
    EXPECT_EQ(state.failures[0].until, moment(6));
}

TEST_P(StoreConformance, Backoff_IsKeptUntilDeleted) {
    commit({PutBackoff{{OfferId("o"), moment(5), "423"}}, PutBackoff{{OfferId("o"), moment(7), "423 again"}}});
    const PersistentState state = load();
    ASSERT_EQ(state.backoffs.size(), 1U);
    EXPECT_EQ(state.backoffs[0].until, moment(7));
    EXPECT_EQ(state.backoffs[0].reason, "423 again");
    commit({DeleteBackoff{OfferId("o")}});
    EXPECT_TRUE(load().backoffs.empty());
}

TEST_P(StoreConformance, Checkpoint_KeepsAnyBytes) {
    const std::string token("\0\xff\n'token", 9);
    commit({PutCheckpoint{"a", token}, PutCheckpoint{"b", "x"}, PutCheckpoint{"b", ""}});
    const PersistentState state = load();
    EXPECT_EQ(state.checkpoints.at("a"), token);
    EXPECT_EQ(state.checkpoints.at("b"), "");
}

TEST_P(StoreConformance, Journal_DropsARepeatSilently) {
    JournalEntry repeat = sample_event(1);
    repeat.document = R"({"other":true})";
    commit({AppendJournal{sample_event(1)}, AppendJournal{repeat}});
    commit({AppendJournal{repeat}});
    const PersistentState state = load();
    ASSERT_EQ(state.unhandled.size(), 1U);
    EXPECT_EQ(state.unhandled[0].document, sample_event(1).document);
}

TEST_P(StoreConformance, Journal_SameEventIdOfAnotherOrigin_IsAnotherEntry) {
    JournalEntry other = sample_event(1);
    other.origin = "control";
    commit({AppendJournal{sample_event(1)}, AppendJournal{other}});
    EXPECT_EQ(load().unhandled.size(), 2U);
}

TEST_P(StoreConformance, Journal_EntriesWithoutAnEventId_AreNeverRepeats) {
    JournalEntry entry = sample_event(1);
    entry.event_id = "";
    commit({AppendJournal{entry}, AppendJournal{entry}});
    EXPECT_EQ(load().unhandled.size(), 2U);
}

TEST_P(StoreConformance, Journal_HandledEntry_IsNotLoadedButShown) {
    commit({AppendJournal{sample_event(1)}, AppendJournal{sample_event(2)}, MarkHandled{"catalog", "event-1"}});
    const PersistentState state = load();
    ASSERT_EQ(state.unhandled.size(), 1U);
    EXPECT_EQ(state.unhandled[0].event_id, "event-2");
    EXPECT_EQ(state.unhandled[0].at, moment(2));
    EXPECT_EQ(state.unhandled[0].origin, "catalog");
    EXPECT_EQ(state.unhandled[0].type, "instance_activated");
    const auto entries = store->journal(0, 10, "");
    ASSERT_TRUE(entries.ok()) << entries.error().message;
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_TRUE((*entries)[1].handled);
    EXPECT_FALSE((*entries)[0].handled);
}

TEST_P(StoreConformance, Journal_IsReadNewestFirst_InPages) {
    std::vector<Write> writes;
    for (int i = 1; i <= 5; ++i) writes.push_back(AppendJournal{sample_event(i)});
    commit(writes);
    const auto first = store->journal(UINT64_MAX, 2, "");
    ASSERT_TRUE(first.ok());
    ASSERT_EQ(first->size(), 2U);
    EXPECT_EQ((*first)[0].event_id, "event-5");
    EXPECT_GT((*first)[0].sequence, (*first)[1].sequence);
    const auto second = store->journal((*first)[1].sequence, 10, "");
    ASSERT_EQ(second->size(), 3U);
    EXPECT_EQ((*second)[0].event_id, "event-3");
}

TEST_P(StoreConformance, Journal_IsFilteredByTheTypesBeginning) {
    const std::vector<std::string> types{"deployment.gone", "deployment.active", "deploy%", "market.x", "_eployment.x"};
    std::vector<Write> writes;
    for (size_t i = 0; i < types.size(); ++i) {
        JournalEntry entry = sample_event(static_cast<int>(i));
        entry.type = types[i];
        writes.push_back(AppendJournal{entry});
    }
    commit(writes);
    EXPECT_EQ(store->journal(0, 10, "deployment.")->size(), 2U);
    EXPECT_EQ(store->journal(0, 10, "deploy%")->size(), 1U);
    EXPECT_EQ(store->journal(0, 10, "_")->size(), 1U);
    EXPECT_EQ(store->journal(0, 10, "nothing")->size(), 0U);
}

TEST_P(StoreConformance, TrimJournal_KeepsOpenYoungAndNewestEntries) {
    std::vector<Write> writes;
    for (int i = 1; i <= 10; ++i) {
        JournalEntry entry = sample_event(i);
        entry.handled = i != 2;
        writes.push_back(AppendJournal{entry});
    }
    commit(writes);
    ASSERT_TRUE(store->trim_journal(moment(6), 2).ok());
    const auto left = store->journal(0, 100, "");
    std::vector<std::string> ids;
    for (const JournalEntry &entry : *left) ids.push_back(entry.event_id);
    EXPECT_EQ(ids, (std::vector<std::string>{"event-10", "event-9", "event-8", "event-7", "event-6", "event-2"}));
    ASSERT_TRUE(store->trim_journal(moment(1000), 3).ok());
    EXPECT_EQ(store->journal(0, 100, "")->size(), 4U) << "the newest three and the open one";
}

TEST_P(StoreConformance, TrimJournal_NeverReusesASequence) {
    JournalEntry entry = sample_event(1);
    entry.handled = true;
    commit({AppendJournal{entry}});
    const uint64_t last = store->journal(0, 1, "")->at(0).sequence;
    ASSERT_TRUE(store->trim_journal(moment(1000), 0).ok());
    ASSERT_TRUE(store->journal(0, 1, "")->empty());
    commit({AppendJournal{entry}});
    EXPECT_GT(store->journal(0, 1, "")->at(0).sequence, last);
}

} // namespace
} // namespace rigger::store_test
