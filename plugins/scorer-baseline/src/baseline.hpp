// Placement rules from the literature and from habit, as preference scorers: what a better scorer is measured against.
//
//   policy: fgd          fragmentation gradient descent (fgd.hpp)
//   policy: best-fit, dot-product, gpu-packing          (rules.hpp)
//
// Ties go to the first server by name.
#pragma once
#include "fgd.hpp"

#include <rigger/sdk/alike.hpp>

#include <optional>

namespace baseline {

extern const char *const config_schema;
enum class Policy : uint8_t { fgd, best_fit, dot_product, gpu_packing };

class BaselineScorer final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {
        {"gpu.milli_0", RIG_COL_F64, 0},  {"gpu.milli_1", RIG_COL_F64, 0},         {"gpu.milli_2", RIG_COL_F64, 0},
        {"gpu.milli_3", RIG_COL_F64, 0},  {"gpu.milli_4", RIG_COL_F64, 0},         {"gpu.milli_5", RIG_COL_F64, 0},
        {"gpu.milli_6", RIG_COL_F64, 0},  {"gpu.milli_7", RIG_COL_F64, 0},         {"gpu.milli_8", RIG_COL_F64, 0},
        {"gpu.milli_9", RIG_COL_F64, 0},  {"gpu.milli_10", RIG_COL_F64, 0},        {"gpu.milli_11", RIG_COL_F64, 0},
        {"gpu.milli_12", RIG_COL_F64, 0}, {"gpu.milli_13", RIG_COL_F64, 0},        {"gpu.milli_14", RIG_COL_F64, 0},
        {"gpu.milli_15", RIG_COL_F64, 0}, {"node.cpu_free_milli", RIG_COL_F64, 0}, {"gpu.model", RIG_COL_U32, 0},
        {"node.index", RIG_COL_U32, 0},   {"gpu.total", RIG_COL_F64, 0},           {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {
        {"gpu.count", RIG_COL_F64, 0}, {"gpu.milli", RIG_COL_F64, 0}, {"cpu.milli", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = 0, score_max = 101;
    static constexpr uint32_t reads = RIG_READS_MIX;

    BaselineScorer(rig::Host, std::string_view config);

    rig::Status start() override; ///< "ConfigValue": the policy is none
    rig::Status score(const rig::ScoreBatch &batch) override;
    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) override;

private:
    static Room room_of(const rig::ScoreBatch &batch, size_t candidate);
    /// `before`: the room's fragmentation, reckoned when it is first needed.
    double one(const rig::ScoreBatch &batch, size_t workload, const Room &room, std::optional<double> &before,
               uint32_t index) const;

    rig::AlikeWorkloads alike_;
    Policy policy_ = Policy::fgd;
    Fgd fgd_;
    rig::Status problem_; ///< of the settings
};

} // namespace baseline
