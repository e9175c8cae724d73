// Scores a pair by what it does to the worth of the server's free room: how much of it will in time be used, as far as
// can be told from what has been asked for so far. See refill.hpp for the worth of a card; a server's is
//
//   1.777 x R - 0.5 x excess CPU + 0.4 x excess GPU
//   R = sum of U over whole cards + 1.05 x sum of 0.95^k U over open ones (partly taken), best first
//   excess: what is free beyond the mix's ratio of CPU to GPU, in GPU milli
//
// and the score is the change by the placement, brought into 0..1 by a curve that keeps the order.
//
// Pure: columns and mix decide. Keeps tables made from the mix, so one call at a time.
#pragma once
#include "refill.hpp"

#include <rigger/sdk/alike.hpp>

namespace fragmentation {

class FragmentationScorer final : public rig::Scorer {
public:
    static constexpr size_t cards = 16;
    static constexpr rig_column_spec candidate_columns[] = {{"gpu.milli_0", RIG_COL_F64, 0},
                                                            {"gpu.milli_1", RIG_COL_F64, 0},
                                                            {"gpu.milli_2", RIG_COL_F64, 0},
                                                            {"gpu.milli_3", RIG_COL_F64, 0},
                                                            {"gpu.milli_4", RIG_COL_F64, 0},
                                                            {"gpu.milli_5", RIG_COL_F64, 0},
                                                            {"gpu.milli_6", RIG_COL_F64, 0},
                                                            {"gpu.milli_7", RIG_COL_F64, 0},
                                                            {"gpu.milli_8", RIG_COL_F64, 0},
                                                            {"gpu.milli_9", RIG_COL_F64, 0},
                                                            {"gpu.milli_10", RIG_COL_F64, 0},
                                                            {"gpu.milli_11", RIG_COL_F64, 0},
                                                            {"gpu.milli_12", RIG_COL_F64, 0},
                                                            {"gpu.milli_13", RIG_COL_F64, 0},
                                                            {"gpu.milli_14", RIG_COL_F64, 0},
                                                            {"gpu.milli_15", RIG_COL_F64, 0},
                                                            {"node.cpu_free_milli", RIG_COL_F64, 0},
                                                            {"gpu.model", RIG_COL_U32, 0},
                                                            {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {
        {"gpu.count", RIG_COL_F64, 0}, {"gpu.milli", RIG_COL_F64, 0}, {"cpu.milli", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = 0, score_max = 1;
    static constexpr uint32_t reads = RIG_READS_MIX;

    FragmentationScorer(rig::Host, std::string_view) {}

    rig::Status score(const rig::ScoreBatch &batch) override;
    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) override;

private:
    struct Room {
        double milli[cards];
        uint8_t step[cards]; ///< milli in steps of the tables
        size_t used = 0;     ///< cards with anything free; the others are not here
        int whole = 0;       ///< of them, wholly free
        double free = 0;     ///< sum of milli
        double cpu = -1;     ///< negative: not known
        uint32_t model = 0;
    };
    /// What a placement takes: whole cards, or a part of one.
    struct Part {
        double whole = 0, milli = 0, cpu = 0;
        size_t card = cards; ///< of a share
    };
    struct Worth {
        double refill = 0, excess_cpu = 0, excess_gpu = 0;
        double sum() const noexcept { return 1.777 * refill - 0.5 * excess_cpu + 0.4 * excess_gpu; }
    };
    static Room room_of(const rig::ScoreBatch &batch, size_t candidate);
    /// False: it does not fit.
    static bool choose(const Room &room, double count, double milli, double cpu, Part &part);
    /// Of what is left without that part.
    Worth worth_without(const Room &room, const Part &part);

    rig::AlikeWorkloads alike_;
    RefillTables tables_;
};

} // namespace fragmentation
