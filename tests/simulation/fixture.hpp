// tests/simulation/fixture.hpp -- what most tests of one server begin with, and what they ask.
#pragma once
#include "simulation/real_reconcilers.hpp"
#include "simulation/scenarios.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace rigger::sim {

/// Offer "a" fills server "gpu-01"; the shipped reconcilers; nothing runs before start(), nor by itself after it.
struct OneServer : testing::Test {
    explicit OneServer(uint64_t seed) : sim(seed) {
        sim.reconciler_ports = real_reconcilers();
        sim.market.add_offer("a", 2, "h100");
        sim.cluster.add_node({"gpu-01", "h100", 2, false});
    }
    void start() {
        sim.start();
        sim.run(std::chrono::seconds(3));
    }
    /// Offer "a" runs on "gpu-01", and that is on record.
    void start_active() {
        sim.start();
        id = insist_on_deploy(sim, "a", "gpu-01");
        ASSERT_NE(id, "");
        ASSERT_TRUE(wait_active(sim, "a"));
        sim.run(std::chrono::seconds(1));
    }

    const State &state() const { return sim.controller_view().state(); }
    ServerPtr server(const std::string &name) const {
        const auto at = state().servers.find(name);
        return at == state().servers.end() ? nullptr : at->second;
    }
    bool is(Phase phase) const {
        return sim.running() && sim.deployment_of("a") && sim.deployment_of("a")->phase == phase;
    }
    bool all_gone() const { return sim.running() && state().tracks.empty(); }
    /// Is it among the last errors of the status?
    bool said(const std::string &what) const {
        const auto &errors = state().status.last_errors;
        return std::any_of(errors.begin(), errors.end(),
                           [&](const Happening &h) { return h.message.find(what) != std::string::npos; });
    }

    Simulator sim;
    std::string id; ///< of the deployment that start_active() made
};

} // namespace rigger::sim
