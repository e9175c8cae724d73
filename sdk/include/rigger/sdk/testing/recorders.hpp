// rigger/sdk/testing/recorders.hpp -- receivers that remember what a plugin delivered, and can refuse to take more.
#pragma once
#include <rigger/abi/kinds.h>
#include <rigger/sdk/status.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace testing {

/// The deadline and cancel flag of one call, as the host hands them out.
class FakeCall {
public:
    explicit FakeCall(uint64_t deadline_ns = UINT64_MAX) {
        call_.struct_size = sizeof call_;
        call_.deadline_ns = deadline_ns;
        call_.cancelled = &cancelled_;
    }
    FakeCall(const FakeCall &) = delete;
    FakeCall &operator=(const FakeCall &) = delete;
    void cancel() noexcept { __atomic_store_n(&cancelled_, 1u, __ATOMIC_RELAXED); }
    const rig_call *raw() const noexcept { return &call_; }

private:
    rig_call call_{};
    uint32_t cancelled_ = 0;
};

/// Collects what is written; refuses with `refusal` once more than `room` bytes would be held.
class TextSink {
public:
    explicit TextSink(size_t room = SIZE_MAX, rig_code refusal = RIG_E_EXHAUSTED) : room_(room), refusal_(refusal) {}
    TextSink(const TextSink &) = delete;
    TextSink &operator=(const TextSink &) = delete;
    const rig_sink *raw() const noexcept { return &sink_; }
    const std::string &text() const noexcept { return text_; }
    bool refused() const noexcept { return refused_; }
    bool written_after_refusal() const noexcept { return again_; }

private:
    static rig_code write(void *ctx, const void *data, size_t len) noexcept {
        auto &self = *static_cast<TextSink *>(ctx);
        self.again_ = self.again_ || self.refused_;
        if (len > self.room_ - self.text_.size()) return self.refused_ = true, self.refusal_;
        self.text_.append(static_cast<const char *>(data), len);
        return RIG_OK;
    }
    size_t room_;
    rig_code refusal_;
    bool refused_ = false, again_ = false;
    std::string text_;
    rig_sink sink_{this, &write};
};

/// One delivery of a watch or a listing.
struct Delivery {
    enum What { put, remove, mark, event, checkpoint } what;
    std::string kind;     ///< item kind, or the cluster's name
    std::string id;       ///< item or event id; the detail of a cluster's mark
    std::string document; ///< the item, event, object or resume token; the reason of a removal
    int32_t number = 0;   ///< RIG_MARK_* or RIG_CHANGE_*
};

/// What every recorder of a stream shares. `after` runs after each delivery: to cancel a call or to move a clock,
/// say.
class StreamRecorder {
public:
    StreamRecorder() = default;
    StreamRecorder(const StreamRecorder &) = delete;
    StreamRecorder &operator=(const StreamRecorder &) = delete;
    const std::vector<Delivery> &deliveries() const noexcept { return deliveries_; }
    /// The deliveries of one sort, in order.
    std::vector<Delivery> all(Delivery::What what) const {
        std::vector<Delivery> out;
        for (const Delivery &d : deliveries_)
            if (d.what == what) out.push_back(d);
        return out;
    }
    /// Was this mark delivered for this kind or cluster?
    bool marked(std::string_view kind, int32_t mark) const {
        for (const Delivery &d : deliveries_)
            if (d.what == Delivery::mark && d.kind == kind && d.number == mark) return true;
        return false;
    }
    void after(std::function<void(const Delivery &)> fn) { after_ = std::move(fn); }
    /// From the n-th delivery on (0: the first), answer with this code.
    void refuse_from(size_t n, rig_code code) { refuse_from_ = n, refusal_ = code; }
    bool delivered_after_refusal() const noexcept { return again_; }

protected:
    rig_code take(Delivery d) noexcept {
        try {
            if (deliveries_.size() >= refuse_from_) {
                again_ = again_ || refused_;
                refused_ = true;
                return refusal_;
            }
            deliveries_.push_back(std::move(d));
            if (after_) after_(deliveries_.back());
            return RIG_OK;
        } catch (...) { return RIG_E_EXHAUSTED; }
    }

private:
    std::vector<Delivery> deliveries_;
    std::function<void(const Delivery &)> after_;
    size_t refuse_from_ = SIZE_MAX;
    rig_code refusal_ = RIG_E_UNAVAILABLE;
    bool refused_ = false, again_ = false;
};

/// Where a validator source's watch() delivers.
class MarketRecorder : public StreamRecorder {
public:
    const rig_market_sink *raw() const noexcept { return &sink_; }

private:
    static MarketRecorder &of(void *ctx) { return *static_cast<MarketRecorder *>(ctx); }
    static std::string text(rig_str s) { return std::string(view(s)); }
    static std::string text(rig_bytes s) { return std::string(view(s)); }
    static rig_code put(void *c, rig_str kind, rig_str id, rig_doc item) {
        return of(c).take({Delivery::put, text(kind), text(id), text(item)});
    }
    static rig_code remove(void *c, rig_str kind, rig_str id, rig_str why) {
        return of(c).take({Delivery::remove, text(kind), text(id), text(why)});
    }
    static rig_code mark(void *c, rig_str kind, int32_t m) {
        return of(c).take({Delivery::mark, text(kind), {}, {}, m});
    }
    static rig_code event(void *c, rig_str id, rig_doc e) {
        return of(c).take({Delivery::event, {}, text(id), text(e)});
    }
    static rig_code checkpoint(void *c, rig_bytes token) {
        return of(c).take({Delivery::checkpoint, {}, {}, text(token)});
    }
    rig_market_sink sink_{sizeof(rig_market_sink), this, &put, &remove, &mark, &event, &checkpoint};
};

/// Where a backend's list() and watch() deliver.
class ObjectRecorder : public StreamRecorder {
public:
    const rig_object_sink *raw() const noexcept { return &sink_; }

private:
    static ObjectRecorder &of(void *ctx) { return *static_cast<ObjectRecorder *>(ctx); }
    static rig_code object(void *c, int32_t change, rig_str cluster, rig_doc o) {
        return of(c).take({change == RIG_CHANGE_DELETE ? Delivery::remove : Delivery::put,
                           std::string(view(cluster)),
                           {},
                           std::string(view(o)),
                           change});
    }
    static rig_code mark(void *c, rig_str cluster, int32_t m, rig_str detail) {
        return of(c).take({Delivery::mark, std::string(view(cluster)), std::string(view(detail)), {}, m});
    }
    static rig_code checkpoint(void *c, rig_bytes token) {
        return of(c).take({Delivery::checkpoint, {}, {}, std::string(view(token))});
    }
    rig_object_sink sink_{sizeof(rig_object_sink), this, &object, &mark, &checkpoint};
};

struct ProposedAction {
    std::string id, document;
    bool operator==(const ProposedAction &o) const { return id == o.id && document == o.document; }
};

/// Where a reconciler proposes.
class ActionRecorder {
public:
    ActionRecorder() = default;
    ActionRecorder(const ActionRecorder &) = delete;
    ActionRecorder &operator=(const ActionRecorder &) = delete;
    const rig_action_sink *raw() const noexcept { return &sink_; }
    const std::vector<ProposedAction> &actions() const noexcept { return actions_; }
    void refuse(rig_code code) noexcept { refusal_ = code; }

private:
    static rig_code act(void *ctx, rig_str id, rig_doc action) noexcept {
        auto &self = *static_cast<ActionRecorder *>(ctx);
        if (self.refusal_ != RIG_OK) return self.refusal_;
        self.actions_.push_back({std::string(view(id)), std::string(view(action))});
        return RIG_OK;
    }
    std::vector<ProposedAction> actions_;
    rig_code refusal_ = RIG_OK;
    rig_action_sink sink_{sizeof(rig_action_sink), this, &act};
};

} // namespace testing
} // namespace abi1
} // namespace rig
