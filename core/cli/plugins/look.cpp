#include "cli/plugins/look.hpp"

#include "base/json.hpp"
#include "cli/render/text_width.hpp"
#include "host/files.hpp"
#include "host/instance_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <set>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string document(Json items) {
    return Json{{"items", std::move(items)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string kinds_of(const host::Manifest &manifest) {
    std::string out;
    for (const auto &component : manifest.components) out += (out.empty() ? "" : ", ") + component.kind;
    return out;
}

/// "placement-scorer" is short for "rig.placement-scorer/1".
bool is_kind(const std::string &kind, const std::string &wanted) {
    return wanted.empty() || kind.find(wanted) != std::string::npos;
}

Json manifest_json(const host::Manifest &m) {
    Json components = Json::array(), libraries = Json::array();
    for (const auto &c : m.components) components.push_back({{"id", c.id}, {"kind", c.kind}});
    for (const auto &l : m.libraries) libraries.push_back({{"arch", l.arch}, {"file", l.file}, {"blake2b", l.blake2b}});
    return {{"id", m.id},
            {"version", m.version},
            {"title", m.title},
            {"vendor", m.vendor_name},
            {"license", m.license},
            {"abi", std::to_string(m.abi_major) + "." + std::to_string(m.abi_min) + " (built for " +
                        std::to_string(m.abi_major) + "." + std::to_string(m.abi_target) + ")"},
            {"components", components},
            {"libraries", libraries},
            {"grants",
             {{"services", m.grants.services},
              {"http", m.grants.http},
              {"secrets", m.grants.secrets},
              {"veto", m.grants.veto}}},
            {"requires", m.requires_plugins},
            {"conflicts", m.conflicts},
            {"after", m.after}};
}

Json elf_json(const host::ElfFacts &elf) {
    return {{"arch", elf.arch},
            {"exports", elf.exports},
            {"needed", elf.needed},
            {"buildId", elf.build_id},
            {"note", elf.has_note ? Json(elf.note_id + " " + elf.note_version) : Json()},
            {"textRelocations", elf.text_relocations},
            {"executableStack", elf.executable_stack},
            {"staticTls", elf.static_tls}};
}

Json row_of(const host::FoundInstance &found, const std::vector<host::FoundPackage> &packages, const char *state) {
    Json row{{"name", found.name}, {"id", nullptr}, {"version", nullptr}, {"kind", nullptr}, {"state", state}};
    if (!found.file.ok()) {
        row["state"] = "refused";
        row["lastError"] = found.file.error().message;
        return row;
    }
    row["name"] = found.file->name;
    row["id"] = found.file->plugin;
    row["weight"] = found.file->weight;
    const host::FoundPackage *package = host::find_package(packages, found.file->plugin);
    if (!package) {
        row["state"] = "refused";
        row["lastError"] = "plugin " + found.file->plugin + " is not installed";
    } else if (!package->manifest.ok()) {
        row["state"] = "refused";
        row["lastError"] = package->manifest.error().message;
    } else {
        const host::Manifest &manifest = *package->manifest;
        row["version"] = manifest.version;
        const host::ComponentRef *component = manifest.component(found.file->component);
        row["kind"] = component ? component->kind : kinds_of(manifest);
        row["origin"] = package->directory.string();
    }
    return row;
}

Json available_row(const host::FoundPackage &package) {
    Json row{{"name", nullptr},      {"id", package.directory.filename().string()},
             {"version", nullptr},   {"kind", nullptr},
             {"state", "available"}, {"origin", package.directory.string()}};
    if (package.manifest.ok()) {
        row["id"] = package.manifest->id;
        row["version"] = package.manifest->version;
        row["kind"] = kinds_of(*package.manifest);
    } else {
        row["state"] = "refused";
        row["lastError"] = package.manifest.error().message;
    }
    return row;
}

} // namespace

Result<std::string> list_plugins(PluginContext &context, const std::string &kind, bool all) {
    const auto packages = context.packages();
    Json rows = Json::array();
    const auto running = context.daemon_plugins();
    if (running.ok()) {
        rows = items_of(*running);
    } else if (!is_unreachable(running.error())) {
        return running.error();
    } else {
        context.io().err << context.tr("no daemon answers; this is what the directories hold",
                                       "没有守护进程应答；以下为目录内容")
                         << '\n';
        RIG_TRY_ASSIGN(const auto enabled, host::find_instances(context.where().enabled));
        for (const auto &found : enabled) rows.push_back(row_of(found, packages, "enabled"));
    }
    if (all) {
        std::set<std::string> shown;
        for (const Json &row : rows) shown.insert(text_member(row, "id"));
        for (const auto &package : packages)
            if (Json row = available_row(package); shown.insert(text_member(row, "id")).second)
                rows.push_back(std::move(row));
    }
    Json kept = Json::array();
    for (Json &row : rows)
        if (is_kind(text_member(row, "kind"), kind)) kept.push_back(std::move(row));
    return document(std::move(kept));
}

Result<fs::path> find_package_directory(PluginContext &context, const std::string &what) {
    std::error_code failed;
    if (what.find('/') != std::string::npos || fs::exists(fs::path(what) / "plugin.yaml", failed)) {
        if (fs::exists(fs::path(what) / "plugin.yaml", failed)) return fs::absolute(what);
        return not_found("UnknownPlugin", "there is no plugin in " + what + ": it has no plugin.yaml");
    }
    const auto packages = context.packages();
    if (const host::FoundPackage *found = host::find_package(packages, what)) return found->directory;
    for (const auto &package : packages)
        if (package.directory.filename() == what) return package.directory;
    return not_found("UnknownPlugin",
                     "no plugin '" + what.substr(0, 100) + "' is installed; `rigger plugins list --all` lists what is");
}

Result<std::string> inspect_plugin(PluginContext &context, const std::string &what) {
    std::error_code failed;
    Json out = Json::object();
    if (fs::is_regular_file(what, failed)) { // a library alone
        RIG_TRY_ASSIGN(const host::ElfFacts elf, host::read_elf(fs::path(what)));
        RIG_TRY_ASSIGN(const std::string digest, host::hash_file(what));
        out["file"] = fs::absolute(what).string();
        out["digest"] = digest;
        out["library"] = elf_json(elf);
        return out.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    RIG_TRY_ASSIGN(const fs::path directory, find_package_directory(context, what));
    RIG_TRY_ASSIGN(const host::Manifest manifest, host::read_manifest(directory / "plugin.yaml"));
    out = manifest_json(manifest);
    out["directory"] = directory.string();
    const auto checked = host::check_package(directory, context.check_options(false));
    out["check"] = checked.ok() ? "ok" : checked.error().message;
    const host::LibraryFile *file = manifest.library_for(host::host_arch());
    const fs::path library = directory / (file ? file->file : manifest.id + ".so");
    if (const auto digest = host::hash_file(library); digest.ok()) out["digest"] = *digest;
    if (const auto elf = host::read_elf(library); elf.ok()) out["library"] = elf_json(*elf);
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> verify_plugins(PluginContext &context, const std::string &what, size_t &refused) {
    std::vector<fs::path> directories;
    if (what.empty()) {
        for (const auto &package : context.packages()) directories.push_back(package.directory);
    } else {
        RIG_TRY_ASSIGN(fs::path one, find_package_directory(context, what));
        directories.push_back(std::move(one));
    }
    Json rows = Json::array();
    for (const fs::path &directory : directories) {
        const auto checked = host::check_package(directory, context.check_options(false));
        const auto manifest = host::read_manifest(directory / "plugin.yaml");
        Json row{{"id", manifest.ok() ? manifest->id : directory.filename().string()},
                 {"version", manifest.ok() ? Json(manifest->version) : Json()},
                 {"state", checked.ok() ? "ok" : "refused"}};
        row["message"] = checked.ok() ? Json() : Json(checked.error().message);
        row["directory"] = directory.string();
        if (checked.ok()) row["digest"] = checked->digest;
        refused += checked.ok() ? 0 : 1;
        rows.push_back(std::move(row));
    }
    return document(std::move(rows));
}

Result<std::string> doctor(PluginContext &context, size_t &problems) {
    Json rows = Json::array();
    const auto add = [&](Json name, Json state, std::string problem, std::string next) {
        rows.push_back({{"name", std::move(name)},
                        {"state", std::move(state)},
                        {"problem", std::move(problem)},
                        {"next", std::move(next)}});
        ++problems;
    };
    std::set<std::string> known;
    const auto running = context.daemon_plugins();
    if (!running.ok() && !is_unreachable(running.error())) return running.error();
    if (!running.ok())
        add("riggerd", "stopped", running.error().message, "riggerd --check-config, then: systemctl start riggerd");
    else
        for (const Json &row : items_of(*running)) {
            known.insert(text_member(row, "name"));
            const std::string state = text_member(row, "state"), breaker = text_member(row, "breaker"),
                              error = text_member(row, "lastError");
            const bool well = state == "running" && (breaker.empty() || breaker == "closed");
            if (well && text_member(row, "nextCommand").empty()) continue;
            if (state == "retired" || state == "disabled") continue;
            std::string next = text_member(row, "nextCommand");
            if (next.empty())
                next = state == "quarantined" || state == "failed" || breaker == "open"
                           ? "rigger plugins reset " + text_member(row, "name")
                           : "rigger plugins inspect " + text_member(row, "id");
            add(row.value("name", Json()), row.value("state", Json()), error.empty() ? "breaker is " + breaker : error,
                std::move(next));
        }
    const auto packages = context.packages();
    if (const auto enabled = host::find_instances(context.where().enabled); enabled.ok())
        for (const auto &found : *enabled) {
            if (known.count(found.file.ok() ? found.file->name : found.name)) continue;
            const Json row = row_of(found, packages, "enabled");
            if (text_member(row, "state") == "refused")
                add(row["name"], "refused", text_member(row, "lastError"),
                    found.file.ok() ? "rigger plugins disable " + found.name
                                    : "edit " + found.path.string() + ", then: rigger plugins enable " + found.name);
            else if (running.ok())
                add(row["name"], "enabled", "the daemon has not looked at it yet",
                    "rigger plugins enable " + found.name);
        }
    for (const auto &package : packages)
        if (const auto checked = host::check_package(package.directory, context.check_options(false)); !checked.ok())
            add(package.manifest.ok() ? package.manifest->id : package.directory.filename().string(), "refused",
                checked.error().message, "rigger plugins inspect " + package.directory.string());
    return document(std::move(rows));
}

std::string doctor_text(const std::string &document, const PluginContext &context) {
    std::string out;
    for (const Json &row : items_of(document)) {
        const std::string state = text_member(row, "state");
        out += printable(text_member(row, "name")) + (state.empty() ? "" : " (" + printable(state) + ")") + "\n    " +
               printable(text_member(row, "problem")) + "\n    " + context.tr("next: ", "下一步：") +
               printable(text_member(row, "next")) + "\n";
    }
    return out.empty() ? context.tr("no plugin is in trouble", "没有插件有问题") + "\n" : out;
}

Result<std::string> show_config(PluginContext &context, const std::string &name) {
    const auto show = [&](const host::FoundInstance &found, bool enabled) -> Result<std::string> {
        RIG_TRY_ASSIGN(const host::InstanceFile file, found.file);
        Json out{{"name", file.name}, {"enabled", enabled}, {"file", found.path.string()}, {"plugin", file.plugin}};
        if (!file.component.empty()) out["component"] = file.component;
        out["weight"] = file.weight;
        out["onFailure"] = file.on_failure == host::OnFailure::closed ? "closed" : "abstain";
        out["required"] = file.required;
        Json secrets = Json::object();
        for (const auto &[key, reference] : file.secrets)
            secrets[key] = reference.rfind("${", 0) == 0 ? reference : "***";
        out["secrets"] = std::move(secrets);
        out["config"] = Json::parse(file.config, nullptr, false);
        return out.dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    for (const bool enabled : {true, false}) {
        const auto instances = host::find_instances(enabled ? context.where().enabled : context.where().available);
        if (!instances.ok()) continue;
        for (const auto &found : *instances)
            if (found.name == name || (found.file.ok() && found.file->name == name)) return show(found, enabled);
    }
    return not_found("UnknownInstance", "no plugin instance '" + name.substr(0, 100) +
                                            "' is configured; `rigger plugins list --all` lists what is");
}

} // namespace rigger::cli
