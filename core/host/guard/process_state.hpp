// core/host/guard/process_state.hpp -- what belongs to the whole process and is no plugin's to change (plugin-abi 3.2,
// rule 5): looked at around the calls in which plugins like to change it, and put back.
#pragma once
#include <fenv.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <locale>
#include <string>

namespace rigger::host {

/// A file that only the host has open. Whoever closed it closed what is not his, and there is no putting back: what the
/// numbers of the others stand for by now, nobody knows. Any thread.
class OwnFile {
public:
    OwnFile();
    ~OwnFile();
    OwnFile(const OwnFile &) = delete;
    OwnFile &operator=(const OwnFile &) = delete;

    bool lost() const noexcept;

private:
    int fd_ = -1;
    struct stat is_ {};
};

/// The signal handlers, the calling thread's signal mask, scheduling and floating-point mode, the locale, the file mode
/// mask, the resource limits, the working directory and the descriptors 0 to 2, as they are when it is made. The
/// environment is not in it: no thread may look at it while another one writes.
class ProcessState {
public:
    ProcessState();
    ~ProcessState();
    ProcessState(const ProcessState &) = delete;
    ProcessState &operator=(const ProcessState &) = delete;

    /// Puts back what has changed since, on the same thread; the answer names it ("the handler of SIGTERM, the
    /// locale"), or is empty.
    std::string restore() const;

private:
    static constexpr size_t signal_count = 32, standard_files = 3;
    std::array<struct sigaction, signal_count> handlers_{};
    sigset_t mask_{};
    std::string c_locale_;
    std::locale locale_;
    struct Scheduling {
        int policy = 0, priority = 0, nice = 0;
        cpu_set_t processors{};
    };
    static Scheduling scheduling();
    std::string restore_thread() const;

    Scheduling scheduling_ = scheduling();
    fenv_t arithmetic_{};
    std::array<rlimit, RLIM_NLIMITS> limits_{};
    int directory_ = -1;
    std::array<int, standard_files> copies_{-1, -1, -1}; ///< -1: it was not open
};

} // namespace rigger::host
