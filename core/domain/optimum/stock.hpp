// core/domain/optimum/stock.hpp -- what a plan chooses from, reduced to what it earns and what it takes: lots (offers)
// and bins (GPUs of one model on one server). A lot is placed at most once per site; each further copy of it earns no
// more than the one before.
#pragma once
#include <cstdint>
#include <vector>

namespace rigger::optimum {

struct Lot {
    int gpus = 0;        ///< wholly free ones; 0 for a share
    int share_milli = 0; ///< of one GPU; 0 for whole GPUs
    double disk = 0, cpu = 0, memory = 0;
    std::vector<double>
        worth; ///< per hour, of the next copy, the one after it, ...: never rising; as many as may be placed
    double density() const noexcept { return gpus > 0 ? gpus : share_milli / 1000.0; } ///< GPUs that a copy takes
};

struct Site {
    double disk = 0, cpu = 0, memory = 0; ///< left; infinite: unknown, not compared
    std::vector<uint32_t> bins;
};

struct Bin {
    uint32_t site = 0, menu = 0;
    int gpus = 0;        ///< wholly free ones
    int spare_milli = 0; ///< free on cards that are partly taken
};

struct Stock {
    std::vector<Lot> lots;
    std::vector<Site> sites;
    std::vector<Bin> bins;
    std::vector<std::vector<uint32_t>> menus; ///< lots that may be placed in a bin, each taken alone
};

struct Choice {
    uint32_t lot = 0, bin = 0;
    friend bool operator==(const Choice &, const Choice &) = default;
};

/// What the choices earn: the first copies of each lot. Precondition: no more copies than worths.
double worth_of(const Stock &stock, const std::vector<Choice> &choices);

} // namespace rigger::optimum
