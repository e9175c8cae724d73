#include "request_fixture.hpp"

#include <chutes/objects.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace chutes {
namespace {

using test::Json;
using test::parsed;
using test::request_document;

Settings settings() {
    Settings s;
    s.miner_hotkey = "5Miner";
    return s;
}

Json job(const Json &document, const Settings &s = settings()) {
    const Request r = parsed(document);
    std::vector<int> node_ports;
    for (size_t i = 0; i < r.ports().size(); ++i) node_ports.push_back(30000 + static_cast<int>(i));
    auto object = job_object(s, r, node_ports);
    if (!object.ok()) throw std::runtime_error(object.error().message);
    return Json::parse(*object);
}

const Json &chute_container(const Json &job) { return job["spec"]["template"]["spec"]["containers"][0]; }

std::optional<std::string> env(const Json &container, const std::string &name) {
    for (const Json &entry : container["env"])
        if (entry["name"] == name) return entry["value"].get<std::string>();
    return std::nullopt;
}

Json golden(const std::string &name) {
    std::ifstream in(std::string(GOLDEN_DIR) + "/" + name);
    std::stringstream text;
    text << in.rdbuf();
    return Json::parse(text.str());
}

/// Field by field, so that a failure names the field.
void expect_equal(const Json &actual, const Json &expected) {
    const Json a = actual.flatten(), e = expected.flatten();
    for (const auto &[path, value] : e.items()) {
        ASSERT_TRUE(a.contains(path)) << "missing " << path;
        EXPECT_EQ(a[path], value) << path;
    }
    for (const auto &[path, value] : a.items())
        EXPECT_TRUE(e.contains(path)) << "unexpected " << path << " = " << value;
}

TEST(Job, OfAPublicChute_EqualsTheGoldenFile) { expect_equal(job(request_document()), golden("job_public.json")); }

TEST(Job, OfAShareOfAGpu_AsksForAsLargeAShareOfWhatGoesWithIt) {
    Json document = request_document();
    document["offer"]["requirements"]["gpuCount"] = 1;
    document["offer"]["requirements"]["gpuMilli"] = 300;
    document["gpus"].erase(1);
    const Json amounts = chute_container(job(document))["resources"]["requests"];
    EXPECT_EQ(amounts["cpu"], "1200m");      // of 4 cores
    EXPECT_EQ(amounts["memory"], "18432Mi"); // of 60 GiB
}

TEST(Job, OfATeeJobWithPorts_EqualsTheGoldenFile) {
    Json document = request_document();
    document["deployment"]["jobId"] = "job-1";
    document["offer"]["chutesVersion"] = "0.6.0";
    document["offer"]["requirements"]["tee"] = true;
    document["offer"]["requirements"]["diskGb"] = 120;
    document["offer"]["workload"]["jobs"] =
        Json::parse(R"([{"ports":[{"proto":"tcp","port":2202},{"proto":"udp","port":9000}]}])");
    document["server"]["vmVersion"] = "1.4.2";
    expect_equal(job(document), golden("job_tee_with_ports.json"));
}

TEST(Job, OfAnOldRuntimeWithoutToken_EqualsTheGoldenFile) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.2.9";
    document["grant"] = nullptr;
    document["server"]["seed"] = 123456789;
    expect_equal(job(document), golden("job_without_token.json"));
}

// Defect W15 of the system this replaces: extra ports were counted from the fourth (or third) service port.
TEST(Job, W15_FirstExtraPort_IsNeverSkipped_WithOrWithoutAttestation) {
    Json document = request_document();
    document["deployment"]["jobId"] = "job-1";
    document["offer"]["workload"]["jobs"] =
        Json::parse(R"([{"ports":[{"proto":"tcp","port":2202},{"proto":"udp","port":9000}]}])");
    const Json plain = job(document);
    EXPECT_EQ(env(chute_container(plain), "CHUTES_PORT_TCP_2202"), "30002");
    EXPECT_EQ(env(chute_container(plain), "CHUTES_PORT_UDP_9000"), "30003");
    EXPECT_EQ(chute_container(plain)["ports"].size(), 4u);

    document["offer"]["requirements"]["tee"] = true;
    document["offer"]["chutesVersion"] = "0.6.0";
    const Json tee = job(document);
    EXPECT_EQ(env(chute_container(tee), "CHUTES_PORT_ATTESTATION"), "30002");
    EXPECT_EQ(env(chute_container(tee), "CHUTES_PORT_TCP_2202"), "30003");
    EXPECT_EQ(env(chute_container(tee), "CHUTES_PORT_UDP_9000"), "30004");
    EXPECT_EQ(chute_container(tee)["ports"].size(), 5u);
}

// A job may declare 8002 itself when the runtime does not take it.
TEST(Job, ExtraPort8002_OfAnOrdinaryChute_IsAJobPort) {
    Json document = request_document();
    document["deployment"]["jobId"] = "job-1";
    document["offer"]["workload"]["jobs"] = Json::parse(R"([{"ports":[{"proto":"tcp","port":8002}]}])");
    const Json object = job(document);
    EXPECT_EQ(env(chute_container(object), "CHUTES_PORT_TCP_8002"), "30002");
    EXPECT_EQ(env(chute_container(object), "CHUTES_PORT_ATTESTATION"), std::nullopt);
}

TEST(Job, ReadinessProbe_AsksTheLogPort_FromRuntime033) {
    Json document = request_document();
    for (const auto &[version, port] : {std::pair{"0.3.2", "8000"}, std::pair{"0.3.3", "8001"}}) {
        document["offer"]["chutesVersion"] = version;
        const std::string probe = chute_container(job(document))["readinessProbe"]["exec"]["command"][2];
        EXPECT_NE(probe.find(std::string("127.0.0.1:") + port + "/_alive"), std::string::npos) << version;
    }
}

TEST(Job, TeeChute_OnAnOldOrUnknownImage_DisablesXet) {
    Json document = request_document();
    document["offer"]["requirements"]["tee"] = true;
    for (const char *version : {"", "1.3.0"}) {
        document["server"]["vmVersion"] = version;
        const Json object = job(document);
        EXPECT_EQ(env(chute_container(object), "HF_HUB_DISABLE_XET"), "1") << version;
        EXPECT_EQ(env(chute_container(object), "TOKIO_WORKER_THREADS"), std::nullopt) << version;
    }
}

TEST(Job, Token_AppearsInTheLaunchVariable_AndNowhereElse) {
    const std::string text = job(request_document()).dump();
    const size_t first = text.find("jwt-secret");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(text.find("jwt-secret", first + 1), std::string::npos);
}

TEST(Job, Disk_IsRoundedUpToWholeGibibytes) {
    Json document = request_document();
    document["offer"]["requirements"]["diskGb"] = 12.2;
    EXPECT_EQ(chute_container(job(document))["resources"]["limits"]["ephemeral-storage"], "13Gi");
}

TEST(Job, CacheSize_CanDifferByNode) {
    Settings s = settings();
    s.cache_max_size_gb_by_node["gpu-01"] = 900;
    const Json object = job(request_document(), s);
    EXPECT_EQ(env(object["spec"]["template"]["spec"]["initContainers"][0], "CACHE_MAX_SIZE_GB"), "900");
}

TEST(Job, OlderInstallations_RunWithoutSecurityContextAndRuntimeClass) {
    Settings s = settings();
    s.run_as = -1;
    s.runtime_class.clear();
    const Json spec = job(request_document(), s)["spec"]["template"]["spec"];
    EXPECT_FALSE(spec.contains("securityContext"));
    EXPECT_FALSE(spec.contains("runtimeClassName"));
}

TEST(Job, IsRefused_WhenTheGpusDoNotMatchTheOffer) {
    Json document = request_document();
    document["gpus"].erase(0);
    EXPECT_FALSE(job_object(settings(), parsed(document), {30000, 30001}).ok());
}

TEST(Job, IsRefused_WithoutTokenAndSeed) {
    Json document = request_document();
    document["grant"] = nullptr;
    const auto object = job_object(settings(), parsed(document), {30000, 30001});
    ASSERT_FALSE(object.ok());
    EXPECT_NE(object.error().message.find("gpu-01"), std::string::npos);
}

} // namespace
} // namespace chutes
