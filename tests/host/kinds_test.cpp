// Each kind's C table behind the port that domain declares.
#include "support.hpp"

#include <cmath>
#include <limits>

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Market final : public MarketSink {
public:
    std::mutex mutex;
    std::vector<std::string> seen;
    std::vector<Offer> offers;
    std::string resume, complaint = "computeMultiplier must not be negative";
    Status note(std::string text) {
        const std::lock_guard lock(mutex);
        seen.push_back(std::move(text));
        return {};
    }
    size_t count() {
        const std::lock_guard lock(mutex);
        return seen.size();
    }
    Status offer(Offer o) override {
        {
            const std::lock_guard lock(mutex);
            offers.push_back(o);
        }
        return note("offer " + o.id.str());
    }
    Status instance(SourceInstance i) override { return note("instance " + i.id.str()); }
    Status removed(std::string_view kind, std::string_view id, std::string_view) override {
        return note("removed " + std::string(kind) + " " + std::string(id));
    }
    Status mark(std::string_view kind, Mark mark) override {
        return note("mark " + std::string(kind) + " " + std::to_string(static_cast<int>(mark)));
    }
    Status event(std::string_view id, std::string_view) override { return note("event " + std::string(id)); }
    Status checkpoint(std::string_view token) override { return note("checkpoint " + std::string(token)); }
    void malformed(std::string_view kind, std::string_view id, const Error &why) override {
        EXPECT_THAT(why.message, HasSubstr(complaint));
        EXPECT_LE(id.size(), 256u);
        (void)note("malformed " + std::string(kind) + " " + std::string(id));
    }
};

class Objects final : public ObjectSink {
public:
    std::vector<std::string> seen;
    Status object(ObjectChange, std::string_view cluster, std::string_view) override {
        seen.push_back("object " + std::string(cluster));
        return {};
    }
    Status mark(std::string_view cluster, Mark mark, std::string_view) override {
        seen.push_back("mark " + std::string(cluster) + " " + std::to_string(static_cast<int>(mark)));
        return {};
    }
    Status checkpoint(std::string_view) override { return {}; }
};

class Kinds : public testing::Test {
protected:
    LivePortsPtr live(const char *component, const std::string &more = {}) {
        host.enable("50-it.yaml", std::string("component: com.example.all.") + component + "\n" + more);
        return host.start().live();
    }
    Host host;
};

TEST_F(Kinds, Source_WatchDeliversWhatItUnderstandsAndReportsTheRest) {
    const auto source = live("source")->sources.at(0);
    Market market;
    std::atomic<uint32_t> cancelled{0};
    CallContext context;
    context.cancelled = &cancelled;
    Status ended;
    std::atomic<bool> over{false};
    std::thread watch([&] {
        ended = source->watch(context, "", market);
        over = true;
    });
    EXPECT_TRUE(host.until([&] { return market.count() >= 9; }));
    cancelled = 1;
    EXPECT_TRUE(host.until([&] { return over.load(); }));
    watch.join();
    EXPECT_THAT(market.seen, ElementsAre("mark offer 1", "offer b", "offer a", "malformed offer bad", "instance i",
                                         "mark offer 2", "event e1", "removed offer b", "checkpoint token-2"));
    EXPECT_EQ(market.offers[0].ordinal, 0u);
    EXPECT_EQ(market.offers[1].ordinal, 1u);
    EXPECT_EQ(market.offers[1].source.str(), "it");
    EXPECT_EQ(market.offers[1].economics.compute_multiplier, 0.5);
    EXPECT_EQ(ended.error().code, Code::cancelled);
    EXPECT_EQ(host.row("it").failures, 1u) << "the malformed document";
}

TEST_F(Kinds, Source_WhatWasRemovedAndComesBackStandsAtTheEnd) {
    const auto source = live("source")->sources.at(0);
    Market market;
    std::thread watch([&] { (void)source->watch({}, "b comes back", market); });
    EXPECT_TRUE(host.until([&] { return market.count() >= 10; }));
    host.run_out([&] { host.registry->stop(); }, 10ms);
    watch.join();
    ASSERT_EQ(market.offers.size(), 3u);
    EXPECT_EQ(market.offers[2].id.str(), "b");
    EXPECT_GT(market.offers[2].ordinal, market.offers[1].ordinal) << "not in its old place, before a";
}

TEST_F(Kinds, Source_IdsThatNobodyCouldReadAndHugeCheckpointsAreLeftOut) {
    const auto source = live("source")->sources.at(0);
    Market market;
    market.complaint = "its id is too long or not printable";
    (void)source->watch({}, "odd ids", market);
    EXPECT_EQ(market.seen.size(), 6u);
    for (const std::string &seen : market.seen) EXPECT_THAT(seen, testing::StartsWith("malformed ")) << seen;
    EXPECT_EQ(host.row("it").failures, 7u) << "and the checkpoint";
    EXPECT_THAT(host.row("it").last_error, HasSubstr("a checkpoint of 2097152 bytes"));
}

TEST_F(Kinds, Source_StoppingTheHostEndsAWatchThatNobodyCancelled) {
    const auto source = live("source")->sources.at(0);
    Market market;
    std::thread watch([&] { (void)source->watch({}, "", market); });
    EXPECT_TRUE(host.until([&] { return market.count() >= 9; }));
    host.run_out([&] { host.registry->stop(); }, 10ms);
    watch.join();
    EXPECT_EQ(source->watch({}, "", market).error().reason, "NotRunning");
}

TEST_F(Kinds, Source_ASilentWatchIsEndedAfterItsHeartbeat) {
    const auto source = live("source")->sources.at(0);
    Market market;
    std::atomic<bool> over{false};
    std::thread watch([&] {
        (void)source->watch({}, "", market);
        over = true;
    });
    EXPECT_TRUE(host.until([&] { return market.count() >= 9; }));
    host.clock.advance(59s);
    host.registry->scan();
    EXPECT_FALSE(over);
    host.clock.advance(2s);
    EXPECT_TRUE(host.until([&] { return over.load(); }));
    watch.join();
}

TEST_F(Kinds, Source_TooManyDisconnectsMakeItBackOff) {
    const auto source = live("source")->sources.at(0);
    Market market;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(source->watch({}, "end at once", market).ok());
    const Status refused = source->watch({}, "end at once", market);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, "BreakerOpen");
    EXPECT_GT(refused.error().retry_after_ms, 1000u);
    EXPECT_TRUE(source->claim({}, "c", OfferId("o"), "{}").ok()) << "claims go on";
    host.clock.advance(31s);
    EXPECT_TRUE(source->watch({}, "end at once", market).ok());
}

TEST_F(Kinds, Source_ClaimAnswersGrantsAndErrors) {
    const auto source = live("source")->sources.at(0);
    const auto grant = source->claim({}, "d1", OfferId("o"), "{}");
    ASSERT_TRUE(grant.ok()) << grant.error().message;
    EXPECT_EQ(grant->token, "secret-d1");
    EXPECT_EQ(grant->config_id, "c1");
    const auto full = source->claim({}, "d1", OfferId("full"), "{}");
    EXPECT_EQ(full.error().code, Code::exhausted);
    EXPECT_EQ(full.error().retry_after_ms, 4000u);
    EXPECT_EQ(host.row("it").failures, 0u) << "an answer is no failure";
    EXPECT_EQ(source->claim({}, "d1", OfferId("garbage"), "{}").error().reason, "MalformedDocument");
    EXPECT_EQ(source->claim({}, "d1", OfferId("fail"), "{}").error().reason, "ToldTo");
    EXPECT_EQ(host.row("it").failures, 2u);
}

TEST_F(Kinds, Source_RenderAndAnnounceAreChecked) {
    const auto source = live("source")->sources.at(0);
    EXPECT_TRUE(source->render({}, "{}").ok());
    EXPECT_EQ(source->render({}, R"({"x":"nameless"})").error().reason, "MalformedDocument");
    EXPECT_EQ(source->announce({}, "{}")->str(), "inst-1");
    EXPECT_TRUE(source->announce({}, R"({"when":"later"})")->empty());
    EXPECT_TRUE(source->release({}, "{}").ok());
}

TEST_F(Kinds, Backend_AnswersEveryVerb) {
    const auto backend = live("backend")->backends.at(0);
    EXPECT_THAT(*backend->probe({}), HasSubstr("ready"));
    EXPECT_TRUE(backend->get({}, "{}").ok());
    EXPECT_EQ(backend->get({}, "absent").error().code, Code::not_found);
    const std::string object = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}})";
    EXPECT_EQ(*backend->apply({}, "local", object, {}), object);
    EXPECT_EQ(backend->apply({}, "local", object, {false, true}).error().reason, "AlreadyExists");
    EXPECT_TRUE(backend->remove({}, "{}").ok());
    std::string logs;
    ASSERT_TRUE(backend
                    ->logs({}, "previous",
                           [&](std::string_view part) -> Status {
                               logs += part;
                               return {};
                           })
                    .ok());
    EXPECT_EQ(logs, "line 1\nolder\n");
    EXPECT_THAT(*backend->diagnose({}, "{}"), HasSubstr("checks"));
    EXPECT_EQ(backend->diagnose({}, "unable").error().code, Code::unsupported);
}

TEST_F(Kinds, Backend_AListingWithABrokenObjectIsNotComplete) {
    const auto backend = live("backend")->backends.at(0);
    Objects whole, broken;
    ASSERT_TRUE(backend->list({}, "{}", whole).ok());
    EXPECT_THAT(whole.seen, ElementsAre("object local", "mark local 2"));
    (void)backend->list({}, "broken", broken);
    ASSERT_GE(broken.seen.size(), 2u);
    EXPECT_EQ(broken.seen[1], "mark local 4");
    EXPECT_NE(broken.seen.back(), "mark local 2") << "COMPLETE after a hole must not pass";
}

TEST_F(Kinds, Backend_ClustersWhoseNamesNobodyCouldReadAreLeftOut) {
    const auto backend = live("backend")->backends.at(0);
    Objects objects;
    ASSERT_TRUE(backend->list({}, "odd names", objects).ok());
    EXPECT_THAT(objects.seen, ElementsAre("object local", "mark local 2"));
    EXPECT_EQ(host.row("it").failures, 6u);
    EXPECT_THAT(host.row("it").last_error, HasSubstr("a cluster's name is empty, too long or not printable"));
}

TEST_F(Kinds, Reconciler_ProposesActions) {
    const auto r = live("reconciler")->reconcilers.at(0);
    EXPECT_THAT(r->watches(), ElementsAre("deployment", "cluster"));
    const auto done = r->reconcile({}, "k", "{}", "{}");
    ASSERT_TRUE(done.ok());
    ASSERT_EQ(done->actions.size(), 1u);
    EXPECT_EQ(done->actions[0].id, "a1");
    EXPECT_EQ(done->requeue_after_ns, 5'000'000'000u);
    EXPECT_EQ(r->reconcile({}, "malformed", "{}", "{}").error().reason, "MalformedDocument");
}

TEST_F(Kinds, Reconciler_AFailingKeyBacksOffAlone_AndFiveOfThemOpenTheBreaker) {
    const auto r = live("reconciler")->reconcilers.at(0);
    EXPECT_EQ(r->reconcile({}, "fail1", "{}", "{}").error().reason, "ToldTo");
    EXPECT_EQ(r->reconcile({}, "fail1", "{}", "{}").error().reason, "BackingOff");
    EXPECT_TRUE(r->reconcile({}, "other", "{}", "{}").ok());
    host.clock.advance(1100ms);
    EXPECT_EQ(r->reconcile({}, "fail1", "{}", "{}").error().reason, "ToldTo");
    for (const char *key : {"fail2", "fail3", "fail4", "fail5"}) (void)r->reconcile({}, key, "{}", "{}");
    EXPECT_EQ(r->reconcile({}, "other", "{}", "{}").error().reason, "BreakerOpen");
}

TEST_F(Kinds, Scorer_WithoutTheGrantToVetoItAbstains) {
    const auto s = live("scorer")->scorers.at(0);
    std::vector<double> free(8, 4.0), count(8, 1.0), scores(6, std::nan(""));
    free[2] = 0;
    const std::vector<ColumnView> candidates{{free.data()}, {}}, workloads{{count.data()}};
    ScoreBatchView b;
    b.candidates = {3, candidates};
    b.workloads = {2, workloads};
    b.stride = 3;
    b.scores = scores.data();
    ASSERT_TRUE(s->score(b).ok());
    EXPECT_EQ(scores[0], 3);
    EXPECT_TRUE(std::isnan(scores[2]));
    EXPECT_EQ(scores[3], 3);
    EXPECT_THAT(*s->explain(b, 0, 1), HasSubstr("3 left"));
    EXPECT_EQ(s->explain(b, 2, 0).error().reason, "BadPair");
    EXPECT_EQ(s->appraise({2, workloads}, std::span(scores).first(2)).error().code, Code::unsupported);
}

TEST_F(Kinds, Scorer_RowsThatAreNotSelectedStayAsTheyWere) {
    const auto s = live("scorer")->scorers.at(0);
    std::vector<double> free(8, 1000.0), count(8, 1.0), scores(3, -7.0);
    free[1] = 5;
    const std::vector<ColumnView> candidates{{free.data()}, {}}, workloads{{count.data()}};
    const std::vector<uint32_t> select{1};
    ScoreBatchView b;
    b.candidates = {3, candidates};
    b.workloads = {1, workloads};
    b.stride = 3;
    b.scores = scores.data();
    b.all = false;
    b.select = select;
    ASSERT_TRUE(s->score(b).ok()) << "what lies outside of the range in rows nobody asked for is ignored";
    EXPECT_THAT(scores, ElementsAre(-7.0, 4.0, -7.0));
}

TEST_F(Kinds, Scorer_RefusesABatchThatDoesNotFitItsColumns) {
    const auto s = live("scorer")->scorers.at(0);
    ScoreBatchView b;
    EXPECT_EQ(s->score(b).error().reason, "BadBatch");
}

} // namespace
} // namespace rigger::host::test
