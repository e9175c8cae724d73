#include "control/committer.hpp"

#include <algorithm>
#include <iterator>

namespace rigger {
namespace {

bool is_refusal(const Effect &effect) {
    const auto *reply = std::get_if<ReplyEffect>(&effect.what);
    return reply && !reply->answer.ok();
}

} // namespace

std::vector<Effect> CommitQueue::push(std::vector<Write> writes, std::vector<Effect> effects) {
    std::vector<Effect> refusals;
    if (writes.empty()) {
        const auto first =
            std::stable_partition(effects.begin(), effects.end(), [](const Effect &e) { return !is_refusal(e); });
        refusals.assign(std::make_move_iterator(first), std::make_move_iterator(effects.end()));
        effects.erase(first, effects.end());
    }
    if (!writes.empty() || !effects.empty()) turns_.push_back({std::move(writes), std::move(effects)});
    return refusals;
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
