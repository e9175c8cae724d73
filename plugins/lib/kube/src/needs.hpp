// needs.hpp -- what rigger asks of an API server; docs/operators/kubernetes-rbac.yaml grants exactly this. The
// namespace of the workloads for what it changes, everywhere for what it watches.
#pragma once

namespace kube {

struct Need {
    const char *verb, *group, *resource, *subresource;
    bool namespaced;
};

constexpr Need needs[] = {
    {"list", "", "nodes", "", false},          {"watch", "", "nodes", "", false},
    {"list", "", "pods", "", false},           {"watch", "", "pods", "", false},
    {"list", "batch", "jobs", "", false},      {"watch", "batch", "jobs", "", false},
    {"list", "", "services", "", false},       {"watch", "", "services", "", false},
    {"get", "batch", "jobs", "", true},        {"create", "batch", "jobs", "", true},
    {"patch", "batch", "jobs", "", true},      {"delete", "batch", "jobs", "", true},
    {"get", "", "services", "", true},         {"create", "", "services", "", true},
    {"patch", "", "services", "", true},       {"delete", "", "services", "", true},
    {"get", "", "configmaps", "", true},       {"list", "", "configmaps", "", true},
    {"create", "", "configmaps", "", true},    {"patch", "", "configmaps", "", true},
    {"delete", "", "configmaps", "", true},    {"get", "", "pods", "", true},
    {"delete", "", "pods", "", true},          {"get", "", "pods", "log", true},
    {"list", "apps", "deployments", "", true}, {"list", "apps", "statefulsets", "", true},
    {"list", "", "events", "", true},          {"get", "node.k8s.io", "runtimeclasses", "", false}};

} // namespace kube
