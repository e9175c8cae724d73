#include "domain/gpu_model.hpp"
#include "domain/objects.hpp"
#include "domain/server.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rigger {
namespace {

NodeView node(const std::string &labels, const std::string &annotations = "{}", const std::string &gpus = "8") {
    const auto read = project_node(
        R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"gpu-01","uid":"u","labels":)" + labels +
        R"(,"annotations":)" + annotations +
        R"(},"status":{"capacity":{"cpu":"128","memory":"1056763456Ki","nvidia.com/gpu":")" + gpus + R"("}}})");
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    return read ? *read : NodeView{};
}

TEST(Node, GpusAreCounted_WhereNobodyToldTheirIds) {
    const NodeDeclaration said = read_declaration(node(R"({"chutes/worker":"true"})"));
    EXPECT_FALSE(said.gpus);
    EXPECT_EQ(said.counted_gpus, 8);
    EXPECT_EQ(counted_gpu_id("gpu-01", 7), "gpu-01:7");
    EXPECT_TRUE(is_counted_gpu("gpu-01:7"));
    EXPECT_FALSE(is_counted_gpu("2d6b762842e9f38dc18bb02d7aa913dc"));
}

TEST(Node, SharesOfADevice_AreNoDevices) {
    EXPECT_EQ(read_declaration(node(R"({"nvidia.com/gpu.count":"2"})")).counted_gpus, 2);
}
TEST(Node, ThatItIsCordoned_IsSeen) {
    const auto read = [](const char *spec) {
        return project_node(std::string(R"({"kind":"Node","metadata":{"name":"n"},"spec":)") + spec + "}")->cordoned;
    };
    EXPECT_TRUE(read(R"({"unschedulable":true})"));
    EXPECT_FALSE(read("{}"));
}

int gpus_asked_for(const std::string &spec) {
    const auto pod = project_pod(R"({"kind":"Pod","metadata":{"name":"p"},"spec":)" + spec + "}");
    EXPECT_TRUE(pod) << (pod ? "" : pod.error().message);
    return pod ? pod->gpu_request : -1;
}

TEST(Pod, AsksForTheGpusOfAllItsContainers_OrOfTheOneThatInitialisesIt) {
    EXPECT_EQ(gpus_asked_for(R"({"containers":[{"name":"a"}]})"), 0);
    EXPECT_EQ(gpus_asked_for(R"({"containers":[{"resources":{"limits":{"nvidia.com/gpu":"2"}}},
                                               {"resources":{"requests":{"nvidia.com/gpu":1}}}]})"),
              3);
    EXPECT_EQ(gpus_asked_for(R"({"containers":[{"resources":{"limits":{"nvidia.com/gpu":"1"}}}],
                                 "initContainers":[{"resources":{"limits":{"nvidia.com/gpu":"4"}}},
                                                   {"resources":{"limits":{"nvidia.com/gpu":"2"}}}]})"),
              4);
    EXPECT_EQ(gpus_asked_for(R"({"containers":[{"resources":{"limits":{"nvidia.com/gpu":"1e99"}}}]})"), 64);
}

TEST(Server, SetsGpusAsideForOthers_TheReservedOnesFirst_NeverOneInUse) {
    Server server;
    for (const char *id : {"a", "b", "c", "d"}) server.gpus.push_back({GpuId(id), {}, {}, {}, true, false, false, {}});
    server.gpus[0].reserved = true;
    server.gpus[3].deployment = DeploymentId("mine");
    const auto aside = [&](int others) {
        server.gpus_of_others = others;
        server.set_gpus_aside();
        std::string ids;
        for (const Gpu &gpu : server.gpus) ids += gpu.set_aside ? gpu.id.value : "";
        return ids;
    };
    EXPECT_EQ(aside(1), "a");
    EXPECT_EQ(aside(2), "ac");
    EXPECT_EQ(aside(9), "abc");
    EXPECT_EQ(aside(0), "");
}

TEST(Server, GivesNoNamedGpuAway_WhileOneIsHeldByNumber) {
    Server server;
    for (const char *id : {"a", "b", "gpu-01:0"})
        server.gpus.push_back({GpuId(id), {}, {}, {}, true, false, false, {}});
    const auto free = [&] {
        server.set_gpus_aside();
        return std::count_if(server.gpus.begin(), server.gpus.end(), [](const Gpu &gpu) { return gpu.free(); });
    };
    EXPECT_FALSE(server.held_by_number());
    server.gpus[2].deployment = DeploymentId("older");
    EXPECT_TRUE(server.held_by_number());
    EXPECT_EQ(free(), 0);
    server.gpus.pop_back();
    EXPECT_EQ(free(), 2);
    server.gpus = {{GpuId("gpu-01:0"), {}, {}, {}, true, false, false, DeploymentId("older")},
                   {GpuId("gpu-01:1"), {}, {}, {}, true, false, false, {}}};
    EXPECT_FALSE(server.held_by_number()) << "numbers among themselves are as good as names";
    EXPECT_EQ(free(), 1);
}

TEST(Node, AnAbsurdCapacity_IsBounded) { EXPECT_EQ(read_declaration(node("{}", "{}", "2000000000")).counted_gpus, 64); }

TEST(Node, AnAnnotationThatCannotBeRead_IsNotReplacedByACount) {
    const NodeDeclaration said = read_declaration(node("{}", R"({"rigger.dev/gpus":"8"})"));
    EXPECT_FALSE(said.gpus);
    EXPECT_EQ(said.counted_gpus, 0);
    EXPECT_EQ(said.problems.size(), 1U);
}

TEST(Node, APriceIsMoreThanNothing) {
    const auto said = [](const std::string &price) {
        return read_declaration(node("{}", R"({"rigger.dev/hourly-cost":")" + price + "\"}"));
    };
    EXPECT_EQ(said("1.85").hourly_cost, 1.85);
    EXPECT_EQ(said("0.0001").hourly_cost, 0.0001);
    for (const char *price : {"0", "0.0", "-0", "-1", "free", "nan", "inf"}) {
        EXPECT_FALSE(said(price).hourly_cost) << price;
        ASSERT_EQ(said(price).problems.size(), 1U) << price;
        EXPECT_EQ(said(price).problems.front(), "annotation rigger.dev/hourly-cost '" + std::string(price) +
                                                    "' is not a price; give USD per GPU-hour, more than 0");
    }
}

TEST(Node, TheWorkerLabelCounts_WhateverItsValue_ButFalse) {
    EXPECT_TRUE(read_declaration(node(R"({"chutes/worker":"true"})")).worker);
    EXPECT_TRUE(read_declaration(node(R"({"chutes/worker":""})")).worker);
    EXPECT_FALSE(read_declaration(node(R"({"chutes/worker":"false"})")).worker);
    EXPECT_FALSE(read_declaration(node("{}")).worker);
}

TEST(Node, TheModel_IsTheLabelledOne_OrFollowsFromTheProduct) {
    EXPECT_EQ(node(R"({"gpu-short-ref":"h100_sxm","nvidia.com/gpu.product":"NVIDIA-L4"})").gpu_model, "h100_sxm");
    EXPECT_EQ(node(R"({"nvidia.com/gpu.product":"NVIDIA-L4"})").gpu_model, "l4");
}

TEST(Node, SharesPerGpu_FollowTheFormulas) {
    const NodeView n = node("{}"); // 126 CPUs and 1001 GB are left to the workloads
    EXPECT_EQ(cpu_per_gpu(n), 4);
    EXPECT_EQ(memory_per_gpu(n, 81559), 79);
    EXPECT_EQ(memory_per_gpu(n, 200000), 100);
    EXPECT_EQ(memory_per_gpu(n, std::nullopt), 100) << "a GPU of unknown size bounds nothing";
    EXPECT_EQ(memory_per_gpu(n, 32), 1) << "a workload without memory cannot start";
}

TEST(GpuModel, ProductNames_GiveTheMarketsShortRefs) {
    const std::pair<const char *, const char *> cases[] = {{"NVIDIA-H100-80GB-HBM3", "h100_sxm"},
                                                           {"NVIDIA-H100-PCIe", "h100"},
                                                           {"NVIDIA-H100-NVL", "h100_nvl"},
                                                           {"NVIDIA-H200", "h200"},
                                                           {"NVIDIA-H20", "h20"},
                                                           {"NVIDIA-A100-SXM4-80GB", "a100_sxm"},
                                                           {"NVIDIA-A100-SXM4-40GB", "a100_40gb_sxm"},
                                                           {"NVIDIA-A100-80GB-PCIe", "a100"},
                                                           {"NVIDIA-A100-PCIE-40GB", "a100_40gb"},
                                                           {"NVIDIA-L4", "l4"},
                                                           {"NVIDIA-L40", "l40"},
                                                           {"NVIDIA-L40S", "l40s"},
                                                           {"NVIDIA-A10", "a10"},
                                                           {"NVIDIA-A40", "a40"},
                                                           {"NVIDIA-RTX-A6000", "a6000"},
                                                           {"NVIDIA-RTX-6000-Ada-Generation", "a6000_ada"},
                                                           {"NVIDIA-GeForce-RTX-4090", "4090"},
                                                           {"NVIDIA-GeForce-RTX-4090-SHARED", "4090"},
                                                           {"NVIDIA-B200", "b200"},
                                                           {"NVIDIA H100 80GB HBM3", "h100_sxm"},
                                                           {"Tesla-T4", "tesla_t4"},
                                                           {"NVIDIA-A10G", "a10g"},
                                                           {"", ""}};
    for (const auto &[product, ref] : cases) EXPECT_EQ(gpu_short_ref(product), ref) << product;
}

} // namespace
} // namespace rigger
