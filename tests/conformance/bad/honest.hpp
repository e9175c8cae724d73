// honest.hpp -- the scorer without a fault that each bad plugin takes as its base.
#pragma once
#include <rigger/sdk/plugin.hpp>

#include <string>

namespace bad {

/// 0..1: the share of a group that stays free. Pure, explains itself.
class Honest : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {
        {"gpu.free", RIG_COL_F64, 0}, {"gpu.total", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{"gpu.count", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = 0.0, score_max = 1.0;

    Honest(rig::Host, std::string_view) {}

    static double pair(double free, double total, double wanted) {
        const double left = free - wanted;
        return left < 0 || total <= 0 ? __builtin_nan("") : left / total;
    }
    double pair(const rig::ScoreBatch &b, size_t w, size_t c) const {
        return pair(b.candidate(0)[c], b.candidate(1)[c], b.workload(0)[w]);
    }
    rig::Status score(const rig::ScoreBatch &b) override {
        for (size_t w = 0; w < b.workloads(); ++w)
            for (size_t c = 0; c < b.candidates(); ++c) b.scores(w)[c] = pair(b, w, c);
        return {};
    }
    rig::Result<std::string> explain(const rig::ScoreBatch &b, size_t w, size_t c) override {
        return explanation(pair(b, w, c));
    }

protected:
    static std::string explanation(double score) {
        return R"({"terms":[{"name":"score","value":)" +
               (score == score ? std::to_string(score) : std::string("null")) +
               R"(}],"text":"share of the group that stays free"})";
    }
};

} // namespace bad

#define BAD_SCORER(CLASS, FLAGS)                                                                                   \
    namespace {                                                                                                    \
    constexpr rig_component kBad = rig::scorer<CLASS>(RIG_PLUGIN_ID, "A deliberately bad plugin",                  \
                                                      R"({"type":"object","additionalProperties":false})", FLAGS); \
    }                                                                                                              \
    RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kBad)
