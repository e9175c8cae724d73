#include "kube/pace.hpp"

#include <algorithm>

namespace kube {

rig::Status Budget::take(const Effort &effort) {
    for (;;) {
        uint64_t wait = 0;
        {
            const std::lock_guard held(lock_);
            const uint64_t now = clock_.mono_ns();
            left_ = std::min(burst_, left_ + rate_ * static_cast<double>(now - at_) / static_cast<double>(second_ns));
            at_ = now;
            if (now < held_until_) {
                wait = held_until_ - now;
            } else if (left_ >= 1) {
                left_ -= 1;
                ++taken_;
                return {};
            } else {
                wait = static_cast<uint64_t>((1 - left_) / rate_ * static_cast<double>(second_ns)) + 1;
            }
        }
        if (rig::Status go = effort.pause(wait); !go.ok()) return go;
    }
}
void Budget::hold(uint64_t span_ns) {
    const std::lock_guard held(lock_);
    held_until_ = std::max(held_until_, clock_.mono_ns() + span_ns);
}
uint64_t Budget::taken() const {
    const std::lock_guard held(lock_);
    return taken_;
}

uint64_t Backoff::next() {
    const uint64_t whole = next_;
    next_ = std::min(cap_, next_ * 2);
    return whole / 2 + std::uniform_int_distribution<uint64_t>(0, whole - whole / 2)(random_);
}

} // namespace kube
