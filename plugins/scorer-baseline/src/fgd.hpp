// Fragmentation gradient descent as published (Weng et al., "Beware of Fragmentation", USENIX ATC 2023): a placement is
// as good as it lowers the milli that a typical task cannot use. Typical tasks are the most frequent kinds of the mix
// that together make up 95 % of it.
#pragma once
#include "room.hpp"

#include <vector>

namespace baseline {

class Fgd {
public:
    static constexpr size_t block = 8; ///< tasks looked at together; columns are padded to it

    /// Takes the typical tasks from the mix of the batch if it is another than the last.
    void follow(const rig::ScoreBatch &batch);
    /// Free milli that a typical task cannot use, weighted by frequency.
    double fragmentation(const Room &room) const;
    /// Integer part of 100 x sigmoid((before - after) / 1000).
    static double score(double before, double after);

private:
    bool known_ = false;
    uint64_t mix_id_ = 0;
    /// Typical tasks side by side: the loops over them are where the time goes.
    std::vector<double> cpu_, count_, milli_, share_;
    std::vector<uint64_t> models_;
};

} // namespace baseline
