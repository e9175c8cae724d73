#include "control/committer.hpp"

#include <iterator>

namespace rigger {

void CommitQueue::push(std::vector<Write> writes, std::vector<Effect> effects) {
    if (writes.empty() && effects.empty()) return;
    turns_.push_back({std::move(writes), std::move(effects)});
}

CommitQueue::Batch CommitQueue::next_batch() const {
    constexpr size_t most_writes = 1000; // a transaction that holds more makes those behind it wait
    Batch batch;
    for (const Turn &turn : turns_) {
        if (batch.turns > 0 && batch.writes.size() + turn.writes.size() > most_writes) break;
        batch.writes.insert(batch.writes.end(), turn.writes.begin(), turn.writes.end());
        ++batch.turns;
    }
    return batch;
}

std::vector<Effect> CommitQueue::committed(const Batch &batch) {
    std::vector<Effect> effects;
    for (size_t i = 0; i < batch.turns && !turns_.empty(); ++i) {
        std::move(turns_.front().effects.begin(), turns_.front().effects.end(), std::back_inserter(effects));
        turns_.pop_front();
    }
    return effects;
}

} // namespace rigger
