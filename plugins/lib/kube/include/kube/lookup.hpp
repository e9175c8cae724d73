// kube/lookup.hpp -- the addresses of a host name. The resolver cannot be interrupted and may take half a minute, so it
// runs on a thread of its own, which is abandoned when the caller's Effort is over: neither the daemon's end nor
// another cluster waits for a name server.
#pragma once
#include "kube/effort.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kube {

/// Thread-safe. At most one look-up is under way; whoever asks meanwhile waits for the same one.
class Lookup {
public:
    /// As the resolver says them ("203.0.113.7", "2001:db8::1"). May throw.
    using Resolve = std::function<std::vector<std::string>(const std::string &host)>;
    /// `resolve` is copied to a thread that may outlive this.
    Lookup(std::string host, Resolve resolve);
    ~Lookup();

    /// Throws what the resolver threw. CANCELLED, or UNAVAILABLE (Timeout), as Effort says.
    rig::Result<std::vector<std::string>> addresses(const Effort &effort);

private:
    struct Answer;
    const std::string host_;
    const Resolve resolve_;
    std::mutex lock_;
    std::shared_ptr<Answer> running_;
};

} // namespace kube
