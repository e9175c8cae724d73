// control/pod_status.hpp -- the status of a pod as a kubelet writes it, one function per event in its life.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cluster_local {

using Json = nlohmann::json;

class PodStatus {
public:
    /// `pod`: the whole object; its status is what the functions below change. `now`: RFC 3339.
    PodStatus(Json &pod, std::string now) : pod_(pod), now_(std::move(now)) {}

    void scheduled();
    void unschedulable(std::string_view message);
    void accepted(std::string_view host_ip);
    void rejected(std::string_view reason, std::string_view message); ///< by the node's admission: Failed
    void waiting(std::string_view reason, std::string_view message);
    void running(std::string_view pod_ip);
    void ready(bool is);
    /// The containers ended; `final`: the pod does not restart them and becomes Succeeded or Failed.
    void terminated(int exit_code, std::string_view reason, std::string_view message, bool final);
    void restarted(std::string_view waiting_reason,
                   std::string_view waiting_message); ///< after terminated: waits to run again
    void failed(std::string_view reason,
                std::string_view message); ///< the pod as a whole: Evicted, DeadlineExceeded, NodeLost
    int64_t restart_count() const;

private:
    Json &status();
    Json &containers();
    void condition(std::string_view type, bool is, std::string_view reason = {}, std::string_view message = {});
    void not_ready(std::string_view reason);

    Json &pod_;
    std::string now_;
};

} // namespace cluster_local
