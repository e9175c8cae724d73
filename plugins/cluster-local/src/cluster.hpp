// cluster.hpp -- the embedded cluster as one thread-safe object: API server, store, controllers, node agent and watches
// behind one lock. Calls are short; watch() and a following logs() block, without the lock, until cancelled. No thread
// of its own: tick() drives the controllers and is to be called when `wake` asked for it and at the time that tick()
// returned.
#pragma once
#include "clock.hpp"
#include "control/controller.hpp"
#include "fleet/fleet.hpp"
#include "runtime/script.hpp"
#include "store/object_store.hpp"

#include <rigger/sdk/backend.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cluster_local {

class ApiServer;
class EventRecorder;
class NodeUsage;
class Runtime;
struct Query;

struct ClusterOptions {
    std::string name = "local";
    StoreOptions store;
    Script script;
    std::vector<std::string> namespaces{"default", "kube-system", "chutes"};
    size_t events = 1000; ///< how many Event objects are kept
};

class Cluster {
public:
    /// `wake`: work came up; call tick() soon. Called under no lock, from any thread that calls in.
    static rig::Result<std::unique_ptr<Cluster>> open(ClusterOptions, const Clock &, std::function<void()> wake);
    ~Cluster();

    std::string probe();
    rig::Status list(std::string_view query, const rig::Objects &);
    rig::Result<std::string> get(std::string_view reference);
    rig::Result<std::string> apply(std::string_view cluster, std::string_view object, uint32_t flags);
    rig::Status remove(std::string_view reference);
    rig::Status watch(rig::Call, std::string_view query, std::string_view resume_token, const rig::Objects &);
    rig::Status logs(rig::Call, std::string_view request, rig::Sink);
    rig::Result<std::string> diagnose(std::string_view request);

    /// The fleet becomes the cluster's nodes. A failure leaves the nodes as they were.
    rig::Status set_fleet(const Fleet &);
    /// Shown by probe() until cleared: why the fleet in force is not the file's.
    void set_warning(std::string warning);
    /// Runs what is due, a bounded part of it; returns the host's monotonic time of the next call: now (more is due),
    /// later, or kNever.
    uint64_t tick();
    void wake_watches(); ///< so that blocked calls look at their cancel flags and the clock

    size_t object_count(const Kind &);

private:
    Cluster(ClusterOptions, const Clock &, std::function<void()> wake);
    rig::Status start();
    /// Runs `body` in one transaction; on failure of the store everything is rolled back. Wakes watches and controllers
    /// after a write.
    template <typename Body> auto write(Body &&body) -> decltype(body());
    rig::Status healthy(); ///< UNAVAILABLE while the database cannot be read
    bool runnable();       ///< controllers have something due now
    rig::Result<Query> parse_query(std::string_view text);
    class Watch;

    const ClusterOptions options_;
    const Clock &clock_;
    const std::function<void()> wake_;
    KindTable kinds_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::unique_ptr<ObjectStore> store_;
    std::unique_ptr<ApiServer> api_;
    std::unique_ptr<NodeUsage> usage_;
    std::unique_ptr<Runtime> runtime_;
    EventRecorder *events_ = nullptr;
    std::vector<std::unique_ptr<Controller>> controllers_;
    std::string warning_;
    uint64_t retry_at_ = 0; ///< after a failure of the store
};

} // namespace cluster_local
