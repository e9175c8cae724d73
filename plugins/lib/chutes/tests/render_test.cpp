#include "request_fixture.hpp"

#include <chutes/names.hpp>
#include <chutes/objects.hpp>
#include <chutes/render.hpp>

#include <gtest/gtest.h>

namespace chutes {
namespace {

using test::applied_service;
using test::Json;
using test::parsed;
using test::request_document;

Json rendered(const Json &document, const Settings &settings = {}) {
    auto answer = render(settings, parsed(document));
    if (!answer.ok()) throw std::runtime_error(answer.error().reason + ": " + answer.error().message);
    return Json::parse(*answer);
}

TEST(Render, FirstRound_AnswersTheService) {
    const Json answer = rendered(request_document());
    EXPECT_FALSE(answer["done"]);
    ASSERT_EQ(answer["objects"].size(), 1u);
    EXPECT_EQ(answer["objects"][0], Json::parse(R"({
      "apiVersion": "v1", "kind": "Service",
      "metadata": {"name": "chute-service-0b2c0f6e-1111-4222-8333-444455556666", "namespace": "chutes",
        "labels": {"chutes/deployment-id": "0b2c0f6e-1111-4222-8333-444455556666", "chutes/chute": "true",
                   "chutes/chute-id": "67df1c06-67ff-59e9-a4ed-922799194af3", "chutes/version": "4facc5be-2aaf-5747-a6d6-16489dd4decc",
                   "app.kubernetes.io/managed-by": "rigger"}},
      "spec": {"type": "NodePort", "externalTrafficPolicy": "Local", "selector": {"chutes/deployment-id": "0b2c0f6e-1111-4222-8333-444455556666"},
        "ports": [{"name": "chute-8000", "port": 8000, "targetPort": 8000, "protocol": "TCP"},
                  {"name": "chute-8001", "port": 8001, "targetPort": 8001, "protocol": "TCP"}]}})"));
}

TEST(Render, FirstRound_AddsTheCodeConfigMap_WhenTheRuntimeNeedsIt) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.3.60";
    const Json answer = rendered(document);
    ASSERT_EQ(answer["objects"].size(), 2u);
    EXPECT_EQ(answer["objects"][1], Json::parse(R"({
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": {"name": ")" +
                                                code_config_map_name("67df1c06-67ff-59e9-a4ed-922799194af3",
                                                                     "4facc5be-2aaf-5747-a6d6-16489dd4decc") +
                                                R"(",
        "namespace": "chutes",
        "labels": {"chutes/chute-id": "67df1c06-67ff-59e9-a4ed-922799194af3", "chutes/version": "4facc5be-2aaf-5747-a6d6-16489dd4decc",
                   "chutes/code": "true", "app.kubernetes.io/managed-by": "rigger"}},
      "data": {"chute.py": "print(1)\n"}})"));
}

TEST(Render, CodeConfigMap_CarriesNoDeploymentId_BecauseDeploymentsShareIt) {
    auto object = code_config_map_object(parsed(request_document()));
    ASSERT_TRUE(object.ok());
    EXPECT_FALSE(Json::parse(*object)["metadata"]["labels"].contains("chutes/deployment-id"));
}

TEST(Render, TeeChute_NeedsNoConfigMap_WhateverItsRuntime) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.3.10";
    document["offer"]["requirements"]["tee"] = true;
    EXPECT_EQ(rendered(document)["objects"].size(), 1u);
}

TEST(Render, OldRuntimeWithoutCode_IsRefused_WithTheField) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.3.31";
    document["offer"]["workload"].erase("code");
    const auto answer = render({}, parsed(document));
    ASSERT_FALSE(answer.ok());
    EXPECT_NE(answer.error().message.find("offer.workload.code"), std::string::npos);
}

TEST(Render, SecondRound_AnswersTheJob_WithTheNodePortsOfTheService) {
    Json document = request_document();
    document["applied"] = Json::array({applied_service(rendered(document)["objects"][0])});
    const Json answer = rendered(document);
    EXPECT_TRUE(answer["done"]);
    ASSERT_EQ(answer["objects"].size(), 1u);
    EXPECT_EQ(answer["objects"][0]["kind"], "Job");
    const std::string text = answer["objects"][0].dump();
    EXPECT_NE(text.find(R"({"name":"CHUTES_PORT_PRIMARY","value":"30000"})"), std::string::npos);
    EXPECT_NE(text.find(R"({"name":"CHUTES_PORT_LOGGING","value":"30001"})"), std::string::npos);
}

TEST(Render, SecondRound_AsksAgainForAConfigMapThatIsMissing) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.3.60";
    document["applied"] = Json::array({applied_service(rendered(document)["objects"][0])});
    const Json answer = rendered(document);
    EXPECT_FALSE(answer["done"]);
    ASSERT_EQ(answer["objects"].size(), 1u);
    EXPECT_EQ(answer["objects"][0]["kind"], "ConfigMap");
}

TEST(Render, AfterTheJobIsApplied_NothingIsLeft) {
    Json document = request_document();
    document["applied"] = Json::array({applied_service(rendered(document)["objects"][0])});
    const Json job = rendered(document)["objects"][0];
    document["applied"].push_back(job);
    const Json answer = rendered(document);
    EXPECT_TRUE(answer["done"]);
    EXPECT_TRUE(answer["objects"].empty());
}

TEST(Render, ServiceWithoutNodePorts_IsAskedAgain_NotGuessed) {
    Json document = request_document();
    document["applied"] = rendered(document)["objects"];
    const auto answer = render({}, parsed(document));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, RIG_E_UNAVAILABLE);
    EXPECT_EQ(answer.error().reason, "NodePortsMissing");
}

TEST(Render, ObjectsOfAnotherDeployment_AreNotMistakenForOurs) {
    Json document = request_document();
    Json foreign = applied_service(rendered(document)["objects"][0]);
    foreign["metadata"]["name"] = "chute-service-other";
    document["applied"] = Json::array({foreign});
    EXPECT_EQ(rendered(document)["objects"][0]["kind"], "Service");
}

TEST(Render, IsPure) { EXPECT_EQ(rendered(request_document()).dump(), rendered(request_document()).dump()); }

TEST(Service, SameNumberOverBothProtocols_GetsTwoNames) {
    Json document = request_document();
    document["deployment"]["jobId"] = "job-1";
    document["offer"]["workload"]["jobs"] =
        Json::parse(R"([{"ports":[{"proto":"tcp","port":9000},{"proto":"udp","port":9000}]}])");
    const Json ports = rendered(document)["objects"][0]["spec"]["ports"];
    ASSERT_EQ(ports.size(), 4u);
    EXPECT_EQ(ports[2]["name"], "chute-9000");
    EXPECT_EQ(ports[3]["name"], "chute-9000-udp");
    EXPECT_EQ(ports[3]["protocol"], "UDP");
}

TEST(ImageReference, ComesFromTheRegistry_OrThroughTheNodesProxy) {
    Json document = request_document();
    Settings settings;
    EXPECT_EQ(image_reference(settings, parsed(document)), "5val.localregistry.chutes.ai:30500/sim/vllm:0.10");
    document["server"]["vmVersion"] = "1.4.0";
    EXPECT_EQ(image_reference(settings, parsed(document)), "registry.chutes.ai/sim/vllm:0.10");
    document["server"]["vmVersion"] = "1.3.9";
    EXPECT_EQ(image_reference(settings, parsed(document)), "5val.localregistry.chutes.ai:30500/sim/vllm:0.10");
    settings.registry_proxy_port = 0;
    EXPECT_EQ(image_reference(settings, parsed(document)), "registry.chutes.ai/sim/vllm:0.10");
}

} // namespace
} // namespace chutes
