// core/host/guard/quarantine.hpp -- instances that must not be started, kept across restarts until an operator or a new
// library lifts it.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rigger::host {

struct Quarantined {
    std::string instance, plugin, digest, why;
    WallTime at;
};

/// Thread-safe. The file is written at once; a write that fails is answered, and the entry holds for this run.
class Quarantine {
public:
    explicit Quarantine(std::filesystem::path file);
    Status add(Quarantined entry);
    Status lift(const std::string &instance);
    /// Of this instance with this library. An entry of another digest is lifted: new bytes get a new chance.
    std::optional<Quarantined> find(const std::string &instance, const std::string &digest);

private:
    Status save_locked();
    std::filesystem::path file_;
    std::mutex mutex_;
    std::vector<Quarantined> entries_;
};

} // namespace rigger::host
