#include "host/kinds/adapters.hpp"
#include "host/kinds/documents_in.hpp"
#include "host/kinds/fenced_memory.hpp"
#include "host/kinds/score_check.hpp"
#include "host/kinds/tables.hpp"

#include <rigger/abi/kind/placement_scorer.h>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <string>

namespace rigger::host {
namespace {
constexpr size_t cache_line = 64; ///< bytes of alignment and padding of columns
constexpr size_t guard_doubles = cache_line / sizeof(double);
constexpr size_t max_columns = 64;
constexpr size_t max_kept_scratch = 8;
constexpr uint64_t max_pairs = uint64_t{1} << 31;
constexpr uint64_t small_batch = 20'000; ///< pairs; waited for actively, since sleeping costs more than scoring
constexpr double tolerance = 1e-9;       ///< of the range: rounding is no misbehaviour

size_t width_of(ColumnType type) {
    switch (type) {
    case ColumnType::f64:
    case ColumnType::i64: return 8;
    case ColumnType::u32: return 4;
    case ColumnType::u8: return 1;
    }
    return 8;
}

struct Free {
    void operator()(void *p) const noexcept { ::operator delete (p, std::align_val_t{cache_line}); }
};

/// Memory that grows and is never initialised.
class Buffer {
public:
    void *reserve(size_t bytes) {
        bytes = (bytes + cache_line - 1) / cache_line * cache_line + cache_line;
        if (bytes > size_) {
            memory_.reset(::operator new (bytes, std::align_val_t{cache_line}));
            size_ = bytes;
        }
        return memory_.get();
    }
    size_t size() const noexcept { return size_; }

private:
    std::unique_ptr<void, Free> memory_;
    size_t size_ = 0;
};

/// The mix as the border shows it: aligned columns under an id of its own.
struct MixTable {
    explicit MixTable(std::shared_ptr<const WorkloadMix> from, uint64_t number) : id(number), mix(std::move(from)) {
        const std::vector<double> *const numbers[] = {&mix->share, &mix->gpus, &mix->milli, &mix->cpu_milli,
                                                      &mix->memory_mib};
        static_assert(std::size(numbers) == RIG_MIX_MODELS);
        rows = mix->share.size();
        for (size_t c = 0; c < RIG_MIX_MODELS; ++c) put(c, numbers[c]->data(), RIG_COL_F64);
        put(RIG_MIX_MODELS, mix->models.data(), RIG_COL_I64);
    }
    rig_table table() const noexcept { return {rows, RIG_MIX_COLUMNS, columns}; }
    uint64_t id, rows = 0;
    std::shared_ptr<const WorkloadMix> mix;

private:
    void put(size_t c, const void *data, int32_t type) {
        void *to = memory[c].reserve(rows * 8);
        if (rows != 0) std::memcpy(to, data, rows * 8);
        columns[c] = {to, nullptr, type, 0};
    }
    Buffer memory[RIG_MIX_COLUMNS];
    rig_column columns[RIG_MIX_COLUMNS]{};
};

/// What a scorer writes: rows with guards behind each, and before the first.
struct Scores {
    FencedMemory memory;
    double *rows = nullptr;

    /// All NaN. Rows begin on cache lines and have at least one guard behind them.
    void preset(size_t workloads, size_t candidates) {
        count = workloads;
        width = candidates;
        stride = (candidates + guard_doubles) / guard_doubles * guard_doubles;
        rows = reinterpret_cast<double *>(memory.reserve(stride * workloads * sizeof(double)));
        preset_row(rows - guard_doubles, 0, guard_doubles);
        for (size_t w = 0; w < count; ++w) preset_row(row(w), width, stride);
    }
    double *row(size_t w) const noexcept { return rows + w * stride; }
    /// Where somebody wrote who must not; nullopt: nowhere.
    std::optional<std::string> written_outside() const {
        if (!guards_intact(rows - guard_doubles, 0, guard_doubles)) return "wrote before the beginning of its values";
        for (size_t w = 0; w < count; ++w)
            if (!guards_intact(row(w), width, stride))
                return "wrote behind the end of row " + std::to_string(w) + ": it has " + std::to_string(width) +
                       " values";
        return std::nullopt;
    }
    size_t count = 0, width = 0, stride = 0;
};
static_assert(guard_doubles * sizeof(double) == FencedMemory::front);

/// Everything a scorer may touch during one call. It belongs to the call until the scorer is back.
struct Scratch {
    Scores scores;
    Buffer candidates, workloads, select;
    std::vector<rig_column> candidate_columns, workload_columns;
    std::shared_ptr<const MixTable> mix;
    std::shared_ptr<const void> owner; ///< of columns that are used in place
    rig_score_batch batch{};
};

/// The columns in place when their owner is known, else a copy.
rig_table take_table(const TableView &from, const std::shared_ptr<const void> &owner, std::vector<rig_column> &columns,
                     Buffer &memory) {
    columns.clear();
    size_t bytes = 0;
    const auto padded = [](size_t n) { return (n + cache_line - 1) / cache_line * cache_line; };
    if (!owner)
        for (const ColumnView &c : from.columns)
            bytes +=
                (c.data ? padded(from.rows * width_of(c.type)) : 0) + (c.valid ? padded((from.rows + 63) / 64 * 8) : 0);
    auto *at = owner ? nullptr : static_cast<std::byte *>(memory.reserve(bytes));
    const auto copied = [&](const void *data, size_t n) -> const void * {
        if (!data || owner) return data;
        std::byte *to = at;
        std::memcpy(to, data, n);
        at += padded(n);
        return to;
    };
    for (const ColumnView &c : from.columns)
        columns.push_back({copied(c.data, from.rows * width_of(c.type)),
                           static_cast<const uint64_t *>(copied(c.valid, (from.rows + 63) / 64 * 8)),
                           static_cast<int32_t>(c.type), 0});
    return {from.rows, columns.size(), columns.data()};
}

Result<std::vector<ColumnSpec>> read_specs(const rig_column_spec *specs, const char *what) {
    std::vector<ColumnSpec> out;
    for (size_t i = 0; specs[i].name; ++i) {
        if (i >= max_columns)
            return invalid("TableIncomplete", std::string(what) + " has more than 64 entries or no end");
        if (specs[i].type < RIG_COL_F64 || specs[i].type > RIG_COL_U8)
            return invalid("TableIncomplete", std::string(what) + ": column '" + specs[i].name + "' has unknown type " +
                                                  std::to_string(specs[i].type));
        out.push_back({specs[i].name, static_cast<ColumnType>(specs[i].type), specs[i].optional != 0});
    }
    return out;
}

class Scorer final : public PlacementScorer {
public:
    Scorer(std::shared_ptr<Instance> instance, ScorerTraits traits)
        : instance_(std::move(instance)), table_(scorer_table(instance_->table())), traits_(std::move(traits)) {
        const double slack = (traits_.score_max - traits_.score_min) * tolerance;
        const bool preference = traits_.role == ScoreRole::preference;
        low_ = preference ? traits_.score_min - slack : -DBL_MAX;
        high_ = preference ? traits_.score_max + slack : DBL_MAX;
    }

    const ScorerTraits &traits() const override { return traits_; }

    Status score(const ScoreBatchView &batch) override {
        RIG_TRY(check_batch(batch));
        const uint64_t pairs = batch.candidates.rows * batch.workloads.rows;
        if (pairs == 0) return {};
        auto scratch = take(batch);
        const CallSpec spec{"score", instance_->setup().limits.of_score(pairs), CallSpec::Where::worker, true,
                            pairs <= small_batch};
        RIG_TRY(instance_->call(spec, {},
                                [scratch, score = table_.score](rig_instance *i, const rig_call *c, rig_error *e) {
                                    return score(i, c, &scratch->batch, e);
                                }));
        const Status good = accept(batch, *scratch);
        give_back(std::move(scratch));
        return good;
    }

    Result<std::string> explain(const ScoreBatchView &batch, uint64_t workload, uint64_t candidate) override {
        RIG_TRY(check_batch(batch));
        if (!table_.explain)
            return Error{Code::unsupported, "Unsupported", "scorer '" + traits_.name + "' does not explain", 0};
        if (workload >= batch.workloads.rows || candidate >= batch.candidates.rows)
            return invalid("BadPair", "the pair lies outside the batch");
        const auto scratch = take(batch);
        const CallSpec spec{"explain", instance_->setup().limits.of("explain")};
        return document_call(
            *instance_, spec, {}, std::make_shared<DocumentCall>(),
            [scratch, workload, candidate, explain = table_.explain](rig_instance *i, const rig_call *c, DocumentCall &,
                                                                     const rig_sink *out, rig_error *e) {
                return explain(i, c, &scratch->batch, workload, candidate, out, e);
            },
            [](const std::string &text) {
                return check_document(text, {size_t{1} << 20, 32});
            });
    }

    Status appraise(const TableView &workloads, std::span<double> values) override {
        if (!table_.appraise)
            return Error{Code::unsupported, "Unsupported", "scorer '" + traits_.name + "' does not appraise", 0};
        if (values.size() != workloads.rows || workloads.columns.size() != traits_.workload_columns.size())
            return invalid("BadBatch", "the table does not fit the scorer's columns");
        if (workloads.rows == 0) return {};
        auto scratch = std::make_shared<Scratch>();
        scratch->batch.workloads = take_table(workloads, nullptr, scratch->workload_columns, scratch->workloads);
        scratch->scores.preset(1, values.size());
        const Budget least = instance_->setup().limits.of("appraise"),
                     grown = instance_->setup().limits.of_score(workloads.rows);
        const CallSpec spec{"appraise",
                            {std::max(least.soft, grown.soft), std::max(least.hard, grown.hard)},
                            CallSpec::Where::worker,
                            true,
                            values.size() <= small_batch};
        RIG_TRY(instance_->call(
            spec, {}, [scratch, appraise = table_.appraise](rig_instance *i, const rig_call *c, rig_error *e) {
                return appraise(i, c, &scratch->batch.workloads, scratch->scores.rows, e);
            }));
        if (const auto where = scratch->scores.written_outside()) return fault("appraise", "WroteOutside", *where);
        const ScoreFindings found = copy_row(values.data(), scratch->scores.rows, values.size(), -DBL_MAX, DBL_MAX);
        if (found.out_of_range + found.vetoes > 0)
            return fault("appraise", "ScoreOutOfRange",
                         std::to_string(found.out_of_range + found.vetoes) + " values are infinite");
        return {};
    }

private:
    Status check_batch(const ScoreBatchView &b) const {
        const bool fits = b.candidates.columns.size() == traits_.candidate_columns.size() &&
                          b.workloads.columns.size() == traits_.workload_columns.size() &&
                          b.stride >= b.candidates.rows && (b.all || b.select.size() <= b.candidates.rows);
        if (!fits) return invalid("BadBatch", "the batch does not fit the columns of scorer '" + traits_.name + "'");
        if (b.workloads.rows != 0 && b.candidates.rows > max_pairs / b.workloads.rows)
            return invalid("BadBatch", "the batch has more than 2^31 pairs; split it");
        return {};
    }

    std::shared_ptr<Scratch> take(const ScoreBatchView &b) {
        std::shared_ptr<Scratch> s;
        std::shared_ptr<const MixTable> mix;
        {
            const std::lock_guard lock(mutex_);
            const bool told = b.mix && traits_.reads_mix;
            if (told && (!mix_ || mix_->mix != b.mix)) mix_ = std::make_shared<MixTable>(b.mix, ++mixes_);
            if (told) mix = mix_;
            if (!kept_.empty()) {
                s = std::move(kept_.back());
                kept_.pop_back();
            }
        }
        if (!s) s = std::make_shared<Scratch>();
        s->scores.preset(b.workloads.rows, b.candidates.rows);
        s->owner = b.owner;
        rig_score_batch &to = s->batch;
        to = {};
        to.struct_size = sizeof to;
        to.snapshot_id = b.snapshot_id;
        to.candidates = take_table(b.candidates, b.owner, s->candidate_columns, s->candidates);
        to.workloads = take_table(b.workloads, b.owner, s->workload_columns, s->workloads);
        to.score_stride = s->scores.stride;
        to.scores = s->scores.rows;
        s->mix = std::move(mix);
        if (s->mix) {
            to.mix = s->mix->table();
            to.mix_id = s->mix->id;
        }
        if (!b.all) {
            auto *select = static_cast<uint32_t *>(s->select.reserve(b.select.size_bytes()));
            if (!b.select.empty()) std::memcpy(select, b.select.data(), b.select.size_bytes());
            to.select = select;
            to.select_count = b.select.size();
        }
        return s;
    }

    Status accept(const ScoreBatchView &b, const Scratch &s) {
        if (const auto where = s.scores.written_outside()) return fault("score", "WroteOutside", *where);
        const size_t rows = b.candidates.rows;
        uint64_t outside = 0;
        for (uint64_t w = 0; w < b.workloads.rows && outside == 0; ++w) {
            double *to = b.scores + w * b.stride;
            const double *from = s.scores.row(w);
            const ScoreFindings found = b.all ? copy_row(to, from, rows, low_, high_)
                                              : copy_selected(to, from, b.select.data(), b.select.size(), low_, high_);
            outside += found.out_of_range;
            if (found.vetoes > 0 && !traits_.may_veto) veto_to_abstain(to, rows);
        }
        if (outside == 0) return {};
        // The whole batch is void: what else is wrong in it cannot be known.
        for (uint64_t w = 0; w < b.workloads.rows; ++w)
            for (size_t c = 0; c < rows; ++c) b.scores[w * b.stride + c] = std::nan("");
        return fault("score", "ScoreOutOfRange",
                     std::to_string(outside) + " scores of one row lie outside of " +
                         std::to_string(traits_.score_min) + ".." + std::to_string(traits_.score_max) +
                         " or are infinite");
    }

    Status fault(const char *call, const char *reason, const std::string &what) {
        instance_->misbehaved(call, reason, what);
        return instance_->blame(call, Error{Code::internal, reason, what, 0});
    }

    void give_back(std::shared_ptr<Scratch> s) {
        s->owner.reset();
        const std::lock_guard lock(mutex_);
        if (kept_.size() < max_kept_scratch) kept_.push_back(std::move(s));
    }

    std::shared_ptr<Instance> instance_;
    const rig_placement_scorer table_;
    ScorerTraits traits_;
    double low_ = 0, high_ = 1;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Scratch>> kept_;
    std::shared_ptr<const MixTable> mix_; ///< the latest
    uint64_t mixes_ = 0;
};
} // namespace

Result<std::shared_ptr<PlacementScorer>> make_scorer(std::shared_ptr<Instance> instance) {
    const rig_placement_scorer t = scorer_table(instance->table());
    const InstanceSetup &s = instance->setup();
    ScorerTraits traits;
    traits.name = s.name;
    traits.role = t.role == RIG_ROLE_VALUE ? ScoreRole::value : ScoreRole::preference;
    if (t.unit) traits.unit = t.unit;
    traits.score_min = t.score_min;
    traits.score_max = t.score_max;
    traits.weight = s.file.weight;
    traits.may_veto = s.grants.veto;
    traits.pure = (s.flags & RIG_COMPONENT_PURE) != 0;
    traits.concurrent = instance->concurrent();
    traits.reads_mix = (t.reads & RIG_READS_MIX) != 0;
    traits.fail_closed = s.file.on_failure == OnFailure::closed;
    RIG_TRY_ASSIGN(traits.candidate_columns, read_specs(t.candidate_columns, "candidate_columns"));
    RIG_TRY_ASSIGN(traits.workload_columns, read_specs(t.workload_columns, "workload_columns"));
    return std::shared_ptr<PlacementScorer>(std::make_shared<Scorer>(std::move(instance), std::move(traits)));
}

} // namespace rigger::host
