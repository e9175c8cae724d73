// core/domain/placement/testing/random_market.hpp -- random snapshots for tests and benchmarks, from a seed.
#pragma once
#include "domain/snapshot.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

namespace rigger::placement::testing {

struct MarketShape {
    size_t offers = 8, servers = 8;
    int models = 3;           ///< in the market
    int models_per_offer = 2; ///< at most
    int gpus_per_server = 8;  ///< at most, when random
    bool fixed_gpus = false;  ///< every server has exactly gpus_per_server
    int prices = 4;           ///< distinct; 0: continuous
    bool plain = false;       ///< no trouble: everything admitted, ready, unlocked, empty
    size_t deployments = 0;
};

class RandomMarket {
public:
    explicit RandomMarket(uint64_t seed) : random_(seed) {}

    int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
    bool chance(double p) { return static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
    double uniform(double low, double high) {
        return low + (high - low) * (static_cast<double>(random_() >> 11) * 0x1p-53);
    }

    static std::string model(int i) { return "model_" + std::to_string(i); }
    static std::string padded(const char *prefix, size_t i) {
        char text[40];
        std::snprintf(text, sizeof text, "%s-%06zu", prefix, i);
        return text;
    }

    OfferPtr offer(size_t i, const MarketShape &shape) {
        auto made = std::make_shared<Offer>();
        made->id = OfferId(padded("offer", i));
        made->name = padded("chute", i);
        made->source = SourceName(shape.plain || chance(0.7) ? "market" : "other");
        made->ordinal = i;
        Requirements &needs = made->needs;
        needs.gpu_count = 1 << below(4);
        const int models = 1 + below(std::max(1, shape.models_per_offer));
        for (int m = 0; m < models; ++m) needs.gpu_models.push_back(model(below(shape.models)));
        std::sort(needs.gpu_models.begin(), needs.gpu_models.end());
        needs.gpu_models.erase(std::unique(needs.gpu_models.begin(), needs.gpu_models.end()), needs.gpu_models.end());
        Economics &economics = made->economics;
        economics.has_metrics = economics.has_utilization = economics.scalable = true;
        economics.compute_multiplier = 0.1 * (1 + below(20));
        economics.total_compute_time = below(4) == 0 ? 100 * below(5) : uniform(0, 100000);
        economics.total_invocations = below(1000);
        economics.rate_limit_count = below(20);
        economics.instance_count = below(12);
        made->preemptible = !chance(0.15);
        if (shape.plain) return made;
        if (chance(0.3)) needs.gpu_count = 1;
        if (needs.gpu_count == 1 && chance(0.4)) needs.gpu_milli = 100 * (1 + below(10));
        needs.tee = chance(0.15);
        needs.disk_gb = chance(0.1) ? 200 : 10;
        if (chance(0.3)) needs.cpu_milli = 4000 * below(4);
        if (chance(0.3)) needs.memory_mib = 16384 * below(4);
        if (chance(0.04)) needs.gpu_models.clear();
        made->deployable = !chance(0.04);
        economics.has_metrics = !chance(0.04);
        economics.has_utilization = !chance(0.04);
        economics.scalable = !chance(0.06);
        economics.update_in_progress = chance(0.04);
        if (chance(0.2)) made->max_instances = below(4);
        return made;
    }

    ServerPtr server(size_t i, const MarketShape &shape) {
        auto made = std::make_shared<Server>();
        made->id = ServerId(padded("server", i));
        made->name = padded("node", (i * 7919) % 1000003);
        made->cluster = ClusterName(shape.plain || chance(0.95) ? "local/a" : "local/half-seen");
        made->hourly_cost = shape.prices > 0 ? 0.5 * below(shape.prices) : uniform(0.2, 4);
        made->ready = true;
        const int gpus = shape.fixed_gpus ? shape.gpus_per_server : below(shape.gpus_per_server + 1);
        const int first = below(shape.models), second = shape.plain || chance(0.8) ? first : below(shape.models);
        for (int g = 0; g < gpus; ++g) {
            Gpu gpu;
            gpu.id = GpuId(made->id.str() + "-gpu-" + std::to_string(g));
            gpu.server = made->id;
            gpu.model = model(g % 3 == 2 ? second : first);
            gpu.verified = shape.plain || !chance(0.06);
            gpu.reserved = !shape.plain && chance(0.04);
            gpu.set_aside = !shape.plain && chance(0.04);
            if (!shape.plain && chance(0.03)) gpu.deployment = DeploymentId("of-another-time");
            made->gpus.push_back(gpu);
        }
        if (shape.plain) return made;
        if (chance(0.8)) made->disk_total_gb = 300;
        made->disk_used_gb = below(200);
        made->locked = chance(0.08);
        made->tee = chance(0.2);
        made->ready = !chance(0.06);
        if (chance(0.2)) made->validator = chance(0.5) ? "market" : "other";
        return made;
    }

    /// Puts a copy of `offer` on the server at that place, on GPUs that are free; where none are, nothing changes.
    void deploy(Snapshot &snapshot, size_t i, const Offer &offer, size_t at) {
        const ServerPtr server = snapshot.servers[at];
        auto changed = std::make_shared<Server>(*server);
        auto made = std::make_shared<Deployment>();
        made->id = DeploymentId(padded("deployment", i));
        made->offer = offer.id;
        made->source = offer.source;
        made->server = server->id;
        made->gpu_milli = offer.needs.milli_each();
        static constexpr Phase phases[]{Phase::planned, Phase::created, Phase::active, Phase::terminating};
        made->phase = phases[below(4)];
        for (Gpu &gpu : changed->gpus) {
            if (static_cast<int>(made->gpus.size()) == offer.needs.gpu_count) break;
            if (!gpu.free()) continue;
            gpu.deployment = made->id;
            made->gpus.push_back(gpu.id);
        }
        if (made->gpus.empty()) return;
        snapshot.servers.set(at, changed);
        snapshot.deployments.push_back(made);
    }

    std::shared_ptr<Snapshot> snapshot(const MarketShape &shape) {
        auto made = std::make_shared<Snapshot>();
        made->version = 1;
        made->taken_at = WallTime{int64_t{1'800'000'000} * 1'000'000'000};
        for (size_t i = 0; i < shape.offers; ++i) made->offers.push_back(offer(i, shape));
        for (size_t i = 0; i < shape.servers; ++i) made->servers.push_back(server(i, shape));
        if (!made->offers.empty() && !made->servers.empty()) {
            for (size_t i = 0; i < shape.deployments; ++i) {
                const auto at = static_cast<size_t>(below(static_cast<int>(shape.servers)));
                const OfferPtr &of = made->offers[static_cast<size_t>(below(static_cast<int>(shape.offers)))];
                deploy(*made, i, *of, at);
            }
        }
        ClusterState cluster;
        cluster.name = ClusterName("local/a");
        cluster.nodes.complete = cluster.pods.complete = true;
        if (!shape.plain) {
            for (const ServerPtr &one : made->servers) {
                if (!chance(0.6)) continue;
                auto node = std::make_shared<NodeView>();
                node->name = one->name;
                node->cpu_milli = 32000;
                node->memory_mib = 131072;
                cluster.node_list.push_back(node);
            }
        }
        made->clusters.push_back(std::move(cluster));
        if (!shape.plain) trouble(*made);
        return made;
    }

    /// Marks, back-offs and bans on some of the offers.
    void trouble(Snapshot &snapshot) {
        snapshot.failures.clear();
        snapshot.backoffs.clear();
        snapshot.bans.clear();
        const WallTime taken = snapshot.taken_at;
        for (const OfferPtr &one : snapshot.offers) {
            const WallTime deleted{taken.ns - int64_t{60'000'000'000} * below(90)};
            const WallTime until = deleted + std::chrono::hours(1);
            if (chance(0.08)) snapshot.failures.push_back({one->id, {}, "JobFailed", deleted, deleted, until});
            if (chance(0.1) && !snapshot.servers.empty()) {
                const auto &on =
                    snapshot.servers[static_cast<size_t>(below(static_cast<int>(snapshot.servers.size())))];
                snapshot.failures.push_back({one->id, on->id, "JobFailed", deleted, deleted, until});
            }
            if (chance(0.04))
                snapshot.backoffs.push_back(
                    {one->id, WallTime{taken.ns + int64_t{1'000'000'000} * (below(60) - 20)}, "423"});
            if (chance(0.04)) snapshot.bans[one->id] = "by test";
        }
    }

    void shuffle(Snapshot &snapshot) {
        for (size_t i = 0; i < snapshot.servers.size(); ++i) {
            auto changed = std::make_shared<Server>(*snapshot.servers[i]);
            std::shuffle(changed->gpus.begin(), changed->gpus.end(), random_);
            snapshot.servers.set(i, changed);
        }
        snapshot.offers = shuffled(snapshot.offers);
        snapshot.servers = shuffled(snapshot.servers);
        snapshot.deployments = shuffled(snapshot.deployments);
        std::shuffle(snapshot.failures.begin(), snapshot.failures.end(), random_);
    }

private:
    template <typename T> std::vector<T> shuffled(const SharedList<T> &list) {
        std::vector<T> items(list.begin(), list.end());
        std::shuffle(items.begin(), items.end(), random_);
        return items;
    }

    std::mt19937_64 random_;
};

} // namespace rigger::placement::testing
