// core/host/guard/crash.hpp -- who was running when the process died.
//
// Each thread that enters a plugin leaves a breadcrumb; one that a plugin started itself is known by the code on its
// stack. The signal handler writes the culprit to a file that was opened before, then re-raises, so that the core dump
// stays intact. At the next start the file is read and judged.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

/// Who is called: fixed text, readable from a signal handler. Outlives every call made under it.
struct Badge {
    char plugin[129] = "", version[65] = "", instance[65] = "", digest[65] = "";
    static Badge make(std::string_view plugin, std::string_view version, std::string_view instance,
                      std::string_view digest) noexcept;
};

/// Marks the calling thread as being inside `call` (static text) of `badge` for its life. Nests.
class Breadcrumb {
public:
    Breadcrumb(const Badge &badge, const char *call) noexcept;
    ~Breadcrumb();
    Breadcrumb(const Breadcrumb &) = delete;
    Breadcrumb &operator=(const Breadcrumb &) = delete;

private:
    const Badge *badge_;
    const char *call_;
};

/// While it lives, a crash on this thread is the host's and not the plugin's.
class InHost {
public:
    InHost() noexcept;
    ~InHost();
    InHost(const InHost &) = delete;
    InHost &operator=(const InHost &) = delete;

private:
    const Badge *badge_;
    const char *call_;
};

/// Gives the calling thread an alternate signal stack until it ends, so that a stack overflow in a plugin can be
/// recorded too. One that it has already stays. Cheap to repeat.
void have_signal_stack() noexcept;

/// Makes the calling thread one of the host's for its life.
class HostThread {
public:
    HostThread();
    ~HostThread();
    HostThread(const HostThread &) = delete;
    HostThread &operator=(const HostThread &) = delete;
};

/// How many forks lie between the first process and this one.
uint32_t forks() noexcept;
/// Of a child process that a plugin made and did not replace with another program: it would go on as a second daemon.
[[noreturn]] void end_child_of_plugin(const Badge &badge, const char *call) noexcept;

/// Installs handlers for SIGSEGV, SIGBUS, SIGABRT, SIGFPE and SIGILL that append to `record`, as long as it is this
/// process and no child of it that crashes. One per process; the former handlers come back when it goes. Errors:
/// unavailable (file).
class CrashHandler {
public:
    static Result<std::unique_ptr<CrashHandler>> install(const std::filesystem::path &record);
    ~CrashHandler();
    CrashHandler(const CrashHandler &) = delete;
    CrashHandler &operator=(const CrashHandler &) = delete;

private:
    explicit CrashHandler(int fd) : fd_(fd) {}
    int fd_;
};

/// One line of the record. Empty plugin: no plugin was running on the thread that crashed.
struct Crash {
    WallTime at;
    std::string plugin, version, instance, digest, call;
    int signal = 0; ///< 0: it called exit(); closed_files, without_a_word
};
inline constexpr int closed_files = -2; ///< in the place of a signal
/// In the place of a signal: the process ended, and nobody could say why. `plugin` is the only one that was being
/// called then (ledger.hpp), or empty.
inline constexpr int without_a_word = -1;
/// Lines that cannot be read are skipped; a missing file is empty.
std::vector<Crash> read_crashes(const std::filesystem::path &record);
/// Appends a line. Errors: unavailable.
Status add_crash(const std::filesystem::path &record, const Crash &crash);

struct Judgement {
    std::vector<std::string> warnings; ///< sentences for the operator
    struct Culprit {
        std::string plugin, instance, digest, why;
    };
    std::vector<Culprit> quarantine;
    struct Remark {
        std::string instance, text;
        WallTime at;
    };
    std::vector<Remark> remarks; ///< on instances that are started all the same
    bool safe_mode = false;      ///< three crashes within the span with different culprits, or none: nobody is trusted
};
/// First crash of an instance: a remark. Second within 10 minutes: quarantine. An end without a word proves nothing,
/// however often it comes: a remark. Pure.
Judgement judge(const std::vector<Crash> &crashes, WallTime now);

} // namespace rigger::host
