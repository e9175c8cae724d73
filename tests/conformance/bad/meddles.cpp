// Changes what belongs to the whole process or to a thread of the host: signal handlers, the locale, the file mode
// mask, the resource limits, scheduling, the floating-point mode, the working directory and standard input. From the
// call named by BAD_CALL ("load": from a static constructor).
#include "honest.hpp"

#include <cfenv>
#include <csignal>
#include <locale>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

enum class In { load, start };

struct DecimalComma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
};

void when(In here) {
    if (here != In::BAD_CALL) return;
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGUSR2, [](int) {});
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::locale::global(std::locale(std::locale(), new DecimalComma));
    ::umask(0);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    --files.rlim_cur;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const sched_param none{};
    ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &none);
    std::fesetround(FE_UPWARD);
    if (::chdir("/") != 0) return;
    ::close(STDIN_FILENO);
}

class Meddles final : public bad::Honest {
public:
    using Honest::Honest;
    rig::Status start() override {
        when(In::start);
        return {};
    }
};

[[maybe_unused]] const struct AtLoad {
    AtLoad() { when(In::load); }
} at_load;

} // namespace

BAD_SCORER(Meddles, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
