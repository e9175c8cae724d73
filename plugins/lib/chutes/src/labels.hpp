// Labels of spec'd objects. Private to this library.
#pragma once
#include <chutes/objects.hpp>

#include "json.hpp"

namespace chutes::detail {

inline Json labels_of_deployment(const Request &r) {
    return {{"chutes/deployment-id", r.deployment_id},
            {"chutes/chute", "true"},
            {"chutes/chute-id", r.chute.id},
            {"chutes/version", r.chute.version},
            {managed_by_label, managed_by}};
}

/// Job and pod carry what ties them to the validator's records as well.
inline Json labels_of_workload(const Request &r) {
    Json labels = labels_of_deployment(r);
    if (!r.grant.config_id.empty()) labels["chutes/config-id"] = r.grant.config_id;
    if (!r.job_id.empty()) {
        labels["chutes/job-id"] = r.job_id;
        labels["chutes/job"] = "true";
    }
    return labels;
}

} // namespace chutes::detail
