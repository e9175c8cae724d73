#include "host/registry_entry.hpp"

#include "domain/placement/column_catalogue.hpp"

#include <nlohmann/json.hpp>
#include <rigger/abi/kinds.h>

namespace rigger::host {
namespace {

template <typename Find>
Status check_columns(const ScorerTraits &traits, const std::vector<ColumnSpec> &specs, const char *table, Find find) {
    for (const ColumnSpec &c : specs) {
        const auto known = find(c.name);
        if (!known && !c.optional)
            return invalid("ColumnUnknown",
                           "scorer '" + traits.name + "' needs the " + table + " column '" + c.name +
                               "', which this host does not have; the columns are in docs/plugins/columns.md");
        if (known && *known != c.type)
            return invalid("ColumnType", "scorer '" + traits.name + "' asks for the " + table + " column '" + c.name +
                                             "' with another type than it has; see docs/plugins/columns.md");
    }
    return {};
}

std::string next_command(const PluginRow &row) {
    switch (row.state) {
    case PluginState::failed:
    case PluginState::quarantined: return "rigger plugins reset " + row.name;
    case PluginState::degraded: return "rigger plugins inspect " + row.id;
    case PluginState::disabled:
    case PluginState::stopped: return "rigger plugins enable " + (row.id.empty() ? row.name : row.id);
    default: return {};
    }
}
} // namespace

std::string next_after_refusal(std::string_view reason, const PluginRow &row) {
    if (reason == "PluginMissing") return "rigger plugins disable " + row.name;
    for (const std::string_view settings : {"Instance", "ConfigInvalid", "NameTaken", "Component", "SecretNotGranted"})
        if (reason.starts_with(settings)) return "edit " + row.file + ", then: rigger plugins enable " + row.name;
    return row.id.empty() ? "rigger plugins doctor" : "rigger plugins verify " + row.id;
}

Result<Port> make_port(const std::shared_ptr<Instance> &instance) {
    const std::string &kind = instance->setup().kind;
    Port port;
    if (kind == RIG_KIND_VALIDATOR_SOURCE) {
        port.source = make_source(instance);
    } else if (kind == RIG_KIND_CLUSTER_BACKEND) {
        port.backend = make_backend(instance);
    } else if (kind == RIG_KIND_RECONCILER) {
        port.reconciler = make_reconciler(instance);
    } else if (kind == RIG_KIND_COMMAND_FRONTEND) {
        port.frontend = make_frontend(instance);
    } else {
        RIG_TRY_ASSIGN(port.scorer, make_scorer(instance));
        const ScorerTraits &t = port.scorer->traits();
        RIG_TRY(check_columns(t, t.candidate_columns, "candidate",
                              [](const std::string &name) -> std::optional<ColumnType> {
                                  const auto c = placement::find_candidate_column(name);
                                  return c ? std::optional(placement::column_type(*c)) : std::nullopt;
                              }));
        RIG_TRY(
            check_columns(t, t.workload_columns, "workload", [](const std::string &name) -> std::optional<ColumnType> {
                return placement::find_workload_column(name) ? std::optional(ColumnType::f64) : std::nullopt;
            }));
    }
    return port;
}

PluginRow row_of(const Entry &e) {
    PluginRow row = e.row;
    if (e.instance) {
        const InstanceAccount a = e.instance->account();
        row.breaker = breaker_name(a.breaker);
        row.calls = a.calls;
        row.failures = a.failures;
        row.misbehaviours = a.misbehaviours;
        row.p99 = a.p99;
        row.cpu = a.cpu;
        if (row.state == PluginState::running) {
            row.last_error = a.last_error;
            row.last_error_at = a.last_error_at;
            row.recovered = a.recovered;
            row.state = a.state;
            row.since = a.since;
        }
    }
    if (row.next_command.empty()) row.next_command = next_command(row);
    return row;
}

std::string_view state_name(PluginState state) noexcept {
    switch (state) {
    case PluginState::disabled: return "disabled";
    case PluginState::refused: return "refused";
    case PluginState::loaded: return "loaded";
    case PluginState::created: return "created";
    case PluginState::running: return "running";
    case PluginState::degraded: return "degraded";
    case PluginState::stopped: return "stopped";
    case PluginState::failed: return "failed";
    case PluginState::quarantined: return "quarantined";
    case PluginState::retired: return "retired";
    }
    return "unknown";
}

std::string to_json(const std::vector<PluginRow> &rows) {
    using json = nlohmann::ordered_json; // what a table for people shows first comes first
    json items = json::array();
    for (const PluginRow &r : rows)
        items.push_back(json{{"name", r.name},
                             {"state", state_name(r.state)},
                             {"lastError", r.last_error.empty() ? json(nullptr) : json(r.last_error)},
                             {"lastErrorAt", r.last_error.empty() ? json(nullptr) : json(to_rfc3339(r.last_error_at))},
                             {"recovered", r.recovered ? json(*r.recovered) : json(nullptr)},
                             {"nextCommand", r.next_command.empty() ? json(nullptr) : json(r.next_command)},
                             {"breaker", r.breaker},
                             {"calls", r.calls},
                             {"failures", r.failures},
                             {"p99Seconds", in_seconds(r.p99)},
                             {"cpuSeconds", in_seconds(r.cpu)},
                             {"component", r.component},
                             {"version", r.version},
                             {"kind", r.kind},
                             {"id", r.id},
                             {"since", to_rfc3339(r.since)},
                             {"misbehaviours", r.misbehaviours},
                             {"weight", r.weight},
                             {"required", r.required},
                             {"origin", r.origin},
                             {"file", r.file},
                             {"digest", r.digest}});
    return json{{"items", items}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace rigger::host
