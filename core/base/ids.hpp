// core/base/ids.hpp -- ids that cannot be mixed up.
#pragma once
#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace rigger {

/// A string that is an id of one sort. Empty means "none".
template <typename Tag> struct Id {
    std::string value;
    Id() = default;
    explicit Id(std::string v) : value(std::move(v)) {}
    explicit Id(std::string_view v) : value(v) {}
    explicit Id(const char *v) : value(v) {}
    bool empty() const noexcept { return value.empty(); }
    const std::string &str() const noexcept { return value; }
    friend auto operator<=>(const Id &, const Id &) = default;
    friend bool operator==(const Id &, const Id &) = default;
};

using OfferId = Id<struct OfferTag>;           ///< chute_id in the chutes market
using ServerId = Id<struct ServerTag>;         ///< Kubernetes node UID
using GpuId = Id<struct GpuTag>;               ///< device UUID, 32 hex characters without dashes
using DeploymentId = Id<struct DeploymentTag>; ///< UUIDv4 made by us
using InstanceId = Id<struct InstanceTag>;     ///< the validator's record of a deployment
using SourceName = Id<struct SourceTag>;       ///< name of a validator-source instance, e.g. "catalog"
using ClusterName = Id<struct ClusterTag>;     ///< "<backend instance>/<cluster>", e.g. "local/local"

/// The two parts of a cluster's name; a name without a slash is both.
inline std::string backend_of(const ClusterName &cluster) { return cluster.value.substr(0, cluster.value.find('/')); }
inline std::string own_name(const ClusterName &cluster) { return cluster.value.substr(cluster.value.find('/') + 1); }

} // namespace rigger

template <typename Tag> struct std::hash<rigger::Id<Tag>> {
    size_t operator()(const rigger::Id<Tag> &id) const noexcept { return std::hash<std::string>()(id.value); }
};
