// tests/simulation/world.hpp -- virtual time: a heap of things to come. Everything in a simulation happens through it,
// in one order per seed.
#pragma once
#include "base/random.hpp"
#include "base/time.hpp"

#include <functional>
#include <queue>
#include <vector>

namespace rigger::sim {

class World final : public Clock {
public:
    explicit World(uint64_t seed) : random(seed) {}

    WallTime wall() const override {
        return {1'767'225'600'000'000'000 + static_cast<int64_t>(now_.ns) + wall_offset.count()};
    } // from 2026-01-01
    MonoTime monotonic() const override { return now_; }

    void after(Duration delay, std::function<void()> what) { heap_.push({now_ + delay, sequence_++, std::move(what)}); }
    /// Uniform between the two.
    Duration between(Duration least, Duration most) {
        return least + Duration(static_cast<int64_t>(random.below(static_cast<uint64_t>((most - least).count()) + 1)));
    }
    bool chance(double probability) { return random.unit() < probability; }
    /// One event. False: nothing is left.
    bool step() {
        if (heap_.empty()) return false;
        auto next = std::move(const_cast<Entry &>(heap_.top()));
        heap_.pop();
        now_ = next.at;
        next.what();
        ++steps;
        return true;
    }
    bool step_until(MonoTime end) {
        if (heap_.empty() || heap_.top().at > end) {
            now_ = end;
            return false;
        }
        return step();
    }

    Random random;
    Duration wall_offset{};
    uint64_t steps = 0;

private:
    struct Entry {
        MonoTime at;
        uint64_t sequence;
        std::function<void()> what;
        bool operator<(const Entry &other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
    };
    std::priority_queue<Entry> heap_;
    MonoTime now_{1'000'000'000'000};
    uint64_t sequence_ = 0;
};

} // namespace rigger::sim
