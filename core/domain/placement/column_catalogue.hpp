// core/domain/placement/column_catalogue.hpp -- the columns that scorers can ask for, as docs/plugins/columns.md lists
// them.
#pragma once
#include "domain/ports/placement_scorer.hpp"

#include <cstdint>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

namespace rigger::placement {

enum class CandidateColumn : uint8_t {
    gpu_free,
    gpu_total,
    gpu_milli_free,
    node_price,
    node_gpus_free,
    node_gpus_total,
    node_tee,
    node_locked,
    node_disk_free_gb,
    node_cpu_free_milli,
    node_memory_free_mib,
    node_failures,
    gpu_milli_0,                  ///< and 15 more: free milli of each card, by GPU id
    gpu_model = gpu_milli_0 + 16, // U32 from here on
    node_index,
};
inline constexpr size_t card_columns = 16; ///< cards of a group beyond these have no column of their own
inline constexpr size_t candidate_f64_columns = 12 + card_columns, candidate_columns = candidate_f64_columns + 2;

enum class WorkloadColumn : uint8_t {
    gpu_count,
    gpu_milli,
    offer_multiplier,
    offer_compute_time,
    offer_invocations,
    offer_rate_limits,
    offer_instances,
    offer_local_instances,
    offer_private,
    offer_tee,
    disk_gb,
    cpu_milli,
    memory_mib,
};
inline constexpr size_t workload_columns = 13;

std::optional<CandidateColumn> find_candidate_column(std::string_view name) noexcept;
std::optional<WorkloadColumn> find_workload_column(std::string_view name) noexcept;
ColumnType column_type(CandidateColumn column) noexcept;
/// Does a placement on the server change this column?
bool changes_with_placement(CandidateColumn column) noexcept;

/// Allocates on 64-byte boundaries in multiples of 64 bytes, as column views promise.
template <typename T> struct CacheAligned {
    using value_type = T;
    CacheAligned() = default;
    template <typename U> CacheAligned(const CacheAligned<U> &) noexcept {}
    T *allocate(size_t n) {
        return static_cast<T *>(::operator new ((n * sizeof(T) + 63) / 64 * 64, std::align_val_t{64}));
    }
    void deallocate(T *p, size_t) noexcept { ::operator delete (p, std::align_val_t{64}); }
    friend bool operator==(const CacheAligned &, const CacheAligned &) { return true; }
};
template <typename T> using Column = std::vector<T, CacheAligned<T>>;

/// Rows come in blocks of 64: one word of a feasibility mask, and whole cache lines of every column type.
inline constexpr size_t block_rows = 64;
constexpr size_t round_up_rows(size_t rows) noexcept { return (rows + block_rows - 1) / block_rows * block_rows; }

} // namespace rigger::placement
