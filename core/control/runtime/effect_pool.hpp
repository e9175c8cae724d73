// core/control/runtime/effect_pool.hpp -- threads that carry out effects: bounded in all and per port. A call that
// never returns costs its thread, nothing else.
#pragma once
#include "control/effects.hpp"
#include "control/perform.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rigger {

class ControlMetrics;

/// Thread-safe. Effects of one port start in the order of submission; which thread runs them is open.
class EffectPool {
public:
    struct Limits {
        size_t threads = 16, per_port = 8;
    };
    /// `on_done` is called on a worker, once per effect, unless the call never returns. `clock` and `metrics` outlive
    /// all workers.
    EffectPool(std::shared_ptr<const PortTable> ports, const Clock &clock, ControlMetrics &metrics, Limits limits,
               std::function<void(EffectDone)> on_done);
    ~EffectPool(); ///< stop() with no patience

    void submit(Effect effect);
    /// Counts calls that are past their hard limit as lost and lets others take their place. Call it about once a
    /// second.
    void tend();
    /// Waits until no call of the port runs. False: not within the patience.
    bool wait_idle(const std::string &port, Duration patience);
    /// Drops what has not begun, cancels what runs, waits for it. Threads that do not return in time are left behind.
    /// False: some were.
    bool stop(Duration patience);
    size_t waiting() const;
    size_t lost() const;

private:
    struct State;
    static void work(const std::shared_ptr<State> &state);
    static void spawn_if_useful(const std::shared_ptr<State> &state);
    std::shared_ptr<State> state_;
};

} // namespace rigger
