// core/host/guard/ledger.hpp -- which calls into plugins are in progress, in a file that outlives the process.
//
// A process can end without a word: SIGKILL, _exit(), a stack overflow where no handler can run. Then the next start
// finds here who was being called at that moment. That proves nothing -- the machine's OOM killer and an operator's
// kill -9 come at the same moments -- so it names suspects and leaves the verdict to judge() (crash.hpp).
//
// The file is mapped: a call costs a copy of its badge and two stores. It says nothing after a restart of the machine.
#pragma once
#include "base/status.hpp"
#include "host/guard/crash.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger::host {

/// What a former process left, which did not end as it should.
struct LeftInProgress {
    WallTime started; ///< that process
    struct Call {
        Badge badge;
        char call[24] = "";
        bool at_work = true; ///< not a watch and the like, in progress all day, and not waiting for the host
    };
    std::vector<Call> calls;

    /// The one call that was at work; nullptr: there were none, or several.
    const Call *suspect() const noexcept;
    /// Sentence for the operator: what was in progress.
    std::string told() const;
};

/// The line of the record; nullptr: nobody's.
Crash crash_of(const LeftInProgress::Call *suspect, int signal, WallTime at);
/// A plugin closed files of the host: whoever writes to one of its own next may write into any other. Adds a line to
/// the record, with the only one that was being called, and ends the process with the status that has it restarted.
[[noreturn]] void end_without_files(const std::filesystem::path &record, const LeftInProgress &now) noexcept;

class Ledger {
public:
    /// nullopt: the last process ended as it should, the machine was restarted since, or nothing can be read.
    static std::optional<LeftInProgress> read(const std::filesystem::path &file);
    /// A new one for this process, which from now on has not ended as it should until end(). Errors: unavailable.
    static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path &file, WallTime now);
    ~Ledger();
    Ledger(const Ledger &) = delete;
    Ledger &operator=(const Ledger &) = delete;

    /// As read(), of this process and now.
    LeftInProgress now() const;
    /// The process is about to end and was told to.
    void end() noexcept;

    /// A call in progress for the life of the object; without a ledger, or beyond 256 at a time, it is not noted.
    class Entry {
    public:
        Entry(Ledger *ledger, const Badge &badge, const char *call, bool open_ended) noexcept;
        ~Entry();
        /// The plugin has called the host, or is back in its own code.
        void in_host(bool is) noexcept;
        Entry(const Entry &) = delete;
        Entry &operator=(const Entry &) = delete;

    private:
        friend class Ledger;
        struct Slot;
        Slot *slot_ = nullptr;
        uint32_t own_state_ = 0;
    };

private:
    struct Page;
    explicit Ledger(Page *page) : page_(page) {}
    Page *page_;
};

} // namespace rigger::host
