// kube/cluster.hpp -- one cluster of a backend: its client, and its pulse: one cheap request every 10 s (is it ready?)
// on behalf of all watches, which is what "the API server answers" rests on.
#pragma once
#include "kube/client.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace kube {

class Cluster {
public:
    struct Pulse {
        bool tried = false, alive = false;
        uint64_t answered_ns = 0; ///< when the last answer came; 0: never
        uint64_t latency_ns = 0;
        std::string version, error;
        int64_t error_wall_ns = 0; ///< when the beat failed that `error` tells of
    };
    Cluster(std::string name, Access access, const ClientSettings &settings, const Clock &clock);
    ~Cluster(); ///< ends the pulse
    Cluster(const Cluster &) = delete;
    Cluster &operator=(const Cluster &) = delete;

    /// Starts the pulse, once: when somebody wants to know.
    void begin();
    const std::string &name() const noexcept { return name_; }
    Client &client() noexcept { return client_; }
    Pulse pulse() const;
    /// Waits, in real time, until the pulse was felt for once.
    void await_first(unsigned patience_ms) const;
    /// The last answer, for those who look often.
    uint64_t answered_ns() const noexcept { return answered_.load(std::memory_order_relaxed); }

private:
    void beat();
    /// The version, if the API server can serve.
    rig::Result<std::string> answer(const Effort &);
    const std::string name_;
    const Clock &clock_;
    Client client_;
    mutable std::mutex lock_;
    mutable std::condition_variable changed_;
    Pulse pulse_;
    std::string version_;        ///< the pulse's own, as the next
    unsigned version_beats_ = 0; ///< beats until it is asked for again
    std::atomic<uint64_t> answered_{0};
    std::atomic<bool> stopping_{false};
    std::once_flag begun_;
    std::thread thread_;
};

} // namespace kube
