#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include <nlohmann/json.hpp>

namespace rigger::host {
namespace {
uint64_t generation(const rig_host *) noexcept { return 1; } // a changed configuration is a new instance

rig_code read(const rig_host *host, rig_str pointer, const rig_sink *out, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_CONFIG, error, [&](HostHandle &h) -> Status {
        const std::string_view path = view(pointer);
        if (path.empty()) return deliver(out, h.config);
        const auto config = nlohmann::json::parse(h.config);
        try {
            return deliver(out, config.at(nlohmann::json::json_pointer(std::string(path))).dump());
        } catch (const nlohmann::json::parse_error &) {
            return invalid("BadPointer", "'" + std::string(path) + "' is not a JSON pointer such as /limits/0");
        } catch (const nlohmann::json::exception &) {
            return not_found("NoSuchKey", "the configuration has nothing at '" + std::string(path) + "'");
        }
    });
}

rig_code secret(const rig_host *host, rig_str name, const rig_sink *out, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_CONFIG, error, [&](HostHandle &h) -> Status {
        const std::string wanted(view(name));
        if (std::find(h.secret_names.begin(), h.secret_names.end(), wanted) == h.secret_names.end())
            return Error{Code::denied, "SecretNotGranted",
                         "the manifest does not ask for secret '" + wanted + "'; add it to grants.secrets", 0};
        const auto reference = h.secret_references.find(wanted);
        if (reference == h.secret_references.end())
            return not_found("SecretMissing", "no secret '" + wanted + "' is configured; add `secrets: { " + wanted +
                                                  ": ${file:...} }` to the instance's file");
        SecretProvider *provider = h.machinery->services.secrets;
        if (!provider) return Error{Code::unsupported, "ServiceMissing", "this host resolves no secrets", 0};
        auto value = provider->resolve(reference->second);
        if (!value.ok()) return value.error().within("secret '" + wanted + "'");
        const Status delivered = deliver(out, *value);
        std::fill(value->begin(), value->end(), '\0');
        return delivered;
    });
}
} // namespace

const rig_config *config_table() noexcept {
    static constexpr rig_config table{sizeof(rig_config), &generation, &read, &secret};
    return &table;
}

} // namespace rigger::host
