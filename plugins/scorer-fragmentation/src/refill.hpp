// What free room on a card is worth, given what has been asked for so far.
//
// Let kinds of workload arrive as they did, each to whatever card has room. The expected milli that will in time be
// taken of r free ones is
//
//   U(r) = sum over kinds with m <= r of q (m + U(r - m)) / (sum of q + patience)
//   q = share of arrivals x GPUs per copy
//
// so 190 free milli are worth little where hardly anything that small is asked for, and 500 nearly all of 500 where
// halves are common. The constant in the denominator is the chance that nothing fitting comes: room that few kinds can
// use is worth less than room for all. Which kinds count depends on the server: its model must be admitted, its free
// CPU suffice, and a kind of g > 1 GPUs needs g whole ones there.
#pragma once
#include <rigger/sdk/scorer.hpp>

#include <array>
#include <vector>

namespace fragmentation {

class RefillTables {
public:
    static constexpr size_t step = 10; ///< milli; finer wishes are rounded up
    static constexpr size_t steps = 1000 / step + 1;
    using Worth = std::array<float, steps>; ///< U by free milli / step

    /// Takes the mix of the batch if it is another than the last.
    void follow(const rig::ScoreBatch &batch);
    /// CPU milli per GPU milli in what is asked for.
    double cpu_per_milli() const noexcept { return cpu_per_milli_; }
    const Worth &worth(uint32_t model, double cpu_free, int whole_cards);

private:
    struct Kind {
        double share, gpus, cpu;
        size_t milli_steps;
    };
    static constexpr size_t classes = 4; ///< 0-1, 2-3, 4-7, 8 or more whole cards
    struct Model {
        std::vector<Kind> kinds;   ///< that admit it, by CPU
        std::vector<Worth> tables; ///< by (kinds whose CPU fits) x classes + class
        std::vector<char> made;
    };
    void fill(Worth &worth, const Model &model, size_t fitting, double most_gpus) const;

    bool known_ = false;
    uint64_t mix_id_ = 0;
    double cpu_per_milli_ = 1;
    std::vector<Kind> kinds_;         ///< by CPU
    std::vector<uint64_t> models_of_; ///< by kind
    std::vector<Model> models_;       ///< by code; made when first met
};

} // namespace fragmentation
