#include "host/guard/quarantine.hpp"

#include "host/files.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::host {
using nlohmann::json;

Quarantine::Quarantine(std::filesystem::path file) : file_(std::move(file)) {
    const auto text = read_text_file(file_, 1 << 20);
    if (!text.ok()) return;
    // A file that cannot be read must not stop the daemon: it holds what is left out, and the crash record still tells.
    const json j = json::parse(*text, nullptr, false);
    if (!j.is_object() || !j.contains("items") || !j["items"].is_array()) return;
    for (const json &i : j["items"]) {
        if (!i.is_object()) continue;
        try {
            entries_.push_back({i.at("instance").get<std::string>(), i.at("plugin").get<std::string>(),
                                i.at("digest").get<std::string>(), i.at("why").get<std::string>(),
                                parse_rfc3339(i.at("at").get<std::string>()).value_or(WallTime{})});
        } catch (const json::exception &) {}
    }
}

Status Quarantine::save_locked() {
    json items = json::array();
    for (const Quarantined &e : entries_)
        items.push_back({{"instance", e.instance},
                         {"plugin", e.plugin},
                         {"digest", e.digest},
                         {"why", e.why},
                         {"at", to_rfc3339(e.at)}});
    return replace_file(file_, json{{"items", items}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n", 0600);
}

Status Quarantine::add(Quarantined entry) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const Quarantined &e) { return e.instance == entry.instance; });
    entries_.push_back(std::move(entry));
    return save_locked();
}

Status Quarantine::lift(const std::string &instance) {
    const std::lock_guard lock(mutex_);
    if (std::erase_if(entries_, [&](const Quarantined &e) { return e.instance == instance; }) == 0) return {};
    return save_locked();
}

std::optional<Quarantined> Quarantine::find(const std::string &instance, const std::string &digest) {
    const std::lock_guard lock(mutex_);
    const auto at =
        std::find_if(entries_.begin(), entries_.end(), [&](const Quarantined &e) { return e.instance == instance; });
    if (at == entries_.end()) return std::nullopt;
    if (at->digest.empty() || at->digest == digest) return *at;
    entries_.erase(at);
    (void)save_locked();
    return std::nullopt;
}

} // namespace rigger::host
