// core/control/runtime/sinks.hpp -- from what a watch delivers to messages of the loop. Projection happens here, off
// the loop's thread.
#pragma once
#include "control/runtime/message_queue.hpp"
#include "domain/objects.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/validator_source.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace rigger {

/// One per call of watch(). Ends the watch when the queue is closed or the call is cancelled.
class MarketFeed final : public MarketSink {
public:
    MarketFeed(SourceName source, std::shared_ptr<MessageQueue> queue, const Clock &clock,
               const std::atomic<uint32_t> &cancelled);
    Status offer(Offer offer) override;
    Status instance(SourceInstance instance) override;
    Status removed(std::string_view kind, std::string_view id, std::string_view reason) override;
    Status mark(std::string_view kind, Mark mark) override;
    Status event(std::string_view id, std::string_view document) override;
    Status checkpoint(std::string_view resume_token) override;
    void malformed(std::string_view kind, std::string_view id, const Error &why) override;

private:
    Status send(Message message);
    SourceName source_;
    std::shared_ptr<MessageQueue> queue_; ///< shared: a plugin that does not end its watch may deliver late
    const Clock &clock_;
    const std::atomic<uint32_t> &cancelled_;
};

/// One per watched kind; keeps the resume token between calls, and for them alone: what it resumes is lost with the
/// process.
class ClusterFeed final : public ObjectSink {
public:
    ClusterFeed(std::string backend, ObjectKind kind, std::shared_ptr<MessageQueue> queue, const Clock &clock);
    void begin(const CallContext &call) { cancelled_ = call.cancelled; }
    const std::string &token() const noexcept { return token_; }
    void forget_token() { token_.clear(); }
    MonoTime last_contact() const noexcept { return MonoTime{last_contact_.load(std::memory_order_relaxed)}; }

    Status object(ObjectChange change, std::string_view cluster, std::string_view document) override;
    Status mark(std::string_view cluster, Mark mark, std::string_view detail) override;
    Status checkpoint(std::string_view resume_token) override;

private:
    Status send(Message message);
    ClusterName full_name(std::string_view cluster) const;
    std::string backend_;
    ObjectKind kind_;
    std::shared_ptr<MessageQueue> queue_; ///< shared: a plugin that does not end its watch may deliver late
    const Clock &clock_;
    const std::atomic<uint32_t> *cancelled_ = nullptr;
    std::string token_;
    std::atomic<uint64_t> last_contact_;
};

} // namespace rigger
