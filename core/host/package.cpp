#include "host/package.hpp"

#include "host/descriptor.hpp"
#include "host/files.hpp"
#include "host/names.hpp"
#include "host/probe.hpp"

#include <rigger/abi/base.h>

#include <algorithm>
#include <charconv>

namespace rigger::host {
namespace {

/// Libraries that every plugin may link: the C and C++ runtimes, and the sanitizers' when this host itself runs under
/// one.
bool runtime_library(std::string_view name) {
    constexpr std::string_view allowed[] = {
        "libc.so.6",   "libm.so.6",     "libgcc_s.so.1",  "libstdc++.so.6",       "libpthread.so.0",
        "libdl.so.2",  "librt.so.1",    "libatomic.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
        "libc++.so.1", "libc++abi.so.1"};
    if (std::find(std::begin(allowed), std::end(allowed), name) != std::end(allowed)) return true;
#if defined(RIGGER_SANITIZED)
    return name.starts_with("libasan.so") || name.starts_with("libubsan.so") || name.starts_with("libtsan.so") ||
           name.starts_with("libclang_rt.");
#else
    return false;
#endif
}

std::string listed(const std::vector<std::string> &names) {
    std::string out;
    for (const std::string &n : names) {
        out.append(out.empty() ? "" : ", ").append(n);
        if (out.size() > 200) return out + ", ...";
    }
    return out.empty() ? "nothing" : out;
}

Status check_abi(const Manifest &m) {
    if (m.abi_major != RIG_ABI_MAJOR)
        return refusal("AbiMajor", m,
                       "needs ABI " + std::to_string(m.abi_major) + ", this host has ABI " +
                           std::to_string(RIG_ABI_MAJOR),
                       "Install a build for ABI " + std::to_string(RIG_ABI_MAJOR));
    if (m.abi_min > RIG_ABI_MINOR)
        return refusal("AbiMinor", m,
                       "needs ABI 1." + std::to_string(m.abi_min) + ", this host has 1." +
                           std::to_string(RIG_ABI_MINOR),
                       "Upgrade rigger or install an older version of the plugin");
    if (m.isolation == Isolation::process)
        return refusal("IsolationUnsupported", m, "asks for a process of its own, which this host does not offer yet",
                       "Use a version of it with `isolation: in-process` that you trust");
    return {};
}

Status check_elf(const Manifest &m, const ElfFacts &elf) {
    if (elf.arch != host_arch())
        return refusal("ArchMismatch", m,
                       "its library is for " + elf.arch + ", this machine is " + std::string(host_arch()),
                       "Install the build for this machine");
    if (elf.exports != std::vector<std::string>{"rig_plugin_v1"})
        return refusal("ExportsMismatch", m,
                       "its library exports " + listed(elf.exports) + ", it must export exactly rig_plugin_v1",
                       "Link it with the SDK's version script, as rig_add_plugin does, or else: $(pkg-config "
                       "--variable=plugin_ldflags rigger-sdk)");
    if (!elf.has_note)
        return refusal("NoteMissing", m, "its library has no identity note",
                       "Declare it with RIG_PLUGIN(...), in C with RIG_PLUGIN_NOTE(id, version)");
    if (elf.note_id != m.id || elf.note_version != m.version)
        return refusal("NoteMismatch", m, "its library says '" + elf.note_id + " " + elf.note_version + "'",
                       "Install the library that belongs to this manifest");
    if (elf.text_relocations)
        return refusal("TextRelocations", m, "its library has text relocations", "Compile it with -fPIC");
    if (elf.executable_stack)
        return refusal("ExecutableStack", m, "its library asks for an executable stack", "Link it with -z noexecstack");
    if (elf.static_tls)
        return refusal("StaticTls", m, "its library uses static thread-local storage",
                       "Compile it without -ftls-model=initial-exec");
    for (const std::string &n : elf.needed)
        if (!runtime_library(n) && std::find(m.needed.begin(), m.needed.end(), n) == m.needed.end())
            return refusal("NeededLibrary", m, "its library links " + n + ", which its manifest does not name",
                           "Add it to `needed:` or link it statically");
    return {};
}

Error refused_file(const Manifest &m, const Error &e) {
    const size_t remedy = e.message.find("; ");
    if (remedy == std::string::npos) return refusal(e.reason, m, e.message, "Reinstall it");
    std::string what = e.message.substr(remedy + 2);
    if (!what.empty() && what.front() >= 'a' && what.front() <= 'z')
        what.front() = static_cast<char>(what.front() - 'a' + 'A');
    return refusal(e.reason, m, e.message.substr(0, remedy), what);
}

/// Steps 2 to 5 of plugin-abi 3.9 for a manifest that was accepted.
Status check_library(CheckedPackage &p, const CheckOptions &options) {
    const Manifest &m = p.manifest;
    if (options.check_permissions)
        if (Status trusted = check_trusted(p.library); !trusted.ok()) return refused_file(m, trusted.error());
    auto digest = Result<std::string>(std::string());
    if (options.cache_dir.empty()) {
        digest = hash_file(p.library);
    } else {
        RIG_TRY(make_private_directory(options.cache_dir));
        digest = copy_hashed(p.library, options.cache_dir);
        if (digest.ok()) p.cached = options.cache_dir / (*digest + ".so");
    }
    if (!digest.ok()) return refused_file(m, digest.error());
    p.digest = *digest;
    const LibraryFile *declared = m.library_for(host_arch());
    if (declared && !declared->blake2b.empty() && declared->blake2b != p.digest)
        return refusal("DigestMismatch", m,
                       "its library has digest " + p.digest.substr(0, 12) + "..., its manifest says " +
                           declared->blake2b.substr(0, 12) + "...",
                       "Reinstall it; if you built it yourself, rebuild it so that the manifest is completed");
    if (options.require_digest && (!declared || declared->blake2b.empty()))
        return refusal("DigestMissing", m, "its manifest has no digest of its library",
                       "Add `blake2b: " + p.digest + "` to its entry under `library:`");
    auto elf = read_elf(p.cached.empty() ? p.library : p.cached);
    if (!elf.ok()) return refused_file(m, elf.error());
    p.elf = *std::move(elf);
    RIG_TRY(check_elf(m, p.elf));
    if (options.probe.empty() || p.cached.empty()) return {};
    auto facts = probe_library(options.probe, p.cached, options.probe_limit);
    if (!facts.ok()) {
        if (facts.error().code != Code::invalid) return facts.error();
        return refusal(facts.error().reason, m, facts.error().message,
                       "Report it to its author and install a version that works");
    }
    p.probe = *std::move(facts);
    return compare_with_manifest(p.probe, m);
}

void look_in(const std::filesystem::path &directory, int depth, std::vector<FoundPackage> &out) {
    std::error_code ec;
    if (std::filesystem::exists(directory / "plugin.yaml", ec)) {
        out.push_back({directory, read_manifest(directory / "plugin.yaml")});
        return;
    }
    if (depth == 0) return;
    for (std::filesystem::directory_iterator it(directory, ec); !ec && it != std::filesystem::directory_iterator();
         it.increment(ec))
        if (it->is_directory(ec)) look_in(it->path(), depth - 1, out);
}

int compare_numbers(std::string_view a, std::string_view b) {
    uint64_t x = 0, y = 0;
    const auto rx = std::from_chars(a.data(), a.data() + a.size(), x),
               ry = std::from_chars(b.data(), b.data() + b.size(), y);
    const bool nx = rx.ec == std::errc() && rx.ptr == a.data() + a.size(),
               ny = ry.ec == std::errc() && ry.ptr == b.data() + b.size();
    if (nx && ny) return x < y ? -1 : x > y ? 1 : 0;
    if (nx != ny) return nx ? -1 : 1; // numeric identifiers come first
    return a.compare(b);
}

int compare_dotted(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        if (a.empty() || b.empty()) return a.empty() ? -1 : 1;
        const std::string_view x = a.substr(0, a.find('.')), y = b.substr(0, b.find('.'));
        if (const int c = compare_numbers(x, y); c != 0) return c;
        a.remove_prefix(std::min(a.size(), x.size() + 1));
        b.remove_prefix(std::min(b.size(), y.size() + 1));
    }
    return 0;
}
} // namespace

std::vector<FoundPackage> find_packages(const std::vector<std::filesystem::path> &plugin_dirs) {
    std::vector<FoundPackage> out;
    for (const auto &dir : plugin_dirs) look_in(dir, 2, out);
    std::sort(out.begin(), out.end(),
              [](const FoundPackage &a, const FoundPackage &b) { return a.directory < b.directory; });
    return out;
}

const FoundPackage *find_package(const std::vector<FoundPackage> &packages, std::string_view plugin_id) {
    const FoundPackage *best = nullptr;
    for (const FoundPackage &p : packages)
        if (p.manifest.ok() && p.manifest->id == plugin_id &&
            (!best || compare_versions(p.manifest->version, best->manifest->version) > 0))
            best = &p;
    return best;
}

Result<CheckedPackage> check_package(const std::filesystem::path &directory, const CheckOptions &options) {
    CheckedPackage p;
    p.directory = directory;
    auto manifest = read_manifest(directory / "plugin.yaml");
    if (!manifest.ok())
        return refusal(manifest.error().reason, directory.filename().string(), "", manifest.error().message,
                       "Correct the manifest or reinstall the plugin");
    p.manifest = *std::move(manifest);
    RIG_TRY(check_abi(p.manifest));
    const LibraryFile *library = p.manifest.library_for(host_arch());
    if (!library && !p.manifest.libraries.empty())
        return refusal("ArchMissing", p.manifest, "it has no library for " + std::string(host_arch()),
                       "Install the build for this machine");
    p.library = directory / (library ? library->file : p.manifest.id + ".so");
    RIG_TRY(check_library(p, options));
    return p;
}

int compare_versions(std::string_view a, std::string_view b) noexcept {
    a = a.substr(0, a.find('+'));
    b = b.substr(0, b.find('+'));
    const std::string_view x = a.substr(0, a.find('-')), y = b.substr(0, b.find('-'));
    if (const int c = compare_dotted(x, y); c != 0) return c;
    a.remove_prefix(std::min(a.size(), x.size() + 1));
    b.remove_prefix(std::min(b.size(), y.size() + 1));
    if (a.empty() || b.empty())
        return a.empty() == b.empty() ? 0 : a.empty() ? 1 : -1; // a release beats its candidates
    return compare_dotted(a, b);
}

} // namespace rigger::host
