#include "control/runtime/answer_desk.hpp"

#include <algorithm>

namespace rigger {
namespace {
constexpr Duration longest_nap = std::chrono::milliseconds(50); ///< a cancel flag cannot wake anybody
}

Duration AnswerDesk::nap(const CallContext &call) const {
    const MonoTime now = clock_.monotonic();
    if (call.deadline.ns <= now.ns) return Duration::zero();
    const uint64_t left = call.deadline.ns - now.ns;
    return std::min(longest_nap, Duration(static_cast<int64_t>(std::min<uint64_t>(left, INT64_MAX))));
}

RequestId AnswerDesk::open() {
    const std::lock_guard hold(lock_);
    requests_[next_];
    return next_++;
}

void AnswerDesk::answer(RequestId request, Result<std::string> result) {
    const std::lock_guard hold(lock_);
    const auto at = requests_.find(request);
    if (at == requests_.end()) return; // its caller gave up
    at->second = std::move(result);
    changed_.notify_all();
}

Result<std::string> AnswerDesk::wait(RequestId request, const CallContext &call) {
    std::unique_lock hold(lock_);
    for (;;) {
        const auto at = requests_.find(request);
        if (at->second) {
            Result<std::string> result = std::move(*at->second);
            requests_.erase(at);
            return result;
        }
        const Duration pause = nap(call);
        const bool late = pause == Duration::zero(), cancelled = call.is_cancelled();
        if (closed_ || late || cancelled) {
            requests_.erase(at);
            if (closed_)
                return Error{Code::unavailable, "Stopping", "the daemon is stopping; ask again when it runs", 0};
            if (cancelled) return Error{Code::cancelled, "Cancelled", "the caller gave up", 0};
            return Error{
                Code::deadline, "NotDurableYet",
                "it was asked for, but is not confirmed yet; `rigger status` tells whether the store can be written",
                0};
        }
        changed_.wait_for(hold, pause);
    }
}

void AnswerDesk::publish(std::shared_ptr<const Published> published) {
    const uint64_t version = published->snapshot->version;
    {
        const std::lock_guard hold(lock_);
        published_ = std::move(published);
    }
    changed_.notify_all();
    const std::lock_guard hold(callbacks_lock_);
    for (const auto &[id, callback] : callbacks_) callback(version);
}

std::shared_ptr<const Published> AnswerDesk::published() const {
    const std::lock_guard hold(lock_);
    return published_;
}

bool AnswerDesk::wait_beyond(uint64_t version, const CallContext &call) {
    std::unique_lock hold(lock_);
    for (;;) {
        if (closed_) return false;
        if (published_ && published_->snapshot->version > version) return true;
        const Duration pause = nap(call);
        if (pause == Duration::zero() || call.is_cancelled()) return false;
        changed_.wait_for(hold, pause);
    }
}

uint64_t AnswerDesk::subscribe(std::function<void(uint64_t)> on_change) {
    const std::lock_guard hold(callbacks_lock_);
    callbacks_[next_callback_] = std::move(on_change);
    return next_callback_++;
}

void AnswerDesk::unsubscribe(uint64_t subscription) {
    const std::lock_guard hold(callbacks_lock_);
    callbacks_.erase(subscription);
}

void AnswerDesk::close() {
    {
        const std::lock_guard hold(lock_);
        closed_ = true;
    }
    changed_.notify_all();
}

} // namespace rigger
