#include "domain/optimum/allocation_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rigger::optimum {
namespace {

/// Tries every place, or none, for every task.
class ExhaustivePacking {
public:
    ExhaustivePacking(const std::vector<Machine> &machines, const std::vector<Task> &tasks) : tasks_(tasks) {
        for (const Machine &machine : machines)
            rooms_.push_back({machine, std::vector<int>(static_cast<size_t>(machine.gpus), 1000)});
    }
    int64_t most() {
        search(0, 0);
        return best_;
    }

private:
    struct Room {
        Machine left;
        std::vector<int> cards;
    };
    void search(size_t at, int64_t allocated) {
        best_ = std::max(best_, allocated);
        if (at == tasks_.size()) return;
        search(at + 1, allocated);
        const Task &task = tasks_[at];
        for (Room &room : rooms_) {
            const auto &models = task.models;
            if (!models.empty() && std::find(models.begin(), models.end(), room.left.model) == models.end()) continue;
            if (room.left.cpu_milli < task.cpu_milli || room.left.memory_mib < task.memory_mib) continue;
            const Room before = room;
            room.left.cpu_milli -= task.cpu_milli;
            room.left.memory_mib -= task.memory_mib;
            if (task.gpu_milli == 1000) {
                int wanted = task.gpus;
                for (int &card : room.cards)
                    if (card == 1000 && wanted > 0) card = 0, --wanted;
                if (wanted == 0) search(at + 1, allocated + int64_t{task.gpus} * 1000);
            } else {
                for (size_t c = 0; c < room.cards.size(); ++c) {
                    if (room.cards[c] < task.gpu_milli) continue;
                    room.cards[c] -= task.gpu_milli;
                    search(at + 1, allocated + task.gpu_milli);
                    room.cards[c] += task.gpu_milli;
                }
            }
            room = before;
        }
    }
    const std::vector<Task> &tasks_;
    std::vector<Room> rooms_;
    int64_t best_ = 0;
};

struct Case {
    std::vector<Machine> machines;
    std::vector<Task> tasks;
};

Case random_case(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int>(random() % n); };
    const std::string models[]{"a", "b"};
    Case made;
    for (int i = 1 + below(2); i > 0; --i)
        made.machines.push_back({models[below(2)], 1 + below(3), 1000 * (1 + below(6)), 100 * (1 + below(5))});
    for (int i = 1 + below(6); i > 0; --i) {
        Task task{below(6) == 0 ? 2 : 1, 1000, 500 * below(6), 50 * below(5), {}};
        if (task.gpus == 1 && below(2) == 0) task.gpu_milli = below(4) == 0 ? 125 + below(800) : 100 * (1 + below(9));
        if (below(3) == 0) task.models = {models[below(2)]};
        made.tasks.push_back(task);
    }
    return made;
}

TEST(AllocationBound, IsNeverBelowTheOptimum_AndOftenReachesIt) {
    size_t reached = 0, tighter = 0;
    constexpr uint64_t cases = 4000;
    for (uint64_t seed = 1; seed <= cases; ++seed) {
        const Case one = random_case(seed);
        const int64_t optimum = ExhaustivePacking(one.machines, one.tasks).most();
        const AllocationBound bound = allocatable_at_most(one.machines, one.tasks, 150);
        ASSERT_GE(bound.gpu_milli, optimum) << "seed " << seed;
        ASSERT_LE(bound.gpu_milli, bound.trivial_gpu_milli) << "seed " << seed;
        reached += bound.gpu_milli <= optimum + optimum / 100;
        tighter += bound.gpu_milli < bound.trivial_gpu_milli;
    }
    EXPECT_GT(reached, cases / 2);
    EXPECT_GT(tighter, cases / 4);
    RecordProperty("reached", static_cast<int>(reached));
    RecordProperty("tighter", static_cast<int>(tighter));
}

TEST(AllocationBound, OfScarceCpu_IsWhatTheCpuFeeds) {
    const std::vector<Machine> machines(10, Machine{"a", 8, 16000, 1'000'000});
    const std::vector<Task> tasks(200, Task{1, 1000, 4000, 1, {}});
    const AllocationBound bound = allocatable_at_most(machines, tasks);
    EXPECT_EQ(bound.trivial_gpu_milli, 80'000);
    EXPECT_GE(bound.gpu_milli, 40'000);
    EXPECT_LE(bound.gpu_milli, 40'040);
}

TEST(AllocationBound, OfTasksThatFitNowhere_IsNothing) {
    const std::vector<Machine> machines{{"a", 8, 16000, 1000}};
    EXPECT_EQ(
        allocatable_at_most(machines, std::vector<Task>{{1, 1000, 0, 0, {"b"}}, {1, 500, 32000, 0, {}}}).gpu_milli, 0);
    EXPECT_EQ(allocatable_at_most({}, {}).gpu_milli, 0);
}

} // namespace
} // namespace rigger::optimum
