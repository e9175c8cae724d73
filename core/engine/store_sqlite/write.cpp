#include "engine/store_sqlite/write.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sqlite {
namespace {

std::string array_text(const auto &items) {
    auto array = nlohmann::json::array();
    for (const auto &item : items) {
        if constexpr (requires { item.value; }) array.push_back(item.value);
        else array.push_back(item);
    }
    return array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view object_text(const std::string &json) {
    return json.empty() ? std::string_view("{}") : std::string_view(json);
}

/// A column that must not be NULL and whose content only a full chute document has.
constexpr const char *unknown_text = "";

struct Applier {
    Database &db;

    Status operator()(const PutServer &write) const {
        const Server &s = write.server;
        RIG_TRY(db.run("INSERT INTO servers (server_id, validator, name, ip_address, status, created_at, labels, "
                       "gpu_count, cpu_per_gpu, "
                       "memory_per_gpu, hourly_cost, locked, is_tee) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                       "ON CONFLICT (server_id) DO UPDATE SET validator = excluded.validator, name = excluded.name, "
                       "ip_address = excluded.ip_address, status = excluded.status, created_at = excluded.created_at, "
                       "labels = excluded.labels, "
                       "gpu_count = excluded.gpu_count, cpu_per_gpu = excluded.cpu_per_gpu, memory_per_gpu = "
                       "excluded.memory_per_gpu, "
                       "hourly_cost = excluded.hourly_cost, locked = excluded.locked, is_tee = excluded.is_tee",
                       {text(s.id.value), text(s.validator), text(s.name), text_or_null(s.ip_address),
                        text(s.ready ? "Ready" : "NotReady"), time(s.created_at), text(object_text(s.labels)),
                        integer(static_cast<int64_t>(s.gpus.size())), integer(s.cpu_per_gpu), integer(s.memory_per_gpu),
                        s.hourly_cost, flag(s.locked), flag(s.tee)}));
        RIG_TRY(db.run("INSERT INTO rigger_servers (server_id, cluster, ready, disk_total_gb, disk_used_gb) VALUES (?, "
                       "?, ?, ?, ?) "
                       "ON CONFLICT (server_id) DO UPDATE SET cluster = excluded.cluster, ready = excluded.ready, "
                       "disk_total_gb = excluded.disk_total_gb, disk_used_gb = excluded.disk_used_gb",
                       {text(s.id.value), text(s.cluster.value), flag(s.ready), s.disk_total_gb, s.disk_used_gb}));
        std::vector<GpuId> kept;
        for (const Gpu &gpu : s.gpus) kept.push_back(gpu.id);
        RIG_TRY(db.run("DELETE FROM gpus WHERE server_id = ? AND gpu_id NOT IN (SELECT value FROM json_each(?))",
                       {text(s.id.value), Value(array_text(kept))}));
        for (const Gpu &gpu : s.gpus) RIG_TRY(put_gpu(s, gpu));
        return {};
    }

    Status put_gpu(const Server &s, const Gpu &g) const {
        RIG_TRY(db.run(
            "INSERT INTO gpus (gpu_id, validator, server_id, deployment_id, device_info, model_short_ref, verified) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (gpu_id) DO UPDATE SET validator = excluded.validator, "
            "server_id = excluded.server_id, deployment_id = excluded.deployment_id, device_info = "
            "excluded.device_info, "
            "model_short_ref = excluded.model_short_ref, verified = excluded.verified",
            {text(g.id.value), text(s.validator), text(s.id.value), text_or_null(g.deployment.value),
             text(object_text(g.device_info)), text(g.model), flag(g.verified)}));
        return db.run("INSERT INTO rigger_gpus (gpu_id, reserved) VALUES (?, ?) ON CONFLICT (gpu_id) DO UPDATE SET "
                      "reserved = excluded.reserved",
                      {text(g.id.value), flag(g.reserved)});
    }

    Status operator()(const DeleteServer &write) const {
        return db.run("DELETE FROM servers WHERE server_id = ?", {text(write.id.value)});
    }

    Status operator()(const SetGpuOwner &write) const {
        RIG_TRY(db.run("UPDATE gpus SET deployment_id = ? WHERE gpu_id = ?",
                       {text_or_null(write.owner.value), text(write.gpu.value)}));
        if (db.changes() == 0 && !write.owner.empty())
            return not_found("StoreMissingRow", "there is no row of this GPU; put its server before giving it away");
        return {};
    }

    Status operator()(const PutOffer &write) const {
        const Offer &o = write.offer;
        RIG_TRY(db.run(
            "INSERT INTO chutes (chute_id, validator, name, image, code, filename, ref_str, version, supported_gpus, "
            "gpu_count, "
            "chutes_version, preemptible, tee) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
            "ON CONFLICT (chute_id) DO UPDATE SET validator = excluded.validator, name = excluded.name, image = "
            "excluded.image, "
            "version = excluded.version, supported_gpus = excluded.supported_gpus, gpu_count = excluded.gpu_count, "
            "chutes_version = excluded.chutes_version, preemptible = excluded.preemptible, tee = excluded.tee",
            {text(o.id.value), text(o.source.value), text(o.name), text(o.image), text(unknown_text), text(o.version),
             Value(array_text(o.needs.gpu_models)), integer(o.needs.gpu_count), text_or_null(o.chutes_version),
             flag(o.preemptible), flag(o.needs.tee)}));
        return db.run("INSERT INTO rigger_offers (chute_id, source, gpu_milli) VALUES (?, ?, ?) "
                      "ON CONFLICT (chute_id) DO UPDATE SET source = excluded.source, gpu_milli = excluded.gpu_milli",
                      {text(o.id.value), text(o.source.value), integer(o.needs.gpu_milli)});
    }

    Status operator()(const DeleteOffer &write) const {
        return db.run("DELETE FROM chutes WHERE chute_id = ?", {text(write.id.value)});
    }

    Status operator()(const SetBan &write) const {
        if (write.reason.empty())
            return db.run("UPDATE chutes SET ban_reason = NULL WHERE chute_id = ?", {text(write.offer.value)});
        // A ban must not be lost because the market has not shown the offer yet.
        return db.run("INSERT INTO chutes (chute_id, validator, name, image, code, filename, ref_str, version, "
                      "supported_gpus, gpu_count, "
                      "ban_reason) VALUES (?1, ?2, ?2, ?2, ?2, ?2, ?2, ?2, '[]', 0, ?3) "
                      "ON CONFLICT (chute_id) DO UPDATE SET ban_reason = excluded.ban_reason",
                      {text(write.offer.value), text(unknown_text), text(write.reason)});
    }

    Status operator()(const PutDeployment &write) const {
        const Deployment &d = write.deployment;
        RIG_TRY(db.run(
            "INSERT INTO deployments (deployment_id, instance_id, validator, host, port, chute_id, server_id, version, "
            "active, "
            "verified_at, activated_at, stub, job_id, config_id, created_at, preemptible) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (deployment_id) DO UPDATE SET "
            "instance_id = excluded.instance_id, validator = excluded.validator, host = excluded.host, port = "
            "excluded.port, "
            "chute_id = excluded.chute_id, server_id = excluded.server_id, version = excluded.version, active = "
            "excluded.active, "
            "verified_at = excluded.verified_at, activated_at = excluded.activated_at, stub = excluded.stub, job_id = "
            "excluded.job_id, "
            "config_id = excluded.config_id, created_at = excluded.created_at, preemptible = excluded.preemptible",
            {text(d.id.value), text_or_null(d.instance.value), text(d.validator), text_or_null(d.host),
             d.port == 0 ? Value(Null{}) : integer(d.port), text(d.offer.value), text(d.server.value), text(d.version),
             flag(d.phase == Phase::active), time_or_null(d.verified_at), time_or_null(d.activated_at), flag(d.stub()),
             text_or_null(d.job_id), text_or_null(d.config_id), time(d.created_at), flag(d.preemptible)}));
        return db.run(
            "INSERT INTO rigger_deployments (deployment_id, source, offer_name, cluster, node_name, namespace_name, "
            "phase, phase_since, "
            "terminating_since, end_cause, end_reason, operator_wish, gpus, gpu_milli) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (deployment_id) DO UPDATE SET source = excluded.source, offer_name = excluded.offer_name, "
            "cluster = excluded.cluster, node_name = excluded.node_name, namespace_name = excluded.namespace_name, "
            "phase = excluded.phase, phase_since = excluded.phase_since, terminating_since = "
            "excluded.terminating_since, "
            "end_cause = excluded.end_cause, end_reason = excluded.end_reason, operator_wish = excluded.operator_wish, "
            "gpus = excluded.gpus, "
            "gpu_milli = excluded.gpu_milli",
            {text(d.id.value), text(d.source.value), text(d.offer_name), text(d.cluster.value), text(d.node_name),
             text(d.namespace_name), text(phase_name(d.phase)), time(d.phase_since), time_or_null(d.terminating_since),
             text(d.end_cause), text(d.end_reason), flag(d.operator_wish), Value(array_text(d.gpus)),
             integer(d.gpu_milli)});
    }

    Status operator()(const DeleteDeployment &write) const {
        return db.run("DELETE FROM deployments WHERE deployment_id = ?", {text(write.id.value)});
    }

    Status operator()(const PutIntent &write) const {
        const Intent &i = write.intent;
        return db.run(
            "INSERT INTO rigger_intents (intent_key, deployment_id, effect, created_at, confirmed_at, outcome) VALUES "
            "(?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (intent_key) DO UPDATE SET deployment_id = excluded.deployment_id, effect = excluded.effect, "
            "created_at = excluded.created_at, confirmed_at = excluded.confirmed_at, outcome = excluded.outcome",
            {text(i.key), text(i.deployment.value), text(i.effect), time(i.created_at), time_or_null(i.confirmed_at),
             text(i.outcome)});
    }

    Status operator()(const ConfirmIntent &write) const {
        return db.run("UPDATE rigger_intents SET confirmed_at = ?, outcome = ? WHERE intent_key = ?",
                      {time(write.at), text(write.outcome), text(write.key)});
    }

    Status operator()(const DeleteIntents &write) const {
        return db.run("DELETE FROM rigger_intents WHERE deployment_id = ?", {text(write.deployment.value)});
    }

    Status operator()(const PutFailureMark &write) const {
        const FailureMark &m = write.mark;
        return db.run(
            "INSERT INTO rigger_failure_marks (offer_id, server_id, cause, created_at, deleted_at, blocked_until) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (offer_id, server_id) DO UPDATE SET cause = excluded.cause, "
            "created_at = excluded.created_at, deleted_at = excluded.deleted_at, blocked_until = "
            "excluded.blocked_until",
            {text(m.offer.value), text(m.server.value), text(m.cause), time(m.created_at), time(m.deleted_at),
             time(m.until)});
    }

    Status operator()(const DeleteFailureMark &write) const {
        return db.run("DELETE FROM rigger_failure_marks WHERE offer_id = ? AND server_id = ?",
                      {text(write.offer.value), text(write.server.value)});
    }

    Status operator()(const PutBackoff &write) const {
        return db.run(
            "INSERT INTO rigger_backoffs (offer_id, blocked_until, reason) VALUES (?, ?, ?) "
            "ON CONFLICT (offer_id) DO UPDATE SET blocked_until = excluded.blocked_until, reason = excluded.reason",
            {text(write.backoff.offer.value), time(write.backoff.until), text(write.backoff.reason)});
    }

    Status operator()(const DeleteBackoff &write) const {
        return db.run("DELETE FROM rigger_backoffs WHERE offer_id = ?", {text(write.offer.value)});
    }

    Status operator()(const AppendJournal &write) const {
        const JournalEntry &e = write.entry;
        return db.run(
            "INSERT INTO rigger_journal (at, origin, event_id, type, document, handled) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (origin, event_id) DO NOTHING",
            {time(e.at), text(e.origin), text_or_null(e.event_id), text(e.type), text(e.document), flag(e.handled)});
    }

    Status operator()(const MarkHandled &write) const {
        return db.run("UPDATE rigger_journal SET handled = 1 WHERE origin = ? AND event_id = ?",
                      {text(write.origin), text(write.event_id)});
    }

    Status operator()(const PutCheckpoint &write) const {
        return db.run("INSERT INTO rigger_checkpoints (name, token) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
                      "token = excluded.token",
                      {text(write.name), Bytes{write.token}});
    }
};

struct Subject {
    std::string operator()(const PutServer &w) const { return "server '" + w.server.name + "'"; }
    std::string operator()(const DeleteServer &w) const { return "deletion of server " + w.id.value; }
    std::string operator()(const SetGpuOwner &w) const { return "owner of GPU " + w.gpu.value; }
    std::string operator()(const PutOffer &w) const { return "offer " + w.offer.id.value; }
    std::string operator()(const DeleteOffer &w) const { return "deletion of offer " + w.id.value; }
    std::string operator()(const SetBan &w) const { return "ban of offer " + w.offer.value; }
    std::string operator()(const PutDeployment &w) const { return "deployment " + w.deployment.id.value; }
    std::string operator()(const DeleteDeployment &w) const { return "deletion of deployment " + w.id.value; }
    std::string operator()(const PutIntent &w) const { return "intent " + w.intent.key; }
    std::string operator()(const ConfirmIntent &w) const { return "confirmation of intent " + w.key; }
    std::string operator()(const DeleteIntents &w) const {
        return "deletion of the intents of deployment " + w.deployment.value;
    }
    std::string operator()(const PutFailureMark &w) const { return "failure mark of offer " + w.mark.offer.value; }
    std::string operator()(const DeleteFailureMark &w) const {
        return "deletion of the failure mark of offer " + w.offer.value;
    }
    std::string operator()(const PutBackoff &w) const { return "back-off of offer " + w.backoff.offer.value; }
    std::string operator()(const DeleteBackoff &w) const {
        return "deletion of the back-off of offer " + w.offer.value;
    }
    std::string operator()(const AppendJournal &w) const {
        return "journal entry " + w.entry.origin + "/" + w.entry.event_id;
    }
    std::string operator()(const MarkHandled &w) const {
        return "handled mark of journal entry " + w.origin + "/" + w.event_id;
    }
    std::string operator()(const PutCheckpoint &w) const { return "checkpoint '" + w.name + "'"; }
};

} // namespace

Status apply(Database &database, const Write &write) {
    Status done = std::visit(Applier{database}, write);
    if (done.ok()) return done;
    return done.error().within("cannot write " + std::visit(Subject{}, write));
}

} // namespace rigger::sqlite
