// core/domain/placement/value_order.hpp -- sorts many pairs by value: a radix sort, for comparing thousands of doubles
// costs more than scoring them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rigger::placement {

/// Keeps its memory between calls, up to what an ordinary market needs.
class ValueOrder {
public:
    struct Item {
        uint64_t key;   ///< equal for equal values; descends as the value ascends
        uint32_t index; ///< in the order of add()
    };
    void clear() noexcept { items_.clear(); }
    /// `value` is finite. At most 2^32 - 1 items.
    void add(double value);
    /// The items by value, descending; equal ones in the order of add(). Valid until the next call.
    std::span<Item> sorted();
    void trim();

private:
    std::vector<Item> items_, other_;
};

} // namespace rigger::placement
