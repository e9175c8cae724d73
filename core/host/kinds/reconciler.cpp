#include "host/kinds/adapters.hpp"
#include "host/kinds/detachable.hpp"
#include "host/kinds/documents_in.hpp"

#include <rigger/abi/kind/reconciler.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
constexpr size_t max_actions = 10'000;
constexpr size_t max_watches = 16;
constexpr size_t failing_keys_to_trip = 5;
constexpr Duration first_backoff = 1s, longest_backoff = 5min;

struct Pass {
    std::string key, desired, observed;
    std::vector<ProposedAction> actions;
    Status malformed;
    rig_reconcile_result result{sizeof(rig_reconcile_result), 0, 0};
    rig_action_sink table{};
};

rig_code on_action(void *ctx, rig_str id, rig_doc action) noexcept {
    const HostTime ours;
    auto &pass = *static_cast<Pass *>(ctx);
    try {
        Status ok = view(id).empty() || view(id).size() > 512
                        ? Status(invalid("DocumentInvalid", "action: its id is empty or too long"))
                        : check_action(view(action));
        if (ok.ok() && pass.actions.size() >= max_actions)
            ok = invalid("TooManyActions", "more than 10000 actions in one pass");
        if (!ok.ok()) {
            if (pass.malformed.ok()) pass.malformed = std::move(ok);
            return RIG_E_INVALID;
        }
        pass.actions.push_back({std::string(view(id)), std::string(view(action))});
        return RIG_OK;
    } catch (...) { return RIG_E_EXHAUSTED; }
}

class ReconcilerPort final : public Reconciler {
public:
    explicit ReconcilerPort(std::shared_ptr<Instance> instance)
        : instance_(std::move(instance)), table_(*static_cast<const rig_reconciler *>(instance_->table())) {
        for (size_t i = 0; table_.watches[i] && i < max_watches; ++i) watches_.emplace_back(table_.watches[i]);
    }

    const std::string &name() const override { return instance_->name(); }
    const std::vector<std::string> &watches() const override { return watches_; }

    Result<Reconciliation> reconcile(const CallContext &context, std::string_view key, std::string_view desired,
                                     std::string_view observed) override {
        RIG_TRY(admit(std::string(key)));
        const auto pass = std::make_shared<Pass>();
        pass->key = key;
        pass->desired = desired;
        pass->observed = observed;
        pass->table = {sizeof(rig_action_sink), pass.get(), &on_action};
        const CallSpec spec{"reconcile", instance_->setup().limits.of("reconcile")};
        Status done =
            instance_->call(spec, context, [pass, t = &table_](rig_instance *i, const rig_call *c, rig_error *e) {
                return t->reconcile(i, c, str(pass->key), bytes(pass->desired), bytes(pass->observed), &pass->table,
                                    &pass->result, e);
            });
        if (done.ok() && !pass->malformed.ok()) {
            instance_->misbehaved("reconcile", "MalformedDocument",
                                  "key '" + pass->key.substr(0, 64) + "': " + pass->malformed.error().message);
            done = instance_->blame("reconcile",
                                    Error{Code::internal, "MalformedDocument", pass->malformed.error().message, 0});
        }
        settle(std::string(key), done);
        if (!done.ok()) return done.error();
        return Reconciliation{std::move(pass->actions), pass->result.requeue_after_ns};
    }

private:
    struct Failing {
        MonoTime until;
        Duration backoff;
    };

    /// A key that failed keeps its last state until its back-off has passed; the others go on.
    Status admit(const std::string &key) {
        const MonoTime now = instance_->machinery().clock.monotonic();
        const std::lock_guard lock(mutex_);
        const auto at = failing_.find(key);
        if (at == failing_.end() || now >= at->second.until) return {};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at->second.until - now);
        return Error{Code::unavailable, "BackingOff", "reconciler '" + name() + "' failed on this key and waits",
                     static_cast<uint32_t>(left.count() + 1)};
    }

    void settle(const std::string &key, const Status &done) {
        const MonoTime now = instance_->machinery().clock.monotonic();
        size_t failing = 0;
        {
            const std::lock_guard lock(mutex_);
            if (done.ok()) {
                failing_.erase(key);
                return;
            }
            if (done.error().code != Code::internal && done.error().code != Code::deadline) return;
            Failing &f = failing_[key];
            f.backoff = f.backoff.count() == 0 ? first_backoff : std::min(longest_backoff, f.backoff * 2);
            f.until = now + f.backoff;
            failing = failing_.size();
            if (failing >= failing_keys_to_trip) failing_.clear();
        }
        if (failing >= failing_keys_to_trip)
            instance_->trip("reconcile: failed on " + std::to_string(failing) +
                            " keys, the last time: " + done.error().message);
    }

    std::shared_ptr<Instance> instance_;
    const rig_reconciler &table_;
    std::vector<std::string> watches_;
    std::mutex mutex_;
    std::map<std::string, Failing> failing_;
};
} // namespace

std::shared_ptr<Reconciler> make_reconciler(std::shared_ptr<Instance> instance) {
    return std::make_shared<ReconcilerPort>(std::move(instance));
}

} // namespace rigger::host
