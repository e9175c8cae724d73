#include "control/turn.hpp"

#include <algorithm>

namespace rigger {

EffectId Turn::launch_effect(Effect effect, DeploymentId deployment) {
    const EffectId id = effect.id;
    effect.hard_limit = config.effect_hard_limit;
    const MonoTime written_off = mono + effect.timeout + effect.hard_limit;
    state.in_flight[id] = {std::move(deployment), std::string(effect_name(effect)), effect_port(effect), written_off,
                           Code::deadline};
    state.write_offs.emplace(written_off, id);
    effect.leave_by = mono + effect.hard_limit; // its own time is left then, before it is written off
    out.effects.push_back(std::move(effect));
    return id;
}

void Turn::reply(RequestId request, Result<std::string> answer) {
    if (request == 0) return;
    out.effects.push_back({0, {}, ReplyEffect{request, std::move(answer)}});
    state.publish_now = true;
}

void Turn::relist(bool source, std::string port) {
    out.effects.push_back({0, {}, RelistEffect{source, std::move(port)}});
}

void Turn::relist_later(bool source, std::string port) {
    constexpr Duration pause = std::chrono::seconds(30);
    state.relists.try_emplace({source, std::move(port)}, mono + pause);
}

bool Turn::empty_is_meant() const noexcept {
    const auto &recycle = state.reconcile.recycle;
    return recycle && recycle->force && !recycle->dry_run; // whoever only looks insists on nothing
}

void Turn::journal(std::string_view type, std::string document, std::string_view origin) {
    write(
        AppendJournal{{0, wall, std::string(origin), make_uuid(random), std::string(type), std::move(document), true}});
}

void Turn::problem(std::string_view part, std::string message, LogLevel level) {
    log.write(level, part, message);
    auto &errors = state.status.last_errors;
    const auto same = std::find_if(errors.begin(), errors.end(),
                                   [&](const Happening &h) { return h.part == part && h.message == message; });
    Happening happening{wall, std::string(part), std::move(message), 1};
    if (same != errors.end()) {
        happening.count = same->count + 1;
        errors.erase(same);
    }
    errors.push_front(std::move(happening));
    if (errors.size() > 20) errors.pop_back();
    touch();
}

void Turn::replan() noexcept {
    if (!state.plan.dirty) state.plan.dirty_since = mono;
    state.plan.dirty = true;
}

void Turn::reconcile_soon(const DeploymentId &deployment) {
    if (deployment.empty() || !state.tracks.contains(deployment)) return;
    if (state.reconcile.dirty.empty()) state.reconcile.dirty_since = mono;
    state.reconcile.dirty.insert(deployment);
}

Track *Turn::track(const DeploymentId &id) {
    const auto at = state.tracks.find(id);
    return at == state.tracks.end() ? nullptr : &at->second;
}

DeploymentId Turn::owner(const SourceName &source, const InstanceId &instance, const std::string &config_id) const {
    const auto find = [&](const SourceName &of) -> DeploymentId {
        if (const auto at = state.by_instance.find({of, instance}); at != state.by_instance.end()) return at->second;
        if (config_id.empty()) return {};
        const auto at = state.by_config.find({of, config_id});
        return at == state.by_config.end() ? DeploymentId() : at->second;
    };
    const DeploymentId id = find(source);
    // A row that another program wrote names no source: it is of the only one there is, or of nobody.
    return id.empty() && state.sources.size() == 1 ? find({}) : id;
}

void Turn::index(const Deployment &d) {
    if (!d.config_id.empty()) state.by_config[{d.source, d.config_id}] = d.id;
    if (!d.instance.empty()) state.by_instance[{d.source, d.instance}] = d.id;
}

ServerPtr Turn::server(const ServerId &id) const {
    const auto name = state.server_names.find(id);
    if (name == state.server_names.end()) return nullptr;
    const auto at = state.servers.find(name->second);
    return at == state.servers.end() ? nullptr : at->second;
}

void Turn::drop_server(const Server &s) {
    write(DeleteServer{s.id});
    state.server_names.erase(s.id);
    state.servers_in_use.erase(s.id);
    state.servers.erase(std::string(s.name)); // a copy: the record may be the last of itself
}

void Turn::put_server(Server s, bool durable) {
    if (durable) write(PutServer{s});
    state.server_names[s.id] = s.name;
    std::string name = s.name;
    state.servers[std::move(name)] = std::make_shared<const Server>(std::move(s));
    touch();
    replan();
}

void Turn::put(Track &t, Deployment d) {
    if (!t.d || t.d->phase != d.phase) t.changed_ns = mono_ns();
    index(d);
    write(PutDeployment{d});
    t.d = std::make_shared<const Deployment>(std::move(d));
    touch();
    reconcile_soon(t.d->id);
}

void Turn::wake(const Track &t, MonoTime when) { state.timers.emplace(when, t.d->id); }

OfferPtr Turn::offer(const SourceName &source, const OfferId &id) const {
    const auto book = state.sources.find(source);
    if (book == state.sources.end()) return nullptr;
    const auto at = book->second.offers.find(id);
    return at == book->second.offers.end() ? nullptr : at->second.offer;
}

Duration Turn::backoff(int attempts, uint32_t retry_after_ms) {
    Duration pause = config.retry_first;
    for (int i = 1; i < attempts && pause < config.retry_cap; ++i) pause *= 2;
    pause = std::min(pause, config.retry_cap);
    const auto jitter = static_cast<double>(pause.count()) * (0.5 + 0.5 * random.unit());
    return std::max(Duration(static_cast<int64_t>(jitter)), Duration(std::chrono::milliseconds(retry_after_ms)));
}

} // namespace rigger
