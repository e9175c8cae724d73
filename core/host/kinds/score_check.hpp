// core/host/kinds/score_check.hpp -- the loops over scores: preset, check and copy. Vectorised; compiled with its own
// flags.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rigger::host {

/// A NaN with our own payload, which marks memory behind a row that no scorer may write. No arithmetic makes it.
inline constexpr uint64_t guard_bits = 0x7ff8'5249'4747'4552;

struct ScoreFindings {
    uint64_t out_of_range = 0; ///< below `low` or above `high`, -inf excepted
    uint64_t vetoes = 0;       ///< -inf
};

/// n scores to NaN, then guards up to stride.
void preset_row(double *row, size_t n, size_t stride) noexcept;
/// Copies n scores and says what is in them.
ScoreFindings copy_row(double *to, const double *from, size_t n, double low, double high) noexcept;
/// The same for the rows that `select` names; the others stay as they are in `to`.
ScoreFindings copy_selected(double *to, const double *from, const uint32_t *select, size_t n, double low,
                            double high) noexcept;
bool guards_intact(const double *row, size_t n, size_t stride) noexcept;
/// -inf becomes NaN: a scorer without the grant to veto abstains instead.
void veto_to_abstain(double *row, size_t n) noexcept;

} // namespace rigger::host
