#include "domain/placement/scoring.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace rigger::placement {
namespace {

constexpr double abstained = std::numeric_limits<double>::quiet_NaN();
constexpr double vetoed = -std::numeric_limits<double>::infinity();

Error unknown_column(const ScorerTraits &traits, std::string_view table, const std::string &name) {
    return invalid("UnknownColumn",
                   "cannot use scorer '" + traits.name + "': it requires the " + std::string(table) + " column '" +
                       name + "', which this host does not have; docs/plugins/columns.md lists those that exist");
}
Error column_type_error(const ScorerTraits &traits, const std::string &name) {
    return invalid("ColumnType", "cannot use scorer '" + traits.name + "': it declares column '" + name +
                                     "' with another type than docs/plugins/columns.md does; correct the declaration");
}

void note(ScoreScratch &scratch, const ScorerTraits &traits, const Error &error) {
    auto at = std::find_if(scratch.faults.begin(), scratch.faults.end(),
                           [&](const ScorerFault &f) { return f.scorer == traits.name; });
    if (at == scratch.faults.end()) at = scratch.faults.insert(at, {traits.name, {}, 0});
    at->error = error;
    ++at->calls;
}

/// A failed call as the pass sees it: an error for a fail_closed scorer, else a note and abstention.
Status failed(ScoreScratch &scratch, const ScorerTraits &traits, const Error &error) {
    if (traits.fail_closed)
        return Error{Code::unavailable, "ScorerFailed",
                     "placement stopped: scorer '" + traits.name +
                         "', which is configured with on_failure: closed, failed: " + error.message +
                         "; repair it, or set on_failure: open to place without it",
                     error.retry_after_ms};
    note(scratch, traits, error);
    return {};
}

} // namespace

CandidateTable table_of(const Fleet &fleet, const Segment &segment) {
    CandidateTable table{segment.table_id, segment.used, {}};
    for (size_t i = 0; i < candidate_columns; ++i)
        table.columns[i] = fleet.column(static_cast<CandidateColumn>(i), segment.begin);
    return table;
}

const CandidateTable &RowCopy::copy(const Fleet &fleet, std::span<const RowIndex> rows, uint32_t needed, uint64_t id) {
    for (size_t c = 0; c < candidate_f64_columns; ++c) {
        if ((needed >> c & 1) == 0) continue;
        if (f64_[c].size() < rows.size()) f64_[c].resize(round_up_rows(rows.size()));
        const auto *from = static_cast<const double *>(fleet.column(static_cast<CandidateColumn>(c), 0));
        for (size_t i = 0; i < rows.size(); ++i) f64_[c][i] = from[rows[i]];
        table_.columns[c] = f64_[c].data();
    }
    for (size_t c = candidate_f64_columns; c < candidate_columns; ++c) {
        if ((needed >> c & 1) == 0) continue;
        auto &column = u32_[c - candidate_f64_columns];
        if (column.size() < rows.size()) column.resize(round_up_rows(rows.size()));
        const auto *from = static_cast<const uint32_t *>(fleet.column(static_cast<CandidateColumn>(c), 0));
        for (size_t i = 0; i < rows.size(); ++i) column[i] = from[rows[i]];
        table_.columns[c] = column.data();
    }
    table_.id = id;
    table_.rows = rows.size();
    return table_;
}

void WorkloadBatch::gather(const Market &market, std::span<const OfferIndex> offers, uint32_t needed) {
    needed_ = needed;
    shown_ = offers.size();
    offers_.assign(offers.begin(), offers.end());
    for (size_t c = 0; c < workload_columns; ++c) {
        if ((needed >> c & 1) == 0) continue;
        if (columns_[c].size() < offers.size()) columns_[c].resize(round_up_rows(offers.size()));
        const double *from = market.column(static_cast<WorkloadColumn>(c));
        double *to = columns_[c].data();
        for (size_t w = 0; w < offers.size(); ++w) to[w] = from[offers[w]];
    }
}

void WorkloadBatch::update(const Market &market, size_t w) {
    for (size_t c = 0; c < workload_columns; ++c)
        if (needed_ >> c & 1) columns_[c][w] = market.value(static_cast<WorkloadColumn>(c), offers_[w]);
}

void WorkloadBatch::add_copies(size_t w, double copies) {
    for (const WorkloadColumn counted : {WorkloadColumn::offer_instances, WorkloadColumn::offer_local_instances})
        if (auto &column = columns_[static_cast<size_t>(counted)]; w < column.size()) column[w] += copies;
}

bool ScorerSet::per_usd() const noexcept {
    const auto unit = [](const Slot &slot) -> const std::string & { return slot.binding.scorer->traits().unit; };
    bool everywhere = false;
    for (const Slot &slot : value_slots_) {
        everywhere = everywhere || slot.binding.sources.empty();
        if (unit(slot) != unit(value_slots_[0]) || !unit(slot).ends_with("/USD")) return false;
    }
    return everywhere;
}

bool ScorerSet::Slot::covers(const SourceName &source) const {
    return binding.sources.empty() ||
           std::find(binding.sources.begin(), binding.sources.end(), source) != binding.sources.end();
}

Result<ScorerSet> ScorerSet::make(std::vector<ScorerBinding> bindings) {
    ScorerSet set;
    for (ScorerBinding &binding : bindings) {
        if (!binding.scorer) return internal_error("a scorer binding without a scorer");
        const ScorerTraits &traits = binding.scorer->traits();
        Slot slot;
        for (const ColumnSpec &spec : traits.candidate_columns) {
            const auto column = find_candidate_column(spec.name);
            if (!column && !spec.optional) return unknown_column(traits, "candidate", spec.name);
            if (column && column_type(*column) != spec.type) return column_type_error(traits, spec.name);
            slot.candidate_columns.push_back(column ? static_cast<int>(*column) : -1);
            if (!column) continue;
            set.candidate_needs_ |= 1u << static_cast<unsigned>(*column);
            if (changes_with_placement(*column)) set.reads_room_ = true;
        }
        for (const ColumnSpec &spec : traits.workload_columns) {
            const auto column = find_workload_column(spec.name);
            if (!column && !spec.optional) return unknown_column(traits, "workload", spec.name);
            if (column && spec.type != ColumnType::f64) return column_type_error(traits, spec.name);
            slot.workload_columns.push_back(column ? static_cast<int>(*column) : -1);
            if (!column) continue;
            set.workload_needs_ |= 1u << static_cast<unsigned>(*column);
            if (*column == WorkloadColumn::offer_instances || *column == WorkloadColumn::offer_local_instances)
                set.reads_copies_ = true;
        }
        set.concurrent_ = set.concurrent_ && traits.concurrent;
        set.pure_ = set.pure_ && traits.pure;
        set.reads_mix_ = set.reads_mix_ || traits.reads_mix;
        slot.binding = std::move(binding);
        (traits.role == ScoreRole::value ? set.value_slots_ : set.preference_slots_).push_back(std::move(slot));
    }
    return set;
}

void ScorerSet::view_workloads(const Slot &slot, const WorkloadBatch &workloads, ScoreScratch &scratch) {
    scratch.workload_views.resize(slot.workload_columns.size());
    for (size_t i = 0; i < slot.workload_columns.size(); ++i) {
        const int column = slot.workload_columns[i];
        scratch.workload_views[i] =
            column < 0 ? ColumnView{}
                       : ColumnView{workloads.column(static_cast<WorkloadColumn>(column)), nullptr, ColumnType::f64};
    }
}

Status ScorerSet::call(const Slot &slot, const CandidateTable &candidates, const WorkloadBatch &workloads,
                       const Market &market, size_t stride, double *scores, ScoreScratch &scratch) const {
    scratch.candidate_views.resize(slot.candidate_columns.size());
    for (size_t i = 0; i < slot.candidate_columns.size(); ++i) {
        const int column = slot.candidate_columns[i];
        scratch.candidate_views[i] = column < 0 ? ColumnView{}
                                                : ColumnView{candidates.columns[static_cast<size_t>(column)], nullptr,
                                                             column_type(static_cast<CandidateColumn>(column))};
    }
    view_workloads(slot, workloads, scratch);
    ScoreBatchView batch;
    batch.snapshot_id = candidates.id;
    batch.candidates = {candidates.rows, scratch.candidate_views};
    batch.workloads = {workloads.size(), scratch.workload_views};
    batch.mix = market.mix();
    batch.stride = stride;
    batch.scores = scores;
    std::fill_n(scores, workloads.size() * stride, abstained);
    return slot.binding.scorer->score(batch);
}

size_t ScorerSet::value_slot(const Offer &offer) const {
    size_t i = 0;
    while (i < value_slots_.size() && !value_slots_[i].covers(offer.source)) ++i;
    return i;
}

Status ScorerSet::values(const CandidateTable &candidates, const WorkloadBatch &workloads, const Market &market,
                         const ScoreOutput &out, ScoreScratch &scratch) const {
    const size_t cells = workloads.size() * out.stride;
    const auto one_slot = [&](size_t slot, double *to) -> Status {
        if (const Status status = call(value_slots_[slot], candidates, workloads, market, out.stride, to, scratch);
            !status.ok()) {
            std::fill_n(to, cells, abstained);
            RIG_TRY(failed(scratch, value_slots_[slot].binding.scorer->traits(), status.error()));
        }
        return {};
    };
    if (value_slots_.empty()) {
        std::fill_n(out.result, cells, 1.0);
        return {};
    }
    if (value_slots_.size() == 1 && value_slots_[0].binding.sources.empty()) return one_slot(0, out.result);
    std::fill_n(out.result, cells, 1.0);
    scratch.scores.resize(std::max(scratch.scores.size(), cells));
    for (size_t slot = 0; slot < value_slots_.size(); ++slot) {
        const auto is_ours = [&](size_t w) { return value_slot(*market.at(workloads.offer(w)).offer) == slot; };
        bool any = false;
        for (size_t w = 0; w < workloads.size() && !any; ++w) any = is_ours(w);
        if (!any) continue;
        RIG_TRY(one_slot(slot, scratch.scores.data()));
        for (size_t w = 0; w < workloads.size(); ++w)
            if (is_ours(w))
                std::copy_n(scratch.scores.data() + w * out.stride, out.stride, out.result + w * out.stride);
    }
    return {};
}

Status ScorerSet::score(const CandidateTable &candidates, const WorkloadBatch &workloads, const Market &market,
                        double preference_share, const ScoreOutput &out, ScoreScratch &scratch) const {
    RIG_TRY(values(candidates, workloads, market, out, scratch));
    const size_t cells = workloads.size() * out.stride;
    if (out.base) std::copy_n(out.result, cells, out.base);
    if (out.preference) std::fill_n(out.preference, cells, 0.0);
    if (preference_slots_.empty()) return {};

    scratch.scores.resize(std::max(scratch.scores.size(), cells));
    scratch.weighted.assign(cells, 0);
    scratch.weights.assign(cells, 0);
    for (const Slot &slot : preference_slots_) {
        const ScorerTraits &traits = slot.binding.scorer->traits();
        if (const Status status = call(slot, candidates, workloads, market, out.stride, scratch.scores.data(), scratch);
            !status.ok()) {
            RIG_TRY(failed(scratch, traits, status.error()));
            continue;
        }
        const double weight = traits.weight > 0 ? traits.weight : 0;
        const double range = traits.score_max - traits.score_min, scale = range > 0 ? 1 / range : 0;
        const double veto = traits.may_veto ? vetoed : abstained;
        for (size_t w = 0; w < workloads.size(); ++w) {
            if (!slot.covers(market.at(workloads.offer(w)).offer->source)) continue;
            const double *score = scratch.scores.data() + w * out.stride;
            double *sum = scratch.weighted.data() + w * out.stride, *weights = scratch.weights.data() + w * out.stride;
            for (size_t c = 0; c < out.stride; ++c) {
                const bool spoke = score[c] > vetoed; // neither NaN nor -infinity
                const double rescaled = std::min(1.0, std::max(0.0, (score[c] - traits.score_min) * scale));
                sum[c] += spoke ? weight * rescaled : 0;
                weights[c] += spoke ? weight : 0;
            }
            if (!traits.may_veto) continue;
            for (size_t c = 0; c < out.stride; ++c)
                if (score[c] == veto) out.result[w * out.stride + c] = veto;
        }
    }
    for (size_t i = 0; i < cells; ++i) {
        const double preference = scratch.weights[i] > 0 ? scratch.weighted[i] / scratch.weights[i] : 0;
        // A vetoed pair stays so: -infinity times a positive number.
        out.result[i] *= 1 + preference_share * preference;
        if (out.preference) out.preference[i] = preference;
    }
    return {};
}

Status ScorerSet::appraise(Market &market, std::span<const OfferIndex> offers, ScoreScratch &scratch) const {
    for (const OfferIndex index : offers) market.set_gain(index, -std::numeric_limits<double>::infinity());
    WorkloadBatch batch;
    std::vector<double> gains;
    for (size_t slot = 0; slot < value_slots_.size(); ++slot) {
        std::vector<OfferIndex> ours;
        for (const OfferIndex index : offers)
            if (market.at(index).offer && value_slot(*market.at(index).offer) == slot) ours.push_back(index);
        if (ours.empty()) continue;
        batch.gather(market, ours, workload_needs_);
        view_workloads(value_slots_[slot], batch, scratch);
        gains.assign(ours.size(), abstained);
        PlacementScorer &scorer = *value_slots_[slot].binding.scorer;
        if (const Status status = scorer.appraise({ours.size(), scratch.workload_views}, gains); !status.ok()) {
            if (status.error().code == Code::unsupported) continue;
            RIG_TRY(failed(scratch, scorer.traits(), status.error()));
            continue;
        }
        for (size_t i = 0; i < ours.size(); ++i)
            if (std::isfinite(gains[i])) market.set_gain(ours[i], gains[i]);
    }
    return {};
}

void ScorerSet::collect(ScoreScratch &scratch, std::vector<ScorerFault> &faults) {
    for (ScorerFault &fault : scratch.faults) {
        auto at =
            std::find_if(faults.begin(), faults.end(), [&](const ScorerFault &f) { return f.scorer == fault.scorer; });
        if (at == faults.end()) faults.push_back(std::move(fault));
        else at->calls += fault.calls;
    }
    scratch.faults.clear();
}

} // namespace rigger::placement
