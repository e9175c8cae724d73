// A thread of its own posts to the strand as fast as it can, until stop() ends it.
#include "honest.hpp"

#include <atomic>
#include <thread>

namespace {

class Floods final : public bad::Honest {
public:
    Floods(rig::Host host, std::string_view config) : Honest(host, config), host_(host) {}
    rig::Status start() override {
        thread_ = std::thread([this] {
            const auto *timers = host_.table<rig_timers>(RIG_SERVICE_TIMERS);
            rig_error e{};
            e.struct_size = sizeof e;
            while (timers && !end_)
                (void)timers->post(
                    host_.raw(), [](void *) {}, nullptr, &e);
        });
        return {};
    }
    rig::Status stop() override {
        end_ = true;
        if (thread_.joinable()) thread_.join();
        return {};
    }

private:
    rig::Host host_;
    std::atomic<bool> end_{false};
    std::thread thread_;
};

} // namespace

BAD_SCORER(Floods, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
