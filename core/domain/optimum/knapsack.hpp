// core/domain/optimum/knapsack.hpp -- the most valuable set of lots of whole GPUs for one bin, each at most once:
// exact, by size.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace rigger::optimum {

class Knapsack {
public:
    void begin(int gpus) {
        gpus_ = static_cast<size_t>(gpus);
        if (shelves_.size() < gpus_ + 1) shelves_.resize(gpus_ + 1);
        for (size_t size = 1; size <= gpus_; ++size) shelves_[size].clear();
    }
    /// Only the best gpus / size lots of a size can matter.
    void offer(uint32_t lot, int gpus, double value) {
        const auto size = static_cast<size_t>(gpus);
        if (size == 0 || size > gpus_ || value <= 0) return;
        auto &shelf = shelves_[size];
        const size_t most = gpus_ / size;
        if (shelf.size() == most && shelf.back().value >= value) return;
        if (shelf.size() == most) shelf.pop_back();
        auto at = shelf.end();
        while (at != shelf.begin() && std::prev(at)->value < value) --at;
        shelf.insert(at, {value, lot});
    }
    /// The value of every number of GPUs up to begin()'s.
    const std::vector<double> &solve() {
        best_.assign(gpus_ + 1, 0.0);
        taken_.assign((gpus_ + 1) * (gpus_ + 1), 0);
        for (size_t size = 1; size <= gpus_; ++size) {
            const auto &shelf = shelves_[size];
            if (shelf.empty()) continue;
            for (size_t room = gpus_; room >= size; --room) {
                double sum = 0;
                size_t most = 0;
                double best = best_[room];
                for (size_t n = 1; n <= shelf.size() && n * size <= room; ++n) {
                    sum += shelf[n - 1].value;
                    if (const double value = best_[room - n * size] + sum; value > best) best = value, most = n;
                }
                best_[room] = best;
                taken_[size * (gpus_ + 1) + room] = static_cast<uint8_t>(most);
            }
        }
        return best_;
    }
    /// Calls used(lot) for the set of solve() that fits into `room` GPUs.
    template <typename Used> void each(size_t room, const Used &used) const {
        for (size_t size = gpus_; size >= 1; --size) {
            const size_t n = taken_[size * (gpus_ + 1) + room];
            for (size_t i = 0; i < n; ++i) used(shelves_[size][i].lot);
            room -= n * size;
        }
    }

private:
    struct Item {
        double value = 0;
        uint32_t lot = 0;
    };
    size_t gpus_ = 0;
    std::vector<std::vector<Item>> shelves_;
    std::vector<double> best_;
    std::vector<uint8_t> taken_;
};

} // namespace rigger::optimum
