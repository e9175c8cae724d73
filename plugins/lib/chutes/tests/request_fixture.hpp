// A complete render request that tests alter.
#pragma once
#include <chutes/request.hpp>

#include <nlohmann/json.hpp>

namespace chutes::test {

using Json = nlohmann::json;

inline Json request_document() {
    return Json::parse(R"({
      "deployment": {"id": "0b2c0f6e-1111-4222-8333-444455556666", "jobId": null},
      "offer": {"id": "67df1c06-67ff-59e9-a4ed-922799194af3", "name": "demo-llm", "version": "4facc5be-2aaf-5747-a6d6-16489dd4decc",
                "image": "sim/vllm:0.10", "chutesVersion": "0.3.61",
                "requirements": {"gpuCount": 2, "gpuModels": ["h100_sxm"], "tee": false, "diskGb": 10},
                "workload": {"refStr": "chute:chute", "filename": "chute.py", "code": "print(1)\n"}},
      "server": {"id": "node-1", "name": "gpu-01", "ipAddress": "198.51.100.7", "validator": "5Val", "cpuPerGpu": 4, "memoryPerGpu": 60,
                 "tee": false, "labels": {}},
      "gpus": [{"id": "2d6b762842e9f38dc18bb02d7aa913dc", "model": "h100_sxm"}, {"id": "3d6b762842e9f38dc18bb02d7aa913dd", "model": "h100_sxm"}],
      "grant": {"token": "jwt-secret", "configId": "11111111-2222-4333-8444-555555555555"},
      "namespace": "chutes", "applied": []})");
}

inline Request parsed(const Json &document) {
    auto request = parse_request(document.dump());
    if (!request.ok()) throw std::runtime_error(request.error().message);
    return std::move(*request);
}

/// The Service as a cluster answers it: node ports 30000, 30001, ... in reverse order.
inline Json applied_service(const Json &service) {
    Json stored = service;
    int next = 30000;
    for (Json &port : stored["spec"]["ports"]) port["nodePort"] = next++;
    std::reverse(stored["spec"]["ports"].begin(), stored["spec"]["ports"].end());
    stored["metadata"]["uid"] = "u-1";
    return stored;
}

} // namespace chutes::test
