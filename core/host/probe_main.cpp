// rigger-plugin-probe <library>: loads one library, reads its descriptor, and writes what it found to descriptor 3.
// rigger-plugin-probe <library> <component>: makes an instance with the configuration on descriptor 0, asks it what
// would keep it from working, and writes that. Exit 0: an answer was written. Anything else, a signal or silence counts
// against the library.
#include "host/descriptor.hpp"

#include <rigger/abi/kind/extensions.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <string>

namespace {
int answer(const std::string &text) {
    size_t at = 0;
    while (at < text.size()) {
        const ssize_t n = ::write(3, text.data() + at, text.size() - at);
        if (n <= 0) return 3;
        at += static_cast<size_t>(n);
    }
    // The library's destructors are not the question here.
    ::_exit(0);
}

rigger::Result<rigger::host::ProbeFacts> look(const char *file) {
    RIG_TRY_ASSIGN(const rig_plugin *plugin, rigger::host::open_library(file));
    return rigger::host::read_descriptor(*plugin);
}

/// A host that listens and tells the time, for an instance that is not started.
const void *bare_service(const rig_host *, const char *id) noexcept {
    static constexpr rig_log log{sizeof(rig_log), [](const rig_host *, int32_t) noexcept { return int32_t{0}; },
                                 [](const rig_host *, int32_t, rig_str, const rig_kv *, size_t) noexcept {}};
    static constexpr auto read = [](clockid_t which) noexcept {
        timespec t{};
        ::clock_gettime(which, &t);
        return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
    };
    static constexpr rig_clock clock{
        sizeof(rig_clock), [](const rig_host *) noexcept { return static_cast<uint64_t>(read(CLOCK_MONOTONIC)); },
        [](const rig_host *) noexcept { return read(CLOCK_REALTIME); }};
    if (std::strcmp(id, RIG_SERVICE_LOG) == 0) return &log;
    if (std::strcmp(id, RIG_SERVICE_CLOCK) == 0) return &clock;
    return nullptr;
}

const rig_component *component_of(const rig_plugin &plugin, const char *id) {
    for (size_t i = 0; plugin.components[i]; ++i)
        if (std::strcmp(plugin.components[i]->id, id) == 0) return plugin.components[i];
    return nullptr;
}

rigger::Status ask(const char *file, const char *component_id, const std::string &config) {
    static constexpr rig_host host{sizeof(rig_host), RIG_ABI_MAJOR, RIG_ABI_MINOR, "rigger", "", &bare_service};
    RIG_TRY_ASSIGN(const rig_plugin *plugin, rigger::host::open_library(file));
    const rig_component *const component = component_of(*plugin, component_id);
    if (!component) return rigger::invalid("ComponentMissing", std::string("there is no component ") + component_id);
    rig_error error{};
    error.struct_size = sizeof error;
    if (plugin->init && plugin->init(&host, &error) != RIG_OK) return {};
    rig_instance *instance = nullptr;
    rig_code code = component->create(component, &host, {config.data(), config.size()}, &instance, &error);
    // Other codes may come of what this host lacks.
    if (code == RIG_E_INVALID) return rigger::invalid(error.reason, error.message);
    if (code != RIG_OK) return {};
    const auto *health = static_cast<const rig_health *>(instance->ops->query(instance, RIG_EXT_HEALTH));
    if (!health || !RIG_HAS(health, check)) return {};
    constexpr uint32_t never = 0;
    const rig_call call{sizeof call, UINT64_MAX, &never, {}, {}};
    const rig_sink deaf{nullptr, [](void *, const void *, size_t) noexcept { return rig_code{RIG_OK}; }};
    code = health->check(instance, &call, &deaf, &error);
    if (code == RIG_OK || code == RIG_E_UNSUPPORTED) return {};
    return rigger::invalid(error.reason, error.message);
}

std::string everything_on(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    return text;
}
} // namespace

int main(int argc, char **argv) {
    if (argc != 2 && argc != 3) return 2;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0}, cpu{30, 30};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_CPU, &cpu);
    const auto refuse = [](const rigger::Error &e) { return answer("refused\n" + e.reason + "\n" + e.message); };
    if (argc == 3) {
        const rigger::Status status = ask(argv[1], argv[2], everything_on(0));
        return status.ok() ? answer("ok\n") : refuse(status.error());
    }
    const auto facts = look(argv[1]);
    if (!facts.ok()) return refuse(facts.error());
    return answer("ok\n" + rigger::host::to_json(*facts));
}
