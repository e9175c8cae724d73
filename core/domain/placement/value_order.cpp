#include "domain/placement/value_order.hpp"

#include <array>
#include <bit>
#include <memory>
#include <utility>

namespace rigger::placement {
namespace {

constexpr unsigned digit_bits = 11, digits = 6; // 66 bits
constexpr size_t bins = size_t{1} << digit_bits;
constexpr size_t most_kept = size_t{1} << 16;

constexpr size_t digit(uint64_t key, unsigned d) { return key >> d * digit_bits & (bins - 1); }

/// Unsigned order of the keys is the descending order of the values; -0 and 0 are equal.
uint64_t descending_key(double value) {
    const auto bits = std::bit_cast<uint64_t>(value + 0.0);
    return (bits >> 63) != 0 ? bits : ~(bits | uint64_t{1} << 63);
}

} // namespace

void ValueOrder::add(double value) { items_.push_back({descending_key(value), static_cast<uint32_t>(items_.size())}); }

std::span<ValueOrder::Item> ValueOrder::sorted() {
    other_.resize(items_.size());
    const auto counts = std::make_unique<std::array<std::array<uint32_t, bins>, digits>>();
    for (const Item &item : items_)
        for (unsigned d = 0; d < digits; ++d) ++(*counts)[d][digit(item.key, d)];
    for (unsigned d = 0; d < digits; ++d) {
        auto &at = (*counts)[d];
        if (!items_.empty() && at[digit(items_[0].key, d)] == items_.size()) continue; // all alike
        uint32_t sum = 0;
        for (uint32_t &count : at) sum += std::exchange(count, sum);
        for (const Item &item : items_) other_[at[digit(item.key, d)]++] = item;
        items_.swap(other_);
    }
    return items_;
}

void ValueOrder::trim() {
    if (items_.capacity() > most_kept) *this = {};
}

} // namespace rigger::placement
