// What is free on the server of a pair, before and after the placement.
#pragma once
#include <rigger/sdk/scorer.hpp>

#include <algorithm>
#include <cstdint>

namespace baseline {

inline constexpr size_t cards = 16;

struct Room {
    double milli[cards];
    int count = 0;  ///< cards that count: those of the group, at most 16
    double cpu = 0; ///< milli; negative: not known
    uint32_t model = 0;
    double free_milli() const noexcept {
        double sum = 0;
        for (int i = 0; i < count; ++i) sum += milli[i];
        return sum;
    }
};

struct Wish {
    double count = 0, milli = 0, cpu = 0;
    bool shared() const noexcept { return count == 1 && milli < 1000; }
};

/// Takes whole cards in order or, shared, the card on which least is left, as the host will. False: it does not fit.
inline bool take(Room &room, const Wish &wish) {
    if (room.cpu >= 0 && room.cpu < wish.cpu) return false;
    if (room.cpu >= 0) room.cpu -= wish.cpu;
    if (wish.shared()) {
        double *best = nullptr;
        for (int i = 0; i < room.count; ++i)
            if (room.milli[i] >= wish.milli && (!best || room.milli[i] < *best)) best = room.milli + i;
        if (best) *best -= wish.milli;
        return best != nullptr;
    }
    double wanted = wish.count;
    for (int i = 0; i < room.count && wanted > 0; ++i) {
        if (room.milli[i] != 1000) continue;
        room.milli[i] = 0;
        --wanted;
    }
    return wanted <= 0;
}

} // namespace baseline
