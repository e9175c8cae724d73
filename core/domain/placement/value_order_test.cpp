#include "domain/placement/value_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <random>

namespace rigger::placement {
namespace {

std::vector<uint32_t> order_of(ValueOrder &order, const std::vector<double> &values) {
    order.clear();
    for (const double value : values) order.add(value);
    std::vector<uint32_t> indices;
    for (const ValueOrder::Item &item : order.sorted()) indices.push_back(item.index);
    return indices;
}

TEST(ValueOrder, StandsAsAStableSortDoes) {
    std::mt19937_64 random(7);
    ValueOrder order;
    for (int round = 0; round < 50; ++round) {
        std::vector<double> values(random() % 400);
        for (double &value : values)
            value = round % 2 == 0 ? static_cast<double>(random() % 20) / 4 - 2
                                   : std::uniform_real_distribution(-1e9, 1e9)(random);
        std::vector<uint32_t> expected(values.size());
        for (uint32_t i = 0; i < expected.size(); ++i) expected[i] = i;
        std::stable_sort(expected.begin(), expected.end(),
                         [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
        EXPECT_EQ(order_of(order, values), expected);
    }
}

TEST(ValueOrder, KnowsTheWholeRange_AndOneZero) {
    ValueOrder order;
    EXPECT_EQ(order_of(order, {-0.0, DBL_MAX, 0.0, -DBL_MAX, DBL_TRUE_MIN, -1, 1}),
              (std::vector<uint32_t>{1, 6, 4, 0, 2, 5, 3}));
    const auto zeros = order.sorted().subspan(3, 2);
    EXPECT_EQ(zeros[0].key, zeros[1].key);
}

TEST(ValueOrder, OfNothing_IsEmpty) {
    ValueOrder order;
    EXPECT_TRUE(order.sorted().empty());
}

} // namespace
} // namespace rigger::placement
