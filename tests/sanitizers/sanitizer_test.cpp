// What a sanitized build must not let pass. Each fault happens in a child.
#include <gtest/gtest.h>

#include <climits>
#include <cstdlib>
#include <thread>

namespace {

bool ended_with_a_fault(int status) { return status != 0; }

#ifdef RIGGER_EXPECT_thread
TEST(ThreadSanitizer, SeesARace) {
    EXPECT_EXIT(
        {
            int shared = 0;
            std::thread other([&] { ++shared; });
            ++shared;
            other.join();
            std::exit(0);
        },
        ended_with_a_fault, "data race");
}
#endif

#ifdef RIGGER_EXPECT_address
TEST(AddressSanitizer, SeesAUseAfterFree) {
    EXPECT_EXIT(
        {
            int *volatile gone = new int(1);
            delete gone;
            const volatile int read = *gone;
            std::exit(read & 0);
        },
        ended_with_a_fault, "heap-use-after-free");
}

void lose() { *new volatile int = 1; }

TEST(AddressSanitizer, SeesALeak) {
    EXPECT_EXIT(
        {
            for (int i = 0; i < 100; ++i) lose(); // the stack may still hold the last one
            std::exit(0);
        },
        ended_with_a_fault, "detected memory leaks");
}
#endif

#ifdef RIGGER_EXPECT_undefined
TEST(UndefinedBehaviorSanitizer, SeesASignedOverflow) {
    EXPECT_EXIT(
        {
            volatile int most = INT_MAX;
            most = most + 1;
            std::exit(0);
        },
        ended_with_a_fault, "signed integer overflow");
}
#endif

} // namespace
