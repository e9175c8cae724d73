// Servers, offers and deployments: what is put is found again, and the rules between the rows.
#include "backend.hpp"

namespace rigger::store_test {
namespace {

TEST_P(StoreConformance, EmptyStore_LoadsAsNothing) {
    const PersistentState state = load();
    EXPECT_TRUE(state.servers.empty() && state.offers.empty() && state.deployments.empty() && state.bans.empty());
    EXPECT_TRUE(state.intents.empty() && state.failures.empty() && state.backoffs.empty() && state.unhandled.empty() &&
                state.checkpoints.empty());
}

TEST_P(StoreConformance, Migrate_RunTwice_ChangesNothing) {
    commit({PutServer{sample_server(1)}});
    ASSERT_TRUE(store->migrate().ok());
    EXPECT_EQ(load().servers.size(), 1U);
}

TEST_P(StoreConformance, Server_IsFoundAgain_WithEveryField) {
    const Server server = sample_server(1);
    commit({PutServer{server}});
    const PersistentState state = load();
    ASSERT_EQ(state.servers.size(), 1U);
    expect_same(state.servers[0], server);
}

TEST_P(StoreConformance, Server_WithEmptyTexts_IsFoundAgain) {
    Server server;
    server.id = ServerId("s");
    server.name = "n";
    server.labels = "";
    commit({PutServer{server}});
    server.labels = "{}";
    expect_same(load().servers.at(0), server);
}

TEST_P(StoreConformance, PutServer_Again_ReplacesFieldsAndGpus) {
    Server server = sample_server(1, 3);
    commit({PutServer{server}});
    server.hourly_cost = 0;
    server.locked = false;
    server.gpus.erase(server.gpus.begin());
    server.gpus[0].verified = false;
    commit({PutServer{server}});
    expect_same(load().servers.at(0), server);
}

TEST_P(StoreConformance, PutServer_MovesAGpuFromAnotherServer) {
    Server first = sample_server(1, 1), second = sample_server(2, 0);
    commit({PutServer{first}, PutServer{second}});
    second.gpus = first.gpus;
    second.gpus[0].server = second.id;
    first.gpus.clear();
    commit({PutServer{second}, PutServer{first}});
    const PersistentState state = load();
    EXPECT_TRUE(state.servers.at(0).gpus.empty());
    ASSERT_EQ(state.servers.at(1).gpus.size(), 1U);
    EXPECT_EQ(state.servers[1].gpus[0].server, second.id);
}

TEST_P(StoreConformance, TwoServers_OfOneName_AreRefused) {
    Server twin = sample_server(2);
    twin.name = sample_server(1).name;
    commit({PutServer{sample_server(1)}});
    const Status done = store->commit({PutServer{twin}});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, Code::invalid);
    EXPECT_EQ(done.error().reason, "StoreDuplicate");
    EXPECT_NE(done.error().message.find(twin.name), std::string::npos) << done.error().message;
}

TEST_P(StoreConformance, Server_WithLabelsThatAreNoJson_IsRefused) {
    Server server = sample_server(1);
    server.labels = "{broken";
    const Status done = store->commit({PutServer{server}});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, Code::invalid);
    EXPECT_TRUE(load().servers.empty());
}

TEST_P(StoreConformance, Offer_IsFoundAgain_WithWhatTheTableHolds) {
    const Offer offer = sample_offer(1);
    commit({PutOffer{offer}});
    const PersistentState state = load();
    ASSERT_EQ(state.offers.size(), 1U);
    const Offer &found = state.offers[0];
    EXPECT_EQ(found.id, offer.id);
    EXPECT_EQ(found.source, offer.source);
    EXPECT_EQ(found.name, offer.name);
    EXPECT_EQ(found.version, offer.version);
    EXPECT_EQ(found.image, offer.image);
    EXPECT_EQ(found.chutes_version, offer.chutes_version);
    EXPECT_EQ(found.needs.gpu_count, offer.needs.gpu_count);
    EXPECT_EQ(found.needs.gpu_milli, offer.needs.gpu_milli);
    EXPECT_EQ(found.needs.gpu_models, offer.needs.gpu_models);
    EXPECT_EQ(found.needs.tee, offer.needs.tee);
    EXPECT_EQ(found.preemptible, offer.preemptible);
    EXPECT_TRUE(state.bans.empty());
}

TEST_P(StoreConformance, PutOffer_KeepsTheBan) {
    commit({PutOffer{sample_offer(1)}, SetBan{OfferId("offer-1"), "crashes"}});
    Offer updated = sample_offer(1);
    updated.version = "v2";
    commit({PutOffer{updated}});
    const PersistentState state = load();
    EXPECT_EQ(state.offers.at(0).version, "v2");
    EXPECT_EQ(state.bans.at(OfferId("offer-1")), "crashes");
}

TEST_P(StoreConformance, EmptyReason_LiftsTheBan) {
    commit({PutOffer{sample_offer(1)}, SetBan{OfferId("offer-1"), "crashes"}, SetBan{OfferId("offer-1"), ""}});
    EXPECT_TRUE(load().bans.empty());
}

TEST_P(StoreConformance, Ban_OfAnUnknownOffer_IsKeptAndFitsNowhere) {
    commit({SetBan{OfferId("later"), "known to be bad"}});
    PersistentState state = load();
    EXPECT_EQ(state.bans.at(OfferId("later")), "known to be bad");
    ASSERT_EQ(state.offers.size(), 1U);
    EXPECT_TRUE(state.offers[0].needs.gpu_models.empty());
    Offer offer = sample_offer(1);
    offer.id = OfferId("later");
    commit({PutOffer{offer}});
    state = load();
    EXPECT_EQ(state.offers.at(0).name, offer.name);
    EXPECT_EQ(state.bans.size(), 1U);
}

TEST_P(StoreConformance, Deployment_IsFoundAgain_WithEveryField) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment}});
    const PersistentState state = load();
    ASSERT_EQ(state.deployments.size(), 1U);
    expect_same(state.deployments[0], deployment);
}

TEST_P(StoreConformance, Deployment_IsFoundAgain_InEveryPhase) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    commit({PutServer{server}, PutOffer{offer}});
    for (int phase = 0; phase <= static_cast<int>(Phase::gone); ++phase) {
        Deployment deployment;
        deployment.id = DeploymentId("d");
        deployment.offer = offer.id;
        deployment.server = server.id;
        deployment.phase = static_cast<Phase>(phase);
        commit({PutDeployment{deployment}});
        expect_same(load().deployments.at(0), deployment);
    }
}

TEST_P(StoreConformance, Deployment_WithoutItsOfferOrServer_IsRefusedAndNamed) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    for (const std::vector<Write> &before :
         {std::vector<Write>{PutServer{server}}, std::vector<Write>{PutOffer{offer}}}) {
        std::vector<Write> writes = before;
        writes.push_back(PutDeployment{sample_deployment(1, offer, server)});
        const Status done = store->commit(writes);
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().code, Code::invalid);
        EXPECT_EQ(done.error().reason, "StoreMissingRow");
        EXPECT_NE(done.error().message.find("deployment-1"), std::string::npos) << done.error().message;
    }
    const PersistentState state = load();
    EXPECT_TRUE(state.servers.empty() && state.offers.empty())
        << "the writes before the refused one must be undone too";
}

TEST_P(StoreConformance, DeleteDeployment_FreesItsGpus) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    commit(
        {PutServer{server}, PutOffer{offer}, PutDeployment{deployment}, SetGpuOwner{server.gpus[0].id, deployment.id}});
    EXPECT_EQ(load().servers.at(0).gpus.at(0).deployment, deployment.id);
    commit({DeleteDeployment{deployment.id}});
    const PersistentState state = load();
    EXPECT_TRUE(state.servers.at(0).gpus.at(0).deployment.empty());
    EXPECT_TRUE(state.deployments.empty());
}

TEST_P(StoreConformance, SetGpuOwner_WithAnEmptyOwner_FreesTheGpu) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment},
            SetGpuOwner{server.gpus[0].id, deployment.id}, SetGpuOwner{server.gpus[0].id, DeploymentId()}});
    EXPECT_TRUE(load().servers.at(0).gpus.at(0).deployment.empty());
}

TEST_P(StoreConformance, PutServer_WithAnOwner_KeepsTheAllocation) {
    Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment}});
    server.gpus[1].deployment = deployment.id;
    commit({PutServer{server}});
    expect_same(load().servers.at(0), server);
}

TEST_P(StoreConformance, GpuOwner_ThatDoesNotExist_IsRefused) {
    const Server server = sample_server(1);
    commit({PutServer{server}});
    Status done = store->commit({SetGpuOwner{server.gpus[0].id, DeploymentId("nobody")}});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().reason, "StoreMissingRow");
    done = store->commit({SetGpuOwner{GpuId("no-such-gpu"), DeploymentId("nobody")}});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().reason, "StoreMissingRow");
    EXPECT_TRUE(store->commit({SetGpuOwner{GpuId("no-such-gpu"), DeploymentId()}}).ok());
}

TEST_P(StoreConformance, DeleteServer_TakesItsGpusAndDeployments) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    commit({PutServer{server}, PutServer{sample_server(2)}, PutOffer{offer},
            PutDeployment{sample_deployment(1, offer, server)}});
    commit({DeleteServer{server.id}});
    const PersistentState state = load();
    ASSERT_EQ(state.servers.size(), 1U);
    EXPECT_EQ(state.servers[0].gpus.size(), 2U);
    EXPECT_TRUE(state.deployments.empty());
    EXPECT_EQ(state.offers.size(), 1U);
}

TEST_P(StoreConformance, DeleteOffer_TakesItsDeploymentsAndItsBan) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    commit({PutServer{server}, PutOffer{offer}, SetBan{offer.id, "x"},
            PutDeployment{sample_deployment(1, offer, server)}});
    commit({DeleteOffer{offer.id}});
    const PersistentState state = load();
    EXPECT_TRUE(state.offers.empty() && state.bans.empty() && state.deployments.empty());
    EXPECT_EQ(state.servers.size(), 1U);
}

TEST_P(StoreConformance, DeletingWhatDoesNotExist_IsNoError) {
    commit({DeleteServer{ServerId("x")}, DeleteOffer{OfferId("x")}, DeleteDeployment{DeploymentId("x")},
            DeleteIntents{DeploymentId("x")}, DeleteFailureMark{OfferId("x"), ServerId("y")},
            DeleteBackoff{OfferId("x")}, SetBan{OfferId("x"), ""}, ConfirmIntent{"x", moment(1), "ok"},
            MarkHandled{"x", "y"}});
    EXPECT_TRUE(load().offers.empty());
}

TEST_P(StoreConformance, HostileTexts_AreKeptAsTheyAre) {
    const std::string hostile = "x'); DROP TABLE servers; -- \"\\ \t\n 测试 %s";
    Server server = sample_server(1);
    server.validator = hostile;
    Offer offer = sample_offer(1);
    offer.needs.gpu_models = {hostile, "{a,b}", "NULL", ""};
    commit({PutServer{server}, PutOffer{offer}});
    const PersistentState state = load();
    EXPECT_EQ(state.servers.at(0).validator, hostile);
    EXPECT_EQ(state.offers.at(0).needs.gpu_models, offer.needs.gpu_models);
}

TEST_P(DurableStoreConformance, RowsOfAnotherProgram_ReadWithDefaults) {
    store.reset();
    backend->sql(
        "INSERT INTO servers (server_id, validator, name, labels, gpu_count, cpu_per_gpu, memory_per_gpu, hourly_cost) "
        "VALUES ('s', 'v', 'n', '{}', 1, 1, 1, 2.5)");
    backend->sql("INSERT INTO chutes (chute_id, validator, name, image, code, filename, ref_str, version, "
                 "supported_gpus, gpu_count) "
                 "VALUES ('c', 'v', 'chute', 'i', 'print()', 'f.py', 'r:s', '1', " +
                 backend->array("h100") + ", 1)");
    backend->sql(
        "INSERT INTO deployments (deployment_id, validator, chute_id, server_id, version, instance_id, active) "
        "VALUES ('d', 'v', 'c', 's', '1', 'i1', true)");
    backend->sql("INSERT INTO gpus (gpu_id, validator, server_id, deployment_id, device_info, model_short_ref) VALUES "
                 "('g', 'v', 's', 'd', '{}', 'h100')");
    reopen();
    const PersistentState state = load();
    ASSERT_EQ(state.deployments.size(), 1U);
    EXPECT_EQ(state.deployments[0].phase, Phase::active);
    EXPECT_EQ(state.deployments[0].namespace_name, "chutes");
    EXPECT_EQ(state.deployments[0].gpus, std::vector<GpuId>{GpuId("g")});
    EXPECT_TRUE(state.deployments[0].preemptible);
    EXPECT_EQ(state.servers.at(0).gpus.at(0).deployment, DeploymentId("d"));
    EXPECT_FALSE(state.servers[0].gpus[0].verified);
    EXPECT_FALSE(state.servers[0].locked);
    EXPECT_EQ(state.offers.at(0).source, SourceName("v"));
    EXPECT_GT(state.servers[0].created_at.ns, 1'700'000'000LL * 1'000'000'000)
        << "the default of created_at must be a time we can read";
}

TEST_P(DurableStoreConformance, ColumnsOfAnotherProgram_SurviveOurWrites) {
    commit({PutServer{sample_server(1)}, PutOffer{sample_offer(1)}});
    store.reset();
    backend->sql("UPDATE servers SET kubeconfig = 'k', agent_api = 'a', seed = 7, verification_port = 9");
    backend->sql("UPDATE chutes SET code = 'c', filename = 'f', ref_str = 'r'");
    reopen();
    commit({PutServer{sample_server(1)}, PutOffer{sample_offer(1)}});
    store.reset();
    EXPECT_EQ(backend->sql("SELECT kubeconfig || agent_api || seed || verification_port FROM servers"), "ka79");
    EXPECT_EQ(backend->sql("SELECT code || filename || ref_str FROM chutes"), "cfr");
}

TEST_P(DurableStoreConformance, Audit_FollowsADeploymentsLife) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    Deployment deployment = sample_deployment(1, offer, server);
    deployment.verified_at.reset();
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment}});
    const auto audit = [&](const std::string &column) {
        return backend->sql("SELECT " + column + " FROM deployment_audit WHERE deployment_id = 'deployment-1'");
    };
    EXPECT_EQ(audit("validator || ' ' || chute_id || ' ' || version"), "5Validator offer-1 v1");
    EXPECT_EQ(audit("verified_at"), "");
    deployment.verified_at = moment(5);
    commit({PutDeployment{deployment}});
    EXPECT_NE(audit("verified_at"), "");
    EXPECT_EQ(audit("instance_id"), "instance-1");
    EXPECT_EQ(audit("deleted_at"), "");
    commit({DeleteServer{server.id}});
    EXPECT_NE(audit("deleted_at"), "") << "also when the row goes with its server";
}

TEST_P(DurableStoreConformance, EverythingSurvivesAReopening) {
    const Server server = sample_server(1);
    const Offer offer = sample_offer(1);
    const Deployment deployment = sample_deployment(1, offer, server);
    commit({PutServer{server}, PutOffer{offer}, PutDeployment{deployment}, AppendJournal{sample_event(1)},
            PutCheckpoint{"watch", "token"}});
    ASSERT_TRUE(store->kv_commit("plugin", {{false, "k", "v", std::nullopt}}).ok());
    reopen();
    const PersistentState state = load();
    expect_same(state.servers.at(0), server);
    expect_same(state.deployments.at(0), deployment);
    EXPECT_EQ(state.unhandled.size(), 1U);
    EXPECT_EQ(state.checkpoints.at("watch"), "token");
    EXPECT_EQ((*store->kv_get("plugin", "k"))->value, "v");
}

TEST_P(StoreConformance, EmptyCommit_IsOk) { EXPECT_TRUE(store->commit({}).ok()); }

} // namespace
} // namespace rigger::store_test
