// The packing scorer: best fit. The preference of a pair is the share of the group's free GPUs that the job takes,
//
//   preference = wanted / free        1: the hole is filled exactly; 1/8: one GPU of eight free ones
//
// so that small jobs fill small holes and whole servers stay whole for the jobs that need them. A job that wants a part
// of one GPU is measured in thousandths against all that is free in the group, shared cards included. 0 where the job
// does not fit.
//
// Pure and stateless: any number of threads.
#pragma once
#include <rigger/sdk/scorer.hpp>

namespace packing {

class PackingScorer final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {
        {"gpu.free", RIG_COL_F64, 0}, {"gpu.milli_free", RIG_COL_F64, 1}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {
        {"gpu.count", RIG_COL_F64, 0}, {"gpu.milli", RIG_COL_F64, 1}, {nullptr, 0, 0}};
    static constexpr double score_min = 0, score_max = 1;

    PackingScorer(rig::Host, std::string_view) {}

    rig::Status score(const rig::ScoreBatch &batch) override;
    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) override;
};

} // namespace packing
