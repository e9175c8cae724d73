#include "daemon/surroundings.hpp"

#include "daemon/settings.hpp"
#include "engine/http_server/listener.hpp"
#include "engine/store_sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

namespace rigger::daemon {
namespace {

namespace fs = std::filesystem;

std::string user_name(uid_t uid) {
    char buffer[4096];
    struct passwd entry {
    }, *found = nullptr;
    return ::getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found ? std::string(found->pw_name)
                                                                                  : "uid " + std::to_string(uid);
}

/// False, with errno, when this process's effective user may not.
bool may(const fs::path &path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }

/// Another daemon, or this one's: the one that holds the state directory now.
bool is_running(const fs::path &state_dir) {
    pid_t pid = 0;
    std::ifstream(state_dir / "riggerd.lock") >> pid;
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

class Surroundings {
public:
    Surroundings(const LoadedConfig &loaded, bool whole)
        : loaded_(loaded), config_(loaded.config), whole_(whole), me_(user_name(::geteuid())),
          running_(is_running(config_.state_dir)) {}

    std::vector<ConfigProblem> run() {
        if (whole_) {
            directory("state_dir", config_.state_dir);
            own_file("state_dir", config_.state_dir / "riggerd.lock");
            directory("runtime_dir", config_.runtime_dir);
            directory("plugins.cache", config_.plugins.cache);
            store();
        }
        unix_socket();
        tcp();
        return std::move(problems_);
    }

private:
    void report(const std::string &key, const std::string &what) {
        ConfigProblem problem = loaded_.place(key);
        problem.text = key + ": " + what;
        problems_.push_back(std::move(problem));
    }

    /// That it can be written, or made.
    bool directory(const std::string &key, const fs::path &path) {
        std::error_code failed;
        if (fs::is_directory(path, failed)) {
            if (may(path, W_OK | X_OK)) return true;
            struct stat info {};
            const int why = errno;
            const bool known = ::stat(path.c_str(), &info) == 0;
            report(key, "user '" + me_ + "' may not write " + path.string() + ": " + std::strerror(why) +
                            (known ? "; it belongs to '" + user_name(info.st_uid) + "'" : std::string()) +
                            "; run: chown " + me_ + " " + path.string() + ", or name another directory");
            return false;
        }
        if (failed && failed != std::errc::no_such_file_or_directory) {
            report(key, "cannot look at " + path.string() + ": " + failed.message() +
                            "; check the permissions of the directories above it");
            return false;
        }
        if (fs::exists(fs::symlink_status(path, failed))) {
            report(key, path.string() + " is not a directory; remove it, or name another one");
            return false;
        }
        fs::path above = path.parent_path();
        while (!fs::exists(above, failed) && above.has_relative_path()) above = above.parent_path();
        if (fs::is_directory(above, failed) && may(above, W_OK | X_OK)) return true;
        report(key, path.string() + " does not exist, and user '" + me_ + "' cannot make it in " + above.string() +
                        "; run: install -d -m 700 -o " + me_ + " " + path.string());
        return false;
    }

    /// A file that the daemon opens for writing; it may be missing.
    bool own_file(const std::string &key, const fs::path &path) {
        std::error_code failed;
        const fs::file_status status = fs::status(path, failed);
        if (!fs::exists(status)) return true;
        if (!fs::is_regular_file(status)) {
            report(key, path.string() + " is not a regular file; remove it, or name another place");
            return false;
        }
        if (may(path, R_OK | W_OK)) return true;
        report(key, "user '" + me_ + "' may not write " + path.string() + ": " + std::strerror(errno) +
                        "; run: chown " + me_ + " " + path.string());
        return false;
    }

    void store() {
        const std::string key = config_.store.url.empty() ? "state_dir" : "store.url";
        const auto options = parse_sqlite_url(config_.store_url());
        if (!options.ok()) return report(key, options.error().message);
        if (options->path.empty()) return;
        const fs::path file = options->path;
        if (file.parent_path() != config_.state_dir) {
            std::error_code failed;
            if (!fs::is_directory(file.parent_path(), failed))
                return report(key, "there is no directory " + file.parent_path().string() +
                                       " for the store; make it for the user that runs riggerd, or name another place");
            if (!directory(key, file.parent_path())) return;
        }
        for (const char *suffix : {"", ".lock", "-wal", "-shm"})
            if (!own_file(key, file.string() + suffix)) return;
        if (const Status usable = check_sqlite_store(*options); !usable.ok()) report(key, usable.error().message);
    }

    void unix_socket() {
        const auto where = *http_options(config_).unix_socket;
        const std::string path_key = config_.http.unix_socket.path.empty() ? "runtime_dir" : "http.unix_socket.path";
        const Status group = http_server::Listener::check_group(where);
        if (!group.ok()) report("http.unix_socket.group", group.error().message);
        const fs::path home = fs::path(where.path).parent_path();
        std::error_code failed;
        if (home != config_.runtime_dir) {
            if (!fs::is_directory(home, failed))
                return report(path_key, "there is no directory " + home.string() +
                                            " for the socket; make it for the user that runs riggerd");
            if (whole_ && !directory(path_key, home)) return;
        }
        const Status path = http_server::Listener::check_path(where);
        if (path.ok() || (running_ && path.error().reason == "SocketInUse")) return;
        if (whole_ || path.error().code == Code::invalid) report(path_key, path.error().message);
    }

    void tcp() {
        const auto where = http_options(config_).tcp;
        if (!where) return;
        const auto opened = http_server::Listener::open(*where);
        if (opened.ok() || (running_ && opened.error().reason == "AddressInUse")) return;
        report(opened.error().reason == "AddressInUse" || opened.error().code == Code::denied ? "http.tcp.port"
                                                                                              : "http.tcp.address",
               opened.error().message);
    }

    const LoadedConfig &loaded_;
    const Config &config_;
    const bool whole_;
    const std::string me_;
    const bool running_;
    std::vector<ConfigProblem> problems_;
};

} // namespace

Viewpoint look_as_owner_of(const fs::path &state_dir) {
    struct stat info {};
    if (::stat(state_dir.c_str(), &info) != 0 || info.st_uid == ::geteuid()) return {};
    const std::string owner = user_name(info.st_uid);
    if (::geteuid() != 0)
        return {false, "what only user '" + owner + "', to whom " + state_dir.string() +
                           " belongs, may open is not checked; run this as '" + owner + "' or as root"};
    char buffer[4096];
    struct passwd entry {
    }, *found = nullptr;
    if (::getpwuid_r(info.st_uid, &entry, buffer, sizeof buffer, &found) != 0 || !found ||
        ::initgroups(found->pw_name, found->pw_gid) != 0 || ::setgid(found->pw_gid) != 0 ||
        ::setuid(found->pw_uid) != 0)
        return {false, "cannot look as user '" + owner + "', to whom " + state_dir.string() +
                           " belongs: what only that user may open is not checked"};
    return {true, "checked as user '" + owner + "', to whom " + state_dir.string() + " belongs"};
}

std::vector<ConfigProblem> check_surroundings(const LoadedConfig &loaded, bool whole) {
    return Surroundings(loaded, whole).run();
}

std::vector<std::string> check_secrets(const host::InstanceFile &file) {
    const auto provider = make_secret_provider();
    std::vector<std::string> out;
    for (const auto &[name, reference] : file.secrets)
        if (const auto value = provider->resolve(reference); !value.ok()) {
            const auto line = file.secret_lines.find(name);
            out.push_back(file.file + ":" + std::to_string(line == file.secret_lines.end() ? 1 : line->second) +
                          ": secrets." + name + ": " + value.error().message);
        }
    return out;
}

} // namespace rigger::daemon
