// A directory of its own and a fake host, for tests that need files.
#pragma once
#include "desk.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdlib.h>

namespace catalog::test {

using Json = nlohmann::json;

constexpr uint64_t second = 1'000'000'000;

class MarketTest : public ::testing::Test {
protected:
    MarketTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "catalogue-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
        file = directory / "market.json";
        config = Json{{"market", file.string()}, {"validator", {{"verifySeconds", 20}, {"activateSeconds", 10}}}};
    }
    ~MarketTest() override { std::filesystem::remove_all(directory); }

    void write(const std::filesystem::path &path, const std::string &text) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    }

    static std::string chute(const std::string &id, const std::string &version = "v1") {
        return R"({"chute_id":")" + id + R"(","name":"chute-)" + id + R"(","version":")" + version +
               R"(","image":"sim/vllm:1","chutes_version":"0.3.61","cords":[{}],"supported_gpus":["h100"],"node_selector":{"gpu_count":1}})";
    }
    static std::string market_of(const std::vector<std::string> &ids) {
        std::string chutes, metrics, utilization;
        for (const std::string &id : ids) {
            const char *const comma = chutes.empty() ? "" : ",";
            chutes += comma + chute(id);
            metrics +=
                comma + std::string(R"({"chute_id":")") + id + R"(","instance_count":3,"total_compute_time":100})";
            utilization += comma + std::string(R"({"chute_id":")") + id + R"(","scalable":true})";
        }
        return R"({"chutes":[)" + chutes + R"(],"metrics":[)" + metrics + R"(],"utilization":[)" + utilization + "]}";
    }
    static std::vector<std::string> ids(int n) {
        std::vector<std::string> list;
        for (int i = 0; i < n; ++i) list.push_back("c" + std::to_string(i));
        return list;
    }

    rig::testing::FakeHost host;
    std::filesystem::path directory, file;
    Json config;
};

} // namespace catalog::test
