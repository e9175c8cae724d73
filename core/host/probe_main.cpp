// rigger-plugin-probe <library>: loads one library, reads its descriptor, and writes what it found to descriptor 3.
// Exit 0: an answer was written. Anything else, a signal or silence counts against the library.
#include "host/descriptor.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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
} // namespace

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0}, cpu{30, 30};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_CPU, &cpu);
    const auto facts = look(argv[1]);
    if (!facts.ok()) return answer("refused\n" + facts.error().reason + "\n" + facts.error().message);
    return answer("ok\n" + rigger::host::to_json(*facts));
}
