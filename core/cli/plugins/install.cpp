#include "cli/plugins/install.hpp"

#include "host/files.hpp"
#include "host/probe.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

Error cannot(const std::string &what, const fs::path &path) {
    const Code code = errno == EACCES || errno == EPERM || errno == EROFS ? Code::denied : Code::unavailable;
    return {code, "CannotInstall",
            "cannot " + what + " " + path.string() + ": " + std::strerror(errno) +
                (code == Code::denied ? "; try again with sudo" : ""),
            0};
}

/// A directory that is removed again unless it found its place.
class Staging {
public:
    static Result<Staging> make(const fs::path &parent) {
        std::error_code failed;
        fs::create_directories(parent, failed);
        std::string pattern = (parent / ".installing-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) return cannot("write into", parent);
        return Staging(pattern);
    }
    Staging(Staging &&other) noexcept : path_(std::exchange(other.path_, {})) {}
    Staging &operator=(Staging &&) = delete;
    ~Staging() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    const fs::path &path() const noexcept { return path_; }

    /// Takes the place of `target` at once; what was there is removed.
    Status move_to(const fs::path &target) {
        if (::chmod(path_.c_str(), 0755) != 0) return cannot("open", path_);
        struct ::stat there {};
        const unsigned exchange = ::lstat(target.c_str(), &there) == 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE;
        if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), exchange) != 0)
            return cannot("write", target);
        if (exchange == RENAME_NOREPLACE) path_.clear(); // otherwise it names the old one now, which goes
        return {};
    }

private:
    explicit Staging(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

Status copy_one(const fs::path &from, const fs::path &to) {
    std::error_code failed;
    if (fs::is_symlink(from, failed))
        return Error{Code::denied, "CannotInstall",
                     "cannot install " + from.string() + ": it is a link; install the file itself", 0};
    fs::copy_file(from, to, failed);
    if (failed)
        return Error{Code::unavailable, "CannotInstall", "cannot copy " + from.string() + ": " + failed.message(), 0};
    if (::chmod(to.c_str(), 0644) != 0) return cannot("write", to);
    return {};
}

Status stage_directory(const fs::path &from, const fs::path &stage) {
    RIG_TRY_ASSIGN(const host::Manifest manifest, host::read_manifest(from / "plugin.yaml"));
    RIG_TRY(copy_one(from / "plugin.yaml", stage / "plugin.yaml"));
    if (manifest.libraries.empty()) return copy_one(from / (manifest.id + ".so"), stage / (manifest.id + ".so"));
    for (const host::LibraryFile &library : manifest.libraries) {
        std::error_code failed;
        if (library.arch == host::host_arch() || fs::exists(from / library.file, failed))
            RIG_TRY(copy_one(from / library.file, stage / library.file));
    }
    return {};
}

/// A manifest as good as a library alone can give: identity from its note, components and services from the probe.
std::string manifest_of(const host::ProbeFacts &facts, const std::string &digest) {
    std::string text = "# Made by `rigger plugins install` from the library alone. What it says of grants is what the "
                       "library asks for.\n";
    text += "manifest: 1\nid: " + facts.id + "\nversion: " + facts.version + "\n";
    text += "abi: { major: " + std::to_string(facts.abi_major) + ", min: " + std::to_string(facts.abi_min) +
            ", target: " + std::to_string(facts.abi_target) + " }\n";
    text += "library:\n  - { arch: " + std::string(host::host_arch()) + ", file: " + facts.id +
            ".so, blake2b: " + digest + " }\ncomponents:\n";
    std::string services;
    for (const host::ProbedComponent &component : facts.components) {
        text += "  - { id: " + component.id + ", kind: " + component.kind + " }\n";
        for (std::string need : component.needs) {
            if (!need.empty() && need.back() == '?') need.pop_back();
            if (services.find(need) == std::string::npos) services += (services.empty() ? "" : ", ") + need;
        }
    }
    return text + "grants:\n  services: [" + services + "]\n";
}

Status stage_library(PluginContext &context, const fs::path &from, const fs::path &stage) {
    RIG_TRY_ASSIGN(const host::ElfFacts elf, host::read_elf(from));
    if (!elf.has_note || elf.note_id.empty() || elf.note_id.find('/') != std::string::npos)
        return invalid(
            "NoteMissing",
            "cannot install " + from.string() +
                ": the library does not say which plugin it is; install the plugin's directory, with its plugin.yaml");
    const fs::path probe = context.helper("rigger-plugin-probe");
    if (probe.empty())
        return not_found("ProbeMissing", "cannot install a library without a manifest: rigger-plugin-probe is missing; "
                                         "install the package that holds riggerd");
    const fs::path library = stage / (elf.note_id + ".so");
    RIG_TRY(copy_one(from, library));
    RIG_TRY_ASSIGN(const std::string digest, host::hash_file(library));
    RIG_TRY_ASSIGN(const host::ProbeFacts facts, host::probe_library(probe, library, std::chrono::seconds(10)));
    std::error_code ignored;
    fs::remove(stage / (elf.note_id + ".probe"), ignored);
    if (facts.id != elf.note_id)
        return invalid("NoteMismatch", "cannot install " + from.string() + ": its note says '" + elf.note_id +
                                           "', its code says '" + facts.id + "'; rebuild it");
    return host::replace_file(stage / "plugin.yaml", manifest_of(facts, digest), 0644);
}

} // namespace

Result<std::string> install_plugin(PluginContext &context, const std::string &from, bool dry_run) {
    if (context.where().plugin_dirs.empty())
        return invalid("NoPluginDirectory",
                       "cannot install: the configuration names no plugin directory (plugins.path)");
    const fs::path home = context.where().plugin_dirs.front(), source = fs::path(from);
    std::error_code failed;
    const bool directory = fs::is_directory(source, failed);
    if (!directory && !fs::is_regular_file(source, failed))
        return not_found("NothingToInstall",
                         "cannot install '" + from.substr(0, 200) + "': there is no such directory or library");
    if (directory && !fs::exists(source / "plugin.yaml", failed))
        return not_found("NothingToInstall",
                         "cannot install " + from +
                             ": it holds no plugin.yaml; name the directory that rig_add_plugin has built");
    RIG_TRY_ASSIGN(Staging staging, Staging::make(dry_run ? fs::temp_directory_path() : home));
    RIG_TRY(directory ? stage_directory(source, staging.path()) : stage_library(context, source, staging.path()));
    host::CheckOptions options; // in place: no code runs
    options.check_permissions = !dry_run;
    RIG_TRY_ASSIGN(const host::CheckedPackage checked, host::check_package(staging.path(), options));
    const host::Manifest &manifest = checked.manifest;
    const fs::path target = home / manifest.id;
    const auto before = host::read_manifest(target / "plugin.yaml");
    Json kinds = Json::array();
    for (const auto &component : manifest.components) kinds.push_back(component.kind);
    Json out{{"id", manifest.id},        {"version", manifest.version},
             {"kinds", kinds},           {"directory", target.string()},
             {"digest", checked.digest}, {"installed", !dry_run}};
    out["replaced"] = before.ok() ? Json(before->version) : Json();
    if (!dry_run) RIG_TRY(staging.move_to(target));
    out["next"] = dry_run ? "rigger plugins install " + from : "rigger plugins enable " + manifest.id;
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace rigger::cli
