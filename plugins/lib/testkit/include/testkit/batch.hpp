// testkit/batch.hpp -- a score batch in memory: columns as vectors, 64-byte aligned and padded, scores preset to NaN.
#pragma once
#include <rigger/sdk/scorer.hpp>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace testkit {

/// Holds the memory that a rig_table points into. Columns in the order of the scorer's specs, all F64.
class Table {
public:
    explicit Table(const std::vector<std::vector<double>> &columns) : rows_(columns.empty() ? 0 : columns[0].size()) {
        for (const auto &column : columns) {
            const size_t bytes = (column.size() * sizeof(double) + 64) / 64 * 64;
            memory_.emplace_back(static_cast<double *>(std::aligned_alloc(64, bytes)), &std::free);
            std::memset(memory_.back().get(), 0, bytes);
            std::memcpy(memory_.back().get(), column.data(), column.size() * sizeof(double));
            columns_.push_back({memory_.back().get(), nullptr, RIG_COL_F64, 0});
        }
    }
    rig_table raw() const { return {rows_, columns_.size(), columns_.data()}; }
    size_t rows() const { return rows_; }

private:
    size_t rows_;
    std::vector<std::unique_ptr<double, void (*)(void *)>> memory_;
    std::vector<rig_column> columns_;
};

class Batch {
public:
    Batch(const std::vector<std::vector<double>> &candidates, const std::vector<std::vector<double>> &workloads)
        : candidates_(candidates), workloads_(workloads), stride_(candidates_.rows() + 3),
          scores_(stride_ * workloads_.rows(), NAN) {}
    void select(std::vector<uint32_t> rows) { select_ = std::move(rows), selecting_ = true; }
    rig_score_batch raw() {
        return {sizeof(rig_score_batch), 1,       candidates_.raw(), workloads_.raw(), selecting_ ? select_.data() : nullptr,
                select_.size(),          stride_, scores_.data()};
    }
    double score(size_t workload, size_t candidate) const { return scores_[workload * stride_ + candidate]; }
    /// The scorer stayed inside its rows.
    bool tails_untouched() const {
        for (size_t w = 0; w < workloads_.rows(); ++w)
            for (size_t c = candidates_.rows(); c < stride_; ++c)
                if (!std::isnan(scores_[w * stride_ + c])) return false;
        return true;
    }

private:
    Table candidates_, workloads_;
    size_t stride_;
    std::vector<double> scores_;
    std::vector<uint32_t> select_;
    bool selecting_ = false;
};

} // namespace testkit
