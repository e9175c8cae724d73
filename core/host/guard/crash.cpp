#include "host/guard/crash.hpp"

#include "host/files.hpp"
#include "host/guard/plugin_code.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <new>
#include <set>

namespace rigger::host {
namespace {

constexpr int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
constexpr size_t signal_stack_bytes = 64 * 1024;
constexpr Duration crash_span = std::chrono::minutes(10);
constexpr size_t crashes_to_safe_mode = 3;
constexpr int exit_called = 0;          ///< in the place of a signal
constexpr char own_thread[] = "thread"; ///< in the place of a call

// What a signal handler may read: plain objects of this executable, constant-initialised.
thread_local const Badge *t_badge = nullptr;
thread_local const char *t_call = nullptr;
thread_local bool t_of_a_pool = false; ///< where no breadcrumb lies, the host itself was at work
std::atomic<int> g_record{-1};
std::atomic<pid_t> g_process{0}; ///< whose crashes are recorded
std::atomic<uint32_t> g_forks{0};
enum class Record : uint8_t { none, begun, written };
std::atomic<Record> g_recorded{Record::none};
struct sigaction g_former[std::size(signals)];

/// Fixed-size line builder; only what is safe in a signal handler.
class Line {
public:
    void text(const char *s) noexcept {
        while (*s && n_ < sizeof buffer_ - 1) buffer_[n_++] = *s++;
    }
    void number(int64_t v) noexcept {
        char digits[24];
        const auto [end, ec] = std::to_chars(digits, digits + sizeof digits - 1, v);
        *end = '\0';
        text(ec == std::errc() ? digits : "0");
    }
    void write(int fd) noexcept {
        buffer_[n_++] = '\n';
        const ssize_t ignored = ::write(fd, buffer_, n_);
        (void)ignored;
    }

private:
    char buffer_[640];
    size_t n_ = 0;
};

struct Culprit {
    const Badge *badge = nullptr; ///< nullptr: no plugin
    const char *call = nullptr;
};

/// Of a thread that is at `code` with this stack.
Culprit culprit(uintptr_t code, uintptr_t stack) noexcept {
    if (t_badge) return {t_badge, t_call};
    if (t_of_a_pool) return {};
    const Badge *owner = owner_of_code(code);
    return {owner ? owner : owner_of_stack(stack), own_thread};
}

Culprit culprit(const void *context) noexcept {
    if (!context) return {t_badge, t_call};
    [[maybe_unused]] const mcontext_t &at = static_cast<const ucontext_t *>(context)->uc_mcontext;
#if defined(__x86_64__)
    return culprit(static_cast<uintptr_t>(at.gregs[REG_RIP]), static_cast<uintptr_t>(at.gregs[REG_RSP]));
#elif defined(__aarch64__)
    return culprit(at.pc, at.sp);
#else
    return {t_badge, t_call};
#endif
}

/// One crash is recorded: a former handler may end the process with a signal of its own, and two threads may crash
/// together. false: another one is the first, and has been written.
bool is_first() noexcept {
    auto before = Record::none;
    if (g_recorded.compare_exchange_strong(before, Record::begun)) return true;
    constexpr timespec a_millisecond{0, 1'000'000};
    for (int i = 0; i < 100 && g_recorded.load() != Record::written; ++i) ::nanosleep(&a_millisecond, nullptr);
    return false;
}

void write_line(int fd, int64_t seconds, int signal, const Badge *badge, const char *call) noexcept {
    Line line;
    line.text("at=");
    line.number(seconds);
    line.text(" signal=");
    line.number(signal);
    line.text(" plugin=");
    line.text(badge ? badge->plugin : "");
    line.text(" version=");
    line.text(badge ? badge->version : "");
    line.text(" instance=");
    line.text(badge ? badge->instance : "");
    line.text(" digest=");
    line.text(badge ? badge->digest : "");
    line.text(" call=");
    line.text(badge && call ? call : "");
    line.write(fd);
}

void record_crash(int signal, const Culprit &who) noexcept {
    const int fd = g_record.load(std::memory_order_relaxed);
    if (fd < 0 || g_process.load(std::memory_order_relaxed) != ::getpid() || !is_first()) return;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    write_line(fd, now.tv_sec, signal, who.badge, who.call);
    g_recorded.store(Record::written);
}

void on_signal(int signal, siginfo_t *info, void *context) noexcept {
    const int saved = errno;
    record_crash(signal, culprit(context));
    for (size_t i = 0; i < std::size(signals); ++i)
        if (signals[i] == signal) ::sigaction(signal, &g_former[i], nullptr);
    // A fault happens again at the same instruction once we return, now under the former handler; a sent signal must be
    // sent again.
    if (!info || info->si_code <= 0) ::raise(signal);
    errno = saved;
}

/// exit() or quick_exit() called by a plugin ends the daemon as surely as a crash: it is recorded, and the exit code is
/// one that gets it restarted.
void on_exit_in_plugin() noexcept {
    if (g_record.load(std::memory_order_relaxed) < 0 || g_process.load(std::memory_order_relaxed) != ::getpid()) return;
    const Culprit who = culprit(0, reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
    if (!who.badge) return;
    record_crash(exit_called, who);
    constexpr int software_error = 70; // EX_SOFTWARE of sysexits.h
    ::_exit(software_error);
}

void copy(char *to, size_t capacity, std::string_view from) noexcept {
    const size_t n = std::min(from.size(), capacity - 1);
    std::memcpy(to, from.data(), n);
    to[n] = '\0';
}

Result<int> open_record(const std::filesystem::path &record) {
    const int fd = ::open(record.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    return Error{Code::unavailable, "CrashRecord",
                 "cannot open the crash record " + record.string() + ": " + std::strerror(errno), 0};
}

std::string_view field(std::string_view line, std::string_view key) {
    const std::string wanted = " " + std::string(key) + "=";
    size_t at = line.starts_with(std::string(key) + "=") ? key.size() + 1 : line.find(wanted);
    if (at == std::string_view::npos) return {};
    if (at != key.size() + 1) at += wanted.size();
    return line.substr(at, line.find(' ', at) - at);
}

int64_t number(std::string_view s) {
    int64_t v = 0;
    std::from_chars(s.data(), s.data() + s.size(), v);
    return v;
}

std::string signal_name(int signal) {
    if (signal == exit_called) return "a call of exit()";
    if (signal == closed_files) return "the closing of files of the host";
    const char *name = ::sigabbrev_np(signal);
    return name ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

std::string place(const Crash &crash) {
    return (crash.call == own_thread ? "a thread of its own" : crash.call) + " with " + signal_name(crash.signal);
}
} // namespace

Badge Badge::make(std::string_view plugin, std::string_view version, std::string_view instance,
                  std::string_view digest) noexcept {
    Badge b;
    copy(b.plugin, sizeof b.plugin, plugin);
    copy(b.version, sizeof b.version, version);
    copy(b.instance, sizeof b.instance, instance);
    copy(b.digest, sizeof b.digest, digest);
    return b;
}

Breadcrumb::Breadcrumb(const Badge &badge, const char *call) noexcept : badge_(t_badge), call_(t_call) {
    t_call = call;
    std::atomic_signal_fence(std::memory_order_release);
    t_badge = &badge;
}
Breadcrumb::~Breadcrumb() {
    t_badge = badge_;
    std::atomic_signal_fence(std::memory_order_release);
    t_call = call_;
}

InHost::InHost() noexcept : badge_(t_badge), call_(t_call) {
    t_badge = nullptr;
    std::atomic_signal_fence(std::memory_order_release);
}
InHost::~InHost() {
    t_call = call_;
    std::atomic_signal_fence(std::memory_order_release);
    t_badge = badge_;
}

void have_signal_stack() noexcept {
    struct Stack {
        Stack() {
            stack_t has{};
            if (::sigaltstack(nullptr, &has) != 0 || (has.ss_flags & SS_DISABLE) == 0) return;
            memory.reset(new (std::nothrow) std::byte[signal_stack_bytes]);
            if (memory) set(memory.get(), 0);
        }
        ~Stack() {
            stack_t has{};
            if (memory && ::sigaltstack(nullptr, &has) == 0 && has.ss_sp == memory.get()) set(nullptr, SS_DISABLE);
        }
        static void set(void *at, int flags) {
            stack_t s{};
            s.ss_sp = at;
            s.ss_size = signal_stack_bytes;
            s.ss_flags = flags;
            ::sigaltstack(&s, nullptr);
        }
        std::unique_ptr<std::byte[]> memory;
    };
    thread_local const Stack stack;
    (void)stack;
}

HostThread::HostThread() {
    have_signal_stack();
    t_of_a_pool = true;
}
HostThread::~HostThread() { t_of_a_pool = false; }

uint32_t forks() noexcept {
    static const int counted = ::pthread_atfork(nullptr, nullptr, [] { g_forks.fetch_add(1); });
    (void)counted;
    return g_forks.load(std::memory_order_relaxed);
}

void end_child_of_plugin(const Badge &badge, const char *call) noexcept {
    Line line;
    for (const char *part : {"riggerd: ", badge.plugin, " ", badge.version, " (instance '", badge.instance,
                             "') called fork() in ", call, "() and came back in the child, which ends here"})
        line.text(part);
    line.write(STDERR_FILENO);
    ::_exit(EXIT_FAILURE);
}

Result<std::unique_ptr<CrashHandler>> CrashHandler::install(const std::filesystem::path &record) {
    RIG_TRY_ASSIGN(const int fd, open_record(record));
    g_recorded = Record::none;
    g_process = ::getpid();
    g_record = fd;
    struct sigaction action {};
    action.sa_sigaction = &on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &action, &g_former[i]);
    static const int registered = // once: it looks whether a handler is installed
        std::atexit(&on_exit_in_plugin) | std::at_quick_exit(&on_exit_in_plugin);
    (void)registered;
    return std::unique_ptr<CrashHandler>(new CrashHandler(fd));
}

CrashHandler::~CrashHandler() {
    for (size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &g_former[i], nullptr);
    g_record = -1;
    ::close(fd_);
}

Status add_crash(const std::filesystem::path &record, const Crash &crash) {
    RIG_TRY_ASSIGN(const int fd, open_record(record));
    const Badge badge = Badge::make(crash.plugin, crash.version, crash.instance, crash.digest);
    write_line(fd, crash.at.ns / 1'000'000'000, crash.signal, &badge, crash.call.c_str());
    ::close(fd);
    return {};
}

std::vector<Crash> read_crashes(const std::filesystem::path &record) {
    std::vector<Crash> out;
    const auto text = read_text_file(record, size_t{4} << 20);
    if (!text.ok()) return out;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const int64_t seconds = number(field(line, "at")), signal = number(field(line, "signal"));
        if (seconds <= 0 || seconds > 9'000'000'000 || field(line, "signal").empty() || signal < closed_files ||
            signal > 64)
            continue;
        out.push_back({WallTime{seconds * 1'000'000'000}, std::string(field(line, "plugin")),
                       std::string(field(line, "version")), std::string(field(line, "instance")),
                       std::string(field(line, "digest")), std::string(field(line, "call")), static_cast<int>(signal)});
    }
    return out;
}

namespace {
/// Of the last crash, if it said nothing. However often it happens, whoever kills the daemon at work finds the same
/// plugin in the same call: that is a remark and never a verdict.
void remark_on_silent_end(const std::vector<Crash> &crashes, WallTime now, Judgement &out) {
    if (crashes.empty() || crashes.back().signal != without_a_word || crashes.back().instance.empty()) return;
    const Crash &last = crashes.back();
    if (now - last.at > crash_span || last.at > now) return;
    out.remarks.push_back({last.instance,
                           last.plugin + " " + last.version + " (instance '" + last.instance + "') was in " +
                               last.call +
                               " when the daemon ended without a word, and no other plugin was. The daemon may have "
                               "been killed, so the plugin stays; take it out if it goes on like that",
                           last.at});
}
} // namespace

Judgement judge(const std::vector<Crash> &crashes, WallTime now) {
    Judgement out;
    std::map<std::string, std::vector<const Crash *>> by_instance;
    std::vector<const Crash *> recent;
    for (const Crash &c : crashes) {
        if (now - c.at > crash_span || c.at > now) continue;
        if (c.signal == without_a_word) continue;
        recent.push_back(&c);
        by_instance[c.instance].push_back(&c);
    }
    for (const auto &[instance, list] : by_instance) {
        if (instance.empty()) continue;
        const Crash &last = *list.back();
        const std::string what =
            last.plugin + " " + last.version + " (instance '" + instance + "') crashed the daemon in " + place(last);
        if (list.size() < 2) {
            out.remarks.push_back({instance, what + "; a second crash within 10 minutes will quarantine it", last.at});
        } else {
            out.warnings.push_back(
                what + " for the second time within 10 minutes; it is quarantined. Run: rigger plugins reset " +
                instance);
            out.quarantine.push_back({last.plugin, instance, last.digest, "crashed in " + place(last)});
        }
    }
    remark_on_silent_end(crashes, now, out);
    // One culprit is dealt with above. Several, or none that is known, mean that the cause is not understood.
    if (recent.size() >= crashes_to_safe_mode && (by_instance.size() > 1 || by_instance.contains(""))) {
        out.safe_mode = true;
        out.warnings.push_back(
            std::to_string(recent.size()) +
            " crashes within 10 minutes without one clear culprit: safe mode, only rigger's own plugins are started");
    }
    for (const Judgement::Remark &r : out.remarks) out.warnings.push_back(r.text);
    return out;
}

} // namespace rigger::host
