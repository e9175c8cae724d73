#include "cli/replay/fleet_file.hpp"

#include "host/yaml.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

namespace rigger::cli::replay {
namespace {

using host::YamlReader;

const ClusterName fleet_cluster{"replay/fleet"};

/// Cards by index; "all" and absence: `otherwise` of every card.
std::vector<bool> cards(YamlReader &server, const char *key, size_t count, bool otherwise) {
    std::vector<bool> chosen(count, otherwise);
    const host::Yaml *const value = server.any(key);
    if (!value || (value->type == host::Yaml::Type::scalar && value->scalar == "all")) return chosen;
    std::fill(chosen.begin(), chosen.end(), false);
    for (const host::Yaml &one : value->items) {
        size_t index = count;
        const auto [end, failed] = std::from_chars(one.scalar.data(), one.scalar.data() + one.scalar.size(), index);
        if (failed != std::errc() || end != one.scalar.data() + one.scalar.size() || index >= count) {
            server.refuse(key, "a backtest takes 'all' or GPUs by index, from 0");
            break;
        }
        chosen[index] = true;
    }
    return chosen;
}

void read_server(YamlReader &from, ReplayFleet &fleet) {
    auto server = std::make_shared<Server>();
    server->name = from.text("name", {}, true);
    server->id = ServerId(from.text("id", server->name));
    server->cluster = fleet_cluster;
    const std::string model = from.text("model", {}, true);
    const auto count = static_cast<size_t>(from.integer("count", 1, 1, 16, true));
    server->hourly_cost = from.number("hourly_cost", 0, 0, 1e6);
    server->locked = from.flag("locked", false);
    server->tee = from.flag("tee", false);
    server->validator = from.text("validator");
    server->ready = true;
    server->disk_total_gb = from.number("disk_gb", 250 + 250 * static_cast<double>(count), 0, 1e9);
    const std::vector<bool> verified = cards(from, "verified", count, true),
                            reserved = cards(from, "reserved", count, false);
    for (size_t i = 0; i < count; ++i) {
        Gpu gpu;
        gpu.id = GpuId(server->name + "/" + static_cast<char>('a' + i)); // ids sort by index
        gpu.server = server->id;
        gpu.model = model;
        gpu.verified = verified[i];
        gpu.reserved = reserved[i];
        server->gpus.push_back(std::move(gpu));
    }
    auto node = std::make_shared<NodeView>();
    node->name = server->name;
    node->ready = true;
    node->cpu_milli = static_cast<int>(1000 * from.number("cpu", 2 + 12 * static_cast<double>(count), 0, 1e6));
    node->memory_mib = static_cast<int64_t>(1024 * from.number("memory_gb", 0, 0, 1e6));
    for (const char *ignored : {"address", "labels", "gpu_memory_gb"}) from.any(ignored);
    fleet.cluster.node_list.push_back(std::move(node));
    fleet.servers.push_back(std::move(server));
}

} // namespace

Result<ReplayFleet> read_fleet(const std::string &file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) return invalid("FleetUnreadable", "cannot read '" + file + "'");
    RIG_TRY_ASSIGN(const host::Yaml document, host::parse_yaml(text.str(), file, {16 << 20, 16, 2'000'000}, "Fleet"));
    ReplayFleet fleet;
    fleet.cluster.name = fleet_cluster;
    fleet.cluster.nodes.complete = fleet.cluster.pods.complete = true;
    YamlReader reader(document, file, "", "Fleet");
    std::set<std::string> names;
    reader.maps("servers", 100'000, [&](YamlReader &server) {
        read_server(server, fleet);
        if (!server.failed() && !names.insert(fleet.servers.back()->name).second)
            server.refuse("name", "two servers have this name");
    });
    RIG_TRY(reader.finish());
    if (fleet.servers.empty()) return invalid("FleetInvalid", file + ": no server in it");
    std::sort(fleet.servers.begin(), fleet.servers.end(),
              [](const ServerPtr &a, const ServerPtr &b) { return a->name < b->name; });
    return fleet;
}

} // namespace rigger::cli::replay
