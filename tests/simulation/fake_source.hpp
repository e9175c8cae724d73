// tests/simulation/fake_source.hpp -- a validator: offers, grants, instances that verify and activate by themselves.
// Outlives the daemon.
#pragma once
#include "domain/ports/validator_source.hpp"
#include "simulation/world.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rigger::sim {

class FakeSource final : public ValidatorSource {
public:
    explicit FakeSource(World &world) : world_(world) {}

    void add_offer(const std::string &id, int gpus, const std::string &model);
    void remove_offer(const std::string &id);
    void set_version(const std::string &id, const std::string &version);

    const SourceName &name() const override { return name_; }
    Status watch(const CallContext &, std::string_view, MarketSink &) override { return {}; }
    Result<Grant> claim(const CallContext &, std::string_view claim_id, const OfferId &,
                        std::string_view document) override;
    Result<std::string> render(const CallContext &, std::string_view request) override;
    Result<InstanceId> announce(const CallContext &, std::string_view document) override;
    Status release(const CallContext &, std::string_view document) override;

    std::function<void(Offer)> on_offer;
    std::function<void(std::string id)> on_offer_removed;
    std::function<void(SourceInstance)> on_instance;
    std::function<void(std::string id)> on_instance_removed;
    std::function<void(std::string id, std::string document)> on_event;

    void delete_instance_of(const std::string &deployment); ///< the validator kills a copy
    bool no_room = false;                                   ///< claims answer 423
    bool stumbles = false;                                  ///< announcements fail in a way that nobody understands
    int odd_answers = 0;                                    ///< so many claims and releases do as well
    bool down = false;                                      ///< every call fails
    bool verifies = true;                                   ///< new instances come to life by themselves
    bool fresh_grants = false;                              ///< a repeated claim replaces the grant
    std::map<std::string, Offer> offers;
    std::map<std::string, SourceInstance> instances; ///< by deployment id
    std::map<std::string, std::string> grants;       ///< claim id -> config id
    size_t claims = 0;

private:
    void advance(const std::string &deployment, bool active);
    std::string event(const std::string &type, const SourceInstance &instance) const;

    World &world_;
    SourceName name_{"sim"};
    uint64_t next_instance_ = 1, next_grant_ = 1, next_event_ = 1;
};

} // namespace rigger::sim
