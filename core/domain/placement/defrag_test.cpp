#include "domain/placement/defrag.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace rigger::placement {
namespace {

const ClusterName cluster{"local/a"};

struct Stage {
    std::vector<OfferPtr> offers;
    std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
    uint64_t table_ids = 0;

    Stage() {
        ClusterState state;
        state.name = cluster;
        state.nodes.complete = state.pods.complete = true;
        snapshot->clusters.push_back(state);
    }
    void server(const std::string &name, int gpus, const std::string &model = "h100", int cpu = 0,
                bool locked = false) {
        auto made = std::make_shared<Server>();
        made->id = ServerId(name);
        made->name = name;
        made->cluster = cluster;
        made->hourly_cost = 1;
        made->ready = true;
        made->locked = locked;
        for (int i = 0; i < gpus; ++i) {
            Gpu gpu;
            gpu.id = GpuId(name + "/" + static_cast<char>('a' + i));
            gpu.server = made->id;
            gpu.model = model;
            gpu.verified = true;
            made->gpus.push_back(gpu);
        }
        auto node = std::make_shared<NodeView>();
        node->name = name;
        node->ready = true;
        node->cpu_milli = cpu;
        snapshot->clusters[0].node_list.push_back(node);
        snapshot->servers.push_back(made);
    }
    void offer(int gpus, int milli, int cpu = 0, std::vector<std::string> models = {"h100"}) {
        auto made = std::make_shared<Offer>();
        made->id = OfferId("offer-" + std::to_string(snapshot->offers.size()));
        made->source = SourceName("market");
        made->ordinal = snapshot->offers.size();
        made->needs.gpu_count = gpus;
        made->needs.gpu_milli = milli;
        made->needs.cpu_milli = cpu;
        made->needs.disk_gb = 0;
        made->needs.gpu_models = std::move(models);
        snapshot->offers.push_back(made);
    }
};

/// A stage with what runs on it.
struct Play {
    explicit Play(Stage &stage)
        : around(stage.snapshot), fleet(around, 0, 0.001, &stage.table_ids), market(around, fleet, {}) {}
    bool run(OfferIndex offer, RowIndex row) {
        const auto &segments = market.at(offer).segments;
        if (!std::binary_search(segments.begin(), segments.end(), fleet.segment_of(row)) ||
            !fleet.fits(market.demand(offer), row))
            return false;
        residents.push_back({offer, fleet.take(market.demand(offer), row)});
        return true;
    }
    RowIndex row_of(const std::string &server) const {
        return fleet.server_at(fleet.find_server(ServerId(server))).rows.at(0);
    }
    Surroundings around;
    Fleet fleet;
    Market market;
    std::vector<Resident> residents;
};

TEST(Defrag, TwoHalfFullServers_BecomeOneFullOneEmpty) {
    Stage stage;
    stage.server("a", 2);
    stage.server("b", 2);
    stage.offer(1, 1000);
    stage.offer(2, 1000);
    Play play(stage);
    ASSERT_TRUE(play.run(0, play.row_of("a")));
    ASSERT_TRUE(play.run(0, play.row_of("b")));
    const Fragmentation measure(play.fleet, play.market, std::vector<double>{0, 1}); // pairs are asked for
    const DefragSteps steps = defragment(play.fleet, play.market, measure, play.residents, 10);
    EXPECT_EQ(steps.lost_before, 2000);
    EXPECT_EQ(steps.lost_after, 0);
    ASSERT_EQ(steps.moves.size(), 1u);
    EXPECT_EQ(steps.moves[0].gain, 2000);
}

TEST(Defrag, WhereNothingIsGained_NothingMoves) {
    Stage stage;
    stage.server("a", 2);
    stage.server("b", 2);
    stage.offer(1, 1000);
    Play play(stage);
    ASSERT_TRUE(play.run(0, play.row_of("a")));
    ASSERT_TRUE(play.run(0, play.row_of("b")));
    const Fragmentation measure(play.fleet, play.market, std::vector<double>{1});
    EXPECT_TRUE(defragment(play.fleet, play.market, measure, play.residents, 10).moves.empty());
}

TEST(Defrag, WhereAnOfferMayNotStand_NothingMovesTo) {
    Stage stage;
    for (const char *name : {"a", "b", "c"}) stage.server(name, 2);
    stage.offer(1, 1000);
    stage.offer(2, 1000);
    Play play(stage);
    for (const char *name : {"a", "b", "c"}) ASSERT_TRUE(play.run(0, play.row_of(name)));
    const Fragmentation measure(play.fleet, play.market, std::vector<double>{0, 1});
    const RowIndex forbidden = play.row_of("a");
    const DefragSteps steps = defragment(play.fleet, play.market, measure, play.residents, 10,
                                         {false, [&](OfferIndex, RowIndex row) { return row != forbidden; }});
    ASSERT_EQ(steps.moves.size(), 1u);
    EXPECT_NE(steps.moves[0].to.row, forbidden);
}

TEST(Defrag, RoomOfALockedServer_IsLost) {
    Stage stage;
    stage.server("a", 2, "h100", 0, true);
    stage.offer(1, 1000);
    Play play(stage);
    EXPECT_EQ(Fragmentation(play.fleet, play.market, std::vector<double>{1}).lost(play.fleet), 2000);
}

TEST(Defrag, Budget_IsACountOrAShare) {
    EXPECT_EQ(parse_defrag_budget("50")->of(10'000), 50u);
    EXPECT_EQ(parse_defrag_budget("2%")->of(150), 3u);
    EXPECT_EQ(parse_defrag_budget("0.5%")->of(1000), 5u);
    EXPECT_EQ(parse_defrag_budget("100%")->of(7), 7u);
    for (const char *wrong : {"", "%", "0", "0%", "-1", "1.5", "101%", "ten", "5 %", "5%%", "nan", "inf", "1e3"})
        EXPECT_FALSE(parse_defrag_budget(wrong).ok()) << wrong;
}

/// Fragmentation of one server from its definition, kind by kind and card by card.
double lost_by_definition(const Play &play, const Fleet &fleet, RowIndex row, const std::vector<double> &weight) {
    double lost = 0, total = 0;
    for (const double one : weight) total += one;
    for (OfferIndex kind = 0; kind < weight.size(); ++kind) {
        const Requirements &needs = play.market.at(kind).offer->needs;
        const auto &segments = play.market.at(kind).segments;
        double all = 0, small = 0;
        int usable = 0;
        for (const Card &card : fleet.cards(row)) {
            all += card.milli_free;
            if (static_cast<int>(card.milli_free) >= needs.gpu_milli) ++usable;
            else small += card.milli_free;
        }
        const bool fits = std::binary_search(segments.begin(), segments.end(), fleet.segment_of(row)) &&
                          usable >= needs.gpu_count && fleet.room(row).cpu_milli >= needs.cpu_milli;
        lost += weight[kind] / total * (fits ? small : all);
    }
    return lost;
}

TEST(Defrag, RandomClusters_EveryMoveHasRoom_EveryGainIsTheDifference_TheBudgetHolds) {
    size_t moves = 0, starved = 0;
    for (uint64_t seed = 1; seed <= 400; ++seed) {
        Random random(seed);
        const std::vector<std::string> models{"h100", "t4", "a10"};
        Stage stage;
        const size_t servers = 2 + random.below(12);
        for (size_t i = 0; i < servers; ++i)
            stage.server("s" + std::to_string(i), static_cast<int>(1 + random.below(8)), models[random.below(3)],
                         random.below(2) ? static_cast<int>(4000 + random.below(64'000)) : 0);
        std::vector<double> weight;
        for (size_t i = 0, kinds = 1 + random.below(8); i < kinds; ++i) {
            std::vector<std::string> admitted;
            for (const std::string &model : models)
                if (random.below(3) != 0) admitted.push_back(model);
            const bool share = random.below(2) == 0;
            stage.offer(share ? 1 : static_cast<int>(1 + random.below(4)),
                        share ? static_cast<int>(1 + random.below(999)) : 1000, static_cast<int>(random.below(9000)),
                        admitted);
            weight.push_back(static_cast<double>(1 + random.below(20)));
        }
        Play play(stage);
        std::vector<RowIndex> rows;
        for (ServerIndex server = 0; server < play.fleet.server_count(); ++server)
            rows.push_back(play.fleet.server_at(server).rows.at(0));
        for (size_t i = 0; i < servers * 12; ++i)
            play.run(static_cast<OfferIndex>(random.below(weight.size())), rows[random.below(rows.size())]);
        for (size_t i = play.residents.size(); i > 0; --i) // half of them leave again
            if (random.below(2) == 0) {
                play.fleet.release(play.market.demand(play.residents[i - 1].offer), play.residents[i - 1].taken);
                play.residents.erase(play.residents.begin() + static_cast<std::ptrdiff_t>(i - 1));
            }
        const Fragmentation measure(play.fleet, play.market, weight);
        for (const RowIndex row : rows)
            ASSERT_NEAR(measure.lost(play.fleet, row), lost_by_definition(play, play.fleet, row, weight), 1e-6)
                << "seed " << seed;
        const size_t budget = random.below(6);
        const DefragSteps steps = defragment(play.fleet, play.market, measure, play.residents, budget);
        ASSERT_LE(steps.moves.size(), budget);
        ASSERT_NEAR(steps.lost_before, measure.lost(play.fleet), 1e-6);
        Fleet fleet = play.fleet;
        std::vector<bool> moved(play.residents.size());
        double gained = 0;
        for (const DefragMove &move : steps.moves) {
            const Resident &resident = play.residents.at(move.resident);
            const Demand &demand = play.market.demand(resident.offer);
            ASSERT_FALSE(moved[move.resident]) << "seed " << seed;
            moved[move.resident] = true;
            ASSERT_NE(fleet.server_of(move.to.row), fleet.server_of(resident.taken.row));
            const auto &segments = play.market.at(resident.offer).segments;
            ASSERT_TRUE(std::binary_search(segments.begin(), segments.end(), fleet.segment_of(move.to.row)));
            ASSERT_TRUE(fleet.fits(demand, move.to.row)) << "seed " << seed; // before it has left
            const double before = measure.lost(fleet);
            ASSERT_EQ(fleet.take(demand, move.to.row).cards, move.to.cards);
            fleet.release(demand, resident.taken);
            ASSERT_NEAR(move.gain, before - measure.lost(fleet), 1e-6) << "seed " << seed;
            ASSERT_GT(move.gain, 0);
            for (const RowIndex row : rows)
                for (const Card &card : fleet.cards(row)) ASSERT_LE(card.milli_free, 1000u);
            gained += move.gain;
        }
        ASSERT_NEAR(steps.lost_after, measure.lost(fleet), 1e-6);
        ASSERT_NEAR(gained, steps.lost_before - steps.lost_after, 1e-6);
        moves += steps.moves.size();
        starved += budget > steps.moves.size();
    }
    EXPECT_GT(moves, 100u); // the test is not about nothing
    EXPECT_GT(starved, 10u);
}

} // namespace
} // namespace rigger::placement
