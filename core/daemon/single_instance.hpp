// core/daemon/single_instance.hpp -- one riggerd per state directory.
#pragma once
#include "base/status.hpp"

#include <filesystem>

namespace rigger::daemon {

/// Holds an exclusive lock on <state_dir>/riggerd.lock while it lives, and the pid in <runtime_dir>/riggerd.pid. The
/// kernel drops the lock with the process, so a killed daemon never blocks the next one.
class SingleInstance {
public:
    /// conflict AlreadyRunning: another process holds the lock (the message names its pid when it is known).
    static Result<SingleInstance> acquire(const std::filesystem::path &state_dir,
                                          const std::filesystem::path &runtime_dir);
    SingleInstance(SingleInstance &&other) noexcept;
    SingleInstance &operator=(SingleInstance &&) = delete;
    ~SingleInstance();

private:
    SingleInstance(int lock, std::filesystem::path pid_file);
    int lock_;
    std::filesystem::path pid_file_;
};

} // namespace rigger::daemon
