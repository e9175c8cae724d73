// core/control/committer.hpp -- makes decisions durable in order, then lets their effects go. The rule that nothing
// leaves before it is written lives here.
#pragma once
#include "control/effects.hpp"
#include "domain/ports/store.hpp"

#include <cstddef>
#include <deque>
#include <vector>

namespace rigger {

/// The queue between the controller and the store. Not thread-safe: its owner locks, and calls attempt() from one
/// thread at a time.
class CommitQueue {
public:
    /// Appends what one turn decided. Answer: what may leave at once, because it rests on nothing that must be durable
    /// first: refusals.
    std::vector<Effect> push(std::vector<Write> writes, std::vector<Effect> effects);
    bool empty() const noexcept { return turns_.empty(); }
    size_t size() const noexcept { return turns_.size(); }

    /// Group commit: what one transaction takes, from the front. Never empty unless the queue is.
    struct Batch {
        std::vector<Write> writes;
        size_t turns = 0;
    };
    Batch next_batch() const;
    /// The batch is durable: its turns leave the queue, their effects are answered in order.
    std::vector<Effect> committed(const Batch &batch);

private:
    struct Turn {
        std::vector<Write> writes;
        std::vector<Effect> effects;
    };
    std::deque<Turn> turns_;
};

} // namespace rigger
