// One formula, once so that it vectorises, once as an author writes it first, and a scorer that does nothing: the
// border alone.
#include <rigger/sdk/plugin.hpp>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define FAST __attribute__((optimize("O3"), target_clones("arch=x86-64-v3", "default")))
#else
#define FAST
#endif

namespace {

FAST void row(double *__restrict out, const double *__restrict free, const double *__restrict total,
              const double *__restrict price, size_t n, double wanted) {
    for (size_t c = 0; c < n; ++c) {
        const double left = free[c] - wanted;
        const double score = 1.0 - left / total[c] - 0.01 * price[c];
        out[c] = left < 0 ? -__builtin_inf() : score;
    }
}

struct Shape : rig::Scorer {
    static constexpr rig_column_spec candidate_columns[] = {
        {"gpu.free", RIG_COL_F64, 0}, {"gpu.total", RIG_COL_F64, 0}, {"node.price", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr rig_column_spec workload_columns[] = {{"gpu.count", RIG_COL_F64, 0}, {nullptr, 0, 0}};
    static constexpr double score_min = -10, score_max = 10;
    Shape(rig::Host, std::string_view) {}
};

struct Fast final : Shape {
    using Shape::Shape;
    rig::Status score(const rig::ScoreBatch &b) override {
        for (size_t w = 0; w < b.workloads(); ++w)
            row(b.scores(w), b.candidate(0).data, b.candidate(1).data, b.candidate(2).data, b.candidates(),
                b.workload(0)[w]);
        return {};
    }
};

struct Plain final : Shape {
    using Shape::Shape;
    rig::Status score(const rig::ScoreBatch &b) override {
        for (size_t w = 0; w < b.workloads(); ++w)
            for (size_t c = 0; c < b.candidates(); ++c) {
                const double left = b.candidate(0)[c] - b.workload(0)[w];
                if (left < 0) b.scores(w)[c] = -__builtin_inf();
                else b.scores(w)[c] = 1.0 - left / b.candidate(1)[c] - 0.01 * b.candidate(2)[c];
            }
        return {};
    }
};

struct Empty final : Shape {
    using Shape::Shape;
    rig::Status score(const rig::ScoreBatch &) override { return {}; }
};

constexpr rig_component kFast =
    rig::scorer<Fast>("com.example.bench.fast", "Fast", nullptr, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
constexpr rig_component kPlain =
    rig::scorer<Plain>("com.example.bench.plain", "Plain", nullptr, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
constexpr rig_component kEmpty =
    rig::scorer<Empty>("com.example.bench.empty", "Empty", nullptr, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kFast, &kPlain, &kEmpty);
