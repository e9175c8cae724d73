// The profit scorer: value of one more instance of an offer on a GPU group, in compute units per USD.
//
//   n instances everywhere, rl rate-limited calls (a fifth of them from n = 5 on),
//   U = compute time x multiplier, c calls (at least 1)
//   gain  = (U + U / c x rl) / (n + 1)     per hour, for the next instance
//   value = gain / (price x GPUs), private: 3600 x multiplier x factor / (price x GPUs)
//
// Pure and stateless after construction: any number of threads. Abstains (NaN) where an input is not finite.
#pragma once
#include "config.hpp"

#include <rigger/sdk/scorer.hpp>

namespace profit {

class ProfitScorer final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {{"node.price", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {
        {"gpu.count", RIG_COL_F64, 0},          {"offer.multiplier", RIG_COL_F64, 0},
        {"offer.compute_time", RIG_COL_F64, 0}, {"offer.invocations", RIG_COL_F64, 0},
        {"offer.rate_limits", RIG_COL_F64, 0},  {"offer.instances", RIG_COL_F64, 0},
        {"offer.private", RIG_COL_F64, 0},      {nullptr, 0, 0}};
    static constexpr double score_min = 0, score_max = 1;
    static constexpr uint32_t role = RIG_ROLE_VALUE;
    static constexpr const char *unit = "compute-unit/USD";

    ProfitScorer(rig::Host, std::string_view config);

    rig::Status start() override;
    rig::Status score(const rig::ScoreBatch &batch) override;
    rig::Result<std::string> explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) override;
    rig::Status appraise(const rig::WorkloadTable &workloads, double *values) override;

private:
    struct Offer { // one row of the workload table
        double gpus, multiplier, compute_time, calls, rate_limits, instances;
        bool is_private;
    };
    template <typename Table> static Offer offer(const Table &table, size_t row);
    static double gain(const Offer &offer);
    double worth(const Offer &offer) const; ///< of one instance, whatever it costs
    void score_rows(const Offer &offer, const double *price, double *out, size_t n) const;

    Config config_;
    rig::Status problem_;
};

} // namespace profit
