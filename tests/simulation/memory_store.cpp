#include "simulation/memory_store.hpp"

#include <algorithm>

namespace rigger::sim {

Gpu *MemoryStore::gpu(const GpuId &id) {
    for (auto &[server, row] : servers_)
        for (Gpu &g : row.gpus)
            if (g.id == id) return &g;
    return nullptr;
}

Result<PersistentState> MemoryStore::load() {
    PersistentState p;
    for (const auto &[id, server] : servers_) p.servers.push_back(server);
    for (const auto &[id, offer] : offers_) p.offers.push_back(offer);
    p.bans = bans_;
    for (const auto &[id, d] : deployments_) p.deployments.push_back(d);
    for (const auto &[key, intent] : intents_)
        if (!intent.confirmed_at) p.intents.push_back(intent);
        else if (intent.outcome == "ok" && intent.effect.starts_with("apply:")) p.applied.push_back(intent);
    p.failures = failures_;
    for (const auto &[id, backoff] : backoffs_) p.backoffs.push_back(backoff);
    for (const JournalEntry &entry : journal_)
        if (!entry.handled) p.unhandled.push_back(entry);
    p.checkpoints = checkpoints_;
    return p;
}

Status MemoryStore::commit(const std::vector<Write> &writes) {
    if (failing) return Error{Code::unavailable, "DiskFull", "cannot write the store: no space left on device", 0};
    ++commits;
    for (const Write &write : writes) apply(write);
    return {};
}

void MemoryStore::apply(const Write &write) {
    const auto refuse = [&](std::string what) {
        if (violation.empty()) violation = std::move(what);
    };
    struct {
        MemoryStore &s;
        decltype(refuse) &refuse_;
        void operator()(const PutServer &w) {
            for (const auto &[id, other] : s.servers_)
                if (id != w.server.id && other.name == w.server.name) refuse_("two servers named " + w.server.name);
            for (const Gpu &gpu : w.server.gpus)
                if (!gpu.deployment.empty() && !s.deployments_.contains(gpu.deployment))
                    refuse_("GPU of an unknown deployment");
            s.servers_[w.server.id] = w.server;
        }
        void operator()(const DeleteServer &w) { s.servers_.erase(w.id); }
        void operator()(const SetGpuOwner &w) {
            Gpu *gpu = s.gpu(w.gpu);
            if (!gpu) return refuse_("owner of unknown GPU " + w.gpu.value);
            if (!w.owner.empty() && !s.deployments_.contains(w.owner))
                return refuse_("GPU given to an unknown deployment");
            const auto shares = [&](const DeploymentId &id) {
                return s.deployments_.contains(id) && s.deployments_.at(id).shares_gpu();
            };
            const bool handed_on =
                shares(gpu->deployment) && shares(w.owner); // of a shared card, from one of those on it to another
            if (!w.owner.empty() && !gpu->deployment.empty() && gpu->deployment != w.owner && !handed_on)
                refuse_("GPU taken from a deployment that holds it");
            gpu->deployment = w.owner;
        }
        void operator()(const PutOffer &w) { s.offers_[w.offer.id] = w.offer; }
        void operator()(const DeleteOffer &w) {
            for (const auto &[id, d] : s.deployments_)
                if (d.offer == w.id) refuse_("offer deleted under a deployment");
            s.offers_.erase(w.id);
        }
        void operator()(const SetBan &w) {
            w.reason.empty() ? void(s.bans_.erase(w.offer)) : void(s.bans_[w.offer] = w.reason);
        }
        void operator()(const PutDeployment &w) {
            if (!s.offers_.contains(w.deployment.offer)) refuse_("deployment of an unknown offer");
            if (!s.servers_.contains(w.deployment.server)) refuse_("deployment on an unknown server");
            s.deployments_[w.deployment.id] = w.deployment;
        }
        void operator()(const DeleteDeployment &w) {
            for (const auto &[id, server] : s.servers_)
                for (const Gpu &gpu : server.gpus)
                    if (gpu.deployment == w.id) refuse_("deployment deleted while it holds a GPU");
            s.deployments_.erase(w.id);
        }
        void operator()(const PutIntent &w) { s.intents_[w.intent.key] = w.intent; }
        void operator()(const ConfirmIntent &w) {
            if (const auto at = s.intents_.find(w.key); at != s.intents_.end())
                at->second.confirmed_at = w.at, at->second.outcome = w.outcome;
        }
        void operator()(const DeleteIntents &w) {
            std::erase_if(s.intents_, [&](const auto &entry) { return entry.second.deployment == w.deployment; });
        }
        void operator()(const PutFailureMark &w) {
            std::erase_if(s.failures_,
                          [&](const FailureMark &m) { return m.offer == w.mark.offer && m.server == w.mark.server; });
            s.failures_.push_back(w.mark);
        }
        void operator()(const DeleteFailureMark &w) {
            std::erase_if(s.failures_,
                          [&](const FailureMark &m) { return m.offer == w.offer && m.server == w.server; });
        }
        void operator()(const PutBackoff &w) { s.backoffs_[w.backoff.offer] = w.backoff; }
        void operator()(const DeleteBackoff &w) { s.backoffs_.erase(w.offer); }
        void operator()(const AppendJournal &w) {
            if (!s.journal_keys_.emplace(w.entry.origin, w.entry.event_id).second) return;
            s.journal_.push_back(w.entry);
            s.journal_.back().sequence = s.journal_.size();
        }
        void operator()(const MarkHandled &w) {
            for (JournalEntry &entry : s.journal_)
                if (entry.origin == w.origin && entry.event_id == w.event_id) entry.handled = true;
        }
        void operator()(const PutCheckpoint &w) { s.checkpoints_[w.name] = w.token; }
    } visitor{*this, refuse};
    std::visit(visitor, write);
}

Result<std::vector<JournalEntry>> MemoryStore::journal(uint64_t before, size_t limit, std::string_view prefix) {
    std::vector<JournalEntry> out;
    for (auto entry = journal_.rbegin(); entry != journal_.rend() && out.size() < limit; ++entry)
        if (entry->sequence < before && std::string_view(entry->type).starts_with(prefix)) out.push_back(*entry);
    return out;
}

} // namespace rigger::sim
