// core/control/turn.hpp -- the handling of one message: state in hand, clocks read once, everything decided collected
// in an outbox.
#pragma once
#include "base/random.hpp"
#include "control/config.hpp"
#include "control/control_metrics.hpp"
#include "control/effects.hpp"
#include "control/state.hpp"
#include "domain/ports/log.hpp"
#include "domain/ports/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// What one turn decided. The writes are one transaction; no effect leaves before they are durable.
struct Outbox {
    std::vector<Write> writes;
    std::vector<Effect> effects;
    std::shared_ptr<const Published> published; ///< a new state for readers, or nullptr
};

struct Turn {
    const ControlConfig &config;
    State &state;
    WallTime wall;
    MonoTime mono;
    Random &random;
    ControlMetrics &metrics;
    Log &log;
    Outbox &out;

    int64_t mono_ns() const noexcept { return static_cast<int64_t>(mono.ns); }

    template <typename W> void write(W &&w) { out.writes.emplace_back(std::forward<W>(w)); }
    /// Collects the effect; its result comes back as EffectDone, or as an error once it is written off.
    template <typename E> EffectId launch(E what, Duration timeout, DeploymentId deployment = {}) {
        Effect effect{state.next_effect++, timeout, std::move(what)};
        return launch_effect(std::move(effect), std::move(deployment));
    }
    void reply(RequestId request, Result<std::string> answer);
    void relist(bool source, std::string port);
    /// After a pause, if it is still not whole then: its last listing was no good, and asking at once would only repeat
    /// it.
    void relist_later(bool source, std::string port);
    /// An operator insists: an empty listing counts as what it says.
    bool empty_is_meant() const noexcept;

    /// Journal entry of our own, with its JSON document.
    void journal(std::string_view type, std::string document, std::string_view origin = "control");
    /// A condition an operator should see: status, log.
    void problem(std::string_view part, std::string message, LogLevel level = LogLevel::warn);
    void touch() noexcept { state.changed = true; }
    /// The market or the inventory changed: a plan is due after the debounce.
    void replan() noexcept;
    void reconcile_soon(const DeploymentId &deployment);

    Track *track(const DeploymentId &id);
    /// The deployment that an instance of this source belongs to, by its id or by the claim that it came from; empty:
    /// none of ours.
    DeploymentId owner(const SourceName &source, const InstanceId &instance, const std::string &config_id) const;
    /// So that owner() finds it. Again and again for one deployment: what it was known by before stays.
    void index(const Deployment &deployment);
    ServerPtr server(const ServerId &id) const;
    void put_server(Server server, bool durable);
    /// Takes it off the record.
    void drop_server(const Server &server);
    /// Replaces the deployment, durably.
    void put(Track &track, Deployment deployment);
    /// step() of this deployment runs at `when` or sooner.
    void wake(const Track &track, MonoTime when);
    OfferPtr offer(const SourceName &source, const OfferId &id) const;
    /// Growing pause with jitter before the attempt after `attempts` failures.
    Duration backoff(int attempts, uint32_t retry_after_ms = 0);

private:
    EffectId launch_effect(Effect effect, DeploymentId deployment);
};

} // namespace rigger
