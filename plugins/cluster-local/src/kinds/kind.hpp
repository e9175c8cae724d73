// kinds/kind.hpp -- what the embedded API server must know about one kind. Each kind is one file in this folder that
// defines `const Kind &<file name>_kind()`; the build collects them, nothing else needs to change.
#pragma once
#include "api/errors.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

using Json = nlohmann::json;
class Allocations;

struct KindInfo {
    std::string_view api_version, kind, resource; ///< "batch/v1", "Job", "jobs"
    bool namespaced = true;
    bool has_status = true; ///< status is the controllers' alone: what a client applies there is ignored
    std::span<const std::string_view>
        fields; ///< indexed values; names that begin with '~' serve controllers and cannot be selected
};

/// Stateless and immutable; one object per kind for the life of the process.
class Kind {
public:
    virtual ~Kind() = default;
    virtual const KindInfo &info() const noexcept = 0;
    virtual bool valid_name(std::string_view name) const noexcept; ///< default: a DNS-1123 subdomain
    virtual void set_defaults(Json &) const {}
    /// Shape and values of an object with its defaults. metadata was checked already.
    virtual void validate(const Json &, Problems &) const {}
    /// What may not change: both objects are valid.
    virtual void validate_update(const Json & /*before*/, const Json & /*after*/, Problems &) const {}
    /// Fills in what the cluster assigns (node ports, cluster addresses). Chooses only: account() records the choice.
    virtual rig::Status assign(const Allocations &, const Json * /*before*/, Json &) const { return {}; }
    /// Records (or gives back) what an object with these indexed values holds.
    virtual void account(Allocations &, std::string_view /*packed_fields*/, bool /*hold*/) const {}
    virtual Json initial_status(const Json &object) const;
    /// The values of info().fields, in that order (`values` has that size). index() reads everything but the status,
    /// index_status() the status alone, because status changes are frequent and must not read the rest.
    virtual void index(const Json & /*object*/, std::vector<std::string> & /*values*/) const {}
    virtual void index_status(const Json & /*status*/, std::vector<std::string> & /*values*/) const {}
    /// Seconds that an accepted deletion waits for the node agent; 0: the object goes at once.
    virtual int64_t grace_seconds(const Json &, std::optional<int64_t> /*requested*/) const { return 0; }
    /// True: the object stays, being deleted, until a controller has cleaned up behind it. May note the deletion in the
    /// status.
    virtual bool defers_deletion(Json &) const { return false; }
};

/// All kinds of this build.
class KindTable {
public:
    KindTable();
    const Kind *find(std::string_view api_version, std::string_view kind) const noexcept;
    std::span<const Kind *const> all() const noexcept { return kinds_; }

private:
    std::vector<const Kind *> kinds_;
};

const Kind &node_kind();
const Kind &pod_kind();
const Kind &job_kind();
const Kind &service_kind();
const Kind &namespace_kind();
const Kind &event_kind();

} // namespace cluster_local
