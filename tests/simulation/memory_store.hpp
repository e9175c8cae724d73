// tests/simulation/memory_store.hpp -- a Store in memory that survives the controller, can refuse to write, and is
// strict about references.
#pragma once
#include "domain/ports/store.hpp"

#include <map>
#include <set>

namespace rigger::sim {

class MemoryStore final : public Store {
public:
    Status migrate() override { return {}; }
    Result<PersistentState> load() override;
    Status commit(const std::vector<Write> &writes) override;
    Result<std::vector<JournalEntry>> journal(uint64_t before, size_t limit, std::string_view prefix) override;
    Status trim_journal(WallTime, size_t) override { return {}; }
    Result<std::optional<KvEntry>> kv_get(std::string_view, std::string_view) override {
        return std::optional<KvEntry>();
    }
    Result<std::vector<KvEntry>> kv_list(std::string_view, std::string_view) override { return std::vector<KvEntry>(); }
    Result<uint64_t> kv_commit(std::string_view, const std::vector<KvWrite> &) override { return uint64_t{1}; }

    bool failing = false;  ///< every commit answers "disk full"
    std::string violation; ///< the first write that a real schema would have refused
    uint64_t commits = 0;
    const std::map<DeploymentId, Deployment> &deployments() const { return deployments_; }
    const std::map<ServerId, Server> &servers() const { return servers_; }
    const std::vector<JournalEntry> &entries() const { return journal_; }
    const std::map<std::string, Intent> &intents() const { return intents_; }
    const std::vector<FailureMark> &failures() const { return failures_; }
    std::map<OfferId, Offer> &offers() { return offers_; }

private:
    void apply(const Write &write);
    Gpu *gpu(const GpuId &id);

    std::map<ServerId, Server> servers_;
    std::map<OfferId, Offer> offers_;
    std::map<OfferId, std::string> bans_;
    std::map<DeploymentId, Deployment> deployments_;
    std::map<std::string, Intent> intents_;
    std::vector<FailureMark> failures_;
    std::map<OfferId, Backoff> backoffs_;
    std::vector<JournalEntry> journal_;
    std::set<std::pair<std::string, std::string>> journal_keys_;
    std::map<std::string, std::string> checkpoints_;
};

} // namespace rigger::sim
