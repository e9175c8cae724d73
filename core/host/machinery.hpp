// core/host/machinery.hpp -- what all instances of one registry share: threads, watchdog, timers, topics and the host's
// services.
//
// Ports and stuck threads hold it, so it outlives the registry when they do; after stop() it runs nothing more.
#pragma once
#include "host/guard/ledger.hpp"
#include "host/guard/process_state.hpp"
#include "host/guard/watchdog.hpp"
#include "host/pool.hpp"
#include "host/registry.hpp"
#include "host/services/topics.hpp"
#include "host/timers.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rigger::host {

class Machinery {
public:
    /// `scorer_threads`: as Pool takes it; 0: scorers run on the threads that ask them.
    Machinery(HostServices services, size_t scorer_threads, std::filesystem::path crash_record);
    ~Machinery();

    const HostServices services;
    const std::filesystem::path crash_record;
    const Clock &clock;
    const uint32_t forks = host::forks(); ///< another number: this is a child of our process
    Timers timers;
    Topics topics;
    Watchdog watchdog;
    std::unique_ptr<Ledger> ledger; ///< set before the first call, or never
    const OwnFile own_file;
    void end_if_files_are_lost() const;
    std::atomic<ControlApi *> control{nullptr};
    std::atomic<uint64_t> next_call{1};
    /// Calls that were given up and have not come back. For a moment too few: one may come back before it is counted.
    std::atomic<int64_t> stuck{0};

    const std::shared_ptr<Pool> &strands() const noexcept { return strands_; }
    const std::shared_ptr<Pool> &streams() const noexcept { return streams_; } ///< a thread per watch
    const std::shared_ptr<Pool> &http() const noexcept { return http_; }
    const std::shared_ptr<Pool> &housekeeping() const noexcept { return housekeeping_; }
    const std::shared_ptr<Pool> &workers(std::string_view kind) const; ///< of one of known_kinds()

    /// level: spdlog's numbers.
    void log(int level, std::string_view message) const;
    void stop();

private:
    std::shared_ptr<Pool> strands_, streams_, http_, housekeeping_, sources_, backends_, scorers_, reconcilers_,
        frontends_;
};

} // namespace rigger::host
