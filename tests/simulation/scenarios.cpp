#include "simulation/scenarios.hpp"

#include "simulation/real_reconcilers.hpp"

namespace rigger::sim {
using namespace std::chrono_literals;

namespace {

const Deployment *copy_on(const Simulator &sim, const std::string &offer, const std::string &server) {
    for (const auto &d : sim.live())
        if (d->offer.value == offer && d->node_name == server) return d.get();
    return nullptr;
}

bool knows(const Simulator &sim, const std::string &offer, const std::string &server) {
    if (!sim.running()) return false;
    const SnapshotPtr shot = sim.snapshot();
    return std::any_of(shot->offers.begin(), shot->offers.end(),
                       [&](const OfferPtr &o) { return o->id.value == offer; }) &&
           std::any_of(shot->servers.begin(), shot->servers.end(),
                       [&](const ServerPtr &s) { return s->name == server && s->ready; });
}

/// One server, one offer that fits it.
void one_server(Simulator &sim) {
    sim.market.add_offer("a", 2, "h100");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.cluster.add_foreign("somebody-elses");
}

void three_servers(Simulator &sim) {
    for (const char *offer : {"a", "b", "c"}) sim.market.add_offer(offer, 2, "h100");
    for (const char *node : {"gpu-01", "gpu-02", "gpu-03"}) sim.cluster.add_node({node, "h100", 2, false});
}

ControlConfig by_hand() { return Simulator::quick_config(); }
ControlConfig by_itself() {
    ControlConfig c;
    c.automatic_placement = true;
    return c;
}
ControlConfig by_itself_forgetful() {
    ControlConfig c = by_itself();
    c.failure_memory = 1min;
    return c;
}

void deploy(Simulator &sim) {
    insist_on_deploy(sim, "a", "gpu-01");
    wait_active(sim, "a");
}

void undeploy(Simulator &sim) {
    deploy(sim);
    insist_on_undeploy(sim, "a");
}

/// The pod crashes; the reconcilers end the deployment.
void failed_pod(Simulator &sim) {
    deploy(sim);
    if (const auto *d = sim.deployment_of("a")) sim.cluster.fail_pod(d->id.value);
    sim.run_until([&] { return sim.running() && !sim.deployment_of("a"); }, 10min);
}

/// The validator ends the instance.
void deleted_instance(Simulator &sim) {
    deploy(sim);
    if (const auto *d = sim.deployment_of("a")) sim.market.delete_instance_of(std::string(d->id.value));
    sim.run_until([&] { return sim.running() && !sim.deployment_of("a"); }, 10min);
}

void recycle(Simulator &sim) {
    deploy(sim);
    if (const auto *d = sim.deployment_of("a")) sim.cluster.fail_pod(d->id.value);
    sim.auditor.budget_lifted = true;
    const auto answer = sim.command(RecycleRequest{false, true});
    sim.run_until([&] { return answer->has_value(); }, 5min);
    sim.run_until([&] { return sim.running() && !sim.deployment_of("a"); }, 10min);
}

void several_at_once(Simulator &sim) {
    sim.run_until([&] { return knows(sim, "c", "gpu-03"); }, 1min);
    sim.deploy("a", "gpu-01"), sim.deploy("b", "gpu-02"), sim.deploy("c", "gpu-03");
    insist_on_deploy(sim, "a", "gpu-01");
    insist_on_deploy(sim, "b", "gpu-02");
    insist_on_deploy(sim, "c", "gpu-03");
    if (const auto *b = sim.deployment_of("b")) sim.undeploy(b->id.value);
    insist_on_undeploy(sim, "b");
}

bool fleet_is_full(const Simulator &sim, size_t copies) {
    const auto all = sim.live();
    return all.size() == copies &&
           std::all_of(all.begin(), all.end(), [](const DeploymentPtr &d) { return d->phase == Phase::active; });
}

/// Room for every offer on every server.
void big_fleet(Simulator &sim) {
    for (const char *offer : {"a", "b"}) sim.market.add_offer(offer, 2, "h100");
    for (const char *node : {"gpu-01", "gpu-02"}) sim.cluster.add_node({node, "h100", 4, false});
}

void fill_fleet(Simulator &sim) {
    sim.run_until([&] { return fleet_is_full(sim, 4); }, 10min);
}

void rolling_update(Simulator &sim) {
    sim.run_until([&] { return fleet_is_full(sim, 2); }, 10min);
    sim.market.set_version("a", "v2");
    const auto updated = [&] {
        size_t v2 = 0;
        for (const auto &d : sim.live()) v2 += d->offer.value == "a" && d->version == "v2" && d->phase == Phase::active;
        return v2 == 2;
    };
    sim.run_until(updated, 2h); // one per period of the budget
}

void one_offer_two_servers(Simulator &sim) {
    sim.market.add_offer("a", 2, "h100");
    for (const char *node : {"gpu-01", "gpu-02"}) sim.cluster.add_node({node, "h100", 2, false});
}

} // namespace

std::string insist_on_deploy(Simulator &sim, const std::string &offer, const std::string &server) {
    for (int attempt = 0; attempt < 50; ++attempt) {
        sim.run_until([&] { return knows(sim, offer, server); }, 5min);
        if (const auto *d = copy_on(sim, offer, server)) return d->id.value;
        const auto answer = sim.deploy(offer, server);
        sim.run_until([&] { return answer->has_value(); }, 2min);
        sim.run(1s);
    }
    return {};
}

void insist_on_undeploy(Simulator &sim, const std::string &offer) {
    for (int attempt = 0; attempt < 50; ++attempt) {
        sim.run_until([&] { return sim.running(); }, 1min);
        const auto *d = sim.deployment_of(offer);
        if (!d) return;
        const auto answer = sim.undeploy(d->id.value);
        sim.run_until([&] { return answer->has_value(); }, 2min);
        sim.run(1s);
    }
}

bool wait_active(Simulator &sim, const std::string &offer) {
    return sim.run_until([&] { return sim.deployment_of(offer) && sim.deployment_of(offer)->phase == Phase::active; },
                         10min);
}

std::set<std::pair<std::string, std::string>> running(const Simulator &sim) {
    std::set<std::pair<std::string, std::string>> pairs;
    for (const auto &d : sim.live()) pairs.emplace(d->offer.value, d->node_name);
    return pairs;
}

const std::vector<Scenario> &scenarios() {
    static const std::vector<Scenario> all{
        {"Deploy", by_hand, one_server, deploy, {{"a", "gpu-01"}}},
        {"Undeploy", by_hand, one_server, undeploy, {}},
        {"FailedPod", by_hand, one_server, failed_pod, {}},
        {"DeletedInstance", by_hand, one_server, deleted_instance, {}},
        {"Recycle", by_hand, one_server, recycle, {}},
        {"SeveralAtOnce", by_hand, three_servers, several_at_once, {{"a", "gpu-01"}, {"c", "gpu-03"}}},
        {"FillFleet",
         by_itself,
         big_fleet,
         fill_fleet,
         {{"a", "gpu-01"}, {"a", "gpu-02"}, {"b", "gpu-01"}, {"b", "gpu-02"}}},
        {"RollingUpdate",
         by_itself_forgetful,
         one_offer_two_servers,
         rolling_update,
         {{"a", "gpu-01"}, {"a", "gpu-02"}}},
    };
    return all;
}

std::string tell(const Scenario &scenario, uint64_t seed, std::optional<Death> death, uint64_t *boundaries,
                 bool effects_leave_early) {
    Simulator sim(seed, scenario.config());
    sim.reconciler_ports = real_reconcilers();
    sim.effects_leave_early = effects_leave_early;
    scenario.set_up(sim);
    sim.death = death;
    sim.start();
    scenario.act(sim);
    if (boundaries) *boundaries = sim.boundaries;
    if (std::string bad = sim.converge(2h); !bad.empty()) return bad;
    if (running(sim) != scenario.end)
        return std::to_string(running(sim).size()) + " deployments run, " + std::to_string(scenario.end.size()) +
               " should";
    if (sim.auditor.objects_removed_as_orphans > 0)
        return "reconcilers had to remove orphans; recovery should have left none";
    return {};
}

} // namespace rigger::sim
