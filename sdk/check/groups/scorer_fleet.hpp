// scorer_fleet.hpp -- made-up fleets and markets with plausible values in every documented column.
#pragma once
#include "../session.hpp"

namespace check {

/// Columns of docs/plugins/columns.md, as a random fleet has them.
struct Fleet {
    struct Column {
        const char *name;
        int32_t type;
        std::vector<double> values;
    };
    std::vector<Column> candidates, workloads;
    size_t candidate_rows, workload_rows;

    Fleet(std::mt19937_64 &random, size_t workload_count, size_t candidate_count);
    /// The same fleet with its candidates in this order (indices; may repeat or leave out).
    Fleet reordered(const std::vector<uint32_t> &candidate_order) const;
    /// One workload of the fleet.
    Fleet only_workload(size_t w) const;
    double candidate(const char *name, size_t row) const;
    double workload(const char *name, size_t row) const;
    /// Enough free GPUs for the workload?
    bool fits(size_t w, size_t c) const { return candidate("gpu.free", c) >= workload("gpu.count", w); }
    rig::testing::ScoreTable table(const rig_placement_scorer &) const;
};

} // namespace check
