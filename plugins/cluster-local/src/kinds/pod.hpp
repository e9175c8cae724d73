// kinds/pod.hpp -- the indexed fields of a Pod, which controllers read without touching the database.
#pragma once
#include "api/quantity.hpp"
#include "store/record.hpp"

namespace cluster_local {

enum PodField : size_t {
    kPodNode,
    kPodRestartPolicy,
    kPodScheduler,
    kPodServiceAccount,
    kPodPhase,
    kPodIp,
    kPodNominated,
    kPodRequests,
    kPodReady,
    kPodFieldCount
};

std::string_view pod_node(const Record &);
std::string_view pod_phase(const Record &);
bool pod_finished(const Record &); ///< Succeeded or Failed
bool pod_ready(const Record &);
Resources pod_requests(const Record &);

} // namespace cluster_local
