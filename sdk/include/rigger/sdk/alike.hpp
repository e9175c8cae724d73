// rigger/sdk/alike.hpp -- on request: score workloads that ask for the same only once, for a scorer that looks at
// nothing but its columns and the mix.
#pragma once
#include <rigger/sdk/scorer.hpp>

#include <algorithm>
#include <vector>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

/// Kept between calls for its memory. One call at a time.
class AlikeWorkloads {
public:
    /// Workloads whose first `columns` workload columns (all F64) are equal are alike.
    void group(const ScoreBatch &batch, size_t columns) {
        firsts_.clear();
        first_of_.resize(batch.workloads());
        for (size_t w = 0; w < batch.workloads(); ++w) {
            const auto alike = [&](size_t other) {
                for (size_t i = 0; i < columns; ++i)
                    if (batch.workload(i)[other] != batch.workload(i)[w]) return false;
                return true;
            };
            const auto known = std::find_if(firsts_.begin(), firsts_.end(), alike);
            first_of_[w] = known == firsts_.end() ? w : *known;
            if (known == firsts_.end()) firsts_.push_back(w);
        }
    }
    /// One workload of each kind, in order: those to score.
    const std::vector<size_t> &firsts() const noexcept { return firsts_; }
    /// Gives all others the scores of the one they are like.
    void share(const ScoreBatch &batch) const {
        for (size_t w = 0; w < first_of_.size(); ++w)
            if (first_of_[w] != w) std::copy_n(batch.scores(first_of_[w]), batch.candidates(), batch.scores(w));
    }

private:
    std::vector<size_t> firsts_, first_of_;
};

} // namespace abi1
} // namespace rig
