#include "domain/shared_list.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rigger {
namespace {

using List = SharedList<int>;

std::vector<int> items(const List &list) { return {list.begin(), list.end()}; }
std::vector<int> numbers(size_t count) {
    std::vector<int> made(count);
    for (size_t i = 0; i < count; ++i) made[i] = static_cast<int>(i);
    return made;
}
List successor(const List &last, const std::vector<int> &now) {
    List::Successor made(last);
    for (const int item : now) made.add(item);
    return std::move(made).finish();
}
/// Chunks that the two share, as addresses of their items tell.
size_t shared_items(const List &a, const List &b) {
    size_t same = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) same += &a[i] == &b[i];
    return same;
}

TEST(SharedList, ACopyKeepsWhatItHad_WhicheverIsWrittenTo) {
    const List before = numbers(300);
    List after = before;
    after.set(130, -1);
    after.push_back(300);
    EXPECT_EQ(items(before), numbers(300));
    EXPECT_EQ(after[130], -1);
    EXPECT_EQ(after.back(), 300);
    EXPECT_EQ(after.size(), 301u);
    EXPECT_EQ(shared_items(before, after), List::chunk_items) << "the first of three chunks";
}

TEST(SharedList, EraseMovesUpWhatStandsBehind) {
    for (const size_t size : {size_t{1}, size_t{128}, size_t{129}, size_t{300}})
        for (const size_t at : {size_t{0}, size / 2, size - 1}) {
            const List before = numbers(size);
            List after = before;
            after.erase(at);
            std::vector<int> expected = numbers(size);
            expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
            EXPECT_EQ(items(after), expected);
            EXPECT_EQ(items(before), numbers(size));
        }
}

TEST(SharedList, Successor_SharesTheChunksInWhichNothingDiffers) {
    const List last = numbers(1000);
    EXPECT_EQ(shared_items(successor(last, numbers(1000)), last), 1000u);
    std::vector<int> now = numbers(1000);
    now[500] = -1;
    const List changed = successor(last, now);
    EXPECT_EQ(items(changed), now);
    EXPECT_EQ(shared_items(changed, last), 1000u - List::chunk_items);
    now.push_back(1000);
    EXPECT_EQ(items(successor(changed, now)), now);
    now.resize(900);
    EXPECT_EQ(items(successor(changed, now)), now);
    EXPECT_TRUE(successor(changed, {}).empty());
}

TEST(SharedList, RandomSuccessors_AreWhatWasAdded_AndTheirHeadsAndTailsAreFound) {
    std::mt19937 random(7);
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    for (int round = 0; round < 2000; ++round) {
        std::vector<int> was = numbers(below(600));
        const List last = was;
        std::vector<int> now = was;
        for (size_t edits = below(4); edits > 0; --edits) {
            const auto at = static_cast<std::ptrdiff_t>(below(now.size() + 1));
            const size_t kind = below(3);
            if (kind == 0) now.insert(now.begin() + at, -1);
            else if (!now.empty() && at < static_cast<std::ptrdiff_t>(now.size())) {
                if (kind == 1) now.erase(now.begin() + at);
                else now[static_cast<size_t>(at)] = -2;
            }
        }
        const List made = successor(last, now);
        ASSERT_EQ(items(made), now) << "round " << round;
        const auto head =
            static_cast<size_t>(std::mismatch(was.begin(), was.end(), now.begin(), now.end()).first - was.begin());
        const size_t most = std::min(was.size(), now.size()) - head;
        size_t tail = 0;
        while (tail < most && was[was.size() - 1 - tail] == now[now.size() - 1 - tail]) ++tail;
        ASSERT_EQ(last.first_difference(made), head) << "round " << round;
        ASSERT_EQ(last.common_tail(made, head), tail) << "round " << round;
        ASSERT_EQ(made.common_tail(last, head), tail) << "round " << round;
        size_t place = below(std::min(was.size(), now.size()) + 1);
        const size_t found = last.first_difference(made, place);
        while (place < std::min(was.size(), now.size()) && was[place] == now[place]) ++place;
        ASSERT_EQ(found, place) << "round " << round;
    }
}

} // namespace
} // namespace rigger
