// core/host/guard/breaker.hpp -- circuit breaker: stops calling what keeps failing, and tries again by itself.
//
// closed --(failures within the last `of` calls, or within `window`)--> open --(after `open`, doubling to 5 min)-->
// half-open, which admits one call at a time; three good ones close it, a bad one opens it again. Not thread-safe; time
// is an argument.
#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <deque>
#include <string_view>

namespace rigger::host {

struct BreakerPolicy {
    uint32_t failures = 5, of = 20;
    Duration window{0};                       ///< not 0: outcomes older than this do not count
    Duration open = std::chrono::seconds(30); ///< first span; doubles with every re-opening
    Duration cap = std::chrono::minutes(5);
    uint32_t good_to_close = 3;
};

class Breaker {
public:
    enum class State : uint8_t { closed, open, half_open };

    explicit Breaker(BreakerPolicy policy) : policy_(policy) {}

    /// May a call go through now? One that may must be followed by success(), failure() or neutral().
    bool admit(MonoTime now);
    void success(MonoTime now);
    void failure(MonoTime now);
    void neutral();          ///< the call said nothing about the plugin: a half-open probe's place is free again
    void trip(MonoTime now); ///< opens it at once
    void reset();            ///< an operator's wish: closed, nothing remembered

    State state(MonoTime now) const;
    /// Until the next call is admitted; 0 when one would be now.
    Duration retry_after(MonoTime now) const;

private:
    struct Outcome {
        MonoTime at;
        bool failed;
    };
    void open(MonoTime now);
    uint32_t recent_failures(MonoTime now);

    BreakerPolicy policy_;
    std::deque<Outcome> outcomes_;
    State state_ = State::closed;
    MonoTime until_;
    Duration span_{0}; ///< of the last opening; 0: none since the last closing
    bool probing_ = false;
    uint32_t good_ = 0;
};

std::string_view breaker_name(Breaker::State state) noexcept;

} // namespace rigger::host
