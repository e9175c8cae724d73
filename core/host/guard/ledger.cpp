#include "host/guard/ledger.hpp"

#include "host/files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>

namespace rigger::host {
namespace {
constexpr char magic[8] = {'r', 'i', 'g', 'c', 'a', 'l', 'l', '1'};
enum State : uint32_t { unused, being_written, at_work, aside };

/// Of this start of the machine: what a process left before it was interrupted by nobody of ours.
std::array<char, 40> boot_id() {
    std::array<char, 40> id{};
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return id;
    const ssize_t ignored = ::read(fd, id.data(), id.size() - 1);
    (void)ignored;
    ::close(fd);
    return id;
}

template <size_t N> void end_text(char (&text)[N]) { text[N - 1] = '\0'; }
} // namespace

const LeftInProgress::Call *LeftInProgress::suspect() const noexcept {
    const Call *only = nullptr;
    for (const Call &c : calls) {
        if (!c.at_work) continue;
        if (only) return nullptr;
        only = &c;
    }
    return only;
}

std::string LeftInProgress::told() const {
    std::string text;
    for (const bool at_work : {true, false})
        for (const Call &c : calls)
            if (c.at_work == at_work)
                text += (text.empty() ? "" : ", ") + std::string(c.badge.plugin) + " " + c.badge.version +
                        " (instance '" + c.badge.instance + "') in " + c.call;
    return "In progress were these calls: " + (text.empty() ? "none" : text);
}

Crash crash_of(const LeftInProgress::Call *suspect, int signal, WallTime at) {
    if (!suspect) return {at, {}, {}, {}, {}, {}, signal};
    const Badge &b = suspect->badge;
    return {at, b.plugin, b.version, b.instance, b.digest, suspect->call, signal};
}

void end_without_files(const std::filesystem::path &record, const LeftInProgress &now) noexcept {
    constexpr int temporary_failure = 75; // EX_TEMPFAIL of sysexits.h
    try {
        const Duration since_1970 = std::chrono::system_clock::now().time_since_epoch();
        (void)add_crash(record, crash_of(now.suspect(), closed_files, {since_1970.count()}));
        const std::string line =
            "riggerd: a plugin closed files of the host, and the daemon cannot go on. " + now.told() + "\n";
        const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
        (void)ignored;
    } catch (...) { // it ends all the same
    }
    ::_exit(temporary_failure);
}

struct Ledger::Entry::Slot {
    std::atomic<uint32_t> state;
    LeftInProgress::Call call;
};

struct Ledger::Page {
    using Slot = Entry::Slot;
    char magic[8];
    std::array<char, 40> boot;
    int64_t started_ns;
    std::atomic<uint32_t> running;
    std::array<Slot, 256> slots;

    LeftInProgress look() const {
        LeftInProgress left{{started_ns}, {}};
        for (const auto &slot : slots) {
            const uint32_t state = slot.state.load(std::memory_order_acquire);
            if (state != State::at_work && state != aside) continue;
            LeftInProgress::Call call = slot.call;
            call.at_work = state == State::at_work;
            end_text(call.badge.plugin);
            end_text(call.badge.version);
            end_text(call.badge.instance);
            end_text(call.badge.digest);
            end_text(call.call);
            left.calls.push_back(call);
        }
        return left;
    }
};

std::optional<LeftInProgress> Ledger::read(const std::filesystem::path &file) {
    const auto bytes = read_text_file(file, sizeof(Page));
    if (!bytes.ok() || bytes->size() != sizeof(Page)) return std::nullopt;
    const auto page = std::make_unique<Page>();
    std::memcpy(static_cast<void *>(page.get()), bytes->data(), sizeof(Page));
    if (std::memcmp(page->magic, magic, sizeof magic) != 0 || page->running != 1 || page->boot != boot_id())
        return std::nullopt;
    return page->look();
}

LeftInProgress Ledger::now() const { return page_->look(); }

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path &file, WallTime now) {
    const auto failed = [&](int why) {
        return Error{Code::unavailable, "CallLedger",
                     "cannot keep the list of calls in progress in " + file.string() + ": " + std::strerror(why), 0};
    };
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed(errno);
    // Its blocks are there before it is written through the mapping: a full disk would end the process then.
    if (const int why = ::posix_fallocate(fd, 0, sizeof(Page)); why != 0) {
        ::close(fd);
        return failed(why);
    }
    void *memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int why = errno;
    ::close(fd);
    if (memory == MAP_FAILED) return failed(why);
    auto *page = new (memory) Page;
    page->boot = boot_id();
    page->started_ns = now.ns;
    page->running = 1;
    std::memcpy(page->magic, magic, sizeof magic);
    return std::unique_ptr<Ledger>(new Ledger(page));
}

Ledger::~Ledger() {
    end();
    ::munmap(page_, sizeof(Page));
}

void Ledger::end() noexcept { page_->running.store(0, std::memory_order_relaxed); }

Ledger::Entry::Entry(Ledger *ledger, const Badge &badge, const char *call, bool open_ended) noexcept {
    if (!ledger) return;
    auto &slots = ledger->page_->slots;
    thread_local size_t t_latest = 0; // a thread finds its own place free, as a rule
    for (size_t i = 0; i < slots.size(); ++i) {
        const size_t at = (t_latest + i) % slots.size();
        uint32_t free = unused;
        if (!slots[at].state.compare_exchange_strong(free, being_written, std::memory_order_acquire)) continue;
        t_latest = at;
        slot_ = &slots[at];
        slot_->call.badge = badge;
        const size_t n = std::min(std::strlen(call), sizeof slot_->call.call - 1);
        std::memcpy(slot_->call.call, call, n);
        slot_->call.call[n] = '\0';
        own_state_ = open_ended ? aside : at_work;
        slot_->state.store(own_state_, std::memory_order_release);
        return;
    }
}

void Ledger::Entry::in_host(bool is) noexcept {
    if (slot_) slot_->state.store(is ? static_cast<uint32_t>(aside) : own_state_, std::memory_order_relaxed);
}

Ledger::Entry::~Entry() {
    if (slot_) slot_->state.store(unused, std::memory_order_release);
}

} // namespace rigger::host
