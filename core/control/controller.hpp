// core/control/controller.hpp -- the one writer: (state, message) -> writes and effects. No thread, no lock, no clock,
// no I/O of its own.
#pragma once
#include "base/random.hpp"
#include "control/turn.hpp"
#include "domain/ports/store.hpp"

#include <optional>

namespace rigger {

/// Not thread-safe. A run is determined by the seed, the messages and the times that come with them.
class Controller {
public:
    Controller(ControlConfig config, uint64_t seed, ControlMetrics &metrics, Log &log);

    /// Once, before the first message: takes over what a previous run left.
    Outbox recover(PersistentState persisted, const std::vector<JournalEntry> &recent, WallTime wall, MonoTime mono);
    Outbox handle(const Message &message, WallTime wall, MonoTime mono);

    /// A Tick is wanted at this time at the latest; nullopt: only messages bring news.
    std::optional<MonoTime> next_wake() const;
    /// Every source and backend has delivered its first listings or has failed to.
    bool ready() const;
    const State &state() const noexcept { return state_; }
    const ControlConfig &config() const noexcept { return config_; }
    std::shared_ptr<const Published> published() const noexcept { return state_.published; }

private:
    void dispatch(Turn &turn, const Message &message);
    void finish_effect(Turn &turn, const EffectDone &done);
    void run_due(Turn &turn);
    void watch_sleep(Turn &turn);

    ControlConfig config_;
    Random random_;
    ControlMetrics &metrics_;
    Log &log_;
    State state_;
    std::optional<std::pair<WallTime, MonoTime>> clocks_; ///< as the previous message found them
};

} // namespace rigger
