// The manifest that operators apply grants what the backends ask for, and nothing beyond it.
#include "needs.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <string>

namespace {

using Grants = std::set<std::string>; ///< "list batch/jobs", "get /pods/log in chutes"

std::string grant(const std::string &verb, const std::string &group, const std::string &resource, bool namespaced) {
    return verb + " " + group + "/" + resource + (namespaced ? " in chutes" : "");
}

Grants of_the_manifest() {
    Grants out;
    for (const YAML::Node &one : YAML::LoadAllFromFile(KUBE_RBAC_MANIFEST)) {
        const std::string kind = one["kind"].as<std::string>();
        if (kind != "Role" && kind != "ClusterRole") continue;
        for (const YAML::Node &rule : one["rules"])
            for (const YAML::Node &group : rule["apiGroups"])
                for (const YAML::Node &resource : rule["resources"])
                    for (const YAML::Node &verb : rule["verbs"]) {
                        const bool one_object = rule["resourceNames"].IsDefined();
                        out.insert(grant(verb.as<std::string>(), group.as<std::string>(),
                                         resource.as<std::string>() +
                                             (one_object ? " " + rule["resourceNames"][0].as<std::string>() : ""),
                                         kind == "Role"));
                    }
    }
    return out;
}

TEST(Rbac, TheManifestGrantsExactlyWhatIsNeeded) {
    Grants needed{"get /namespaces chutes"}; // the diagnosis alone
    for (const kube::Need &need : kube::needs)
        needed.insert(grant(need.verb, need.group,
                            std::string(need.resource) + (*need.subresource ? "/" + std::string(need.subresource) : ""),
                            need.namespaced));
    EXPECT_EQ(of_the_manifest(), needed);
}

} // namespace
