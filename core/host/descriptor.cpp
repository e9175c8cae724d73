#include "host/descriptor.hpp"

#include "host/names.hpp"

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <nlohmann/json.hpp>
#include <rigger/abi/kinds.h>

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace rigger::host {
namespace {
using nlohmann::json;
constexpr size_t most_components = 64;
constexpr size_t max_needs = 64;
constexpr size_t max_text = 1 << 20;

/// Sizes as ABI 1.0 froze them: a plugin may be longer, never shorter.
constexpr uint64_t plugin_size_1_0 = offsetof(rig_plugin, fini) + sizeof(rig_plugin::fini);
constexpr uint64_t component_size_1_0 = offsetof(rig_component, create) + sizeof(rig_component::create);

Result<std::string> text(const char *s, const char *what, size_t limit = 4096) {
    if (!s) return invalid("DescriptorInvalid", std::string(what) + " is NULL");
    const size_t n = ::strnlen(s, limit + 1);
    if (n > limit)
        return invalid("DescriptorInvalid",
                       std::string(what) + " has no end within " + std::to_string(limit) + " bytes");
    return std::string(s, n);
}

Result<ProbedComponent> read_component(const rig_component *c, size_t index) {
    const std::string where = "component " + std::to_string(index);
    if (c->struct_size < component_size_1_0)
        return invalid("DescriptorInvalid", where + " says struct_size " + std::to_string(c->struct_size) +
                                                ", ABI 1.0 needs at least " + std::to_string(component_size_1_0));
    ProbedComponent out;
    RIG_TRY_ASSIGN(out.id, text(c->id, "a component's id"));
    RIG_TRY_ASSIGN(out.kind, text(c->kind, "a component's kind"));
    if (c->title) { RIG_TRY_ASSIGN(out.title, text(c->title, "a component's title")); }
    if (c->config_schema) {
        RIG_TRY_ASSIGN(out.config_schema, text(c->config_schema, "a component's config_schema", max_text));
    }
    out.flags = c->flags;
    if (!is_plugin_id(out.id))
        return invalid("DescriptorInvalid", where + ": id '" + out.id + "' is not a reverse DNS name");
    if (!c->create) return invalid("DescriptorInvalid", where + " has no create()");
    const auto &kinds = known_kinds();
    if (!std::binary_search(kinds.begin(), kinds.end(), std::string_view(out.kind)))
        return invalid("KindUnknown", where + ": kind '" + out.kind + "' is not known to this host");
    for (size_t i = 0; c->needs && c->needs[i]; ++i) {
        if (i >= max_needs) return invalid("DescriptorInvalid", where + " has a list of needs without end");
        RIG_TRY_ASSIGN(std::string need, text(c->needs[i], "a needed service's id"));
        out.needs.push_back(std::move(need));
    }
    return out;
}
} // namespace

Result<ProbeFacts> read_descriptor(const rig_plugin &p) {
    if (p.magic != RIG_PLUGIN_MAGIC)
        return invalid("DescriptorInvalid", "rig_plugin_v1 has a wrong magic number, so it is not a rigger plugin");
    if (p.abi_major != RIG_ABI_MAJOR)
        return invalid("AbiMajor", "it was built for ABI " + std::to_string(p.abi_major) + ", this host has ABI " +
                                       std::to_string(RIG_ABI_MAJOR));
    if (p.struct_size < plugin_size_1_0)
        return invalid("DescriptorInvalid", "rig_plugin_v1 says struct_size " + std::to_string(p.struct_size) +
                                                ", ABI 1.0 needs at least " + std::to_string(plugin_size_1_0));
    ProbeFacts out;
    RIG_TRY_ASSIGN(out.id, text(p.id, "id"));
    RIG_TRY_ASSIGN(out.version, text(p.version, "version"));
    if (p.build) { RIG_TRY_ASSIGN(out.build, text(p.build, "build")); }
    if (!is_plugin_id(out.id)) return invalid("DescriptorInvalid", "id '" + out.id + "' is not a reverse DNS name");
    if (!is_version(out.version))
        return invalid("DescriptorInvalid", "version '" + out.version + "' is not a semantic version");
    out.abi_major = p.abi_major;
    out.abi_min = p.abi_min;
    out.abi_target = p.abi_target;
    if (p.abi_min > RIG_ABI_MINOR)
        return invalid("AbiMinor", "it needs ABI 1." + std::to_string(p.abi_min) + ", this host has 1." +
                                       std::to_string(RIG_ABI_MINOR));
    if (!p.components || !p.components[0]) return invalid("DescriptorInvalid", "it has no components");
    for (size_t i = 0; p.components[i]; ++i) {
        if (i >= most_components)
            return invalid("DescriptorInvalid", "its list of components is longer than 64 or has no end");
        RIG_TRY_ASSIGN(ProbedComponent c, read_component(p.components[i], i));
        for (const ProbedComponent &other : out.components)
            if (other.id == c.id) return invalid("DescriptorInvalid", "component id '" + c.id + "' stands in it twice");
        out.components.push_back(std::move(c));
    }
    return out;
}

Status compare_with_manifest(const ProbeFacts &facts, const Manifest &m) {
    if (facts.id != m.id)
        return refusal("IdMismatch", m, "its library says id '" + facts.id + "'",
                       "Install the library that belongs to this manifest");
    if (facts.version != m.version)
        return refusal("VersionMismatch", m, "its library says version '" + facts.version + "'",
                       "Install the library that belongs to this manifest");
    for (const ProbedComponent &c : facts.components) {
        const ComponentRef *declared = m.component(c.id);
        if (!declared)
            return refusal("ComponentUndeclared", m, "component '" + c.id + "' is not in its manifest",
                           "Add it to `components:`");
        if (declared->kind != c.kind)
            return refusal("KindMismatch", m,
                           "component '" + c.id + "' is a " + c.kind + ", its manifest says " + declared->kind,
                           "Correct the manifest");
        for (const std::string &need : c.needs) {
            if (need.ends_with('?')) continue;
            if (std::find(m.grants.services.begin(), m.grants.services.end(), need) == m.grants.services.end())
                return refusal("NeedNotGranted", m,
                               "component '" + c.id + "' needs " + need + ", which its manifest does not ask for",
                               "Add it to `grants.services`");
        }
    }
    for (const ComponentRef &declared : m.components) {
        const bool there = std::any_of(facts.components.begin(), facts.components.end(),
                                       [&](const ProbedComponent &c) { return c.id == declared.id; });
        if (!there)
            return refusal("ComponentMissing", m, "its library lacks component '" + declared.id + "'",
                           "Remove it from `components:`");
    }
    return {};
}

std::string to_json(const ProbeFacts &f) {
    json components = json::array();
    for (const ProbedComponent &c : f.components)
        components.push_back({{"id", c.id},
                              {"kind", c.kind},
                              {"title", c.title},
                              {"configSchema", c.config_schema},
                              {"needs", c.needs},
                              {"flags", c.flags}});
    return json{
        {"id", f.id},          {"version", f.version},      {"build", f.build},        {"abiMajor", f.abi_major},
        {"abiMin", f.abi_min}, {"abiTarget", f.abi_target}, {"components", components}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ProbeFacts> parse_probe_facts(std::string_view text) {
    try {
        const json j = json::parse(text);
        ProbeFacts f;
        f.id = j.at("id").get<std::string>();
        f.version = j.at("version").get<std::string>();
        f.build = j.at("build").get<std::string>();
        f.abi_major = j.at("abiMajor").get<uint32_t>();
        f.abi_min = j.at("abiMin").get<uint32_t>();
        f.abi_target = j.at("abiTarget").get<uint32_t>();
        for (const json &c : j.at("components"))
            f.components.push_back({c.at("id").get<std::string>(), c.at("kind").get<std::string>(),
                                    c.at("title").get<std::string>(), c.at("configSchema").get<std::string>(),
                                    c.at("needs").get<std::vector<std::string>>(), c.at("flags").get<uint64_t>()});
        return f;
    } catch (const json::exception &e) {
        return invalid("ProbeUnreadable", std::string("the probe's answer cannot be read: ") + e.what());
    }
}

Result<const rig_plugin *> open_library(const std::filesystem::path &file) {
    namespace dll = boost::dll;
    dll::shared_library library;
    try {
        library.load(file.c_str(), dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    } catch (const std::exception &e) {
        return invalid("LoadFailed", std::string("the dynamic linker cannot load it: ") + e.what());
    }
    // A library is never unloaded: unmapping code that a thread or a destructor may still reach is worse than a few
    // MiB.
    if (!::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE))
        return invalid("LoadFailed", "it cannot be kept loaded");
    if (!library.has("rig_plugin_v1")) return invalid("SymbolMissing", "it does not define rig_plugin_v1");
    const rig_plugin &plugin = library.get<const rig_plugin>("rig_plugin_v1");
    dll::fs::error_code ec;
    const auto home = dll::symbol_location(plugin, ec);
    std::error_code same_ec;
    if (ec || !std::filesystem::equivalent(home.string(), file, same_ec))
        return invalid("SymbolForeign",
                       "rig_plugin_v1 was found in " + home.string() + " and not in the library itself");
    return &plugin;
}

} // namespace rigger::host
