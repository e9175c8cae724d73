// Thousands of random changes, each followed and compared with the reference's full pass over the same snapshot.
#include "domain/placement/engine.hpp"
#include "domain/placement/standing_pairs.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/reference.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <gtest/gtest.h>

namespace rigger::placement {
namespace {

using testing::bound;
using testing::CoarseScorer;
using testing::MarketShape;
using testing::PackingScorer;
using testing::ProfitScorer;
using testing::RandomMarket;
using testing::Reference;
using testing::ReferencePair;
using testing::Scorers;

Scorers pure_scorers(int mix) {
    switch (mix) {
    case 0: return {std::make_shared<ProfitScorer>()};
    case 1: return {std::make_shared<ProfitScorer>(), std::make_shared<PackingScorer>(0.5, true)};
    default: return {std::make_shared<CoarseScorer>(ScoreRole::value, 0.2)};
    }
}

/// One random change to the world.
class Changes {
public:
    Changes(RandomMarket &random, MarketShape shape) : random_(random), shape_(shape), next_(1000) {}

    std::shared_ptr<Snapshot> after(const Snapshot &before) {
        auto next = std::make_shared<Snapshot>(before);
        ++next->version;
        switch (random_.below(12)) {
        case 0:
        case 1: replace_offer(*next); break;
        case 2:
        case 3:
        case 4: replace_server(*next); break;
        case 5: insert(next->offers, random_.offer(next_++, shape_)); break;
        case 6: remove(next->offers); break;
        case 7: next->servers.push_back(random_.server(next_++, shape_)); break;
        case 8: remove(next->servers); break;
        case 9: deploy(*next); break;
        case 10: end_deployment(*next); break;
        default: pass_time(*next); break;
        }
        return next;
    }

private:
    template <typename T> size_t any(const SharedList<T> &items) {
        return static_cast<size_t>(random_.below(static_cast<int>(items.size())));
    }
    template <typename T> void insert(SharedList<T> &list, T item) {
        std::vector<T> items(list.begin(), list.end());
        items.insert(items.begin() + random_.below(static_cast<int>(items.size()) + 1), std::move(item));
        list = items;
    }
    template <typename T> void remove(SharedList<T> &items) {
        if (items.size() > 4) items.erase(any(items));
    }
    void replace_offer(Snapshot &next) {
        if (next.offers.empty()) return;
        const size_t at = any(next.offers);
        auto changed = std::make_shared<Offer>(*random_.offer(next.offers[at]->ordinal, shape_));
        changed->id = next.offers[at]->id;
        next.offers.set(at, changed);
    }
    void replace_server(Snapshot &next) {
        if (next.servers.empty()) return;
        const size_t at = any(next.servers);
        const ServerPtr was = next.servers[at];
        auto changed = std::make_shared<Server>(*was);
        switch (random_.below(5)) {
        case 0: changed->locked = !changed->locked; break;
        case 1: changed->hourly_cost = 0.5 * random_.below(4); break;
        case 2: changed->disk_used_gb = random_.below(250); break;
        case 3: changed->ready = !changed->ready; break;
        default:
            *changed = *random_.server(any(next.servers), shape_);
            changed->id = was->id;
            changed->name = was->name;
            break;
        }
        next.servers.set(at, changed);
    }
    void deploy(Snapshot &next) {
        if (next.servers.empty() || next.offers.empty()) return;
        const Offer &offer = *next.offers[any(next.offers)];
        random_.deploy(next, next_++, offer, any(next.servers));
    }
    void end_deployment(Snapshot &next) {
        if (next.deployments.empty()) return;
        const size_t at = any(next.deployments);
        const DeploymentPtr ended = next.deployments[at];
        next.deployments.erase(at);
        for (size_t i = 0; i < next.servers.size(); ++i) {
            if (next.servers[i]->id != ended->server) continue;
            auto changed = std::make_shared<Server>(*next.servers[i]);
            for (Gpu &gpu : changed->gpus)
                if (gpu.deployment == ended->id) gpu.deployment = {};
            next.servers.set(i, changed);
        }
        const WallTime until = next.taken_at + std::chrono::hours(1);
        if (random_.chance(0.5))
            next.failures.push_back({ended->offer, ended->server, "JobFailed", next.taken_at, next.taken_at, until});
        if (random_.chance(0.3))
            next.failures.push_back({ended->offer, {}, "JobFailed", next.taken_at, next.taken_at, until});
    }
    void pass_time(Snapshot &next) {
        next.taken_at = next.taken_at + std::chrono::minutes(random_.below(20));
        if (random_.chance(0.2)) random_.trouble(next);
        if (!next.clusters[0].pods.complete || random_.chance(0.1))
            next.clusters[0].pods.complete = !next.clusters[0].pods.complete;
    }

    RandomMarket &random_;
    MarketShape shape_;
    size_t next_;
};

/// A board and its pairs, brought from one snapshot to the next.
class Follower {
public:
    Follower(const Scorers &scorers, size_t kept)
        : scorers_(*ScorerSet::make(bound(scorers))), live_(PlacementRules{}), pairs_(kept) {}

    Status follow(const SnapshotPtr &snapshot) {
        RIG_TRY_ASSIGN(const LiveBoard::Change change, live_.sync(snapshot, scorers_, benches_[0].scratch));
        pairs_.note(change);
        return {};
    }
    std::optional<PairRef> best() {
        const auto best = up_to_date()->best(live_.board());
        EXPECT_TRUE(best.ok());
        if (!best->has_value()) return std::nullopt;
        return pair_ref(**best);
    }
    std::vector<PairRef> best_of(const OfferId &offer, size_t count) {
        const auto found = up_to_date()->best_of(live_.board(), live_.board().market.find(offer), count);
        EXPECT_TRUE(found.ok());
        std::vector<PairRef> pairs;
        for (const Candidate &one : *found) pairs.push_back(pair_ref(one));
        return pairs;
    }

private:
    BestPairs *up_to_date() {
        const auto pairs = pairs_.up_to_date(live_.board(), tools_);
        EXPECT_TRUE(pairs.ok());
        return *pairs;
    }
    PairRef pair_ref(const Candidate &pair) const {
        const Board &board = live_.board();
        return {board.market.at(pair.offer).offer, board.fleet.server_at(board.fleet.server_of(pair.row)).server,
                pair.value};
    }

    ScorerSet scorers_;
    SerialExecutor executor_;
    std::vector<Workbench> benches_ = std::vector<Workbench>(1);
    PlanTools tools_{scorers_, executor_, benches_};
    LiveBoard live_;
    StandingPairs pairs_;
};

class Followed : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(ScorerMixes, Followed, ::testing::Range(0, 3));

TEST_P(Followed, EveryChange_GivesWhatAFullPassGives) {
    size_t steps = 0, found = 0, cut_short = 0;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        RandomMarket random(seed * 13 + static_cast<uint64_t>(GetParam()));
        MarketShape shape;
        shape.offers = 12;
        shape.servers = seed % 3 == 0 ? 60 : 14;
        shape.prices = seed % 2 == 0 ? 3 : 0;
        shape.deployments = 6;
        const Scorers scorers = pure_scorers(GetParam());
        const size_t kept = seed % 4 < 2 ? 32 : 4; // short lists overflow and run dry often
        const size_t listed = std::min<size_t>(kept, 16);
        Follower follower(scorers, kept);
        auto snapshot = random.snapshot(shape);
        Changes changes(random, shape);
        for (int step = 0; step < 250; ++step, ++steps) {
            ASSERT_TRUE(follower.follow(snapshot).ok());
            if (seed % 2 == 0 && random.chance(0.5)) { // changes that nobody asked about add up
                snapshot = changes.after(*snapshot);
                continue;
            }
            const auto best = follower.best();
            const std::vector<ReferencePair> expected = Reference(*snapshot, {}, scorers).candidates();
            ASSERT_EQ(best.has_value(), !expected.empty()) << "seed " << seed << " step " << step;
            if (!expected.empty()) {
                ++found;
                ASSERT_EQ(best->offer->id, expected[0].offer->id) << "seed " << seed << " step " << step;
                ASSERT_EQ(best->server->id, expected[0].server->id) << "seed " << seed << " step " << step;
                ASSERT_DOUBLE_EQ(best->value, expected[0].value);
                const OfferId &asked =
                    expected[static_cast<size_t>(random.below(static_cast<int>(expected.size())))].offer->id;
                const std::vector<PairRef> list = follower.best_of(asked, listed);
                std::vector<const ReferencePair *> wanted;
                for (const ReferencePair &pair : expected)
                    if (pair.offer->id == asked) wanted.push_back(&pair);
                cut_short += wanted.size() > listed;
                ASSERT_EQ(list.size(), std::min(wanted.size(), listed)) << "seed " << seed << " step " << step;
                for (size_t i = 0; i < list.size(); ++i) {
                    ASSERT_EQ(list[i].server->id, wanted[i]->server->id)
                        << "seed " << seed << " step " << step << " place " << i;
                    ASSERT_DOUBLE_EQ(list[i].value, wanted[i]->value);
                }
            }
            snapshot = changes.after(*snapshot);
        }
    }
    EXPECT_EQ(steps, 2000u);
    EXPECT_GT(found, 600u);
    EXPECT_GT(cut_short, 15u);
}

TEST_P(Followed, AnEngineThatFollowed_PlansAsAFreshOne) {
    RandomMarket random(99 + static_cast<uint64_t>(GetParam()));
    MarketShape shape;
    shape.offers = 12;
    shape.servers = 20;
    const Scorers scorers = pure_scorers(GetParam());
    PlacementEngine engine;
    ASSERT_TRUE(engine.set_scorers(bound(scorers)).ok());
    auto snapshot = random.snapshot(shape);
    Changes changes(random, shape);
    for (int step = 0; step < 300; ++step, snapshot = changes.after(*snapshot)) {
        const auto plan = engine.plan(snapshot);
        PlacementEngine fresh;
        ASSERT_TRUE(fresh.set_scorers(bound(scorers)).ok());
        const auto expected = fresh.plan(snapshot);
        ASSERT_TRUE(plan.ok() && expected.ok());
        ASSERT_EQ(plan->placements.size(), expected->placements.size()) << "step " << step;
        for (size_t i = 0; i < expected->placements.size(); ++i) {
            ASSERT_EQ(plan->placements[i].offer, expected->placements[i].offer) << "step " << step;
            ASSERT_EQ(plan->placements[i].server, expected->placements[i].server) << "step " << step;
            ASSERT_EQ(plan->placements[i].gpus, expected->placements[i].gpus) << "step " << step;
        }
    }
}

class BusyScorer final : public ProfitScorer {
public:
    Status score(const ScoreBatchView &batch) override {
        if (busy) return Error{Code::deadline, "Deadline", "no answer within 50 ms", 0};
        return ProfitScorer::score(batch);
    }
    bool busy = true;
};

TEST(Standing, PairsThatAScorerFailedOn_AreScoredAgainWithTheNextPlan) {
    RandomMarket random(1);
    MarketShape shape;
    shape.models = shape.models_per_offer = 1;
    shape.plain = true;
    const auto snapshot = random.snapshot(shape);
    PlacementEngine engine;
    const auto scorer = std::make_shared<BusyScorer>();
    ASSERT_TRUE(engine.set_scorers(bound({scorer})).ok());
    const auto silent = engine.plan(snapshot);
    ASSERT_TRUE(silent.ok());
    ASSERT_EQ(silent->faults.size(), 1u);
    EXPECT_TRUE(silent->placements.empty());
    EXPECT_EQ(silent->unbounded, "a scorer failed");
    scorer->busy = false;
    const auto plan = engine.plan(snapshot);
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(plan->faults.empty());
    EXPECT_FALSE(plan->placements.empty());
}

TEST(Standing, NodesHeardOfAgain_TouchNothing_AndOneThatGrew_ItsServerAlone) {
    RandomMarket random(2);
    MarketShape shape;
    shape.servers = 40;
    const auto first = random.snapshot(shape);
    LiveBoard live{PlacementRules{}};
    const ScorerSet scorers = *ScorerSet::make(bound({std::make_shared<ProfitScorer>()}));
    ScoreScratch scratch;
    ASSERT_TRUE(live.sync(first, scorers, scratch).ok());

    auto again = std::make_shared<Snapshot>(*first);
    for (auto &node : again->clusters[0].node_list) node = std::make_shared<NodeView>(*node);
    const auto nothing = live.sync(again, scorers, scratch);
    ASSERT_TRUE(nothing.ok());
    EXPECT_FALSE(nothing->rebuilt);
    EXPECT_TRUE(nothing->rows.empty());

    auto grown = std::make_shared<Snapshot>(*again);
    auto &one = grown->clusters[0].node_list[3];
    auto node = std::make_shared<NodeView>(*one);
    node->cpu_milli *= 2;
    one = node;
    const auto change = live.sync(grown, scorers, scratch);
    ASSERT_TRUE(change.ok());
    EXPECT_FALSE(change->rebuilt);
    ASSERT_FALSE(change->rows.empty());
    for (const RowIndex row : change->rows) EXPECT_EQ(live.board().fleet.server(row).name, node->name);
}

} // namespace
} // namespace rigger::placement
