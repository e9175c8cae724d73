#include "engine/clock/system_clock.hpp"

#include <gtest/gtest.h>

namespace rigger {
namespace {

TEST(SystemClock, MonotonicTime_NeverGoesBack) {
    const SystemClock clock;
    MonoTime last = clock.monotonic();
    for (int i = 0; i < 10000; ++i) {
        const MonoTime now = clock.monotonic();
        ASSERT_GE(now, last);
        last = now;
    }
}

TEST(SystemClock, WallTime_IsNanosecondsSinceTheEpoch) {
    const auto expected =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    EXPECT_NEAR(static_cast<double>(SystemClock().wall().ns), static_cast<double>(expected), 5e9);
}

} // namespace
} // namespace rigger
