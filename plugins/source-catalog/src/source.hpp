// source.hpp -- the catalogue as a validator source: the desk behind the SDK's interface, and the thread that watches.
#pragma once
#include "desk.hpp"

#include <rigger/sdk/source.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace catalog {

class CatalogueSource final : public rig::Source {
public:
    CatalogueSource(rig::Host host, std::string_view config);

    rig::Status check() override;
    rig::Status start() override;
    rig::Status stop() override;
    rig::Status watch(rig::Call call, std::string_view resume_token, const rig::Market &market) override;
    rig::Result<std::string> claim(rig::Call, std::string_view claim_id, std::string_view offer_id,
                                   std::string_view request) override;
    rig::Result<std::string> render(rig::Call, std::string_view request) override;
    rig::Result<std::string> announce(rig::Call, std::string_view deployment) override;
    rig::Status release(rig::Call, std::string_view request) override;

private:
    void wake();

    const rig::Host host_;
    rig::Status problem_;
    std::unique_ptr<Desk> desk_; ///< null when the configuration is bad: start() says so, and nothing else is called
    std::mutex wake_mutex_;
    std::condition_variable wake_;
    bool awake_ = false; ///< guarded by wake_mutex_
    std::uint64_t timer_ = 0;
    bool ticking_ = false;
};

} // namespace catalog
