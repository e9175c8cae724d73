// ledger.hpp -- the played validator's records in rig.store, and the events that the host has not confirmed yet.
//
// Without rig.store/1 everything lives in memory and a restart forgets it. Not thread-safe.
#pragma once
#include "validator.hpp"

#include <rigger/sdk/host.hpp>

#include <deque>

namespace catalog {

class Ledger {
public:
    /// `name` keeps the records of several catalogues apart.
    Ledger(rig::Host host, Validator &validator, const std::string &name)
        : host_(host), validator_(validator), prefix_(name + "/") {}

    /// Reads what an earlier run left.
    rig::Status load();

    /// Replay position, so that a restart goes on where it stopped. `started`: when the replay began.
    struct Position {
        std::uint64_t done = 0;
        WallNs started = 0;
    };
    const Position &position() const { return position_; }

    /// Durable first, then visible: on an error nothing has changed. Numbers the events. `position`: where the replay
    /// stands then.
    rig::Status commit(Changes changes, const Position *position = nullptr);

    /// Events after `sequence`, oldest first.
    std::vector<Event> events_after(std::uint64_t sequence) const;
    std::uint64_t last_sequence() const { return next_ - 1; }
    /// The host holds everything up to `sequence`; a tail is kept all the same, for a host that loses its last
    /// checkpoint.
    void confirmed(std::uint64_t sequence);

private:
    rig::Status write(const Changes &changes, const Position *position);

    rig::Host host_;
    Validator &validator_;
    std::string prefix_;
    std::deque<Event> events_;
    std::uint64_t next_ = 1;
    Position position_;
    bool durable_ = true;
};

} // namespace catalog
