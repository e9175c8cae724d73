// tests/simulation/scenarios.hpp -- stories with a known end, told by an operator who does not give up when the daemon
// dies under him.
#pragma once
#include "simulation/simulator.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rigger::sim {

struct Scenario {
    const char *name;
    ControlConfig (*config)();
    void (*set_up)(Simulator &);                       ///< the world, before the daemon starts
    void (*act)(Simulator &);                          ///< from the daemon's start to the last wish
    std::set<std::pair<std::string, std::string>> end; ///< (offer, server) of what runs when all is done
};
const std::vector<Scenario> &scenarios();

/// Asks until it is confirmed or seen. Answer: the deployment's id; empty: it could not be had.
std::string insist_on_deploy(Simulator &sim, const std::string &offer, const std::string &server);
void insist_on_undeploy(Simulator &sim, const std::string &offer);
bool wait_active(Simulator &sim, const std::string &offer);

/// Everything that runs, as (offer, server).
std::set<std::pair<std::string, std::string>> running(const Simulator &sim);

/// Tells the scenario to its end, with one death if given, and lets it converge. Answer: what is wrong; empty: nothing.
std::string tell(const Scenario &scenario, uint64_t seed, std::optional<Death> death, uint64_t *boundaries = nullptr,
                 bool effects_leave_early = false);

} // namespace rigger::sim
