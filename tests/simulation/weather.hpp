// tests/simulation/weather.hpp -- everything that happens to a fleet over the days, from a seed.
#pragma once
#include "simulation/simulator.hpp"

#include <memory>
#include <string>

namespace rigger::sim {

/// A fleet and a market of some size, and happenings at random moments until it is told to stop. Outlives its
/// simulator's runs, not the simulator.
class Weather {
public:
    Weather(Simulator &sim, uint64_t seed);
    /// Faults on, happenings from now on.
    void begin();
    /// No further happenings; what is under way comes to its end.
    void end();
    std::string log() const { return log_; } ///< the last happenings, newest last

private:
    void next();
    void happen();
    void pod_trouble();
    void market_trouble();
    void node_trouble();
    void outage();
    void operator_wish();
    void clock_jump();
    void note(const std::string &what);
    std::string any_running();
    std::string any_node();

    Simulator &sim_;
    Random random_;
    std::shared_ptr<bool> on_ = std::make_shared<bool>(false);
    uint64_t next_offer_ = 0;
    std::string log_;
};

} // namespace rigger::sim
