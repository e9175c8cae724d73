// core/control/views/control_service.hpp -- the ControlApi: views of the latest snapshot, and verbs that become
// commands of the loop.
#pragma once
#include "control/messages.hpp"
#include "control/perform.hpp"
#include "control/planner.hpp"
#include "control/status.hpp"
#include "domain/ports/commands.hpp"
#include "domain/ports/store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// The running loop as its API sees it. Thread-safe.
class LoopAccess {
public:
    virtual ~LoopAccess() = default;
    /// The latest state; nullptr before the loop has started.
    virtual std::shared_ptr<const Published> published() const = 0;
    /// Hands a command to the loop and waits until it is decided and durable. deadline, cancelled, unavailable
    /// (stopping).
    virtual Result<std::string> submit(const CallContext &call, const std::string &principal,
                                       decltype(Command::what) what) = 0;
    /// Waits for a snapshot newer than `version`. False: deadline, cancelled, or the loop stops.
    virtual bool wait_beyond(uint64_t version, const CallContext &call) = 0;
    virtual MonoTime now() const = 0;
};

/// Thread-safe. Every answer comes from one snapshot; a query never waits for the loop. Only stream() asks clusters.
class ControlService final : public ControlApi {
public:
    struct Facts {
        std::string version;                                  ///< of the daemon
        std::function<std::string()> plugins_status;          ///< JSON array; may be empty
        std::function<std::vector<std::string>()> conditions; ///< what is wrong outside the loop; may be empty
        std::function<std::string()> machinery;               ///< JSON object of the runtime's own queues; may be empty
    };
    /// `ports`: for the views that clusters are asked for.
    ControlService(LoopAccess &loop, Planner &planner, Store &store, const PortTable &ports, Facts facts);

    Result<std::string> query(const Principal &principal, std::string_view view, std::string_view arguments) override;
    Result<std::string> act(const Principal &principal, const CallContext &call, std::string_view verb,
                            std::string_view arguments, const std::function<void(std::string_view)> &progress) override;
    Status stream(const Principal &principal, const CallContext &call, std::string_view view,
                  std::string_view arguments, const std::function<Status(std::string_view)> &pieces) override;

private:
    LoopAccess &loop_;
    Planner &planner_;
    Store &store_;
    const PortTable &ports_;
    Facts facts_;
    MonoTime started_;
};

} // namespace rigger
