// core/domain/placement/testing/world.hpp -- worlds small enough to read, for tests of one behaviour each.
#pragma once
#include "domain/placement/engine.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rigger::placement::testing {

using namespace std::chrono_literals;

constexpr WallTime now{int64_t{1'800'000'000} * 1'000'000'000};

struct World {
    std::vector<Offer> offers;
    std::vector<Server> servers;
    Snapshot rest;

    World() {
        rest.taken_at = now;
        ClusterState cluster;
        cluster.name = ClusterName("local/a");
        cluster.nodes.complete = cluster.pods.complete = true;
        rest.clusters.push_back(cluster);
    }
    Offer &offer(const std::string &name, double compute_time, int gpus = 1) {
        Offer made;
        made.id = OfferId("id-" + name);
        made.name = name;
        made.source = SourceName("market");
        made.ordinal = offers.size();
        made.needs.gpu_count = gpus;
        made.needs.gpu_models = {"h100"};
        made.economics.has_metrics = made.economics.has_utilization = made.economics.scalable = true;
        made.economics.total_compute_time = compute_time;
        offers.push_back(made);
        return offers.back();
    }
    Server &server(const std::string &name, double cost, int gpus = 8, const std::string &model = "h100") {
        Server made;
        made.id = ServerId("id-" + name);
        made.name = name;
        made.cluster = ClusterName("local/a");
        made.hourly_cost = cost;
        made.ready = true;
        for (int i = 0; i < gpus; ++i) {
            Gpu gpu;
            gpu.id = GpuId(name + "-" + std::to_string(i));
            gpu.server = made.id;
            gpu.model = model;
            gpu.verified = true;
            made.gpus.push_back(gpu);
        }
        servers.push_back(made);
        return servers.back();
    }
    void mark(const std::string &offer_name, const std::string &server_name, WallTime deleted) {
        rest.failures.push_back({OfferId("id-" + offer_name), ServerId(server_name.empty() ? "" : "id-" + server_name),
                                 "JobFailed", deleted, deleted, deleted + 1h});
    }
    SnapshotPtr snapshot() const {
        auto made = std::make_shared<Snapshot>(rest);
        for (const Offer &one : offers) made->offers.push_back(std::make_shared<Offer>(one));
        for (const Server &one : servers) made->servers.push_back(std::make_shared<Server>(one));
        return made;
    }
};

inline PlacementEngine engine_with(std::vector<std::shared_ptr<PlacementScorer>> scorers, PlacementRules rules = {}) {
    PlacementEngine engine(std::move(rules));
    std::vector<ScorerBinding> bindings;
    for (auto &scorer : scorers) bindings.push_back({std::move(scorer), {}});
    EXPECT_TRUE(engine.set_scorers(std::move(bindings)).ok());
    return engine;
}
inline PlacementEngine profit_engine(PlacementRules rules = {}) {
    return engine_with({std::make_shared<ProfitScorer>()}, std::move(rules));
}

inline std::vector<std::string> summary(const Result<PlacementPlan> &plan) {
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    std::vector<std::string> lines;
    for (const Placement &one : plan->placements) lines.push_back(one.offer->name + "@" + one.server->name);
    return lines;
}

inline std::vector<std::string> codes(const std::vector<RejectionReason> &reasons) {
    std::vector<std::string> names;
    for (const RejectionReason &reason : reasons) {
        names.emplace_back(rejection_code(reason.code));
        EXPECT_FALSE(reason.text.empty()) << names.back();
    }
    return names;
}

} // namespace rigger::placement::testing
