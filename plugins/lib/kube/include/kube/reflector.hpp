// kube/reflector.hpp -- one kind of one cluster, listed and then watched for ever on a thread of its own. The watch
// begins at the version of the list, so nothing is missed; a broken stream goes on where it was; only when the API
// server has forgotten that version the kind is listed anew.
#pragma once
#include "kube/cluster.hpp"

namespace kube {

/// What a reflector tells, on its thread. A failed status ends it.
class Feed {
public:
    virtual ~Feed() = default;
    virtual rig::Status begin() = 0;
    virtual rig::Status item(std::string_view object) = 0;
    virtual rig::Status complete() = 0;
    virtual rig::Status put(std::string_view object) = 0;
    virtual rig::Status gone(std::string_view object) = 0;
    virtual rig::Status lost(std::string_view why) = 0;
    virtual void position(const std::string &resource_version) = 0; ///< everything up to here was told
};

class Reflector {
public:
    /// `resume`: where to go on; "": list first.
    Reflector(std::shared_ptr<Cluster> cluster, std::string api_version, std::string kind, Selection selection,
              std::string resume, const Clock &clock, uint64_t seed, Feed &feed);
    ~Reflector(); ///< stops and joins
    void stop() noexcept { stopping_ = true; }
    /// The stream is open, and spoke not too long ago.
    bool streaming() const noexcept { return streaming_.load(); }
    /// Why it ended by itself: the query is wrong (INVALID) or the feed refused.
    std::optional<rig::Error> ended() const;

private:
    void run();
    rig::Status list(const Resource &resource);
    rig::Status watch(const Resource &resource);

    const std::shared_ptr<Cluster> cluster_;
    const std::string api_version_, kind_;
    const Selection selection_;
    const Clock &clock_;
    Feed &feed_;
    Backoff backoff_;
    std::string version_;
    bool refused_ = false; ///< the feed wants no more
    std::atomic<bool> stopping_{false}, streaming_{false};
    mutable std::mutex lock_;
    std::optional<rig::Error> ended_;
    std::thread thread_;
};

} // namespace kube
