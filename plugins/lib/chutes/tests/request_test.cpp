#include "request_fixture.hpp"

#include <gtest/gtest.h>

namespace chutes {
namespace {

using test::Json;
using test::parsed;
using test::request_document;

TEST(Request, Parse_ReadsEveryField) {
    const Request r = parsed(request_document());
    EXPECT_EQ(r.deployment_id, "0b2c0f6e-1111-4222-8333-444455556666");
    EXPECT_EQ(r.namespace_name, "chutes");
    EXPECT_EQ(r.chute.gpu_count, 2);
    EXPECT_EQ(r.server.cpu_per_gpu, 4);
    EXPECT_EQ(r.gpu_ids.size(), 2u);
    EXPECT_EQ(r.grant.config_id, "11111111-2222-4333-8444-555555555555");
}

TEST(Request, Parse_UsesDefaultsForMissingAndNullFields) {
    Json document = request_document();
    document["offer"]["requirements"] = nullptr;
    document["offer"].erase("chutesVersion");
    document["server"]["cpuPerGpu"] = nullptr;
    document.erase("namespace");
    document.erase("applied");
    const Request r = parsed(document);
    EXPECT_EQ(r.chute.gpu_count, 1);
    EXPECT_EQ(r.chute.disk_gb, 10);
    EXPECT_EQ(r.server.cpu_per_gpu, 1);
    EXPECT_EQ(r.namespace_name, "chutes");
    EXPECT_EQ(r.chute.runtime, r.chute.version);
}

struct BadField {
    const char *pointer;
    Json value;
    const char *mentioned;
};

TEST(Request, Parse_NamesTheFieldThatIsWrong) {
    const BadField cases[] = {{"/deployment/id", nullptr, "deployment.id"},
                              {"/deployment/id", "", "deployment.id"},
                              {"/offer/id", 7, "offer.id"},
                              {"/offer/image", nullptr, "offer.image"},
                              {"/offer/requirements/gpuCount", 65, "offer.requirements.gpuCount"},
                              {"/offer/requirements/gpuCount", -1, "offer.requirements.gpuCount"},
                              {"/offer/requirements/diskGb", "10", "offer.requirements.diskGb"},
                              {"/offer/requirements/tee", "yes", "offer.requirements.tee"},
                              {"/offer/workload/refStr", nullptr, "offer.workload.refStr"},
                              {"/server/name", nullptr, "server.name"},
                              {"/server/seed", "x", "server.seed"},
                              {"/gpus/0/id", nullptr, "gpus.id"},
                              {"/applied", 3, "applied"}};
    for (const BadField &c : cases) {
        Json document = request_document();
        document[Json::json_pointer(c.pointer)] = c.value;
        const auto result = parse_request(document.dump());
        ASSERT_FALSE(result.ok()) << c.pointer;
        EXPECT_EQ(result.error().code, RIG_E_INVALID);
        EXPECT_NE(result.error().message.find(c.mentioned), std::string::npos) << result.error().message;
    }
}

TEST(Request, Parse_RefusesWhatIsNoDocument) {
    for (const char *text : {"", "[]", "null", "{", "\xff\xfe"}) EXPECT_FALSE(parse_request(text).ok()) << text;
}

TEST(Request, Ports_OfAnOrdinaryChute_AreTheTwoBasePorts) {
    EXPECT_EQ(parsed(request_document()).ports(), (std::vector<Port>{{8000, "TCP"}, {8001, "TCP"}}));
}

TEST(Request, Ports_IncludeAttestation_OnlyForTeeWithANewRuntime) {
    Json document = request_document();
    document["offer"]["chutesVersion"] = "0.6.0";
    EXPECT_EQ(parsed(document).ports().size(), 2u);
    document["offer"]["requirements"]["tee"] = true;
    EXPECT_EQ(parsed(document).ports().back(), (Port{8002, "TCP"}));
    document["offer"]["chutesVersion"] = "0.5.9";
    EXPECT_EQ(parsed(document).ports().size(), 2u);
}

TEST(Request, Ports_OfAJob_AreUniqueByProtocolAndNumber) {
    Json document = request_document();
    document["deployment"]["jobId"] = "job-1";
    document["offer"]["workload"]["jobs"] =
        Json::parse(R"([{"ports":[{"proto":"tcp","port":2202},{"proto":"http","port":9000}]},
        {"ports":[{"proto":"udp","port":9000},{"proto":"tcp","port":2202},{"proto":"quic","port":9001}]}])");
    EXPECT_EQ(
        parsed(document).ports(),
        (std::vector<Port>{{8000, "TCP"}, {8001, "TCP"}, {2202, "TCP"}, {9000, "TCP"}, {9000, "UDP"}, {9001, "UDP"}}));
}

TEST(Request, Ports_OfAChuteThatIsNoJob_LeaveJobPortsOut) {
    Json document = request_document();
    document["offer"]["workload"]["jobs"] = Json::parse(R"([{"ports":[{"proto":"tcp","port":2202}]}])");
    EXPECT_EQ(parsed(document).ports().size(), 2u);
}

} // namespace
} // namespace chutes
