// A real control plane under the backend behaviour suite: the plugin's own table, a clock that follows the real one.
#include "harness.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace backend_suite {
namespace {
class KubeHarness final : public Harness {
public:
    explicit KubeHarness(const std::string &kubeconfig) {
        auto made = rig::testing::Instance::create(
            rig_plugin_v1, host_,
            R"({"cluster":"real","requestsPerSecond":500,"burst":500,"kubeconfig":")" + kubeconfig + "\"}");
        if (!made.ok()) throw std::runtime_error(made.error().message);
        instance_.emplace(*std::move(made));
        if (const rig::Status started = instance_->start(); !started.ok()) ADD_FAILURE() << started.error().message;
    }
    rig_instance *instance() override { return instance_->raw(); }
    std::string cluster() const override { return "real"; }
    void pass(double seconds) override {
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        const auto now = std::chrono::steady_clock::now();
        host_.advance(static_cast<uint64_t>(std::chrono::nanoseconds(now - moved_).count()));
        moved_ = now;
    }
    bool virtual_time() const override { return false; }

private:
    rig::testing::FakeHost host_;
    std::chrono::steady_clock::time_point moved_ = std::chrono::steady_clock::now();
    std::optional<rig::testing::Instance> instance_;
};
} // namespace

std::unique_ptr<Harness> make_harness() {
    const char *kubeconfig = std::getenv("RIGGER_TEST_KUBECONFIG");
    if (!kubeconfig)
        throw std::runtime_error(
            "RIGGER_TEST_KUBECONFIG does not name the kubeconfig of a cluster that may be written to");
    return std::make_unique<KubeHarness>(kubeconfig);
}

} // namespace backend_suite
