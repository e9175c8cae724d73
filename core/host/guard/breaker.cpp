#include "host/guard/breaker.hpp"

#include <algorithm>

namespace rigger::host {

bool Breaker::admit(MonoTime now) {
    if (state_ == State::closed) return true;
    if (state_ == State::open) {
        if (now < until_) return false;
        state_ = State::half_open;
        good_ = 0;
        probing_ = false;
    }
    if (probing_) return false;
    probing_ = true;
    return true;
}

void Breaker::success(MonoTime now) {
    if (state_ == State::half_open) {
        probing_ = false;
        if (++good_ >= policy_.good_to_close) reset();
        return;
    }
    outcomes_.push_back({now, false});
    if (outcomes_.size() > policy_.of) outcomes_.pop_front();
}

void Breaker::failure(MonoTime now) {
    if (state_ == State::open) return; // a call from before the opening
    if (state_ == State::half_open) return open(now);
    outcomes_.push_back({now, true});
    if (outcomes_.size() > policy_.of) outcomes_.pop_front();
    if (recent_failures(now) >= policy_.failures) open(now);
}

void Breaker::neutral() { probing_ = false; }

void Breaker::trip(MonoTime now) {
    if (state_ != State::open) open(now);
}

void Breaker::reset() {
    state_ = State::closed;
    outcomes_.clear();
    span_ = Duration{0};
    probing_ = false;
    good_ = 0;
}

void Breaker::open(MonoTime now) {
    span_ = span_.count() == 0 ? policy_.open : std::min(policy_.cap, span_ * 2);
    span_ = std::min(span_, policy_.cap);
    until_ = now + span_;
    state_ = State::open;
    probing_ = false;
    outcomes_.clear();
}

uint32_t Breaker::recent_failures(MonoTime now) {
    if (policy_.window.count() > 0)
        while (!outcomes_.empty() && now - outcomes_.front().at > policy_.window) outcomes_.pop_front();
    return static_cast<uint32_t>(
        std::count_if(outcomes_.begin(), outcomes_.end(), [](const Outcome &o) { return o.failed; }));
}

Breaker::State Breaker::state(MonoTime now) const {
    return state_ == State::open && now >= until_ ? State::half_open : state_;
}

Duration Breaker::retry_after(MonoTime now) const {
    if (state_ == State::open && now < until_) return until_ - now;
    return Duration{0};
}

std::string_view breaker_name(Breaker::State state) noexcept {
    switch (state) {
    case Breaker::State::closed: return "closed";
    case Breaker::State::open: return "open";
    case Breaker::State::half_open: return "half-open";
    }
    return "closed";
}

} // namespace rigger::host
