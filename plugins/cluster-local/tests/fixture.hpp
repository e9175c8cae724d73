// fixture.hpp -- an embedded cluster on a clock that moves by hand.
#pragma once
#include "cluster.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <functional>

namespace cluster_local {

class ManualClock final : public Clock {
public:
    uint64_t mono_ns() const override { return now_; }
    int64_t wall_ns() const override { return offset_ + static_cast<int64_t>(now_); }
    void move_to(uint64_t now) { now_ = now; }
    void jump_wall(int64_t by) { offset_ += by; }

private:
    std::atomic<uint64_t> now_{5 * kSecond};
    std::atomic<int64_t> offset_{1'767'225'600'000'000'000}; // 2026-01-01
};

FleetServer server(const std::string &name, int gpus = 8, int64_t cpu = 100);

class ClusterTest : public ::testing::Test {
protected:
    ClusterTest();
    /// Opens the cluster with `options`; again, after close(), as a restarted daemon would.
    void open();
    void close() { cluster.reset(); }
    /// Time passes: everything that falls due is done at its time.
    void run(double seconds);
    void settle() { run(0); }

    rig::Result<std::string> apply(const Json &object, uint32_t flags = 0) {
        return cluster->apply("local", object.dump(), flags);
    }
    void put(const Json &object) { ASSERT_TRUE(apply(object).ok()); }
    void drop(const std::string &kind, const std::string &name, Json extra = Json::object()) {
        ASSERT_TRUE(remove(kind, name, std::move(extra)).ok());
    }
    Json get(const std::string &kind, const std::string &name,
             const std::string &name_space = "default"); ///< null: not found
    rig::Status remove(const std::string &kind, const std::string &name, Json extra = Json::object());
    std::vector<Json> list(const std::string &kind, const std::string &labels = "", const std::string &fields = "");
    std::vector<Json> pods() { return list("Pod"); }
    std::vector<Json> events(const std::string &reason) { return list("Event", "", "reason=" + reason); }
    Json only_pod();
    static std::string phase(const Json &object) { return object.value("status", Json::object()).value("phase", ""); }
    static Json condition(const Json &object, const std::string &type); ///< null: none
    static std::string waiting(const Json &pod); ///< reason of the first container's waiting state

    static Json pod(const std::string &name, const std::string &node = "");
    static Json job(const std::string &name, const std::string &node = "");
    static Json config_map(const std::string &name);

    ManualClock clock;
    ClusterOptions options;
    Fleet fleet;
    std::unique_ptr<Cluster> cluster;
};

} // namespace cluster_local
