// runtime/simulated.hpp -- containers that exist only as times on the host's clock: pulled, started, ready, and ended
// as scripted.
#pragma once
#include "runtime/runtime.hpp"
#include "runtime/script.hpp"

#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace cluster_local {

class SimulatedRuntime final : public Runtime {
public:
    explicit SimulatedRuntime(const Script &script) : script_(script) {} ///< the script must outlive the runtime

    void launch(const PodTask &, uint64_t now) override;
    void adopt(const PodTask &, Stage, uint64_t age_ns, uint64_t now) override;
    void stop(int64_t pod, uint64_t grace_ns, uint64_t now) override;
    void forget(int64_t pod) override { pods_.erase(pod); }
    void forget_all() override;
    std::optional<RuntimeReport> next(uint64_t now) override;
    uint64_t due() const override { return times_.empty() ? kNever : times_.top().at; }
    std::string logs(const PodTask &, std::string_view container, const LogSpan &) const override;

private:
    enum class Step : uint8_t { pull, start, ready, end, stop, idle };
    struct Pod {
        uint64_t generation = 0; ///< entries of times_ with another one are stale
        uint64_t launched = 0, started = 0, due = 0, image = 0;
        const Rule *rule = nullptr;
        Step step = Step::idle;
        uint8_t pull_failures = 0;
        bool pull_named = false; ///< the failing pull was reported as ErrImagePull
    };
    struct Due {
        uint64_t at, generation;
        int64_t pod;
        bool operator<(const Due &o) const noexcept { return at != o.at ? at > o.at : generation > o.generation; }
    };

    Pod &begin(const PodTask &, uint64_t now);
    void schedule(int64_t id, Pod &, Step, uint64_t at);
    void after_start(int64_t id, Pod &, uint64_t now);
    uint64_t pull_time(const Pod &) const;
    bool failing(const Pod &, Outcome, uint64_t now) const;
    std::optional<RuntimeReport> pulled(int64_t id, Pod &, uint64_t now);
    RuntimeReport ended(int64_t id, const Rule &) const;

    const Script &script_;
    std::unordered_map<int64_t, Pod> pods_;
    std::unordered_set<uint64_t> images_; ///< hashes of (node, image) that are on the node
    std::priority_queue<Due> times_;
    uint64_t generation_ = 0;
};

} // namespace cluster_local
