// Thousands of random changes, each followed and compared with the reference's full pass over the same snapshot.
#include "domain/placement/incremental.hpp"
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
        case 5:
            next->offers.insert(next->offers.begin() + random_.below(static_cast<int>(next->offers.size()) + 1),
                                random_.offer(next_++, shape_));
            break;
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
    template <typename T> size_t any(const std::vector<T> &items) {
        return static_cast<size_t>(random_.below(static_cast<int>(items.size())));
    }
    template <typename T> void remove(std::vector<T> &items) {
        if (items.size() > 4) items.erase(items.begin() + static_cast<std::ptrdiff_t>(any(items)));
    }
    void replace_offer(Snapshot &next) {
        if (next.offers.empty()) return;
        OfferPtr &slot = next.offers[any(next.offers)];
        auto changed = std::make_shared<Offer>(*random_.offer(slot->ordinal, shape_));
        changed->id = slot->id;
        slot = changed;
    }
    void replace_server(Snapshot &next) {
        if (next.servers.empty()) return;
        ServerPtr &slot = next.servers[any(next.servers)];
        auto changed = std::make_shared<Server>(*slot);
        switch (random_.below(5)) {
        case 0: changed->locked = !changed->locked; break;
        case 1: changed->hourly_cost = 0.5 * random_.below(4); break;
        case 2: changed->disk_used_gb = random_.below(250); break;
        case 3: changed->ready = !changed->ready; break;
        default:
            *changed = *random_.server(any(next.servers), shape_);
            changed->id = slot->id;
            changed->name = slot->name;
            break;
        }
        slot = changed;
    }
    void deploy(Snapshot &next) {
        if (next.servers.empty() || next.offers.empty()) return;
        if (DeploymentPtr one =
                random_.deployment(next_++, *next.offers[any(next.offers)], next.servers[any(next.servers)]))
            next.deployments.push_back(one);
    }
    void end_deployment(Snapshot &next) {
        if (next.deployments.empty()) return;
        const size_t at = any(next.deployments);
        const DeploymentPtr ended = next.deployments[at];
        next.deployments.erase(next.deployments.begin() + static_cast<std::ptrdiff_t>(at));
        for (ServerPtr &server : next.servers) {
            if (server->id != ended->server) continue;
            auto changed = std::make_shared<Server>(*server);
            for (Gpu &gpu : changed->gpus)
                if (gpu.deployment == ended->id) gpu.deployment = {};
            server = changed;
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
        const size_t listed = std::min(kept, IncrementalPlacement::reported_servers);
        auto incremental = IncrementalPlacement::make({}, bound(scorers), nullptr, kept);
        ASSERT_TRUE(incremental.ok());
        auto snapshot = random.snapshot(shape);
        Changes changes(random, shape);
        for (int step = 0; step < 250; ++step, ++steps) {
            ASSERT_TRUE((*incremental)->follow(snapshot).ok());
            const auto best = (*incremental)->best();
            ASSERT_TRUE(best.ok());
            const std::vector<ReferencePair> expected = Reference(*snapshot, {}, scorers).candidates();
            ASSERT_EQ(best->has_value(), !expected.empty()) << "seed " << seed << " step " << step;
            if (!expected.empty()) {
                ++found;
                ASSERT_EQ((*best)->offer->id, expected[0].offer->id) << "seed " << seed << " step " << step;
                ASSERT_EQ((*best)->server->id, expected[0].server->id) << "seed " << seed << " step " << step;
                ASSERT_DOUBLE_EQ((*best)->value, expected[0].value);
                const OfferId &asked =
                    expected[static_cast<size_t>(random.below(static_cast<int>(expected.size())))].offer->id;
                const auto list = (*incremental)->best_of(asked);
                ASSERT_TRUE(list.ok());
                std::vector<const ReferencePair *> wanted;
                for (const ReferencePair &pair : expected)
                    if (pair.offer->id == asked) wanted.push_back(&pair);
                cut_short += wanted.size() > listed;
                ASSERT_EQ(list->size(), std::min(wanted.size(), listed)) << "seed " << seed << " step " << step;
                for (size_t i = 0; i < list->size(); ++i) {
                    ASSERT_EQ((*list)[i].server->id, wanted[i]->server->id)
                        << "seed " << seed << " step " << step << " place " << i;
                    ASSERT_DOUBLE_EQ((*list)[i].value, wanted[i]->value);
                }
            }
            snapshot = changes.after(*snapshot);
        }
    }
    EXPECT_EQ(steps, 2000u);
    EXPECT_GT(found, 800u);
    EXPECT_GT(cut_short, 20u);
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

} // namespace
} // namespace rigger::placement
