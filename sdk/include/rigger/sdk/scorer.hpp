// rigger/sdk/scorer.hpp -- write a placement scorer: derive from rig::Scorer, declare with
// rig::scorer<YourScorer>(...).
#pragma once
#include <rigger/abi/kind/placement_scorer.h>
#include <rigger/sdk/host.hpp>

#include <cstddef>
#include <type_traits>

/// Before a function with a scorer's inner loop: GCC on x86-64 compiles it twice, for AVX2 machines and for all others,
/// and the dynamic linker picks. Put the loop into a free function of pointers and counts; elsewhere the macro is
/// empty.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define RIG_VECTORISED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define RIG_VECTORISED
#endif

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

template <typename T> struct Column { // no copy, no virtual: a pointer the compiler can vectorise over
    const T *data;
    size_t size;
    const T &operator[](size_t i) const noexcept { return data[i]; }
    explicit operator bool() const noexcept { return data != nullptr; } ///< false: optional column absent
};

/// Columns by position in candidate_columns / workload_columns. Valid during the call.
class ScoreBatch {
public:
    explicit ScoreBatch(const rig_score_batch &b) noexcept : b_(b) {}
    size_t candidates() const noexcept { return b_.candidates.rows; }
    size_t workloads() const noexcept { return b_.workloads.rows; }
    uint64_t snapshot() const noexcept { return b_.snapshot_id; }
    Column<double> candidate(size_t i) const noexcept { return candidate_as<double>(i); }
    Column<double> workload(size_t i) const noexcept { return workload_as<double>(i); }
    template <typename T> Column<T> candidate_as(size_t i) const noexcept {
        return {static_cast<const T *>(b_.candidates.column[i].data), candidates()};
    }
    template <typename T> Column<T> workload_as(size_t i) const noexcept {
        return {static_cast<const T *>(b_.workloads.column[i].data), workloads()};
    }
    /// Columns of the workload mix by RIG_MIX_*; empty: this host does not know it, or the scorer does not declare
    /// `reads`.
    size_t mix_kinds() const noexcept { return has_mix() ? b_.mix.rows : 0; }
    uint64_t mix_id() const noexcept { return has_mix() ? b_.mix_id : 0; }
    Column<double> mix(size_t i) const noexcept {
        return {static_cast<const double *>(b_.mix.column[i].data), b_.mix.rows};
    }
    Column<int64_t> mix_models() const noexcept {
        return {static_cast<const int64_t *>(b_.mix.column[RIG_MIX_MODELS].data), b_.mix.rows};
    }
    double *scores(size_t w) const noexcept { return b_.scores + w * b_.score_stride; }
    const rig_score_batch &raw() const noexcept { return b_; }

private:
    bool has_mix() const noexcept {
        return b_.struct_size >= offsetof(rig_score_batch, mix_id) + sizeof b_.mix_id &&
               b_.mix.columns >= RIG_MIX_COLUMNS;
    }
    const rig_score_batch &b_;
};

/// Workload columns only, for appraise().
class WorkloadTable {
public:
    explicit WorkloadTable(const rig_table &t) noexcept : t_(t) {}
    size_t workloads() const noexcept { return t_.rows; }
    Column<double> workload(size_t i) const noexcept {
        return {static_cast<const double *>(t_.column[i].data), workloads()};
    }

private:
    const rig_table &t_;
};

/// The derived class declares
///   static constexpr rig_column_spec candidate_columns[], workload_columns[];  // ended by {nullptr, 0, 0}
///   static constexpr double score_min, score_max;                              // range of a preference score
///   static constexpr uint32_t role = RIG_ROLE_VALUE;                           // optional; default: preference
///   static constexpr const char *unit = "...";                                 // optional; of a value score
///   static constexpr uint32_t reads = RIG_READS_MIX; // optional; what else scores depend on
class Scorer : public Component {
public:
    virtual Status score(const ScoreBatch &) = 0;
    /// One pair's reasons as JSON; default: unsupported.
    virtual Result<std::string> explain(const ScoreBatch &, size_t /*workload*/, size_t /*candidate*/) {
        return Error{RIG_E_UNSUPPORTED, "Unsupported", "this scorer does not explain", 0};
    }
    /// Value scorers: worth of one more instance per workload, before cost.
    virtual Status appraise(const WorkloadTable &, double * /*values*/) { return detail::unsupported("appraise"); }
};

namespace detail {
template <typename C, typename = void> struct RoleOf { static constexpr uint32_t value = RIG_ROLE_PREFERENCE; };
template <typename C> struct RoleOf<C, std::void_t<decltype(C::role)>> { static constexpr uint32_t value = C::role; };
template <typename C, typename = void> struct UnitOf { static constexpr const char *value = nullptr; };
template <typename C> struct UnitOf<C, std::void_t<decltype(C::unit)>> {
    static constexpr const char *value = C::unit;
};

template <typename C, typename = void> struct ReadsOf { static constexpr uint32_t value = 0; };
template <typename C> struct ReadsOf<C, std::void_t<decltype(C::reads)>> {
    static constexpr uint32_t value = C::reads;
};

template <typename C> struct ScorerKind {
    static constexpr const char *id = RIG_KIND_PLACEMENT_SCORER;
    static C &of(rig_instance *i) noexcept { return Adapter<C, ScorerKind>::of(i); }
    static rig_code score(rig_instance *i, const rig_call *, const rig_score_batch *b, rig_error *e) {
        return guard(e, [&] { return of(i).score(ScoreBatch(*b)); });
    }
    static rig_code explain(rig_instance *i, const rig_call *, const rig_score_batch *b, uint64_t w, uint64_t c,
                            const rig_sink *out, rig_error *e) {
        return guard(e, [&]() -> Status {
            auto text = of(i).explain(ScoreBatch(*b), w, c);
            return text.ok() ? Sink(out).write(*text) : Status(text.error());
        });
    }
    static rig_code appraise(rig_instance *i, const rig_call *, const rig_table *t, double *values, rig_error *e) {
        return guard(e, [&] { return of(i).appraise(WorkloadTable(*t), values); });
    }
    static constexpr rig_placement_scorer table{sizeof(rig_placement_scorer),
                                                C::candidate_columns,
                                                C::workload_columns,
                                                C::score_min,
                                                C::score_max,
                                                &score,
                                                &explain,
                                                RoleOf<C>::value,
                                                0,
                                                UnitOf<C>::value,
                                                RoleOf<C>::value == RIG_ROLE_VALUE ? &appraise : nullptr,
                                                ReadsOf<C>::value,
                                                0};
};
} // namespace detail

template <typename C>
constexpr rig_component scorer(const char *id, const char *title, const char *config_schema, uint64_t flags = 0,
                               const char *const *needs = nullptr) {
    return detail::component<C, detail::ScorerKind>(id, title, config_schema, needs, flags);
}
} // namespace abi1
} // namespace rig
