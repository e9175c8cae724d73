#include "kube/fleet.hpp"

#include "kube/objects.hpp"
#include "query.hpp"

#include <rigger/sdk/try.hpp>
#include <times/rfc3339.hpp>

#include <algorithm>

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr unsigned first_pulse_ms = 600;
constexpr uint64_t old_pulse_ns = 30 * second_ns;

/// What is wrong with a cluster, and when it was found.
void say(Json &entry, const std::string &error, int64_t at_wall_ns) {
    entry["error"] = error;
    entry["errorAt"] = times::to_rfc3339(at_wall_ns);
}

rig::Error absent(const Resource &r, const std::string &name) {
    return {RIG_E_NOT_FOUND, "NotFound", r.plural + " \"" + name + "\" not found", 0};
}

bool same(const Material &a, const Material &b) { return a.text == b.text && a.file == b.file; }
bool same(const Access &a, const Access &b) {
    const bool exec = a.exec.has_value() == b.exec.has_value() &&
                      (!a.exec || (a.exec->command == b.exec->command && a.exec->args == b.exec->args &&
                                   a.exec->env == b.exec->env && a.exec->api_version == b.exec->api_version));
    return exec && a.context == b.context && a.host == b.host && a.port == b.port && a.base_path == b.base_path &&
           a.tls_server_name == b.tls_server_name && same(a.ca, b.ca) && same(a.certificate, b.certificate) &&
           same(a.key, b.key) && same(a.token, b.token);
}
} // namespace

Fleet::Fleet(std::unique_ptr<Roster> roster, FleetSettings settings, const Clock &clock, uint64_t seed)
    : roster_(std::move(roster)), settings_(std::move(settings)), clock_(clock), seed_(seed) {}
Fleet::~Fleet() = default;

rig::Status Fleet::refresh() {
    const std::string stamp = roster_->stamp();
    {
        const std::lock_guard held(lock_);
        if (stamp == stamp_) return {};
    }
    auto roll = roster_->read();
    Clusters old, now;
    {
        const std::lock_guard held(lock_);
        if (!roll.ok()) {
            problem_ = roll.error().message;
            return roll.error();
        }
        stamp_ = stamp;
        problem_.clear();
        old = clusters_;
    }
    for (auto &[name, access] : roll->clusters) {
        const auto at = old.find(name);
        if (at != old.end() && same(at->second->client().access(), access)) now.emplace(name, at->second);
        else now.emplace(name, std::make_shared<Cluster>(name, std::move(access), settings_.client, clock_));
    }
    // An entry that cannot be read, perhaps because it is being written, does not take a cluster away.
    for (const auto &[name, why] : roll->broken)
        if (const auto at = old.find(name); at != old.end()) now.emplace(name, at->second);
    const std::lock_guard held(lock_);
    clusters_ = std::move(now);
    std::erase_if(watches_, [&](const auto &one) { return !clusters_.contains(one.first.first); });
    broken_ = std::move(roll->broken);
    return {};
}

Clusters Fleet::clusters() const {
    const std::lock_guard held(lock_);
    return clusters_;
}
std::string Fleet::problem() const {
    const std::lock_guard held(lock_);
    std::string out = problem_;
    for (const auto &[name, why] : broken_) out += (out.empty() ? "" : "; ") + why;
    return out;
}
uint64_t Fleet::next_seed() {
    const std::lock_guard held(lock_);
    return seed_ = seed_ * 6364136223846793005ULL + 1442695040888963407ULL;
}
Effort Fleet::effort(rig::Call call) const {
    return {&clock_, call.deadline_ns(), [call] { return call.cancelled(); }};
}
rig::Result<std::shared_ptr<Cluster>> Fleet::cluster(std::string_view name) const {
    const std::lock_guard held(lock_);
    if (name.empty() && clusters_.size() == 1) return clusters_.begin()->second;
    if (const auto at = clusters_.find(std::string(name)); at != clusters_.end()) return at->second;
    return rig::Error{RIG_E_INVALID, "UnknownCluster",
                      "cluster \"" + std::string(name) + "\" is not configured; see: rigger clusters", 0};
}

std::string Fleet::shown(std::string_view kind, std::string_view object) const {
    if (!settings_.every_node_serves || kind != "Node") return std::string(object);
    Json node = Json::parse(object.begin(), object.end(), nullptr, false);
    if (!node.is_object() || !node["metadata"].is_object()) return std::string(object);
    Json &labels = node["metadata"]["labels"];
    if (labels.is_null()) labels = Json::object();
    if (!labels.is_object() || labels.contains("chutes/worker")) return std::string(object);
    labels["chutes/worker"] = "true";
    return rig::json::text(node);
}

std::string Fleet::probe() const {
    const Clusters clusters = this->clusters();
    Json out = Json::array();
    const uint64_t now = clock_.mono_ns();
    unsigned patience = first_pulse_ms;
    for (const auto &[name, cluster] : clusters) {
        cluster->begin();
        cluster->await_first(patience);
        const Cluster::Pulse pulse = cluster->pulse();
        if (!pulse.tried) patience = 0;
        Json entry = {{"name", name},
                      {"state", !pulse.tried  ? "starting"
                                : pulse.alive ? "ready"
                                              : "unreachable"},
                      {"version", pulse.version},
                      {"server", cluster->client().access().server()},
                      {"requests", cluster->client().requests()}};
        if (!pulse.error.empty()) say(entry, pulse.error, pulse.error_wall_ns);
        if (pulse.answered_ns) {
            entry["ageSeconds"] = static_cast<double>(now - std::min(now, pulse.answered_ns)) / 1e9;
            entry["latencyMs"] = static_cast<double>(pulse.latency_ns) / 1e6;
            if (pulse.alive && now - std::min(now, pulse.answered_ns) > old_pulse_ns)
                say(entry, "no news from the API server for more than 30 s", clock_.wall_ns());
        }
        Json watches = Json::array();
        {
            const std::lock_guard held(lock_);
            for (const auto &[key, good] : watches_)
                if (key.first == name)
                    watches.push_back(
                        {{"kind", key.second}, {"lagSeconds", static_cast<double>(now - std::min(now, good)) / 1e9}});
        }
        entry["watches"] = std::move(watches);
        out.push_back(std::move(entry));
    }
    const std::lock_guard held(lock_);
    const auto unusable = [&](const std::string &name, const std::string &why) {
        out.push_back({{"name", name}, {"state", "unreachable"}, {"version", ""}});
        say(out.back(), why, clock_.wall_ns());
    };
    for (const auto &[name, why] : broken_)
        if (!clusters.contains(name)) unusable(name, why);
    if (out.empty() && !problem_.empty()) unusable("", problem_); // no cluster is known by name yet
    Json answer = {{"clusters", std::move(out)}};
    if (!problem_.empty()) answer["error"] = problem_;
    return rig::json::text(answer);
}

rig::Status Fleet::list(rig::Call call, std::string_view text, const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(const Query query, Query::parse(text));
    Clusters chosen = clusters();
    if (!query.cluster.empty()) {
        RIG_ASSIGN_OR_RETURN(const auto one, cluster(query.cluster));
        chosen = {{one->name(), one}};
    }
    const Effort patience = effort(call);
    for (const auto &[name, cluster] : chosen) {
        RIG_RETURN_IF_ERROR(patience.check());
        bool refused = false;
        const std::string &of = name;
        const auto read = [&, &member = cluster]() -> rig::Result<Client::ListEnd> {
            RIG_ASSIGN_OR_RETURN(const Resource resource,
                                 member->client().resource(patience, query.api_version, query.kind));
            return member->client().list(
                patience, resource, query.selection, query.limit, [&](std::string_view object) {
                    rig::Status told = out.object(RIG_CHANGE_SYNC, of, shown(query.kind, object));
                    refused = !told.ok();
                    return told;
                });
        };
        const auto end = read();
        if (!end.ok()) {
            // What one cluster refuses for good is the caller's fault or answer; that it cannot be read just now says
            // nothing of the others.
            const bool transient = end.error().code == RIG_E_UNAVAILABLE || end.error().code == RIG_E_EXHAUSTED;
            if (refused || !transient) return end.error();
            RIG_RETURN_IF_ERROR(out.mark(name, RIG_MARK_LOST, end.error().message));
            continue;
        }
        if (end->cut)
            RIG_RETURN_IF_ERROR(
                out.mark(name, RIG_MARK_LOST,
                         "the limit of " + std::to_string(query.limit) + " was reached; more objects match"));
        else RIG_RETURN_IF_ERROR(out.mark(name, RIG_MARK_COMPLETE));
    }
    return {};
}

rig::Result<std::string> Fleet::get(rig::Call call, std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const Ref ref, Ref::parse(text));
    RIG_ASSIGN_OR_RETURN(const auto member, cluster(ref.cluster));
    const Effort patience = effort(call);
    RIG_ASSIGN_OR_RETURN(const Resource resource, member->client().resource(patience, ref.api_version, ref.kind));
    RIG_ASSIGN_OR_RETURN(
        std::string object,
        member->client().get(patience, resource, ref.ns.empty() && resource.namespaced ? "default" : ref.ns, ref.name));
    if (!ref.remove.uid.empty()) {
        const Json found = Json::parse(object, nullptr, false);
        if (rig::json::get(rig::json::at(found, "metadata"), "uid", "") != ref.remove.uid)
            return absent(resource, ref.name);
    }
    return shown(ref.kind, object);
}

rig::Result<std::string> Fleet::apply(rig::Call call, std::string_view name, std::string_view object, uint32_t flags) {
    RIG_ASSIGN_OR_RETURN(const auto member, cluster(name));
    return apply_object(member->client(), effort(call), object, (flags & RIG_APPLY_DRY_RUN) != 0,
                        (flags & RIG_APPLY_CREATE_ONLY) != 0);
}

rig::Status Fleet::remove(rig::Call call, std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const Ref ref, Ref::parse(text));
    RIG_ASSIGN_OR_RETURN(const auto member, cluster(ref.cluster));
    const Effort patience = effort(call);
    RIG_ASSIGN_OR_RETURN(const Resource resource, member->client().resource(patience, ref.api_version, ref.kind));
    return remove_object(member->client(), patience, resource,
                         ref.ns.empty() && resource.namespaced ? "default" : ref.ns, ref.name, ref.remove);
}

rig::Status Fleet::logs(rig::Call call, std::string_view text, rig::Sink out) {
    RIG_ASSIGN_OR_RETURN(const Json request, rig::json::object(text, "request"));
    RIG_ASSIGN_OR_RETURN(const auto member, cluster(rig::json::get(request, "cluster", "")));
    const std::string ns = rig::json::get(request, "namespace", "default"), name = rig::json::get(request, "name", "");
    if (!is_path_segment(name) || !is_path_segment(ns))
        return rig::Error{RIG_E_INVALID, "BadRequest", "a log request names the pod: namespace and name", 0};
    std::string query = "timestamps=false";
    if (const std::string container = rig::json::get(request, "container", ""); !container.empty())
        query += "&container=" + escaped(container);
    for (const char *key : {"tailLines", "sinceSeconds"})
        if (const int64_t n = rig::json::get(request, key, int64_t{-1}); n >= 0)
            query += "&" + std::string(key) + "=" + std::to_string(n);
    if (rig::json::get(request, "previous", false)) query += "&previous=true";
    const bool follow = rig::json::get(request, "follow", false);
    if (follow) query += "&follow=true";
    return member->client().logs(effort(call), ns, name, query, follow,
                                 [&](std::string_view part) { return out.write(part); });
}

} // namespace kube
