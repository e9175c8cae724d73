#include "control/nodes.hpp"

#include "control/json_writer.hpp"
#include "control/same_cluster.hpp"
#include "domain/objects.hpp"

#include <algorithm>
#include <set>

namespace rigger::nodes {
namespace {

bool same_gpus(const std::vector<Gpu> &a, const std::vector<Gpu> &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Gpu &x, const Gpu &y) {
        return x.id == y.id && x.model == y.model && x.verified == y.verified && x.reserved == y.reserved &&
               x.deployment == y.deployment;
    });
}

bool same_row(const Server &a, const Server &b) {
    return a.name == b.name && a.cluster == b.cluster && a.validator == b.validator && a.ip_address == b.ip_address &&
           a.hourly_cost == b.hourly_cost && a.locked == b.locked && a.tee == b.tee && a.cpu_per_gpu == b.cpu_per_gpu &&
           a.memory_per_gpu == b.memory_per_gpu && a.labels == b.labels && same_gpus(a.gpus, b.gpus);
}

/// The declared GPUs with the owners they have. One that is not declared any more stays while a deployment owns it, but
/// takes nothing new.
std::vector<Gpu> merge_gpus(const Server *old, const ServerId &server, const std::string &node_model,
                            const std::vector<DeclaredGpu> &declared) {
    std::vector<Gpu> gpus;
    const auto known = [&](const std::string &id) -> const Gpu * {
        if (!old) return nullptr;
        const auto at =
            std::find_if(old->gpus.begin(), old->gpus.end(), [&](const Gpu &g) { return g.id.value == id; });
        return at == old->gpus.end() ? nullptr : &*at;
    };
    for (const DeclaredGpu &d : declared) {
        Gpu gpu;
        if (const Gpu *before = known(d.id)) gpu = *before;
        gpu.id = GpuId(d.id);
        gpu.server = server;
        gpu.model = d.model.empty() ? node_model : d.model;
        gpu.verified = d.verified;
        gpu.reserved = d.reserved;
        if (gpu.device_info.empty()) gpu.device_info = "{}";
        gpus.push_back(std::move(gpu));
    }
    if (old)
        for (const Gpu &gpu : old->gpus) {
            const bool listed = std::any_of(declared.begin(), declared.end(),
                                            [&](const DeclaredGpu &d) { return d.id == gpu.id.value; });
            if (listed || gpu.deployment.empty()) continue;
            gpus.push_back(gpu);
            gpus.back().verified = false;
        }
    std::sort(gpus.begin(), gpus.end(), [](const Gpu &a, const Gpu &b) { return a.id < b.id; });
    return gpus;
}

/// What a node counts is worth less than ids that somebody told, be it this node's annotation or records that were here
/// before us.
bool has_told_gpus(const Server *old) {
    return old &&
           std::any_of(old->gpus.begin(), old->gpus.end(), [](const Gpu &g) { return !is_counted_gpu(g.id.value); });
}

/// GPUs of which only the number is known: that the device plugin advertises them is what they are verified by.
std::vector<DeclaredGpu> counted(const NodeView &node, int count) {
    std::vector<DeclaredGpu> gpus;
    for (int i = 0; i < count; ++i) gpus.push_back({counted_gpu_id(node.name, i), {}, true, false});
    return gpus;
}

/// What the node has by its annotation, or else by its count unless more was told before.
std::vector<Gpu> gpus_of(const NodeView &node, const NodeDeclaration &said, const Server *old) {
    const ServerId server(node.uid);
    if (said.gpus) return merge_gpus(old, server, node.gpu_model, *said.gpus);
    if (has_told_gpus(old)) return old->gpus;
    return merge_gpus(old, server, node.gpu_model, counted(node, said.counted_gpus));
}

bool gpus_clash(const Turn &turn, const Server &server, std::string &with) {
    for (const Gpu &gpu : server.gpus)
        for (const auto &[name, other] : turn.state.servers) {
            if (other->id == server.id) continue;
            const auto at = std::lower_bound(other->gpus.begin(), other->gpus.end(), gpu.id,
                                             [](const Gpu &g, const GpuId &id) { return g.id < id; });
            if (at != other->gpus.end() && at->id == gpu.id) {
                with = "GPU " + gpu.id.value + " belongs to server " + name;
                return true;
            }
        }
    return false;
}

bool in_use(const Turn &turn, const ServerId &server) {
    return std::any_of(turn.state.tracks.begin(), turn.state.tracks.end(),
                       [&](const auto &entry) { return entry.second.d->server == server; });
}

std::set<std::string> models(const std::vector<Gpu> &gpus) {
    std::set<std::string> all;
    for (const Gpu &gpu : gpus) all.insert(gpu.model);
    return all;
}

std::string in_words(const std::set<std::string> &models) {
    std::string words;
    for (const std::string &model : models) words += (words.empty() ? "" : " and ") + model;
    return words.empty() ? "no GPUs" : words;
}

/// What an operator told of a machine by its name, and a new node of that name does not tell itself.
struct Inherited {
    bool locked = false;
    double hourly_cost = 0;
};

/// A node with a new UID under a known name: a machine that was set up anew. Its price is known by its name too, as
/// long as it is the price of such GPUs. An error: it may not take the name, or not yet.
Result<Inherited> take_over_name(Turn &turn, const NodeView &node, const ClusterName &cluster,
                                 const NodeDeclaration &said) {
    const auto at = turn.state.servers.find(node.name);
    if (at == turn.state.servers.end() || at->second->id.value == node.uid) return Inherited{};
    const ServerPtr old = at->second;
    const auto refused = [](const char *reason, std::string why) {
        return Error{Code::conflict, reason, std::move(why), 0};
    };
    if (!old->cluster.empty() && old->cluster != cluster) // a row that another program wrote names no cluster
        return refused("NameTaken", "is ignored: cluster " + old->cluster.value +
                                        " has a server of that name; rename one of them, or `rigger forget " +
                                        node.name + "` if that one is gone for good");
    if (in_use(turn, old->id))
        return refused("ServerInUse",
                       "has a new UID, but deployments of the old one still exist; it is taken in when they are gone");
    const auto had = models(old->gpus), has = models(gpus_of(node, said, nullptr));
    if (!said.hourly_cost && old->hourly_cost > 0 && !had.empty() && had != has)
        return refused("PriceUnknown",
                       "has a new UID and shows " + in_words(has) + " where the old one had " + in_words(had) +
                           ", so what it costs is not known; it is taken in when it shows the same, or when you tell " +
                           "(kubectl annotate --overwrite node " + node.name +
                           " rigger.dev/hourly-cost=USD-PER-GPU-HOUR)");
    const double hourly_cost = said.hourly_cost.value_or(old->hourly_cost);
    JsonWriter json;
    json.begin_object()
        .field("serverId", old->id)
        .field("serverName", old->name)
        .field("cluster", cluster)
        .field("newServerId", node.uid)
        .field("hourlyCost", hourly_cost)
        .field("cause", "NodeReplaced")
        .field("reason", "its node has a new UID: the machine was set up anew");
    turn.journal("server.replaced", json.end_object().take());
    turn.metrics.decision("replace-server", "NodeReplaced");
    std::string text = "server " + old->name + " is replaced: its node has the new UID " + node.uid;
    if (!said.hourly_cost && hourly_cost > 0)
        text += "; it does not tell its price, so that of the old one stays (annotation rigger.dev/hourly-cost)";
    turn.problem("inventory", std::move(text));
    turn.drop_server(*old);
    return Inherited{old->locked, hourly_cost};
}

/// It is no server of ours for now: said once, and shown until it changes.
void keep_out(Turn &turn, const ClusterName &cluster, const NodeView &node, std::string why) {
    why = "node " + node.name + " of cluster " + cluster.value + " " + why;
    std::string &known = turn.state.kept_out[cluster][node.name];
    if (known == why) return;
    turn.problem("inventory", why);
    known = std::move(why);
}

/// What contradicts other servers is not taken over, but whether the node can take work is.
void keep_gpus(Turn &turn, const Server *old, const Server &now) {
    if (!old || (old->ready == now.ready && old->cordoned == now.cordoned)) return;
    Server changed = *old;
    changed.ready = now.ready;
    changed.cordoned = now.cordoned;
    turn.put_server(std::move(changed), false);
}

} // namespace

void shut(Turn &turn, const ClusterName &cluster, const NodeView &node, const char *why) {
    const ServerPtr server = turn.server(ServerId(node.uid));
    if (!server || server->cluster != cluster || !server->ready) return;
    Server changed = *server;
    changed.ready = false;
    turn.put_server(std::move(changed), false);
    turn.problem("inventory", "node " + node.name + " of cluster " + cluster.value + " " + why +
                                  "; its server stays and takes nothing new");
}

void forget_kept_out(Turn &turn, const ClusterName &cluster, const std::string &node) {
    const auto of = turn.state.kept_out.find(cluster);
    if (of == turn.state.kept_out.end() || of->second.erase(node) == 0) return;
    if (of->second.empty()) turn.state.kept_out.erase(of);
    turn.touch();
}

void on_node(Turn &turn, const ClusterName &cluster, const NodeView &node) {
    const NodeDeclaration said = read_declaration(node);
    if (node.uid.empty()) return;
    if (!said.worker) {
        forget_kept_out(turn, cluster, node.name);
        return shut(turn, cluster, node, "is no worker of ours any more (label chutes/worker)");
    }
    for (const std::string &problem : said.problems) turn.problem("inventory", "node " + node.name + ": " + problem);
    const auto inherited = take_over_name(turn, node, cluster, said);
    if (!inherited) return keep_out(turn, cluster, node, inherited.error().message);
    ServerPtr old = turn.server(ServerId(node.uid));
    if (old && !old->cluster.empty() && old->cluster != cluster) {
        if (!same_cluster::claim(turn, cluster, node, *old)) return;
        old = turn.server(old->id);
    }
    Server server = old ? *old : Server{};
    if (!old) {
        server.created_at = turn.wall;
        server.locked = inherited->locked;
        server.hourly_cost = inherited->hourly_cost;
    }
    server.id = ServerId(node.uid);
    server.name = node.name;
    server.cluster = cluster;
    if (!said.validator.empty() || !old) server.validator = said.validator;
    server.ip_address = node.ip_address;
    if (said.hourly_cost) server.hourly_cost = *said.hourly_cost;
    server.tee = said.tee;
    server.ready = node.ready && !node.cordoned;
    server.cordoned = node.cordoned;
    server.cpu_per_gpu = cpu_per_gpu(node);
    server.memory_per_gpu = memory_per_gpu(node, said.gpu_memory_mb);
    server.disk_total_gb = node.disk_total_gb;
    server.labels = node.labels;
    // The annotation decides for a new server and whenever it changes; in between the operator's lock and unlock do.
    auto [seen, first] = turn.state.lock_annotations.try_emplace(node.uid, said.locked);
    if (said.locked && (first ? !old : seen->second != said.locked)) server.locked = *said.locked;
    seen->second = said.locked;
    server.gpus = gpus_of(node, said, old.get());
    if (std::string with; gpus_clash(turn, server, with)) {
        keep_out(turn, cluster, node, "is ignored: " + with + "; a GPU id must be unique");
        return keep_gpus(turn, old.get(), server);
    }
    forget_kept_out(turn, cluster, node.name);
    const bool row_changed = !old || !same_row(*old, server);
    if (!row_changed && old->ready == server.ready && old->cordoned == server.cordoned &&
        old->disk_total_gb == server.disk_total_gb)
        return;
    turn.put_server(std::move(server), row_changed);
}

void tell_of_unlabelled(Turn &turn, const ClusterName &cluster, const NodeView *old, const NodeView &now) {
    if (now.gpu_capacity == 0 || (old && old->gpu_capacity > 0) ||
        now.labels.find("\"chutes/worker\"") != std::string::npos)
        return;
    turn.problem("inventory",
                 "node " + now.name + " of cluster " + cluster.value + " has " + std::to_string(now.gpu_capacity) +
                     " GPUs but is no server of ours: it lacks the label chutes/worker=true (kubectl label node " +
                     now.name + " chutes/worker=true)");
}

} // namespace rigger::nodes
