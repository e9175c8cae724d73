#include "cli/plugins/context.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace rigger::cli {
namespace {

constexpr std::chrono::milliseconds kTimeout{30'000};

/// For a path segment.
std::string escaped(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        (out += '%') += {digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

} // namespace

Result<PluginContext> PluginContext::make(const CommonOptions &common, Language language, Io &io) {
    const std::string config = common.endpoint.config.empty() ? io.env("RIGGER_CONFIG") : common.endpoint.config;
    RIG_TRY_ASSIGN(Locations where, find_locations(config, io.environment, language));
    PluginContext context(std::move(where), language, io);
    context.common_ = common;
    return context;
}

Result<Client *> PluginContext::client() {
    if (!client_) {
        RIG_TRY_ASSIGN(Endpoint endpoint, find_endpoint(common_.endpoint, *io_, language_));
        client_ = std::make_shared<Client>(std::move(endpoint), common_.timeout.value_or(kTimeout), language_);
    }
    return client_.get();
}

Result<std::string> PluginContext::daemon_plugins() {
    RIG_TRY_ASSIGN(Client * daemon, client());
    return daemon->get("/v1/plugins");
}
Result<std::string> PluginContext::reload() {
    RIG_TRY_ASSIGN(Client * daemon, client());
    return daemon->post("/v1/plugins/reload", "{}");
}
Result<std::string> PluginContext::reset(const std::string &name) {
    RIG_TRY_ASSIGN(Client * daemon, client());
    return daemon->post("/v1/plugins/" + escaped(name) + "/reset", "{}");
}

std::filesystem::path PluginContext::helper(const std::string &name) const {
    const auto usable = [](const std::filesystem::path &file) { return ::access(file.c_str(), X_OK) == 0; };
    const std::filesystem::path here = std::filesystem::path(io_->program).parent_path();
    if (!here.empty())
        for (const auto &file : {here / name, here.parent_path() / "lib/rigger" / name})
            if (usable(file)) return file;
    std::string path = io_->env("PATH");
    while (!path.empty()) {
        const size_t colon = path.find(':');
        const std::filesystem::path file = std::filesystem::path(path.substr(0, colon)) / name;
        if (file.is_absolute() && usable(file)) return file;
        path.erase(0, colon == std::string::npos ? path.size() : colon + 1);
    }
    return {};
}

host::CheckOptions PluginContext::check_options(bool with_code) const {
    host::CheckOptions options;
    if (!with_code) return options;
    options.probe = helper("rigger-plugin-probe");
    // Who may not write the daemon's cache still gets every check of the file.
    std::error_code failed;
    std::filesystem::path place = where_.cache;
    while (!place.empty() && !std::filesystem::exists(place, failed) && place.has_relative_path())
        place = place.parent_path();
    if (::access(place.c_str(), W_OK) == 0) options.cache_dir = where_.cache;
    return options;
}

nlohmann::ordered_json items_of(const std::string &document) {
    const auto parsed = nlohmann::ordered_json::parse(document, nullptr, false);
    const auto items = parsed.is_object() ? parsed.find("items") : parsed.end();
    if (!parsed.is_object() || items == parsed.end() || !items->is_array()) return nlohmann::ordered_json::array();
    return *items;
}

bool is_unreachable(const Error &error) { return error.reason == "Unreachable"; }

} // namespace rigger::cli
