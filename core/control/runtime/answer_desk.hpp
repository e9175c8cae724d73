// core/control/runtime/answer_desk.hpp -- where callers of the API wait for what the loop decides, and for new
// snapshots.
#pragma once
#include "base/status.hpp"
#include "control/messages.hpp"
#include "control/status.hpp"
#include "domain/ports/call.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace rigger {

/// Thread-safe.
class AnswerDesk {
public:
    explicit AnswerDesk(const Clock &clock) : clock_(clock) {}

    RequestId open();
    void answer(RequestId request, Result<std::string> result);
    /// The answer, or deadline, cancelled, unavailable (closing). The request is closed then.
    Result<std::string> wait(RequestId request, const CallContext &call);

    void publish(std::shared_ptr<const Published> published);
    std::shared_ptr<const Published> published() const;
    bool wait_beyond(uint64_t version, const CallContext &call);

    uint64_t subscribe(std::function<void(uint64_t)> on_change);
    void unsubscribe(uint64_t subscription);
    /// Everybody who waits is told that the loop stops.
    void close();

private:
    /// How long a waiter may sleep before it looks at its deadline and cancel flag again.
    Duration nap(const CallContext &call) const;

    const Clock &clock_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::map<RequestId, std::optional<Result<std::string>>> requests_;
    std::shared_ptr<const Published> published_;
    RequestId next_ = 1;
    bool closed_ = false;
    std::mutex callbacks_lock_; ///< held while callbacks run
    std::map<uint64_t, std::function<void(uint64_t)>> callbacks_;
    uint64_t next_callback_ = 1;
};

} // namespace rigger
