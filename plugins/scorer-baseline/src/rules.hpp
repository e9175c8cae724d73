// The plainer rules of the published comparison (Weng et al., USENIX ATC 2023), each as a whole number from 0 to 100:
// rounding down makes ties, and which server wins a tie is part of the result.
#pragma once
#include "room.hpp"

#include <cmath>

namespace baseline {

/// What their largest server has.
inline constexpr double most_cpu = 128000, most_gpu = 8000;

/// The server on which least is left of CPU and GPU, both counted alike as shares of the largest server.
inline double best_fit(const Room &left) {
    return std::floor(100 * (1 - 0.5 * std::max(0.0, left.cpu) / most_cpu - 0.5 * left.free_milli() / most_gpu));
}

/// The server whose free room, as a vector of CPU and GPU, has the smallest product with the demand: tight ones first.
inline double dot_product(const Room &room, const Wish &wish) {
    const double cpu = std::max(0.0, room.cpu) / most_cpu * (wish.cpu / most_cpu),
                 gpu = room.free_milli() / most_gpu * (wish.count * wish.milli / most_gpu);
    return std::floor(100 * (1 - (cpu + gpu) / 2));
}

/// Cards in use before free ones, servers in use before free ones. Precondition: the wish fits.
inline double gpu_packing(const Room &room, const Wish &wish) {
    if (wish.count <= 0) return 0;
    const auto whole = static_cast<double>(std::count(room.milli, room.milli + room.count, 1000.0));
    if (whole == room.count) return std::max(33 - whole, whole);
    if (!wish.shared()) return std::max(50 - wish.count, 33.0);
    double least = 1000;
    for (int i = 0; i < room.count; ++i)
        if (room.milli[i] >= wish.milli) least = std::min(least, room.milli[i]);
    return least == 1000 ? 49 : std::max(100 - std::floor(std::floor(least / 10) / 10), 50.0);
}

} // namespace baseline
