// core/daemon/surroundings.hpp -- what the configuration names and does not hold: directories, files, a group,
// addresses, secrets. For `riggerd --check-config`: what would make a start fail is said before anybody tries one.
#pragma once
#include "daemon/config/config.hpp"
#include "host/instance_check.hpp"

#include <string>
#include <vector>

namespace rigger::daemon {

/// As whom a check can tell what the daemon may do.
struct Viewpoint {
    bool whole = true;       ///< false: files that are the daemon's alone cannot be judged by this process's user
    std::string explanation; ///< who looks and why, for the operator; empty: nothing to explain
};

/// The state directory belongs to whom the daemon runs as. Root becomes that user, for good; who is neither sees in
/// `whole` that he cannot judge.
Viewpoint look_as_owner_of(const std::filesystem::path &state_dir);

/// Everything outside the file that a start would stumble over, each with the place of the key that names it, and what
/// to do. Makes and changes nothing. What a running daemon of the same state directory holds (its lock, its port) is no
/// problem. `whole`: also what only the daemon's own user can tell.
std::vector<ConfigProblem> check_surroundings(const LoadedConfig &loaded, bool whole);

/// The secrets of an enabled plugin instance that cannot be read, as "<file>:<line>: ...".
std::vector<std::string> check_secrets(const host::InstanceFile &file);

} // namespace rigger::daemon
