// A scorer that breaks the one rule of scoring that a BAD_ define names.
#include "honest.hpp"

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

namespace {

[[maybe_unused]] uint64_t cpu_us() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_nsec) / 1'000;
}

class Scores final : public bad::Honest {
public:
    using Honest::Honest;

    rig::Status score(const rig::ScoreBatch &b) override {
        (void)Honest::score(b);
#if defined(BAD_CODE) // of no header, and no word with it
        return rig::Error{999, "", "", 0};
#endif
#if defined(BAD_LATE) // right, but half a second after any sensible deadline
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
#endif
#if defined(BAD_BUSY) // right, but with ten times the processor time that is allowed
        for (const uint64_t begun = cpu_us(); cpu_us() - begun < 10'000;) {}
#endif
#if defined(BAD_SLOW) // some microseconds a pair: a small batch is in time, a large one is not
        const auto until = std::chrono::steady_clock::now() +
                           std::chrono::microseconds(4) * static_cast<int64_t>(b.workloads() * b.candidates());
        std::this_thread::sleep_until(until);
#endif
        for (size_t w = 0; w < b.workloads(); ++w) {
            double *const row = b.scores(w);
            for (size_t c = 0; c < b.candidates(); ++c) row[c] = spoil(row[c], b, w, c);
#if defined(BAD_PAST_ROW) // stays inside the buffer as a whole, so that it harms scores and not the heap
            if (b.raw().score_stride > b.candidates() || w + 1 < b.workloads()) row[b.candidates()] = 0.5;
#endif
        }
#if defined(BAD_BEFORE_ROW)
        b.scores(0)[-1] = 0.5;
#elif defined(BAD_FAR_PAST_ROW)
        b.scores(b.workloads() - 1)[b.candidates() + 512] = 0.5;
#endif
        return {};
    }
#if defined(BAD_EXPLAIN)
    rig::Result<std::string> explain(const rig::ScoreBatch &, size_t, size_t) override { return explanation(0.123); }
#endif

private:
    double spoil(double score, const rig::ScoreBatch &b, size_t w, size_t c) {
        (void)score, (void)b, (void)w, (void)c;
#if defined(BAD_NAN)
        return __builtin_nan("");
#elif defined(BAD_RANGE)
        return score + 17.0;
#elif defined(BAD_INFINITE)
        return score == score ? __builtin_inf() : score;
#elif defined(BAD_IMPURE)
        return score * 0.5 + 1e-6 * static_cast<double>(calls_++ % 1000);
#elif defined(BAD_BATCH)
        return score * 0.5 + 0.4 * static_cast<double>(c + 1) / static_cast<double>(b.candidates());
#else
        return score;
#endif
    }
    [[maybe_unused]] std::atomic<uint64_t> calls_{0};
};

} // namespace

BAD_SCORER(Scores, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
