#include "domain/optimum/allocation_bound.hpp"

#include "domain/optimum/level_search.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace rigger::optimum {
namespace {

constexpr int whole_milli = 1000;
constexpr int finest_milli = 10; ///< shares are rounded down to multiples of this: more fits, so the bound still holds

struct Kind {
    int gpus = 0, milli = 0; ///< of each GPU
    double cpu = 0, memory = 0;
    double count = 0;
    double worth() const { return static_cast<double>(gpus) * milli; }
};

struct MachineClass {
    int gpus = 0;
    double cpu = 0, memory = 0;
    double count = 0;
    std::vector<size_t> kinds; ///< that fit an empty machine
};

/// The best filling of one machine's GPUs by the values of kinds; kinds may repeat.
class GpuPacking {
public:
    GpuPacking(int unit, int most_gpus)
        : unit_(unit), cells_(whole_milli / unit), card_(static_cast<size_t>(cells_) + 1),
          machine_(static_cast<size_t>(most_gpus) + 1) {}

    void begin() {
        std::fill(card_.begin(), card_.end(), Cell{});
        std::fill(machine_.begin(), machine_.end(), Cell{});
    }
    void offer(size_t kind, int gpus, int milli, double value) {
        const bool share = milli < whole_milli;
        const auto size = static_cast<size_t>(share ? std::max(1, milli / unit_) : gpus);
        Cell &best = (share ? card_ : machine_)[size];
        if (value > best.item_value) best.item_value = value, best.item = kind;
    }
    double solve(int gpus) {
        fill(card_, card_.size() - 1);
        Cell &one = machine_[1];
        mixed_ = card_.back().total > one.item_value;
        if (mixed_) one.item_value = card_.back().total;
        fill(machine_, static_cast<size_t>(gpus));
        gpus_ = static_cast<size_t>(gpus);
        return machine_[gpus_].total;
    }
    /// Calls used(kind) for every item of the solution.
    template <typename Used> void each(const Used &used) const {
        walk(machine_, gpus_, [&](size_t size, size_t kind) {
            if (size == 1 && mixed_) walk(card_, card_.size() - 1, [&](size_t, size_t share) { used(share); });
            else used(kind);
        });
    }

private:
    struct Cell {
        double item_value = 0, total = 0;
        size_t item = 0, last = 0; ///< last 0: this cell is that of one less
    };
    static void fill(std::vector<Cell> &cells, size_t size) {
        for (size_t at = 1; at <= size; ++at) {
            cells[at].total = cells[at - 1].total;
            cells[at].last = 0;
            for (size_t item = 1; item <= at; ++item) {
                if (cells[item].item_value <= 0) continue;
                const double total = cells[at - item].total + cells[item].item_value;
                if (total > cells[at].total) cells[at].total = total, cells[at].last = item;
            }
        }
    }
    template <typename Item> static void walk(const std::vector<Cell> &cells, size_t at, const Item &item) {
        while (at > 0) {
            const size_t last = cells[at].last;
            if (last > 0) item(last, cells[last].item);
            at -= std::max<size_t>(1, last);
        }
    }

    int unit_, cells_;
    std::vector<Cell> card_, machine_;
    bool mixed_ = false;
    size_t gpus_ = 0;
};

struct Instance {
    std::vector<Kind> kinds;
    std::vector<MachineClass> classes;
    int unit = whole_milli, most_gpus = 1;
    int64_t capacity = 0, demand = 0;
};

Instance instance_of(std::span<const Machine> machines, std::span<const Task> tasks) {
    Instance made;
    std::map<std::tuple<int, int, int64_t, int64_t, std::vector<std::string>>, double> kinds;
    for (const Task &task : tasks) {
        if (task.gpus <= 0) continue;
        made.demand += int64_t{task.gpus} * task.gpu_milli;
        kinds[{task.gpus, task.gpu_milli, task.cpu_milli, task.memory_mib, task.models}] += 1;
        made.unit = std::gcd(made.unit, task.gpu_milli);
    }
    made.unit = std::max(made.unit, finest_milli);
    std::map<std::tuple<std::string, int, int64_t, int64_t>, double> classes;
    for (const Machine &machine : machines) {
        if (machine.gpus <= 0) continue;
        made.capacity += int64_t{machine.gpus} * whole_milli;
        made.most_gpus = std::max(made.most_gpus, machine.gpus);
        classes[{machine.model, machine.gpus, machine.cpu_milli, machine.memory_mib}] += 1;
    }
    for (const auto &[key, count] : classes) {
        const auto &[model, gpus, cpu, memory] = key;
        MachineClass one{gpus, static_cast<double>(cpu), static_cast<double>(memory), count, {}};
        size_t kind = 0;
        for (const auto &[need, tasks_of_kind] : kinds) {
            const auto &[n, milli, need_cpu, need_memory, models] = need;
            const bool admits = models.empty() || std::find(models.begin(), models.end(), model) != models.end();
            if (admits && n <= gpus && need_cpu <= cpu && need_memory <= memory) one.kinds.push_back(kind);
            ++kind;
        }
        made.classes.push_back(std::move(one));
    }
    for (const auto &[need, count] : kinds)
        made.kinds.push_back({std::get<0>(need), std::get<1>(need), static_cast<double>(std::get<2>(need)),
                              static_cast<double>(std::get<3>(need)), count});
    return made;
}

/// Prices are relative: of a kind to the task's worth, of a class's CPU and memory to the worth of a whole machine.
class Dual {
public:
    explicit Dual(const Instance &instance)
        : instance_(instance), packing_(instance.unit, instance.most_gpus),
          slope(instance.kinds.size() + 2 * instance.classes.size()), weight(slope.size()) {
        for (size_t k = 0; k < instance.kinds.size(); ++k)
            weight[k] = instance.kinds[k].worth() * instance.kinds[k].count;
        for (size_t c = 0; c < instance.classes.size(); ++c)
            cpu_weight(c) = memory_weight(c) = instance.classes[c].count * machine_worth(instance.classes[c]);
    }
    size_t size() const { return slope.size(); }

    /// The bound at these prices; leaves the normalised slope.
    double at(const std::vector<double> &price) {
        const size_t kinds = instance_.kinds.size();
        double bound = 0;
        for (size_t k = 0; k < kinds; ++k) {
            bound += price[k] * weight[k];
            slope[k] = 1;
        }
        for (size_t c = 0; c < instance_.classes.size(); ++c) bound += one_class(c, price);
        return bound;
    }

private:
    static double machine_worth(const MachineClass &one) { return static_cast<double>(one.gpus) * whole_milli; }
    double &cpu_weight(size_t c) { return weight[instance_.kinds.size() + 2 * c]; }
    double &memory_weight(size_t c) { return weight[instance_.kinds.size() + 2 * c + 1]; }

    double one_class(size_t c, const std::vector<double> &price) {
        const MachineClass &one = instance_.classes[c];
        const size_t at = instance_.kinds.size() + 2 * c;
        const double worth = machine_worth(one);
        const double per_cpu = one.cpu > 0 ? price[at] * worth / one.cpu : 0,
                     per_memory = one.memory > 0 ? price[at + 1] * worth / one.memory : 0;
        packing_.begin();
        for (const size_t k : one.kinds) {
            const Kind &kind = instance_.kinds[k];
            packing_.offer(k, kind.gpus, kind.milli,
                           kind.worth() * (1 - price[k]) - per_cpu * kind.cpu - per_memory * kind.memory);
        }
        const double filled = packing_.solve(one.gpus);
        double cpu = 0, memory = 0;
        packing_.each([&](size_t k) {
            cpu += instance_.kinds[k].cpu;
            memory += instance_.kinds[k].memory;
            slope[k] -= one.count / instance_.kinds[k].count;
        });
        slope[at] = one.cpu > 0 ? 1 - cpu / one.cpu : 0;
        slope[at + 1] = one.memory > 0 ? 1 - memory / one.memory : 0;
        return one.count * (filled + per_cpu * one.cpu + per_memory * one.memory);
    }

    const Instance &instance_;
    GpuPacking packing_;

public:
    std::vector<double> slope, weight;
};

} // namespace

AllocationBound allocatable_at_most(std::span<const Machine> machines, std::span<const Task> tasks, size_t rounds) {
    const Instance instance = instance_of(machines, tasks);
    AllocationBound bound;
    bound.trivial_gpu_milli = bound.gpu_milli = std::min(instance.capacity, instance.demand);
    if (bound.trivial_gpu_milli == 0) return bound;
    Dual dual(instance);
    std::vector<double> price(dual.size(), 0.0);
    const double least = lowest_level(dual, price, rounds);
    // Milli are whole numbers; the tolerance covers rounding in the sums, which could otherwise cut a bound that is
    // reached.
    const auto at_most = static_cast<int64_t>(std::floor(least * (1 + 1e-12) + 1e-6));
    bound.gpu_milli = std::min(bound.gpu_milli, at_most);
    return bound;
}

} // namespace rigger::optimum
