// rigger/sdk/testing/score_table.hpp -- the columns and the score matrix of one batch, laid out as the host lays them
// out: aligned, padded, with guard values around everything that a scorer must not write.
#pragma once
#include <rigger/abi/kind/placement_scorer.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace testing {

/// Columns are named by the scorer's own specs and start as zeros; naming one that the scorer does not ask for is
/// ignored, so that a test can fill a whole fleet for any scorer. Row counts are fixed at construction. Throws
/// std::invalid_argument on misuse.
class ScoreTable {
public:
    static constexpr uint64_t kGuard = 0x7ff8dead5c04e5a5u; ///< a NaN that no arithmetic produces
    static constexpr size_t kSpare = 3;                     ///< guard cells behind each row of scores

    ScoreTable(const rig_placement_scorer &scorer, size_t workloads, size_t candidates)
        : candidates_(scorer.candidate_columns, candidates), workloads_(scorer.workload_columns, workloads),
          stride_(candidates + kSpare), scores_(aligned((workloads * stride_ + kSpare) * sizeof(double))) {
        reset();
    }

    /// Sets one column from its start; U32, I64 and U8 columns are converted.
    ScoreTable &candidate(std::string_view name, const std::vector<double> &values) {
        return candidates_.set(name, values), *this;
    }
    ScoreTable &workload(std::string_view name, const std::vector<double> &values) {
        return workloads_.set(name, values), *this;
    }
    /// An optional column that this host lacks.
    ScoreTable &without_candidate(std::string_view name) { return candidates_.drop(name), *this; }
    /// Only these candidate rows are feasible. Ascending.
    ScoreTable &select(std::vector<uint32_t> rows) {
        select_ = std::move(rows), selected_ = true;
        return *this;
    }
    /// One more kind of workload in the mix; `models`: bits of gpu.model codes. Shares should sum to 1.
    ScoreTable &mix(double share, double gpus, double milli, double cpu_milli = 0, double memory_mib = 0,
                    int64_t models = -1) {
        const double row[] = {share, gpus, milli, cpu_milli, memory_mib};
        for (size_t c = 0; c < RIG_MIX_MODELS; ++c) mix_[c].push_back(row[c]);
        mix_models_.push_back(models);
        return ++mix_id_, *this;
    }
    ScoreTable &snapshot(uint64_t id) { return snapshot_ = id, *this; }

    /// The batch as the scorer gets it; valid while this lives and until the next call of a setter.
    const rig_score_batch &batch() {
        batch_ = {};
        batch_.struct_size = sizeof batch_;
        batch_.snapshot_id = snapshot_;
        batch_.candidates = candidates_.table();
        batch_.workloads = workloads_.table();
        batch_.select = selected_ ? select_.data() : nullptr;
        batch_.select_count = selected_ ? select_.size() : 0;
        batch_.score_stride = stride_;
        batch_.scores = scores();
        for (size_t c = 0; c < RIG_MIX_MODELS; ++c) mix_columns_[c] = {mix_[c].data(), nullptr, RIG_COL_F64, 0};
        mix_columns_[RIG_MIX_MODELS] = {mix_models_.data(), nullptr, RIG_COL_I64, 0};
        batch_.mix = {mix_models_.size(), RIG_MIX_COLUMNS, mix_columns_};
        batch_.mix_id = mix_id_;
        return batch_;
    }
    /// Every score is NaN again and every guard stands.
    void reset() {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        double *const s = scores();
        for (size_t i = 0; i < workloads() * stride_ + kSpare; ++i) std::memcpy(s + i, &kGuard, sizeof kGuard);
        for (size_t w = 0; w < workloads(); ++w)
            for (size_t c = 0; c < candidates(); ++c) s[w * stride_ + c] = nan;
    }
    double at(size_t workload, size_t candidate) const { return scores()[workload * stride_ + candidate]; }
    size_t workloads() const noexcept { return workloads_.rows(); }
    size_t candidates() const noexcept { return candidates_.rows(); }

    /// The guard cells behind the rows still hold what the host put there.
    bool guards_intact() const {
        const double *const s = scores();
        for (size_t w = 0; w < workloads(); ++w)
            for (size_t i = w * stride_ + candidates(); i < (w + 1) * stride_; ++i)
                if (std::memcmp(s + i, &kGuard, sizeof kGuard) != 0) return false;
        for (size_t i = workloads() * stride_; i < workloads() * stride_ + kSpare; ++i)
            if (std::memcmp(s + i, &kGuard, sizeof kGuard) != 0) return false;
        return true;
    }
    /// The input columns are as they were set: a scorer must not write them.
    bool columns_intact() const { return candidates_.intact() && workloads_.intact(); }

private:
    struct Free {
        void operator()(void *p) const noexcept { std::free(p); }
    };
    using Memory = std::unique_ptr<void, Free>;
    static size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64 + 64; }
    static Memory aligned(size_t bytes) {
        void *p = std::aligned_alloc(64, padded(bytes));
        if (!p) throw std::bad_alloc();
        std::memset(p, 0, padded(bytes));
        return Memory(p);
    }
    double *scores() const noexcept { return static_cast<double *>(scores_.get()); }

    class Columns {
    public:
        Columns(const rig_column_spec *specs, size_t rows) : specs_(specs), rows_(rows) {
            for (const rig_column_spec *s = specs; s && s->name; ++s) {
                const size_t bytes = rows * width(s->type);
                data_.push_back(aligned(bytes));
                copy_.emplace_back(padded(bytes), '\0');
                columns_.push_back({data_.back().get(), nullptr, s->type, 0});
            }
        }
        size_t rows() const noexcept { return rows_; }
        rig_table table() const noexcept { return {rows_, columns_.size(), columns_.data()}; }
        void set(std::string_view name, const std::vector<double> &values) {
            if (values.size() > rows_)
                throw std::invalid_argument("column " + std::string(name) + ": more values than rows");
            for (size_t i = 0; i < columns_.size(); ++i) {
                if (name != specs_[i].name) continue;
                for (size_t r = 0; r < values.size(); ++r) store(data_[i].get(), specs_[i].type, r, values[r]);
                std::memcpy(&copy_[i][0], data_[i].get(), copy_[i].size());
            }
        }
        void drop(std::string_view name) {
            for (size_t i = 0; i < columns_.size(); ++i) {
                if (name != specs_[i].name) continue;
                if (!specs_[i].optional)
                    throw std::invalid_argument("column " + std::string(name) + " is not optional");
                columns_[i].data = nullptr;
            }
        }
        bool intact() const {
            for (size_t i = 0; i < columns_.size(); ++i)
                if (std::memcmp(copy_[i].data(), data_[i].get(), copy_[i].size()) != 0) return false;
            return true;
        }

    private:
        static size_t width(int32_t type) {
            switch (type) {
            case RIG_COL_U32: return 4;
            case RIG_COL_U8: return 1;
            case RIG_COL_F64:
            case RIG_COL_I64: return 8;
            default: throw std::invalid_argument("a column spec has the unknown type " + std::to_string(type));
            }
        }
        template <typename T> static void store_as(void *to, size_t row, double value) {
            const T v = static_cast<T>(value);
            std::memcpy(static_cast<char *>(to) + row * sizeof v, &v, sizeof v);
        }
        static void store(void *to, int32_t type, size_t row, double value) {
            if (type == RIG_COL_U32) return store_as<uint32_t>(to, row, value);
            if (type == RIG_COL_U8) return store_as<uint8_t>(to, row, value);
            if (type == RIG_COL_I64) return store_as<int64_t>(to, row, value);
            store_as<double>(to, row, value);
        }
        const rig_column_spec *specs_;
        size_t rows_;
        std::vector<Memory> data_;
        std::vector<std::string> copy_;
        std::vector<rig_column> columns_;
    };

    Columns candidates_, workloads_;
    size_t stride_;
    Memory scores_;
    std::vector<uint32_t> select_;
    bool selected_ = false;
    std::vector<double> mix_[RIG_MIX_MODELS];
    std::vector<int64_t> mix_models_;
    rig_column mix_columns_[RIG_MIX_COLUMNS]{};
    uint64_t mix_id_ = 0;
    uint64_t snapshot_ = 1;
    rig_score_batch batch_{};
};

} // namespace testing
} // namespace abi1
} // namespace rig
