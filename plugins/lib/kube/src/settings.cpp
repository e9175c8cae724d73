#include "kube/settings.hpp"

#include <rigger/sdk/json.hpp>

namespace kube {
namespace {
nlohmann::json document(std::string_view config) {
    return nlohmann::json::parse(config.begin(), config.end(), nullptr, false);
}
} // namespace

FleetSettings read_settings(std::string_view config) {
    const nlohmann::json from = document(config);
    FleetSettings out;
    out.client.requests_per_second = rig::json::get(from, "requestsPerSecond", out.client.requests_per_second);
    out.client.burst = rig::json::get(from, "burst", out.client.burst);
    out.client.request_ns =
        static_cast<uint64_t>(rig::json::get(from, "requestTimeoutSeconds", 30.0) * static_cast<double>(second_ns));
    out.work_namespace = rig::json::get(from, "namespace", "chutes");
    out.runtime_class = rig::json::get(from, "runtimeClass", out.runtime_class.c_str());
    return out;
}
std::string config_text(std::string_view config, const char *key) { return rig::json::get(document(config), key, ""); }
bool config_flag(std::string_view config, const char *key) { return rig::json::get(document(config), key, false); }

} // namespace kube
