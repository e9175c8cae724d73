#include "control/commands.hpp"

#include "control/deployer.hpp"
#include "control/forget.hpp"
#include "control/json_writer.hpp"
#include "control/reconcile_driver.hpp"

#include <algorithm>

namespace rigger::commands {
namespace {

JsonWriter plan_head(bool dry_run) {
    JsonWriter json;
    json.begin_object().field("dryRun", dry_run);
    json.key("actions").begin_array();
    return json;
}

void operate(Turn &turn, const Command &c, const DeployRequest &r) {
    OfferPtr offer;
    for (const auto &[name, book] : turn.state.sources)
        if (const auto at = book.offers.find(r.offer); at != book.offers.end() && book.attached)
            offer = at->second.offer;
    const ServerPtr server = turn.server(r.server);
    if (!offer)
        return turn.reply(c.request, not_found("UnknownOffer", "cannot deploy: offer " + r.offer.value +
                                                                   " is not in the market any more"));
    if (!server)
        return turn.reply(c.request, not_found("UnknownServer",
                                               "cannot deploy: server " + r.server.value + " is not known any more"));
    const auto begun = deployer::start(turn, {offer, server, r.gpus, r.reason, c.principal});
    if (!begun)
        return turn.reply(c.request, begun.error().within("cannot deploy " + offer->name + " on " + server->name));
    JsonWriter json = plan_head(false);
    json.begin_object()
        .field("verb", "deploy")
        .field("offer", offer->name)
        .field("offerId", offer->id)
        .field("server", server->name);
    json.field("serverId", server->id).field("deployment", *begun).field("reason", r.reason).end_object().end_array();
    json.key("heldBack").begin_array().end_array().field("deploymentId", *begun);
    turn.reply(c.request, json.end_object().take());
}

void operate(Turn &turn, const Command &c, const UndeployRequest &r) {
    Track *t = turn.track(r.deployment);
    if (!t)
        return turn.reply(c.request, not_found("UnknownDeployment",
                                               "cannot undeploy: deployment " + r.deployment.value + " has ended"));
    const bool begins = t->d->live();
    if (begins)
        deployer::end(
            turn, *t,
            {"OperatorRequest", r.reason.empty() ? c.principal + " asked for it" : r.reason, true, c.principal}, false);
    const DeploymentPtr d = t->d;
    deployer::step(turn, r.deployment);
    JsonWriter json = plan_head(false);
    json.begin_object()
        .field("verb", "undeploy")
        .field("offer", d->offer_name)
        .field("server", d->node_name)
        .field("deployment", d->id);
    json.field("reason", begins ? d->end_reason : "it was ending already: " + d->end_cause).end_object().end_array();
    json.key("heldBack").begin_array().end_array().field("deploymentId", d->id);
    turn.reply(c.request, json.end_object().take());
}

void operate(Turn &turn, const Command &c, const RecycleRequest &r) { reconcile::recycle(turn, c, r); }

void operate(Turn &turn, const Command &c, const BanRequest &r) {
    const bool lift = r.reason.empty();
    turn.write(SetBan{r.offer, r.reason});
    if (lift) turn.state.bans.erase(r.offer);
    else turn.state.bans[r.offer] = r.reason;
    turn.touch();
    turn.replan();
    JsonWriter json;
    json.begin_object()
        .field("offerId", r.offer)
        .field("banned", !lift)
        .text_or_null("reason", r.reason)
        .field("by", c.principal)
        .end_object();
    turn.journal(lift ? "operator.unban" : "operator.ban", json.text(), "operator");
    turn.reply(c.request, json.take());
}

void operate(Turn &turn, const Command &c, const LockRequest &r) {
    const ServerPtr server = turn.server(r.server);
    if (!server)
        return turn.reply(c.request, not_found("UnknownServer", "cannot lock or unlock: server " + r.server.value +
                                                                    " is not known any more"));
    if (server->locked != r.locked) {
        Server changed = *server;
        changed.locked = r.locked;
        turn.put_server(std::move(changed), true);
    }
    JsonWriter json;
    json.begin_object()
        .field("serverId", server->id)
        .field("serverName", server->name)
        .field("locked", r.locked)
        .field("by", c.principal)
        .end_object();
    turn.journal(r.locked ? "operator.lock" : "operator.unlock", json.text(), "operator");
    turn.reply(c.request, json.take());
}

void operate(Turn &turn, const Command &c, const ForgetRequest &r) { forget::server(turn, c, r); }

void operate(Turn &turn, const Command &c, const SyncRequest &r) {
    JsonWriter json;
    json.begin_object().key("sources").begin_array();
    for (const auto &[name, book] : turn.state.sources) {
        if (!book.attached || (!r.source.empty() && r.source != name)) continue;
        turn.relist(true, name.value);
        json.value(name);
    }
    turn.reply(c.request, json.end_array().end_object().take());
}

} // namespace

void handle(Turn &turn, const Command &command) {
    if (turn.state.commits.failing)
        return turn.reply(command.request,
                          Error{Code::unavailable, "StoreFailing",
                                "nothing can be begun: the store cannot be written: " + turn.state.commits.why.message +
                                    "; ask again when `rigger status` shows that it can",
                                5'000});
    std::visit([&](const auto &what) { operate(turn, command, what); }, command.what);
}

void abandon(Turn &turn, RequestId request) {
    auto &recycle = turn.state.reconcile.recycle;
    if (recycle && recycle->request == request) recycle->request = 0;
}

} // namespace rigger::commands
