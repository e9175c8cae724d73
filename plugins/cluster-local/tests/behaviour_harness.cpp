// The embedded cluster under the backend behaviour suite: the plugin's own table on a host whose clock moves by hand.
#include "harness.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace backend_suite {
namespace {
class LocalHarness final : public Harness {
public:
    LocalHarness() {
        auto made = rig::testing::Instance::create(rig_plugin_v1, host_,
                                                   R"({"database":":memory:","fleet":")" CL_SAMPLE_FLEET
                                                   R"(","simulation":{"seed":7}})");
        if (!made.ok()) throw std::runtime_error(made.error().message);
        instance_.emplace(*std::move(made));
        if (const rig::Status started = instance_->start(); !started.ok()) ADD_FAILURE() << started.error().message;
    }
    rig_instance *instance() override { return instance_->raw(); }
    std::string cluster() const override { return "local"; }
    void pass(double seconds) override { host_.advance(static_cast<uint64_t>(seconds * 1e9)); }
    bool virtual_time() const override { return true; }

private:
    rig::testing::FakeHost host_;
    std::optional<rig::testing::Instance> instance_;
};
} // namespace

std::unique_ptr<Harness> make_harness() { return std::make_unique<LocalHarness>(); }

} // namespace backend_suite
