#include "host/manifest.hpp"

#include "host/files.hpp"
#include "host/names.hpp"
#include "host/yaml.hpp"

#include <algorithm>

namespace rigger::host {
namespace {
constexpr std::string_view manifest_errors = "Manifest";
constexpr size_t max_components = 64;

template <typename Names> std::string joined(const Names &names) {
    std::string out;
    for (const auto &n : names) out.append(out.empty() ? "" : ", ").append(n);
    return out;
}

bool contains(const std::vector<std::string_view> &sorted, std::string_view s) {
    return std::binary_search(sorted.begin(), sorted.end(), s);
}

void read_libraries(YamlReader &r, Manifest &m) {
    r.maps("library", 16, [&](YamlReader &l) {
        LibraryFile file{l.text("arch", "", true), l.text("file", "", true), l.text("blake2b")};
        if (l.failed()) return;
        if (!is_file_name(file.file)) l.refuse("file", "must be a file name beside the manifest, without directories");
        if (!file.blake2b.empty() && !is_digest(file.blake2b))
            l.refuse("blake2b", "must be 64 lower-case hex digits; compute it with 'b2sum -l 256'");
        if (m.library_for(file.arch)) l.refuse("arch", "'" + file.arch + "' stands in two entries; keep one");
        m.libraries.push_back(std::move(file));
    });
}

void read_components(YamlReader &r, Manifest &m) {
    r.maps("components", max_components, [&](YamlReader &c) {
        ComponentRef component{c.text("id", "", true), c.text("kind", "", true)};
        if (c.failed()) return;
        if (!is_plugin_id(component.id))
            c.refuse("id", "'" + component.id + "' is not a reverse DNS name such as com.example.mine");
        if (!contains(known_kinds(), component.kind))
            c.refuse("kind", "'" + component.kind + "' is not a kind of this host; it knows " + joined(known_kinds()));
        if (m.component(component.id)) c.refuse("id", "'" + component.id + "' stands in two components; rename one");
        m.components.push_back(std::move(component));
    });
    if (!r.failed() && m.components.empty())
        r.refuse("components", "at least one component is needed: [{ id: ..., kind: ... }]");
}

void read_grants(YamlReader &r, Manifest &m) {
    r.map("grants", [&](YamlReader &g) {
        m.grants.services = g.texts("services");
        for (const std::string &s : m.grants.services)
            if (!contains(known_services(), s))
                g.refuse("services", "'" + s + "' is not a service of this host; it knows " + joined(known_services()));
        m.grants.http = g.texts("http");
        for (size_t i = 0; i < m.grants.http.size(); ++i)
            if (!is_host_pattern(m.grants.http[i]))
                g.refuse("http", "entry " + std::to_string(i) + " '" + m.grants.http[i] +
                                     "' is not a host pattern such as api.example.com or *.example.com");
        m.grants.secrets = g.texts("secrets");
        for (const std::string &s : m.grants.secrets)
            if (!is_instance_name(s))
                g.refuse("secrets", "'" + s + "' is not a name of lower-case letters, digits, '-' and '_'");
        m.grants.veto = g.flag("veto", false);
    });
}

void read_relations(YamlReader &r, Manifest &m) {
    m.requires_plugins = r.texts("requires");
    m.conflicts = r.texts("conflicts");
    m.after = r.texts("after");
    for (const std::string &a : m.after)
        if (!is_plugin_id(a) && !is_instance_name(a))
            r.refuse("after", "'" + a + "' is neither a plugin id nor an instance name");
    m.drafts = r.texts("drafts");
    m.needed = r.texts("needed");
    for (const std::string &n : m.needed)
        if (!is_file_name(n) || n.find(".so") == std::string::npos)
            r.refuse("needed", "'" + n + "' is not the name of a shared library such as libssl.so.3");
}
} // namespace

const LibraryFile *Manifest::library_for(std::string_view arch) const noexcept {
    const auto at =
        std::find_if(libraries.begin(), libraries.end(), [&](const LibraryFile &l) { return l.arch == arch; });
    return at == libraries.end() ? nullptr : &*at;
}

const ComponentRef *Manifest::component(std::string_view component_id) const noexcept {
    const auto at =
        std::find_if(components.begin(), components.end(), [&](const ComponentRef &c) { return c.id == component_id; });
    return at == components.end() ? nullptr : &*at;
}

const std::vector<std::string_view> &known_kinds() {
    static const std::vector<std::string_view> kinds{"rig.cluster-backend/1", "rig.command-frontend/1",
                                                     "rig.placement-scorer/1", "rig.reconciler/1",
                                                     "rig.validator-source/1"};
    return kinds;
}

const std::vector<std::string_view> &known_services() {
    static const std::vector<std::string_view> services{"rig.clock/1",   "rig.config/1", "rig.control/1",
                                                        "rig.events/1",  "rig.http/1",   "rig.log/1",
                                                        "rig.metrics/1", "rig.store/1",  "rig.timers/1"};
    return services;
}

std::string_view host_arch() noexcept {
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__aarch64__)
    return "aarch64";
#else
#error "this machine is not supported: add its name to host_arch() and to elf.cpp"
#endif
}

Result<Manifest> parse_manifest(std::string_view text, std::string_view file) {
    RIG_TRY_ASSIGN(const Yaml root, parse_yaml(text, file, {64 * 1024, 16, 20'000}, manifest_errors));
    YamlReader r(root, file, "", manifest_errors);
    Manifest m;
    m.file = file;
    const int64_t format = r.integer("manifest", 0, 0, INT64_MAX, true);
    if (!r.failed() && format != 1)
        r.refuse_at(r.line("manifest"), "Version",
                    "manifest: format " + std::to_string(format) +
                        " is not known here; this host reads format 1. Upgrade rigger");
    m.id = r.text("id", "", true);
    if (!r.failed() && !is_plugin_id(m.id))
        r.refuse("id", "'" + m.id + "' is not a reverse DNS name such as com.example.mine");
    m.version = r.text("version", "", true);
    if (!r.failed() && !is_version(m.version))
        r.refuse("version", "'" + m.version + "' is not a semantic version such as 1.4.2");
    m.title = r.text("title");
    m.license = r.text("license");
    r.map("vendor", [&](YamlReader &v) {
        m.vendor_name = v.text("name");
        m.vendor_url = v.text("url");
        m.vendor_contact = v.text("contact");
    });
    r.map("abi", [&](YamlReader &a) {
        m.abi_major = static_cast<uint32_t>(a.integer("major", 1, 1, 1000));
        m.abi_min = static_cast<uint32_t>(a.integer("min", 0, 0, 1000));
        m.abi_target = static_cast<uint32_t>(a.integer("target", m.abi_min, 0, 1000));
    });
    read_libraries(r, m);
    read_components(r, m);
    read_grants(r, m);
    const std::string isolation = r.text("isolation", "in-process");
    if (isolation != "in-process" && isolation != "process")
        r.refuse("isolation", "'" + isolation + "' is not known; write in-process or process");
    m.isolation = isolation == "process" ? Isolation::process : Isolation::in_process;
    read_relations(r, m);
    r.map("state", [&](YamlReader &s) {
        m.state_schema = static_cast<uint64_t>(s.integer("schema", 0, 0, INT64_MAX));
        for (const std::string &n : s.texts("reads")) {
            if (n.find_first_not_of("0123456789") != std::string::npos || n.size() > 18)
                s.refuse("reads", "'" + n + "' is not a whole number");
            else m.state_reads.push_back(std::stoull(n));
        }
    });
    RIG_TRY(r.finish());
    return m;
}

Result<Manifest> read_manifest(const std::filesystem::path &file) {
    RIG_TRY_ASSIGN(const std::string text, read_text_file(file, 64 * 1024));
    return parse_manifest(text, file.string());
}

Error refusal(std::string reason, std::string_view id, std::string_view version, std::string_view why,
              std::string_view remedy) {
    std::string message(id);
    if (!version.empty()) message.append(" ").append(version);
    message.append(": refused: ").append(why).append(".");
    if (!remedy.empty()) message.append(" ").append(remedy).append(".");
    return invalid(std::move(reason), std::move(message));
}

} // namespace rigger::host
