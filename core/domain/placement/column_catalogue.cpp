#include "domain/placement/column_catalogue.hpp"

#include <algorithm>
#include <array>

namespace rigger::placement {
namespace {

constexpr std::array<std::string_view, candidate_columns> candidate_names{"gpu.free",
                                                                          "gpu.total",
                                                                          "gpu.milli_free",
                                                                          "node.price",
                                                                          "node.gpus_free",
                                                                          "node.gpus_total",
                                                                          "node.tee",
                                                                          "node.locked",
                                                                          "node.disk_free_gb",
                                                                          "node.cpu_free_milli",
                                                                          "node.memory_free_mib",
                                                                          "node.failures",
                                                                          "gpu.milli_0",
                                                                          "gpu.milli_1",
                                                                          "gpu.milli_2",
                                                                          "gpu.milli_3",
                                                                          "gpu.milli_4",
                                                                          "gpu.milli_5",
                                                                          "gpu.milli_6",
                                                                          "gpu.milli_7",
                                                                          "gpu.milli_8",
                                                                          "gpu.milli_9",
                                                                          "gpu.milli_10",
                                                                          "gpu.milli_11",
                                                                          "gpu.milli_12",
                                                                          "gpu.milli_13",
                                                                          "gpu.milli_14",
                                                                          "gpu.milli_15",
                                                                          "gpu.model",
                                                                          "node.index"};
constexpr std::array<std::string_view, workload_columns> workload_names{
    "gpu.count",         "gpu.milli",         "offer.multiplier", "offer.compute_time",
    "offer.invocations", "offer.rate_limits", "offer.instances",  "offer.local_instances",
    "offer.private",     "offer.tee",         "disk.gb",          "cpu.milli",
    "memory.mib"};

template <typename Enum, size_t n>
std::optional<Enum> find(const std::array<std::string_view, n> &names, std::string_view name) noexcept {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return static_cast<Enum>(at - names.begin());
}

} // namespace

std::optional<CandidateColumn> find_candidate_column(std::string_view name) noexcept {
    return find<CandidateColumn>(candidate_names, name);
}

std::optional<WorkloadColumn> find_workload_column(std::string_view name) noexcept {
    return find<WorkloadColumn>(workload_names, name);
}

ColumnType column_type(CandidateColumn column) noexcept {
    return static_cast<size_t>(column) < candidate_f64_columns ? ColumnType::f64 : ColumnType::u32;
}

bool changes_with_placement(CandidateColumn column) noexcept {
    if (column >= CandidateColumn::gpu_milli_0 && column < CandidateColumn::gpu_model) return true;
    switch (column) {
    case CandidateColumn::gpu_free:
    case CandidateColumn::gpu_milli_free:
    case CandidateColumn::node_gpus_free:
    case CandidateColumn::node_disk_free_gb:
    case CandidateColumn::node_cpu_free_milli:
    case CandidateColumn::node_memory_free_mib: return true;
    default: return false;
    }
}

} // namespace rigger::placement
