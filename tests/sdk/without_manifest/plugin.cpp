#include <rigger/sdk/plugin.hpp>

namespace {

class Least final : public rig::Scorer {
public:
    static constexpr rig_column_spec candidate_columns[] = {{"gpu.free", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{"gpu.count", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = 0.0, score_max = 1.0;
    Least(rig::Host host, std::string_view) { host.log(rig::Level::info, "here"); }
    rig::Status score(const rig::ScoreBatch &b) override {
        for (size_t w = 0; w < b.workloads(); ++w)
            for (size_t c = 0; c < b.candidates(); ++c)
                b.scores(w)[c] =
                    b.candidate(0)[c] >= b.workload(0)[w] ? 1.0 / (1.0 + b.candidate(0)[c]) : __builtin_nan("");
        return {};
    }
};
constexpr rig_component kLeast =
    rig::scorer<Least>("com.example.least", "The least scorer", R"({"type":"object","additionalProperties":false})");

} // namespace

RIG_PLUGIN("com.example.least", "1.2.3", &kLeast);
