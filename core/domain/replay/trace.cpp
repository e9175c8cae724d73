#include "domain/replay/trace.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace rigger::replay {
namespace {

const ClusterName cluster_name{"replay/trace"};
const SourceName source_name{"trace"};

ServerPtr server_of(const TraceNode &node) {
    auto server = std::make_shared<Server>();
    server->id = ServerId(node.name);
    server->name = node.name;
    server->cluster = cluster_name;
    server->hourly_cost = 1;
    server->ready = true;
    for (int i = 0; i < node.gpus; ++i) {
        Gpu gpu;
        gpu.id = GpuId(node.name + "/" + static_cast<char>('a' + i / 26) +
                       static_cast<char>('a' + i % 26)); // ids sort by number
        gpu.server = server->id;
        gpu.model = node.model;
        gpu.verified = true;
        server->gpus.push_back(std::move(gpu));
    }
    return server;
}

OfferPtr offer_of(const TraceTask &task, const std::vector<std::string> &all_models, size_t ordinal) {
    auto offer = std::make_shared<Offer>();
    offer->id = OfferId("kind-" + std::to_string(ordinal));
    offer->name = task.name;
    offer->source = source_name;
    offer->needs = task.needs;
    offer->needs.disk_gb = 0;
    if (offer->needs.gpu_models.empty()) offer->needs.gpu_models = all_models;
    offer->economics.has_metrics = offer->economics.has_utilization = offer->economics.scalable = true;
    offer->ordinal = ordinal;
    return offer;
}

} // namespace

int64_t Trace::capacity_milli() const noexcept {
    int64_t gpus = 0;
    for (const TraceNode &node : nodes) gpus += node.gpus;
    return gpus * 1000;
}

TraceMarket market_of(const Trace &trace) {
    auto snapshot = std::make_shared<Snapshot>();
    ClusterState cluster;
    cluster.name = cluster_name;
    cluster.nodes.complete = cluster.pods.complete = true;
    std::set<std::string> models;
    std::vector<ServerPtr> servers;
    for (const TraceNode &node : trace.nodes) {
        servers.push_back(server_of(node));
        auto view = std::make_shared<NodeView>();
        view->name = node.name;
        view->ready = true;
        view->cpu_milli = node.cpu_milli;
        view->memory_mib = node.memory_mib;
        cluster.node_list.push_back(std::move(view));
        models.insert(node.model);
    }
    std::sort(servers.begin(), servers.end(), [](const ServerPtr &a, const ServerPtr &b) { return a->name < b->name; });
    snapshot->servers = servers;
    snapshot->clusters.push_back(std::move(cluster));

    const std::vector<std::string> all(models.begin(), models.end());
    TraceMarket market;
    std::map<std::tuple<int, int, int, int64_t, std::vector<std::string>>, OfferId> kinds;
    for (const TraceTask &task : trace.tasks) {
        const Requirements &needs = task.needs;
        const auto [at, fresh] =
            kinds.try_emplace({needs.gpu_count, needs.gpu_milli, needs.cpu_milli, needs.memory_mib, needs.gpu_models});
        if (fresh) {
            snapshot->offers.push_back(offer_of(task, all, snapshot->offers.size()));
            at->second = snapshot->offers.back()->id;
        }
        market.kind_of.push_back(at->second);
    }
    market.snapshot = std::move(snapshot);
    return market;
}

std::vector<uint32_t> saturate(const Trace &trace, double load, uint64_t seed) {
    std::vector<uint32_t> order(trace.tasks.size());
    int64_t demanded = 0;
    for (uint32_t i = 0; i < order.size(); ++i) {
        order[i] = i;
        demanded += trace.tasks[i].milli();
    }
    const auto most = static_cast<int64_t>(load * static_cast<double>(trace.capacity_milli()));
    Random random(seed);
    // Tasks without GPUs never fill anything: without one that has some there is nothing to draw.
    while (demanded > 0) {
        const auto drawn = static_cast<uint32_t>(random.below(trace.tasks.size()));
        if (demanded + trace.tasks[drawn].milli() > most) break;
        demanded += trace.tasks[drawn].milli();
        order.push_back(drawn);
    }
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
}

} // namespace rigger::replay
