#include "control/recovery.hpp"

#include "control/ages.hpp"
#include "control/deployer.hpp"
#include "control/forget.hpp"
#include "control/market.hpp"

#include <algorithm>
#include <set>

namespace rigger {
namespace {

void recover_servers(Turn &turn, std::vector<Server> servers, const std::vector<Deployment> &deployments) {
    std::set<DeploymentId> known;
    for (const Deployment &d : deployments) known.insert(d.id);
    for (Server &server : servers) {
        server.ready = false; // until its node is seen
        std::sort(server.gpus.begin(), server.gpus.end(), [](const Gpu &a, const Gpu &b) { return a.id < b.id; });
        for (Gpu &gpu : server.gpus)
            if (!gpu.deployment.empty() && !known.contains(gpu.deployment)) {
                turn.write(SetGpuOwner{gpu.id, {}});
                gpu.deployment = {};
            }
        turn.put_server(std::move(server), false);
    }
}

void recover_deployment(Turn &turn, Deployment d, WallTime noted) {
    std::vector<GpuId> owned;
    if (const ServerPtr server = turn.server(d.server))
        for (const Gpu &gpu : server->gpus)
            if (gpu.deployment == d.id) owned.push_back(gpu.id);
    if (d.gpus.empty()) d.gpus = owned;
    Track &t = turn.state.tracks[d.id];
    t.born_ns = turn.mono_ns() - ages::since(d.created_at, noted, turn.wall).count();
    t.changed_ns = turn.mono_ns() - ages::since(d.phase_since, noted, turn.wall).count();
    t.may_have_claim = t.may_have_objects = t.of_previous_run = true;
    turn.index(d);
    if (d.phase == Phase::terminating) {
        t.teardown = std::make_unique<Teardown>();
        t.teardown->gpus_freed =
            owned.empty() && !d.gpus.empty() && !d.shares_gpu(); // a share may lie on another's card
    }
    t.d = std::make_shared<const Deployment>(std::move(d));
    ages::carry_over(turn, t);
    forget::resume(turn, t);
    turn.wake(t, turn.mono);
    turn.reconcile_soon(t.d->id);
}

} // namespace

void recover(Turn &turn, PersistentState p, const std::vector<JournalEntry> &recent) {
    State &s = turn.state;
    recover_servers(turn, std::move(p.servers), p.deployments);
    for (const Offer &offer : p.offers) s.stored[offer.id] = {offer.source, offer.version};
    s.bans = std::move(p.bans);
    s.reconcile.gate.recall_deletions(ages::deletions(p.checkpoints), turn.mono);
    const WallTime noted = ages::noted(p.checkpoints);
    for (Deployment &d : p.deployments) {
        if (d.phase != Phase::gone) {
            recover_deployment(turn, std::move(d), noted);
        } else {
            turn.write(DeleteIntents{d.id});
            turn.write(DeleteDeployment{d.id});
        }
    }
    s.failures = std::move(p.failures);
    deployer::remember_failures(turn, {});
    for (const Backoff &backoff : p.backoffs) // a clock that jumped meanwhile must not make a short pause a long one
        s.backoffs[backoff.offer] = {backoff.reason, turn.mono + std::clamp(backoff.until - turn.wall, Duration::zero(),
                                                                            turn.config.failure_memory)};
    for (const Intent &made : p.applied)
        if (Track *t = turn.track(made.deployment)) t->made.push_back(made.effect.substr(made.effect.find(':') + 1));
    std::set<DeploymentId> orphaned;
    for (const Intent &intent : p.intents) {
        deployer::expect_aftermath(turn, intent);
        if (!s.tracks.contains(intent.deployment)) orphaned.insert(intent.deployment);
    }
    for (const DeploymentId &id : orphaned) turn.write(DeleteIntents{id});
    for (auto entry = recent.rbegin(); entry != recent.rend(); ++entry) {
        std::string key = entry->origin + '\n' + entry->event_id;
        if (s.seen_events.insert(key).second) s.seen_order.push_back(std::move(key));
    }
    for (const JournalEntry &entry : p.unhandled) market::replay_event(turn, entry);
    size_t unfinished = 0;
    for (const auto &[id, track] : s.tracks)
        unfinished += track.d->phase < Phase::registered || track.d->phase == Phase::terminating;
    turn.log.write(LogLevel::info, "recovery",
                   std::to_string(s.servers.size()) + " servers, " + std::to_string(s.tracks.size()) +
                       " deployments, " + std::to_string(unfinished) + " of them unfinished, " +
                       std::to_string(p.intents.size()) + " open intents");
    ages::note(turn);
    s.changed = true;
}

} // namespace rigger
