#include "engine/store_sqlite/load.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sqlite {
namespace {

Result<std::vector<std::string>> string_array(const std::string &text, const char *column) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    std::vector<std::string> items;
    bool good = json.is_array();
    if (good)
        for (const auto &item : json) {
            if (!(good = item.is_string())) break;
            items.push_back(item.get<std::string>());
        }
    if (!good)
        return Error{Code::internal, "StoreCorrupt", std::string("column ") + column + ": not a JSON array of texts",
                     0};
    return items;
}

/// A deployment that another program wrote has no row of ours: its phase follows from the market's columns.
Phase derived_phase(bool stub, bool active, bool verified, bool registered) {
    if (active) return Phase::active;
    if (verified) return Phase::verified;
    if (registered) return Phase::registered;
    return stub ? Phase::planned : Phase::created;
}

Status load_servers(Database &db, std::vector<Server> &out) {
    std::map<std::string, size_t> index;
    RIG_TRY(db.query("SELECT s.server_id, s.name, s.validator, s.ip_address, s.hourly_cost, s.locked, s.is_tee, "
                     "s.cpu_per_gpu, s.memory_per_gpu, "
                     "s.labels, s.created_at, r.cluster, r.ready, r.disk_total_gb, r.disk_used_gb "
                     "FROM servers s LEFT JOIN rigger_servers r USING (server_id) ORDER BY s.name",
                     {}, [&](const Row &row) -> Status {
                         Server s;
                         s.id = ServerId(row.text(0));
                         s.name = row.text(1);
                         s.validator = row.text(2);
                         s.ip_address = row.text(3);
                         s.hourly_cost = row.real(4);
                         s.locked = row.flag(5);
                         s.tee = row.flag(6);
                         s.cpu_per_gpu = row.small(7);
                         s.memory_per_gpu = row.small(8);
                         s.labels = row.text(9);
                         RIG_TRY_ASSIGN(const auto created, row.optional_time(10));
                         s.created_at = created.value_or(WallTime{});
                         s.cluster = ClusterName(row.text(11));
                         s.ready = row.flag(12);
                         s.disk_total_gb = row.real(13);
                         s.disk_used_gb = row.real(14);
                         index[s.id.value] = out.size();
                         out.push_back(std::move(s));
                         return {};
                     }));
    return db.query(
        "SELECT g.gpu_id, g.server_id, g.deployment_id, g.device_info, g.model_short_ref, g.verified, r.reserved "
        "FROM gpus g LEFT JOIN rigger_gpus r USING (gpu_id) ORDER BY g.gpu_id",
        {}, [&](const Row &row) -> Status {
            const auto server = index.find(row.text(1));
            if (server == index.end()) return {};
            Gpu g;
            g.id = GpuId(row.text(0));
            g.server = ServerId(row.text(1));
            g.deployment = DeploymentId(row.text(2));
            g.device_info = row.text(3);
            g.model = row.text(4);
            g.verified = row.flag(5);
            g.reserved = row.flag(6);
            out[server->second].gpus.push_back(std::move(g));
            return {};
        });
}

Status load_offers(Database &db, PersistentState &state) {
    return db.query("SELECT c.chute_id, c.validator, c.name, c.version, c.image, c.chutes_version, c.supported_gpus, "
                    "c.gpu_count, c.tee, "
                    "c.preemptible, c.ban_reason, r.source, r.gpu_milli FROM chutes c LEFT JOIN rigger_offers r USING "
                    "(chute_id) ORDER BY c.chute_id",
                    {}, [&](const Row &row) -> Status {
                        Offer o;
                        o.id = OfferId(row.text(0));
                        o.source = SourceName(row.text(row.null(11) ? 1 : 11));
                        o.name = row.text(2);
                        o.version = row.text(3);
                        o.image = row.text(4);
                        o.chutes_version = row.text(5);
                        RIG_TRY_ASSIGN(o.needs.gpu_models, string_array(row.text(6), "chutes.supported_gpus"));
                        o.needs.gpu_count = row.small(7);
                        o.needs.tee = row.flag(8);
                        o.preemptible = row.flag(9);
                        if (!row.null(12)) o.needs.gpu_milli = row.small(12);
                        if (!row.null(10)) state.bans[o.id] = row.text(10);
                        state.offers.push_back(std::move(o));
                        return {};
                    });
}

Status load_phase(const Row &row, Deployment &d) {
    if (row.null(16)) {
        d.phase = derived_phase(row.flag(11), row.flag(8), !row.null(9), !row.null(1));
        d.phase_since = d.created_at;
        d.namespace_name = "chutes"; // the one namespace that such deployments live in
        return {};
    }
    d.source = SourceName(row.text(16));
    d.offer_name = row.text(17);
    d.cluster = ClusterName(row.text(18));
    d.node_name = row.text(19);
    d.namespace_name = row.text(20);
    const auto phase = parse_phase(row.text(21));
    if (!phase)
        return Error{Code::internal, "StoreCorrupt",
                     "deployment " + d.id.value + ": '" + row.text(21) + "' is not a phase", 0};
    d.phase = *phase;
    RIG_TRY_ASSIGN(d.phase_since, row.time(22));
    RIG_TRY_ASSIGN(d.terminating_since, row.optional_time(23));
    d.end_cause = row.text(24);
    d.end_reason = row.text(25);
    d.operator_wish = row.flag(26);
    RIG_TRY_ASSIGN(const auto gpus, string_array(row.text(27), "rigger_deployments.gpus"));
    for (const std::string &gpu : gpus) d.gpus.emplace_back(gpu);
    d.gpu_milli = row.small(28);
    return {};
}

Status load_deployments(Database &db, std::vector<Deployment> &out) {
    return db.query("SELECT d.deployment_id, d.instance_id, d.validator, d.host, d.port, d.chute_id, d.server_id, "
                    "d.version, d.active, d.verified_at, "
                    "d.activated_at, d.stub, d.job_id, d.config_id, d.created_at, d.preemptible, r.source, "
                    "r.offer_name, r.cluster, r.node_name, "
                    "r.namespace_name, r.phase, r.phase_since, r.terminating_since, r.end_cause, r.end_reason, "
                    "r.operator_wish, r.gpus, r.gpu_milli "
                    "FROM deployments d LEFT JOIN rigger_deployments r USING (deployment_id) ORDER BY d.deployment_id",
                    {}, [&](const Row &row) -> Status {
                        Deployment d;
                        d.id = DeploymentId(row.text(0));
                        d.instance = InstanceId(row.text(1));
                        d.validator = row.text(2);
                        d.host = row.text(3);
                        d.port = row.small(4);
                        d.offer = OfferId(row.text(5));
                        d.server = ServerId(row.text(6));
                        d.version = row.text(7);
                        RIG_TRY_ASSIGN(d.verified_at, row.optional_time(9));
                        RIG_TRY_ASSIGN(d.activated_at, row.optional_time(10));
                        d.job_id = row.text(12);
                        d.config_id = row.text(13);
                        RIG_TRY_ASSIGN(const auto created, row.optional_time(14));
                        d.created_at = created.value_or(WallTime{});
                        d.preemptible = row.flag(15);
                        RIG_TRY(load_phase(row, d));
                        out.push_back(std::move(d));
                        return {};
                    });
}

/// GPUs of deployments that another program wrote: what the allocation records say.
void adopt_gpus(PersistentState &state) {
    std::map<DeploymentId, std::vector<GpuId>> owned;
    for (const Server &server : state.servers)
        for (const Gpu &gpu : server.gpus)
            if (!gpu.deployment.empty()) owned[gpu.deployment].push_back(gpu.id);
    for (Deployment &d : state.deployments)
        if (d.gpus.empty())
            if (const auto found = owned.find(d.id); found != owned.end()) d.gpus = found->second;
}

Status load_intents(Database &db, const std::string &which, std::vector<Intent> &out) {
    const std::string query = "SELECT intent_key, deployment_id, effect, created_at, confirmed_at, outcome "
                              "FROM rigger_intents WHERE " +
                              which + " ORDER BY created_at, rowid";
    return db.query(query.c_str(), {}, [&](const Row &row) -> Status {
        Intent i;
        i.key = row.text(0);
        i.deployment = DeploymentId(row.text(1));
        i.effect = row.text(2);
        RIG_TRY_ASSIGN(i.created_at, row.time(3));
        RIG_TRY_ASSIGN(i.confirmed_at, row.optional_time(4));
        i.outcome = row.text(5);
        out.push_back(std::move(i));
        return {};
    });
}

Status load_memory(Database &db, PersistentState &state) {
    RIG_TRY(load_intents(db, "confirmed_at IS NULL", state.intents));
    RIG_TRY(load_intents(db, "confirmed_at IS NOT NULL AND outcome = 'ok' AND effect LIKE 'apply:%'", state.applied));
    RIG_TRY(db.query("SELECT offer_id, server_id, cause, created_at, deleted_at, blocked_until FROM "
                     "rigger_failure_marks ORDER BY offer_id, server_id",
                     {}, [&](const Row &row) -> Status {
                         FailureMark m;
                         m.offer = OfferId(row.text(0));
                         m.server = ServerId(row.text(1));
                         m.cause = row.text(2);
                         RIG_TRY_ASSIGN(m.created_at, row.time(3));
                         RIG_TRY_ASSIGN(m.deleted_at, row.time(4));
                         RIG_TRY_ASSIGN(m.until, row.time(5));
                         state.failures.push_back(std::move(m));
                         return {};
                     }));
    RIG_TRY(db.query("SELECT offer_id, blocked_until, reason FROM rigger_backoffs ORDER BY offer_id", {},
                     [&](const Row &row) -> Status {
                         Backoff b;
                         b.offer = OfferId(row.text(0));
                         RIG_TRY_ASSIGN(b.until, row.time(1));
                         b.reason = row.text(2);
                         state.backoffs.push_back(std::move(b));
                         return {};
                     }));
    RIG_TRY(db.query("SELECT name, token FROM rigger_checkpoints", {}, [&](const Row &row) {
        state.checkpoints.emplace(row.text(0), row.bytes(1));
        return Status();
    }));
    return db.query("SELECT sequence, at, origin, event_id, type, document, handled FROM rigger_journal WHERE handled "
                    "= 0 ORDER BY sequence",
                    {}, [&](const Row &row) -> Status {
                        RIG_TRY_ASSIGN(auto entry, journal_entry(row));
                        state.unhandled.push_back(std::move(entry));
                        return {};
                    });
}

} // namespace

Result<JournalEntry> journal_entry(const Row &row) {
    JournalEntry e;
    e.sequence = static_cast<uint64_t>(row.integer(0));
    RIG_TRY_ASSIGN(e.at, row.time(1));
    e.origin = row.text(2);
    e.event_id = row.text(3);
    e.type = row.text(4);
    e.document = row.text(5);
    e.handled = row.flag(6);
    return e;
}

Result<PersistentState> load_state(Database &database) {
    PersistentState state;
    RIG_TRY(load_servers(database, state.servers));
    RIG_TRY(load_offers(database, state));
    RIG_TRY(load_deployments(database, state.deployments));
    RIG_TRY(load_memory(database, state));
    adopt_gpus(state);
    return state;
}

} // namespace rigger::sqlite
