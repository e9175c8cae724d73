// What `chutes` and `scales` list, and how several scorers become one value.
#include "domain/placement/testing/world.hpp"

#include <limits>

namespace rigger::placement {
namespace {

using namespace rigger::placement::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Ranking, GainsAndValues_FollowTheMinersFormulas) {
    World world;
    Offer &busy = world.offer("busy", 5000, 2);
    busy.economics.compute_multiplier = 3;
    busy.economics.total_invocations = 40;
    busy.economics.rate_limit_count = 10;
    busy.economics.instance_count = 6;
    Offer &fresh = world.offer("fresh", 900);
    fresh.economics.total_invocations = 0;
    fresh.economics.rate_limit_count = 2;
    Offer &closed = world.offer("private", 10, 4);
    closed.preemptible = false;
    closed.economics.compute_multiplier = 0.5;
    world.offer("asleep", 1e9).economics.scalable = false;
    world.server("n", 2.5);
    PlacementEngine engine = profit_engine();
    const SnapshotPtr snapshot = world.snapshot();

    const auto offers = engine.rank_offers(snapshot);
    ASSERT_TRUE(offers.ok());
    ASSERT_EQ(offers->items.size(), 3u);
    EXPECT_EQ(offers->items[0].offer->name, "fresh");
    EXPECT_DOUBLE_EQ(offers->items[0].gain, (900 + (900.0 / 1) * 2) / 1);
    EXPECT_EQ(offers->items[1].offer->name, "busy");
    EXPECT_DOUBLE_EQ(offers->items[1].gain, (15000 + (15000.0 / 40) * (10.0 / 5)) / 7);
    EXPECT_EQ(offers->items[2].offer->name, "private");

    const auto pairs = engine.rank_pairs(snapshot);
    ASSERT_TRUE(pairs.ok());
    ASSERT_EQ(pairs->items.size(), 3u);
    EXPECT_EQ(pairs->items[0].offer->name, "private");
    EXPECT_DOUBLE_EQ(pairs->items[0].value, (3600 * 0.5 * 16) / (2.5 * 4));
    EXPECT_EQ(pairs->items[1].offer->name, "fresh");
    EXPECT_DOUBLE_EQ(pairs->items[1].value, 2700 / 2.5);
    EXPECT_DOUBLE_EQ(pairs->items[2].value, offers->items[1].gain / (2.5 * 2));
    EXPECT_EQ(pairs->items[2].free_gpus, 8);
    EXPECT_EQ(pairs->items[2].model, "h100");
}

TEST(Ranking, AskedForAll_ListsTheLeftOutWithTheirReason) {
    World world;
    world.offer("a", 1);
    world.offer("b", 2).economics.has_utilization = false;
    const auto offers = profit_engine().rank_offers(world.snapshot(), {"", true});
    ASSERT_EQ(offers->items.size(), 2u);
    EXPECT_EQ(offers->items[0].skipped, Rejection::none);
    EXPECT_EQ(offers->items[1].offer->name, "b");
    EXPECT_EQ(offers->items[1].skipped, Rejection::no_utilization);
}

TEST(Ranking, EqualValues_AreOrderedByGainListingCostFreeAndName) {
    World world;
    world.offer("second", 100).ordinal = 2;
    world.offer("first", 100).ordinal = 1;
    world.server("n3", 1, 4);
    world.server("n1", 1, 2);
    world.server("n2", 1, 2);
    world.server("n0", 1, 3);
    const auto pairs = profit_engine().rank_pairs(world.snapshot());
    std::vector<std::string> order;
    for (const RankedPair &pair : pairs->items) order.push_back(pair.offer->name + "@" + pair.server->name);
    EXPECT_THAT(order, ElementsAre("first@n1", "first@n2", "first@n0", "first@n3", "second@n1", "second@n2",
                                   "second@n0", "second@n3"));
}

TEST(Ranking, Listing_IgnoresWhatTheOriginalIgnores_ButSaysWhatPlacementWouldRefuse) {
    World world;
    world.offer("a", 100).needs.tee = true;
    world.server("locked", 1).locked = true;
    world.server("small", 1, 0);
    world.server("plain", 1).ready = false;
    world.rest.bans[OfferId("id-a")] = "x";
    const auto pairs = profit_engine().rank_pairs(world.snapshot());
    ASSERT_EQ(pairs->items.size(), 1u);
    EXPECT_EQ(pairs->items[0].server->name, "plain");
    EXPECT_EQ(pairs->items[0].blocked, Rejection::banned);
    PairQuery placeable;
    placeable.placeable_only = true;
    EXPECT_TRUE(profit_engine().rank_pairs(world.snapshot(), placeable)->items.empty());
}

TEST(Ranking, Queries_NarrowTheList) {
    World world;
    world.offer("a", 100).needs.gpu_models = {"a100", "h100"};
    world.offer("b", 200);
    world.server("east-1", 1);
    world.server("east-2", 2, 8, "a100");
    world.server("west-1", 3);
    PlacementEngine engine = profit_engine();
    const SnapshotPtr snapshot = world.snapshot();
    PairQuery query;
    query.server = "east";
    EXPECT_EQ(engine.rank_pairs(snapshot, query)->items.size(), 3u);
    query.gpu = "a100";
    EXPECT_EQ(engine.rank_pairs(snapshot, query)->items.size(),
              2u); // on both servers: the filter speaks of what the offer admits
    query = {};
    query.offer = OfferId("id-b");
    EXPECT_EQ(engine.rank_pairs(snapshot, query)->items.size(), 2u);
    query = {};
    query.limit = 2;
    const auto limited = engine.rank_pairs(snapshot, query);
    EXPECT_EQ(limited->total, 5u);
    ASSERT_EQ(limited->items.size(), 2u);
    EXPECT_EQ(limited->items[0].offer->name, "b");
    EXPECT_EQ(limited->items[1].offer->name, "a");
    EXPECT_EQ(engine.rank_offers(snapshot, {"a100", false})->items.size(), 1u);
}

TEST(Ranking, ListingCutShort_IsTheHeadOfTheWholeOne) {
    World world;
    for (int i = 0; i < 80; ++i) world.offer("o" + std::to_string(i), 100 + i * 37 % 11); // many ties
    for (int i = 0; i < 80; ++i) world.server("n" + std::to_string(i), 1 + i * 13 % 7);
    PlacementEngine engine = profit_engine();
    const SnapshotPtr snapshot = world.snapshot();
    const auto whole = engine.rank_pairs(snapshot, {});
    ASSERT_EQ(whole->total, 6400u);
    for (const size_t limit : {1u, 700u, 1500u, 6399u}) {
        PairQuery query;
        query.limit = limit;
        const auto head = engine.rank_pairs(snapshot, query);
        EXPECT_EQ(head->total, whole->total);
        ASSERT_EQ(head->items.size(), limit);
        for (size_t i = 0; i < limit; ++i) {
            ASSERT_EQ(head->items[i].offer, whole->items[i].offer) << i;
            ASSERT_EQ(head->items[i].server, whole->items[i].server) << i;
        }
    }
}

TEST(Ranking, FreeServer_CountsAtTheFloor) {
    World world;
    world.offer("a", 100);
    world.server("gift", 0);
    PlacementRules rules;
    rules.cost_floor = 0.01;
    EXPECT_DOUBLE_EQ(profit_engine(rules).rank_pairs(world.snapshot())->items.at(0).value, 100 / 0.01);
}

TEST(Ranking, NonsenseScores_AreNotListed) {
    World world;
    world.offer("a", std::numeric_limits<double>::infinity());
    world.offer("b", std::numeric_limits<double>::quiet_NaN());
    world.offer("c", 1);
    world.server("n", 1);
    world.server("m", std::numeric_limits<double>::quiet_NaN());
    const auto pairs = profit_engine().rank_pairs(world.snapshot());
    for (const RankedPair &pair : pairs->items) EXPECT_EQ(pair.offer->name, "c");
    const auto plan = profit_engine().plan(world.snapshot());
    for (const Placement &one : plan->placements) EXPECT_EQ(one.offer->name, "c");
}

TEST(Combining, Preference_LiftsTheValueByTheWeightedMeanOfTheRescaled) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 5); // 4 left of a range of -16..0: 0.75
    auto first = std::make_shared<PackingScorer>(3.0), second = std::make_shared<PackingScorer>(1.0);
    second->traits_.score_min = -8; // 0.5
    const auto pairs = engine_with({std::make_shared<ProfitScorer>(), first, second}).rank_pairs(world.snapshot());
    const double preference = (3 * 0.75 + 1 * 0.5) / 4;
    EXPECT_DOUBLE_EQ(pairs->items.at(0).base_value, 100);
    EXPECT_DOUBLE_EQ(pairs->items.at(0).preference, preference);
    EXPECT_DOUBLE_EQ(pairs->items.at(0).value, 100 * (1 + preference));
}

TEST(Combining, PreferenceShare_LimitsTheLift) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 1);
    PlacementRules rules;
    rules.preference_share = 0.05;
    const auto pairs = engine_with({std::make_shared<ProfitScorer>(), std::make_shared<PackingScorer>()}, rules)
                           .rank_pairs(world.snapshot());
    EXPECT_DOUBLE_EQ(pairs->items.at(0).value, 105);
}

TEST(Combining, WithoutAValueScorer_EveryValueIsOne) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 5);
    EXPECT_DOUBLE_EQ(engine_with({}).rank_pairs(world.snapshot())->items.at(0).value, 1);
    EXPECT_DOUBLE_EQ(engine_with({std::make_shared<PackingScorer>()}).rank_pairs(world.snapshot())->items.at(0).value,
                     1.75);
}

TEST(Combining, Veto_CountsOnlyWhenGranted) {
    World world;
    world.offer("a", 100);
    world.server("n", 1, 2); // one GPU would be left alone
    const SnapshotPtr snapshot = world.snapshot();
    PlacementEngine granted =
        engine_with({std::make_shared<ProfitScorer>(), std::make_shared<PackingScorer>(1.0, true)});
    EXPECT_THAT(summary(granted.plan(snapshot)), IsEmpty());
    EXPECT_THAT(codes(granted.why_not(snapshot, OfferId("id-a"))->servers.at(0).reasons), ElementsAre("Vetoed"));
    struct Ungranted : PackingScorer {
        Ungranted() { traits_.may_veto = false; }
        Status score(const ScoreBatchView &batch) override {
            batch.scores[0] = -std::numeric_limits<double>::infinity();
            return {};
        }
    };
    PlacementEngine ungranted = engine_with({std::make_shared<ProfitScorer>(), std::make_shared<Ungranted>()});
    const auto plan = ungranted.plan(snapshot);
    ASSERT_THAT(summary(plan), ElementsAre("a@n"));
    EXPECT_DOUBLE_EQ(plan->placements[0].value, 100) << "it abstained";
}

TEST(Combining, FailedPreference_AbstainsAndIsReported) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    const auto plan =
        engine_with({std::make_shared<ProfitScorer>(), std::make_shared<FailingScorer>(ScoreRole::preference, false)})
            .plan(world.snapshot());
    ASSERT_THAT(summary(plan), ElementsAre("a@n"));
    EXPECT_DOUBLE_EQ(plan->placements[0].value, 100);
    ASSERT_EQ(plan->faults.size(), 1u);
    EXPECT_EQ(plan->faults[0].scorer, "failing");
    EXPECT_GT(plan->faults[0].calls, 0u);
    EXPECT_EQ(plan->faults[0].error.reason, "Deadline");
}

TEST(Combining, FailedValueScorer_LeavesNoValue_SoNothingIsPlaced) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    PlacementEngine engine = engine_with({std::make_shared<FailingScorer>(ScoreRole::value, false)});
    EXPECT_THAT(summary(engine.plan(world.snapshot())), IsEmpty());
    EXPECT_THAT(codes(engine.why_not(world.snapshot(), OfferId("id-a"))->servers.at(0).reasons),
                ElementsAre("NoValue"));
}

TEST(Combining, FailClosed_StopsPlacementWithAnError) {
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    PlacementEngine engine =
        engine_with({std::make_shared<ProfitScorer>(), std::make_shared<FailingScorer>(ScoreRole::preference, true)});
    const auto plan = engine.plan(world.snapshot());
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().reason, "ScorerFailed");
    EXPECT_THAT(plan.error().message, ::testing::HasSubstr("'failing'"));
    EXPECT_FALSE(engine.rank_pairs(world.snapshot()).ok());
    EXPECT_TRUE(engine.check_operator_deploy(world.snapshot(), OfferId("id-a"), ServerId("id-n")).ok())
        << "an operator is not stopped";
}

TEST(Combining, ScorerOfAnotherSource_HasNoSay) {
    World world;
    world.offer("a", 100);
    world.offer("b", 100).source = SourceName("other");
    world.server("n", 1, 2);
    auto profit = std::make_shared<ProfitScorer>();
    PlacementEngine engine;
    ASSERT_TRUE(engine.set_scorers({{profit, {SourceName("other")}}}).ok());
    const auto pairs = engine.rank_pairs(world.snapshot());
    ASSERT_EQ(pairs->items.size(), 2u);
    EXPECT_EQ(pairs->items[0].offer->name, "b");
    EXPECT_DOUBLE_EQ(pairs->items[0].value, 100);
    EXPECT_DOUBLE_EQ(pairs->items[1].value, 1);
}

TEST(Combining, UnknownRequiredColumn_IsRefusedByName) {
    auto scorer = std::make_shared<PackingScorer>();
    scorer->traits_.candidate_columns.push_back({"node.colour", ColumnType::f64, false});
    PlacementEngine engine = profit_engine();
    const Status refused = engine.set_scorers({{scorer, {}}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, "UnknownColumn");
    EXPECT_THAT(refused.error().message,
                ::testing::AllOf(::testing::HasSubstr("'packing'"), ::testing::HasSubstr("'node.colour'")));
    World world;
    world.offer("a", 100);
    world.server("n", 1);
    EXPECT_DOUBLE_EQ(engine.rank_pairs(world.snapshot())->items.at(0).value, 100)
        << "the scorers of before still serve";
}

TEST(Combining, ColumnOfAnotherType_IsRefused) {
    auto scorer = std::make_shared<PackingScorer>();
    scorer->traits_.candidate_columns.push_back({"gpu.model", ColumnType::f64, false});
    EXPECT_EQ(PlacementEngine().set_scorers({{scorer, {}}}).error().reason, "ColumnType");
}

} // namespace
} // namespace rigger::placement
