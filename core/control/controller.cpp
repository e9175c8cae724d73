#include "control/controller.hpp"

#include "control/ages.hpp"
#include "control/autoscaler.hpp"
#include "control/commands.hpp"
#include "control/deployer.hpp"
#include "control/inventory.hpp"
#include "control/market.hpp"
#include "control/publisher.hpp"
#include "control/reconcile_driver.hpp"
#include "control/recovery.hpp"
#include "control/same_cluster.hpp"

#include <algorithm>
#include <cstdlib>

namespace rigger {
namespace {

void on_commit_report(Turn &turn, const CommitReport &report) {
    const bool was_failing = turn.state.commits.failing;
    turn.state.commits = report;
    if (report.failing && !was_failing)
        turn.problem("store",
                     "the store cannot be written: " + report.why.message +
                         "; nothing new is begun and nothing leaves until it can; it is tried again by itself",
                     LogLevel::error);
    if (!report.failing && was_failing) {
        turn.log.write(LogLevel::info, "store", "the store can be written again");
        for (const auto &[id, track] : turn.state.tracks) turn.wake(track, turn.mono);
        turn.replan();
    }
    turn.touch();
}

/// The wall clock was set. Only people and records read it: the times on record that still matter follow it, and who
/// wonders about times should know.
void watch_clocks(Turn &turn, std::optional<std::pair<WallTime, MonoTime>> &last) {
    constexpr Duration remarkable = std::chrono::seconds(10);
    if (last) {
        const Duration jump = (turn.wall - last->first) - (turn.mono - last->second);
        if (jump > remarkable || jump < -remarkable) {
            turn.metrics.clock_jump();
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(jump).count();
            turn.problem("clock", "the wall clock was set " + std::string(seconds > 0 ? "forward" : "back") + " by " +
                                      std::to_string(std::abs(seconds)) +
                                      " s; ages and deadlines go by another clock, only times in records are affected");
            for (auto &[id, track] : turn.state.tracks) ages::carry_over(turn, track);
            ages::note(turn);
        }
    }
    last = {turn.wall, turn.mono};
}

/// A listing that was no good may have been made good meanwhile.
bool is_whole(const State &s, bool source, const std::string &port) {
    if (source) {
        const auto at = s.sources.find(SourceName(port));
        return at == s.sources.end() ||
               (at->second.offers_listing.freshness().complete && at->second.instances_listing.freshness().complete);
    }
    return std::all_of(s.clusters.begin(), s.clusters.end(), [&](const auto &entry) {
        const auto &[name, book] = entry;
        return backend_of(name) != port ||
               (book.nodes.listing.freshness().complete && book.pods.listing.freshness().complete &&
                book.jobs.listing.freshness().complete && book.services.listing.freshness().complete);
    });
}

std::string whole_seconds(Duration d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s";
}

/// Why an effect that had to be back by then is written off only now.
std::string why_late(const Turn &turn, MonoTime deadline) {
    constexpr Duration punctual = std::chrono::seconds(2);
    // What waits for the store has not left: nobody hangs but ourselves.
    if (turn.state.commits.failing) return "; the store cannot be written";
    if (const Duration overdue = turn.mono - deadline; overdue > punctual)
        return "; the daemon itself did not run for " + whole_seconds(overdue) + " or more, so nobody heard it";
    return "; the plugin hangs";
}

/// Effects of the loop itself that nobody waits for: only their failure is worth a word.
void on_loose_effect(Turn &turn, const InFlight &flight, const EffectDone &done) {
    if (!done.result && done.result.error().code != Code::not_found)
        turn.problem("reconcile",
                     flight.name + " failed: " + done.result.error().message + "; a later pass proposes it again");
}

} // namespace

Controller::Controller(ControlConfig config, uint64_t seed, ControlMetrics &metrics, Log &log)
    : config_(std::move(config)), random_(seed), metrics_(metrics), log_(log) {}

Outbox Controller::recover(PersistentState persisted, const std::vector<JournalEntry> &recent, WallTime wall,
                           MonoTime mono) {
    Outbox out;
    Turn turn{config_, state_, wall, mono, random_, metrics_, log_, out};
    state_.plan.dirty_since = state_.reconcile.last_full = mono;
    rigger::recover(turn, std::move(persisted), recent);
    clocks_ = {wall, mono};
    publish(turn);
    return out;
}

Outbox Controller::handle(const Message &message, WallTime wall, MonoTime mono) {
    Outbox out;
    Turn turn{config_, state_, wall, mono, random_, metrics_, log_, out};
    watch_sleep(turn);
    watch_clocks(turn, clocks_);
    dispatch(turn, message);
    run_due(turn);
    return out;
}

/// The machine slept or the process was stopped: that is when the loop comes to what is due much later than it was due.
void Controller::watch_sleep(Turn &turn) {
    constexpr Duration remarkable = std::chrono::seconds(10);
    if (!clocks_ || turn.mono - clocks_->second < remarkable) return;
    const auto due = next_wake();
    if (!due || *due > turn.mono) return;
    const Duration slept = turn.mono - std::max(*due, clocks_->second);
    if (slept < remarkable) return;
    turn.problem("clock", "the daemon did not run for " + whole_seconds(slept) +
                              ": the machine slept, or the process was stopped or got no processor time; what was due "
                              "meanwhile is done now");
    ages::sleep_over(turn, slept);
}

void Controller::dispatch(Turn &turn, const Message &message) {
    struct {
        Turn &turn;
        Controller &self;
        void operator()(const OfferPut &m) { market::on_offer(turn, m); }
        void operator()(const InstancePut &m) { market::on_instance(turn, m); }
        void operator()(const ItemRemoved &m) { market::on_removed(turn, m); }
        void operator()(const ItemMalformed &m) { market::on_malformed(turn, m); }
        void operator()(const SourceMark &m) { market::on_mark(turn, m); }
        void operator()(const SourceEvent &m) { market::on_event(turn, m); }
        void operator()(const SourceCheckpoint &m) { turn.write(PutCheckpoint{"source/" + m.source.value, m.token}); }
        void operator()(const ObjectPut &m) { inventory::on_object(turn, m); }
        void operator()(const ObjectGone &m) { inventory::on_gone(turn, m); }
        void operator()(const ObjectMalformed &m) { inventory::on_malformed(turn, m); }
        void operator()(const ClusterMark &m) { inventory::on_mark(turn, m); }
        void operator()(const SourceAttached &m) { market::attach(turn, m.source); }
        void operator()(const SourceDetached &m) { market::detach(turn, m.source); }
        void operator()(const BackendAttached &m) { inventory::attach(turn, m.backend); }
        void operator()(const BackendDetached &m) { inventory::detach(turn, m.backend); }
        void operator()(const WatchEnded &m) {
            m.source ? market::on_watch_ended(turn, m) : inventory::on_watch_ended(turn, m);
        }
        void operator()(const EffectDone &m) { self.finish_effect(turn, m); }
        void operator()(const Command &m) { commands::handle(turn, m); }
        void operator()(const CommandAbandoned &m) { commands::abandon(turn, m.request); }
        void operator()(const CommitReport &m) { on_commit_report(turn, m); }
        void operator()(const Tick &) {}
        void operator()(const Reconfigure &m) {
            self.config_ = *m.config;
            turn.replan();
        }
    } visitor{turn, *this};
    std::visit(visitor, message);
}

void Controller::finish_effect(Turn &turn, const EffectDone &done) {
    const auto at = state_.in_flight.find(done.id);
    if (at == state_.in_flight.end()) return; // written off: its answer came too late to count
    const InFlight flight = at->second;
    if (done.id == state_.plan.running) autoscaler::on_planned(turn, done);
    else if (done.id == state_.reconcile.running) reconcile::on_reconciled(turn, done);
    else if (!flight.deployment.empty()) deployer::on_effect(turn, flight.deployment, done);
    else if (flight.name == "recognize") same_cluster::on_recognized(turn, done);
    else on_loose_effect(turn, flight, done);
    state_.write_offs.erase({flight.deadline, done.id});
    state_.in_flight.erase(done.id);
}

void Controller::run_due(Turn &turn) {
    while (!state_.write_offs.empty() && state_.write_offs.begin()->first <= turn.mono) {
        const EffectId id = state_.write_offs.begin()->second;
        const InFlight &flight = state_.in_flight.at(id);
        ++state_.status.written_off;
        const std::string why = why_late(turn, flight.deadline);
        const Error late{Code::deadline, "NoAnswer",
                         flight.name + " at " + flight.port + " gave no answer long after its deadline" + why, 0};
        turn.problem(flight.port, late.message, LogLevel::error);
        finish_effect(turn, {id, late});
    }
    while (!state_.timers.empty() && state_.timers.begin()->first <= turn.mono) {
        const DeploymentId id = state_.timers.begin()->second;
        state_.timers.erase(state_.timers.begin());
        deployer::step(turn, id);
    }
    std::erase_if(state_.relists, [&](const auto &entry) {
        if (entry.second > turn.mono) return false;
        if (const auto &[source, port] = entry.first; !is_whole(state_, source, port)) turn.relist(source, port);
        return true;
    });
    reconcile::run_if_due(turn);
    autoscaler::run_if_due(turn);
    ages::note_if_due(turn);
    publish_if_due(turn);
}

std::optional<MonoTime> Controller::next_wake() const {
    std::optional<MonoTime> next;
    const auto consider = [&](std::optional<MonoTime> t) {
        if (t && (!next || *t < *next)) next = t;
    };
    if (!state_.timers.empty()) consider(state_.timers.begin()->first);
    if (!state_.write_offs.empty()) consider(state_.write_offs.begin()->first);
    for (const auto &[port, when] : state_.relists) consider(when);
    consider(reconcile::due(state_, config_));
    consider(autoscaler::due(state_, config_));
    consider(ages::note_due(state_));
    consider(publish_due(state_, config_));
    return next;
}

bool Controller::ready() const {
    for (const auto &[name, book] : state_.sources)
        if (book.attached && !book.offers_listing.tried()) return false;
    for (const std::string &backend : state_.backends) {
        const bool failed = [&] {
            const auto port = state_.status.ports.find("backend/" + backend);
            return port != state_.status.ports.end() && port->second.disconnects > 0;
        }();
        bool any = false, all = true;
        for (const auto &[name, book] : state_.clusters)
            if (backend_of(name) == backend) {
                any = true;
                all = all && book.nodes.listing.tried() && book.pods.listing.tried() && book.jobs.listing.tried() &&
                      book.services.listing.tried();
            }
        if (!failed && !(any && all)) return false;
    }
    return true;
}

} // namespace rigger
