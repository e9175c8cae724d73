#include "kinds/kind.hpp"

#include "api/names.hpp"

#include <nlohmann/json.hpp>

namespace cluster_local {

bool Kind::valid_name(std::string_view name) const noexcept { return is_dns1123_subdomain(name); }
Json Kind::initial_status(const Json &) const { return Json::object(); }

const Kind *KindTable::find(std::string_view api_version, std::string_view kind) const noexcept {
    for (const Kind *candidate : kinds_)
        if (candidate->info().kind == kind && candidate->info().api_version == api_version) return candidate;
    return nullptr;
}

} // namespace cluster_local
