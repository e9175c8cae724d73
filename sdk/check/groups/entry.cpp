// Group "entry": the descriptor that the library exports and the components it lists.
#include "../session.hpp"
#include "groups.hpp"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace check {
namespace {

constexpr size_t kMaxComponents = 64;
constexpr std::string_view kKinds[] = {RIG_KIND_CLUSTER_BACKEND, RIG_KIND_COMMAND_FRONTEND, RIG_KIND_PLACEMENT_SCORER,
                                       RIG_KIND_RECONCILER, RIG_KIND_VALIDATOR_SOURCE};
constexpr std::string_view kServices[] = {RIG_SERVICE_LOG,   RIG_SERVICE_CONFIG, RIG_SERVICE_METRICS,
                                          RIG_SERVICE_STORE, RIG_SERVICE_EVENTS, RIG_SERVICE_HTTP,
                                          RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_CONTROL};

template <typename Range> bool has(const Range &all, std::string_view one) {
    return std::find(std::begin(all), std::end(all), one) != std::end(all);
}

void own_symbol(Context &t) {
    Dl_info where{};
    expect(dladdr(&t.plugin(), &where) != 0 && where.dli_fname && t.package.file == where.dli_fname,
           std::string("rig_plugin_v1 comes from ") + (where.dli_fname ? where.dli_fname : "nowhere") +
               ", not from this file");
}

void descriptor(Context &t) {
    const rig_plugin &p = t.plugin();
    expect(p.magic == RIG_PLUGIN_MAGIC, "the descriptor's magic number is wrong; use the RIG_PLUGIN macro");
    expect(p.abi_major == RIG_ABI_MAJOR,
           "it is for ABI " + std::to_string(p.abi_major) + ", this kit tests ABI " + std::to_string(RIG_ABI_MAJOR));
    expect(p.struct_size >= CHECK_END(rig_plugin, fini), "the descriptor is too short: struct_size " +
                                                             std::to_string(p.struct_size) + ", 1.0 has " +
                                                             std::to_string(CHECK_END(rig_plugin, fini)));
    expect(p.abi_min <= RIG_ABI_MINOR,
           "it needs ABI 1." + std::to_string(p.abi_min) + ", this kit's host has 1." + std::to_string(RIG_ABI_MINOR));
    expect(p.abi_min <= p.abi_target, "abi_min is above abi_target");
    expect(p.id && *p.id && p.version && *p.version, "the descriptor lacks id or version");
}

void components(Context &t) {
    const rig_plugin &p = t.plugin();
    expect(p.components && p.components[0], "it lists no components");
    std::set<std::string> ids;
    for (size_t i = 0; p.components[i]; ++i) {
        const rig_component &c = *p.components[i];
        const std::string which = "component " + std::to_string(i + 1);
        expect(i < kMaxComponents, "it lists more than 64 components; is the list ended by a NULL?");
        expect(c.struct_size >= CHECK_END(rig_component, create),
               which + " is too short: struct_size " + std::to_string(c.struct_size));
        expect(c.id && *c.id && c.kind && *c.kind, which + " lacks id or kind");
        expect(ids.insert(c.id).second, std::string("two components have the id ") + c.id);
        expect(has(kKinds, c.kind), std::string("component ") + c.id + " is of the unknown kind " + c.kind);
        expect(c.create != nullptr, std::string("component ") + c.id + " has no create()");
        expect(c.title && *c.title, std::string("component ") + c.id + " has no title");
    }
}

void identity(Context &t) {
    const ManifestFacts &m = t.package.manifest;
    if (!m.present) skip("no plugin.yaml lies beside the library");
    expect(m.id == t.plugin().id,
           "the descriptor says id '" + std::string(t.plugin().id) + "', plugin.yaml '" + m.id + "'");
    expect(m.version == t.plugin().version,
           "the descriptor says version '" + std::string(t.plugin().version) + "', plugin.yaml '" + m.version + "'");
}

void needs(Context &t) {
    for (auto *n = t.component->needs; n && *n; ++n) {
        std::string id = *n;
        const bool optional = !id.empty() && id.back() == '?';
        if (optional) id.pop_back();
        expect(optional || has(kServices, id), "it needs the unknown service " + id);
        if (t.package.manifest.present && !optional)
            expect(has(t.package.manifest.services, id),
                   "it needs " + id + ", which plugin.yaml does not ask for under grants.services");
    }
}

void schema(Context &t) {
    if (!t.component->config_schema)
        return t.warn("it has no config_schema; the host cannot refuse a wrong configuration");
    const auto s = nlohmann::json::parse(t.component->config_schema, nullptr, false);
    expect(!s.is_discarded(), "config_schema is not JSON");
    expect(s.is_object(), "config_schema is not a JSON object");
    expect(s.value("type", "object") == "object", "a config_schema describes an object");
    if (!s.contains("additionalProperties"))
        t.warn(
            "config_schema allows unknown keys; set additionalProperties to false, so that a typing error is refused");
}

void init(Context &t) {
    const rig_plugin &p = t.plugin();
    if (!p.init) return;
    FakeHost host;
    t.answer("init", t.call("init", [&](rig_error *e) { return p.init(host.raw(), e); }));
    if (p.fini) t.call("fini", [&](rig_error *) { return p.fini(), RIG_OK; });
}

} // namespace

void add_entry_tests(std::vector<Test> &tests) {
    tests.push_back({"entry", "own-symbol", "rig_plugin_v1 comes from this very file", nullptr, true, own_symbol});
    tests.push_back({"entry", "descriptor", "magic number, major, size and minors are those of an ABI 1 plugin",
                     nullptr, true, descriptor});
    tests.push_back({"entry", "components", "lists 1 to 64 complete components with unique ids and known kinds",
                     nullptr, true, components});
    tests.push_back({"entry", "identity", "id and version are those of the manifest", nullptr, false, identity});
    tests.push_back({"entry", "init", "init() works, and its failures are errors", nullptr, false, init});
    tests.push_back({"entry", "needs", "needs known services that the manifest asks for", "*", false, needs});
    tests.push_back({"entry", "schema", "has a JSON Schema for its configuration", "*", false, schema});
}

} // namespace check
