// core/control/control_metrics.hpp -- the loop's own figures. Names are listed in docs/operators/metrics.md.
#pragma once
#include "domain/ports/metrics.hpp"
#include "domain/snapshot.hpp"

#include <string_view>

namespace rigger {

struct LoopStatus;

/// Thread-safe, like the registry behind it.
class ControlMetrics {
public:
    explicit ControlMetrics(Metrics &metrics);

    void decision(std::string_view verb, std::string_view cause); ///< every deploy, terminate, remove, release
    void held_back(std::string_view code);
    void effect(std::string_view name, std::string_view outcome, double seconds);
    void loop(std::string_view name, double seconds, bool ok);
    void message(double seconds) { metrics_.add(message_seconds_, seconds); }
    void commit(double seconds, bool ok);
    void lag(double seconds) { metrics_.set(lag_, seconds); }
    void queues(size_t messages, size_t commits, size_t effects);
    void snapshot(const Snapshot &snapshot, const LoopStatus &status);
    void disconnect(std::string_view port);
    void malformed(std::string_view port);
    void clock_jump();

private:
    Metrics &metrics_;
    Metrics::Handle message_seconds_, commit_seconds_, commit_failures_, lag_, messages_, commits_, effects_;
};

} // namespace rigger
