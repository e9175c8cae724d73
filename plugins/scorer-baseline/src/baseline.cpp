#include "baseline.hpp"

#include "rules.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <string>

namespace baseline {
namespace {

constexpr size_t cpu_column = cards, model_column = cpu_column + 1, index_column = cpu_column + 2,
                 total_column = cpu_column + 3;

Wish wish_of(const rig::ScoreBatch &batch, size_t workload) {
    return {batch.workload(0)[workload], batch.workload(1)[workload], batch.workload(2)[workload]};
}

/// Below 1, so that it only decides among equals.
double earlier_by_name(uint32_t index) { return 0.5 / (1.0 + index * 1e-4); }

} // namespace

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "policy": {"type": "string", "enum": ["fgd", "best-fit", "dot-product", "gpu-packing"], "default": "fgd",
               "description": "fgd: fragmentation gradient descent; best-fit: where least is left; dot-product: where free room times demand is least; gpu-packing: cards and servers in use first; all as published"}
  }
})";

BaselineScorer::BaselineScorer(rig::Host, std::string_view config) {
    const auto object = config.empty() ? nlohmann::json::object() : nlohmann::json::parse(config, nullptr, false);
    const auto at = object.is_object() ? object.find("policy") : object.end();
    if (object.is_object() && at == object.end()) return;
    const std::string policy = object.is_object() && at->is_string() ? at->get<std::string>() : "";
    if (policy == "fgd") policy_ = Policy::fgd;
    else if (policy == "best-fit") policy_ = Policy::best_fit;
    else if (policy == "dot-product") policy_ = Policy::dot_product;
    else if (policy == "gpu-packing") policy_ = Policy::gpu_packing;
    else
        problem_ = rig::Error{RIG_E_INVALID, "ConfigValue",
                              "scorer-baseline: config.policy must be fgd, best-fit, dot-product or gpu-packing", 0};
}

rig::Status BaselineScorer::start() { return problem_; }

Room BaselineScorer::room_of(const rig::ScoreBatch &batch, size_t candidate) {
    Room room;
    const double total = batch.candidate(total_column)[candidate]; // it may be NaN
    room.count = total >= 1 ? static_cast<int>(std::min(total, static_cast<double>(cards))) : 0;
    for (int i = 0; i < room.count; ++i)
        room.milli[i] = std::clamp(batch.candidate(static_cast<size_t>(i))[candidate], 0.0, 1000.0);
    room.cpu = batch.candidate(cpu_column)[candidate];
    room.model = batch.candidate_as<uint32_t>(model_column)[candidate];
    return room;
}

double BaselineScorer::one(const rig::ScoreBatch &batch, size_t workload, const Room &room,
                           std::optional<double> &before, uint32_t index) const {
    const Wish wish = wish_of(batch, workload);
    Room left;
    std::copy_n(room.milli, room.count, left.milli);
    left.count = room.count;
    left.cpu = room.cpu;
    left.model = room.model;
    if (!take(left, wish)) return 0;
    double score = 0;
    switch (policy_) {
    case Policy::fgd:
        if (!before) before = fgd_.fragmentation(room);
        score = Fgd::score(*before, fgd_.fragmentation(left));
        break;
    case Policy::best_fit: score = best_fit(left); break;
    case Policy::dot_product: score = dot_product(room, wish); break;
    case Policy::gpu_packing: score = gpu_packing(room, wish); break;
    }
    return std::clamp(score, 0.0, 100.0) + earlier_by_name(index);
}

rig::Status BaselineScorer::score(const rig::ScoreBatch &batch) {
    if (policy_ == Policy::fgd && batch.mix_kinds() == 0) return {}; // typical tasks are not known: no opinion
    fgd_.follow(batch);
    alike_.group(batch, std::size(workload_columns) - 1);
    for (size_t c = 0; c < batch.candidates(); ++c) {
        const Room room = room_of(batch, c);
        std::optional<double> before;
        const uint32_t index = batch.candidate_as<uint32_t>(index_column)[c];
        for (const size_t w : alike_.firsts()) batch.scores(w)[c] = one(batch, w, room, before, index);
    }
    alike_.share(batch);
    return {};
}

rig::Result<std::string> BaselineScorer::explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) {
    if (policy_ == Policy::fgd && batch.mix_kinds() == 0)
        return std::string(R"({"terms":[],"text":"what is asked for is not known: no opinion"})");
    fgd_.follow(batch);
    const Room room = room_of(batch, candidate);
    std::optional<double> before = fgd_.fragmentation(room);
    const double score = one(batch, workload, room, before, batch.candidate_as<uint32_t>(index_column)[candidate]);
    char text[256];
    std::snprintf(
        text, sizeof text,
        R"({"terms":[{"name":"fragmentation_before","value":%.17g,"unit":"milli-GPU"},{"name":"score","value":%.17g,"unit":"1"}],"text":""})",
        *before, score);
    return std::string(text);
}

} // namespace baseline
