#include "cluster.hpp"

#include "api/json.hpp"
#include "control/event_recorder.hpp"
#include "control/expiry_controller.hpp"
#include "control/garbage_collector.hpp"
#include "control/job_controller.hpp"
#include "control/namespace_controller.hpp"
#include "control/node_agent.hpp"
#include "control/node_lifecycle.hpp"
#include "control/node_usage.hpp"
#include "control/scheduler.hpp"
#include "fleet/nodes.hpp"
#include "query.hpp"
#include "runtime/simulated.hpp"
#include "server/api_server.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
constexpr size_t kTickBudget = 256; ///< objects per tick, so that the strand is free again within a few milliseconds
constexpr size_t kPage = 64;        ///< objects read per turn of the lock
constexpr uint64_t kStoreRetry = kSecond;
} // namespace

Cluster::Cluster(ClusterOptions options, const Clock &clock, std::function<void()> wake)
    : options_(std::move(options)), clock_(clock), wake_(std::move(wake)) {}
Cluster::~Cluster() = default;

rig::Result<std::unique_ptr<Cluster>> Cluster::open(ClusterOptions options, const Clock &clock,
                                                    std::function<void()> wake) {
    std::unique_ptr<Cluster> cluster(new Cluster(std::move(options), clock, std::move(wake)));
    RIG_RETURN_IF_ERROR(cluster->start());
    return cluster;
}

rig::Status Cluster::start() {
    RIG_ASSIGN_OR_RETURN(store_, ObjectStore::open(options_.store, kinds_));
    api_ = std::make_unique<ApiServer>(*store_, kinds_, clock_);
    usage_ = std::make_unique<NodeUsage>();
    runtime_ = std::make_unique<SimulatedRuntime>(options_.script);
    auto events = std::make_unique<EventRecorder>(*api_, options_.events);
    events_ = events.get();
    store_->observe(*usage_); // before those who ask it
    controllers_.push_back(std::move(events));
    controllers_.push_back(std::make_unique<JobController>(*api_, *events_));
    controllers_.push_back(std::make_unique<GarbageCollector>(*api_));
    controllers_.push_back(std::make_unique<NamespaceController>(*api_, kinds_));
    controllers_.push_back(std::make_unique<ExpiryController>(*api_));
    controllers_.push_back(std::make_unique<NodeLifecycle>(*api_, *events_, *usage_, options_.script));
    controllers_.push_back(std::make_unique<Scheduler>(*api_, *events_, *usage_));
    controllers_.push_back(std::make_unique<NodeAgent>(*api_, *events_, *usage_, *runtime_));
    for (const auto &controller : controllers_) store_->observe(*controller);
    store_->replay();
    return write([&]() -> rig::Status {
        for (const std::string &name : options_.namespaces)
            if (!store_->find(namespace_kind(), "", name))
                RIG_RETURN_IF_ERROR(api_->create(namespace_kind(), {{"metadata", {{"name", name}}}}));
        return {};
    });
}

rig::Status Cluster::healthy() {
    if (store_->healthy()) return {};
    return errors::storage("read", "the database could not be read back after a failure");
}

template <typename Body> auto Cluster::write(Body &&body) -> decltype(body()) {
    std::unique_lock held(lock_);
    if (rig::Status ok = healthy(); !ok.ok()) return ok.error();
    const uint64_t before = store_->version();
    const auto undo = [&] {
        (void)store_->abort();
        changed_.notify_all();
    };
    try {
        auto result = body();
        if (!result.ok() && result.error().code == RIG_E_UNAVAILABLE) {
            undo();
            return result;
        }
        if (rig::Status stored = store_->commit(); !stored.ok()) {
            undo();
            return stored.error();
        }
        const bool changed = store_->version() != before, work = runnable();
        held.unlock();
        if (changed) changed_.notify_all();
        if (work) wake_();
        return result;
    } catch (...) {
        undo();
        throw;
    }
}

bool Cluster::runnable() {
    const uint64_t now = clock_.mono_ns();
    return std::any_of(controllers_.begin(), controllers_.end(), [&](const auto &c) { return c->due() <= now; });
}

uint64_t Cluster::tick() {
    std::unique_lock held(lock_);
    const uint64_t now = clock_.mono_ns();
    if (!store_->healthy()) {
        if (now < retry_at_) return retry_at_;
        if (!store_->abort().ok()) return retry_at_ = now + kStoreRetry;
    }
    const uint64_t before = store_->version();
    size_t budget = kTickBudget;
    const auto work = [&]() -> rig::Status {
        for (bool progress = true; progress && budget > 0;) {
            progress = false;
            for (const auto &controller : controllers_) {
                if (controller->due() > now) continue;
                size_t share = std::min(budget, kTickBudget / 4); // so that none starves the others
                const size_t given = share;
                RIG_RETURN_IF_ERROR(controller->run(share));
                budget -= std::min(budget, given - share);
                progress = progress || share < given;
            }
        }
        return store_->commit();
    };
    if (const rig::Status done = work(); !done.ok()) {
        (void)store_->abort();
        changed_.notify_all();
        return retry_at_ = now + kStoreRetry;
    }
    uint64_t due = kNever;
    for (const auto &controller : controllers_) due = std::min(due, controller->due());
    const bool changed = store_->version() != before;
    held.unlock();
    if (changed) changed_.notify_all();
    return std::max(due, now);
}
void Cluster::wake_watches() { changed_.notify_all(); }

std::string Cluster::probe() {
    const std::lock_guard held(lock_);
    Json cluster = {
        {"name", options_.name}, {"state", store_->healthy() ? "ready" : "unreachable"}, {"version", "v1.28.0+rigger"}};
    if (!store_->healthy()) cluster["error"] = "the embedded cluster's database cannot be read; check the disk";
    else if (!warning_.empty()) cluster["error"] = warning_;
    return Json{{"clusters", Json::array({std::move(cluster)})}}.dump();
}
rig::Result<std::string> Cluster::diagnose(std::string_view text) {
    const Json request = Json::parse(text.empty() ? std::string_view("{}") : text, nullptr, false);
    if (!request.is_object()) return errors::bad_request("a diagnosis is asked with a JSON object");
    const auto asked = request.find("cluster");
    if (asked != request.end() && !asked->is_string()) return errors::bad_request("cluster must be a text");
    if (asked != request.end() && *asked != options_.name)
        return errors::unknown_cluster(asked->get<std::string>(), options_.name);
    const std::lock_guard held(lock_);
    const bool stored = store_->healthy();
    const size_t nodes = stored ? store_->count(node_kind()) : 0;
    const auto check = [](const char *name, Json ok, std::string detail, const char *remedy) {
        return Json{{"check", name}, {"ok", ok}, {"detail", std::move(detail)}, {"remedy", ok == false ? remedy : ""}};
    };
    Json checks = Json::array();
    checks.push_back(check("database", stored, stored ? "readable" : "cannot be read",
                           "check the disk's space and permissions; the path is in the plugin's configuration"));
    checks.push_back(check("fleet", warning_.empty(), warning_.empty() ? "as in the file" : warning_,
                           "mend the fleet file; the last good one stays in force"));
    checks.push_back(check("nodes", stored ? Json(nodes > 0) : Json(), std::to_string(nodes) + " nodes",
                           "list machines in the fleet file"));
    return Json{{"clusters", Json::array({Json{{"name", options_.name}, {"checks", std::move(checks)}}})}}.dump();
}
void Cluster::set_warning(std::string warning) {
    const std::lock_guard held(lock_);
    warning_ = std::move(warning);
}
size_t Cluster::object_count(const Kind &kind) {
    const std::lock_guard held(lock_);
    return store_->count(kind);
}

rig::Status Cluster::set_fleet(const Fleet &fleet) {
    return write([&] { return sync_nodes(*api_, fleet); });
}

rig::Result<std::string> Cluster::apply(std::string_view cluster, std::string_view object, uint32_t flags) {
    if (!cluster.empty() && cluster != options_.name) return errors::unknown_cluster(cluster, options_.name);
    return write([&] { return api_->apply(object, flags); });
}

rig::Result<std::string> Cluster::get(std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const Reference reference, Reference::parse(text, options_.name, kinds_));
    const std::lock_guard held(lock_);
    RIG_RETURN_IF_ERROR(healthy());
    const Record *record = store_->find(*reference.kind, reference.name_space, reference.name);
    if (!record || (!reference.uid.empty() && reference.uid != record->uid))
        return errors::not_found(reference.kind->info().resource, reference.name);
    return store_->text(*record);
}

rig::Status Cluster::remove(std::string_view text) {
    RIG_ASSIGN_OR_RETURN(const Reference reference, Reference::parse(text, options_.name, kinds_));
    RemoveOptions options;
    options.uid = reference.uid;
    options.grace_seconds = reference.grace_seconds;
    options.only_ours = true;
    if (reference.propagation == "Foreground") options.propagation = Propagation::foreground;
    else if (reference.propagation == "Orphan") options.propagation = Propagation::orphan;
    else if (!reference.propagation.empty() && reference.propagation != "Background")
        return errors::bad_request("propagationPolicy must be Foreground, Background or Orphan");
    return write([&]() -> rig::Status {
        const Record *record = store_->find(*reference.kind, reference.name_space, reference.name);
        if (!record) return errors::not_found(reference.kind->info().resource, reference.name);
        return api_->remove(*record, options);
    });
}

rig::Status Cluster::list(std::string_view text, const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(const Query query, Query::parse(text, options_.name, kinds_));
    std::unique_lock held(lock_);
    RIG_RETURN_IF_ERROR(healthy());
    std::vector<int64_t> ids;
    size_t matching = 0;
    store_->each(*query.kind, query.name_space, [&](const Record &record) {
        if (query.matches(record) && matching++ < query.limit) ids.push_back(record.id);
        return true;
    });
    std::vector<std::string> page;
    for (size_t i = 0; i < ids.size();) {
        page.clear();
        for (const size_t end = std::min(ids.size(), i + kPage); i < end; ++i) {
            const Record *record = store_->find_id(ids[i]);
            if (!record) continue; // deleted since
            RIG_ASSIGN_OR_RETURN(page.emplace_back(), store_->text(*record));
        }
        held.unlock();
        for (const std::string &object : page) RIG_RETURN_IF_ERROR(out.object(RIG_CHANGE_SYNC, options_.name, object));
        held.lock();
        RIG_RETURN_IF_ERROR(healthy());
    }
    held.unlock();
    if (matching <= ids.size()) return out.mark(options_.name, RIG_MARK_COMPLETE);
    return out.mark(options_.name, RIG_MARK_LOST,
                    "the limit of " + std::to_string(query.limit) + " was reached; " +
                        std::to_string(matching - ids.size()) + " more objects match");
}

} // namespace cluster_local
