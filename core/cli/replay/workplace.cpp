#include "cli/replay/workplace.hpp"

#include "cli/exit_codes.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace rigger::cli::replay {

Workplace::Workplace() {
    std::string name = (std::filesystem::temp_directory_path() / "rigger-replay-XXXXXX").string();
    if (!::mkdtemp(name.data())) {
        error_ = errno;
        return;
    }
    root = name;
    std::filesystem::create_directory(root / "enabled");
}

Workplace::~Workplace() {
    std::error_code ignored;
    if (!root.empty()) std::filesystem::remove_all(root, ignored);
}

Status Workplace::status() const {
    if (!root.empty()) return {};
    return Error{Code::unavailable, "NoWorkplace",
                 std::string("cannot make a temporary directory: ") + std::strerror(error_) + "; set TMPDIR", 0};
}

void Workplace::enable(const std::string &name, const std::string &instance_file) const {
    std::ofstream(root / "enabled" / (name + ".yaml")) << instance_file;
}

host::RegistryOptions Workplace::registry(const HouseOptions &options) const {
    host::RegistryOptions made;
    made.enabled_dir = root / "enabled";
    made.plugin_dirs = options.plugin_dirs;
    made.state_dir = root / "state";
    made.check.cache_dir = root / "cache";
    made.check.probe = options.probe;
    made.check.require_digest = false;
    made.install_crash_handler = false;
    made.scorers_on_caller = true; // a run is one call after the other
    made.give_up = [root = root](const std::string &why) {
        std::fprintf(stderr, "rigger replay: %s; the replay ends here\n", why.c_str());
        std::error_code ignored;
        std::filesystem::remove_all(root, ignored);
        std::_Exit(exit_failed);
    };
    return made;
}

std::shared_ptr<spdlog::logger> no_log() {
    return std::make_shared<spdlog::logger>("replay", std::make_shared<spdlog::sinks::null_sink_mt>());
}

} // namespace rigger::cli::replay
