#include "kube/credentials.hpp"

#include <rigger/sdk/try.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char **environ;

namespace kube {
namespace {
constexpr size_t most_output = 1 << 20;
constexpr uint64_t most_time_ns = 30 * second_ns;

rig::Error failed(const ExecPlugin &plugin, const std::string &why) {
    return {RIG_E_UNAVAILABLE, "ExecFailed", "the exec credential plugin " + plugin.command + " " + why, 5000};
}

rig::Status in_time(const ExecPlugin &plugin, const Effort &effort) {
    rig::Status go = effort.check();
    if (go.ok() || go.error().code == RIG_E_CANCELLED) return go;
    return failed(plugin, "did not answer in time");
}

/// One that closed its output may live on.
rig::Status await_end(pid_t child, const ExecPlugin &plugin, const Effort &effort, int &status) {
    for (;;) {
        const pid_t gone = ::waitpid(child, &status, WNOHANG);
        if (gone != 0 && !(gone < 0 && errno == EINTR)) return {};
        RIG_RETURN_IF_ERROR(in_time(plugin, effort));
        ::poll(nullptr, 0, 5);
    }
}

/// The pipe's reading end until the writer closed it.
rig::Status drain(int fd, const ExecPlugin &plugin, const Effort &effort, std::string &into) {
    char buffer[4096];
    for (;;) {
        RIG_RETURN_IF_ERROR(in_time(plugin, effort));
        pollfd ready{fd, POLLIN, 0};
        if (::poll(&ready, 1, 100) <= 0) continue;
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return {};
        if (into.size() + static_cast<size_t>(got) > most_output) return failed(plugin, "wrote more than 1 MiB");
        into.append(buffer, static_cast<size_t>(got));
    }
}
} // namespace

rig::Result<std::string> run_exec(const ExecPlugin &plugin, const Effort &effort) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed(plugin, std::string("cannot be started: ") + std::strerror(errno));
    std::vector<std::string> env;
    for (char **e = environ; e && *e; ++e) env.emplace_back(*e);
    for (const auto &[name, value] : plugin.env) env.push_back(name + "=" + value);
    env.push_back("KUBERNETES_EXEC_INFO={\"apiVersion\":\"" + plugin.api_version +
                  "\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}");
    std::vector<std::string> args = {plugin.command};
    args.insert(args.end(), plugin.args.begin(), plugin.args.end());
    std::vector<char *> argv, envp;
    for (std::string &a : args) argv.push_back(a.data());
    for (std::string &e : env) envp.push_back(e.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int spawned = ::posix_spawnp(&child, plugin.command.c_str(), &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (spawned != 0) {
        ::close(ends[0]);
        return failed(plugin, std::string("cannot be started: ") + std::strerror(spawned));
    }
    std::string out;
    const Effort patience = effort.within(most_time_ns);
    const rig::Status read = drain(ends[0], plugin, patience, out);
    ::close(ends[0]);
    int status = 0;
    const rig::Status ended = read.ok() ? await_end(child, plugin, patience, status) : read;
    if (!ended.ok()) {
        ::kill(child, SIGKILL);
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        return ended.error();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed(plugin, "failed; run it by hand to see why");
    return out;
}

} // namespace kube
