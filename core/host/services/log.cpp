#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include <spdlog/logger.h>

namespace rigger::host {
namespace {
constexpr uint64_t lines_per_second = 500;
constexpr size_t max_line = 8 * 1024;
constexpr int32_t error_level = 4;

int32_t enabled(const rig_host *host, int32_t level) noexcept {
    if (!host || level < 0) return 0;
    const auto &log = handle_of(host).machinery->services.log;
    return log && log->should_log(static_cast<spdlog::level::level_enum>(std::min<int32_t>(level, 5))) ? 1 : 0;
}

/// A plugin in a loop must not fill the disk. The lines that were left out are counted and said with the next one that
/// passes.
bool within_rate(HostHandle &h, uint64_t &dropped) {
    const uint64_t second = h.machinery->clock.monotonic().ns / 1'000'000'000;
    const std::lock_guard lock(h.mutex);
    if (second != h.log_second) {
        h.log_second = second;
        h.log_lines = 0;
        dropped = std::exchange(h.log_dropped, 0);
    }
    if (++h.log_lines <= lines_per_second) return true;
    ++h.log_dropped;
    return false;
}

void append_clean(std::string &to, std::string_view text) {
    for (const char c : text) {
        if (to.size() >= max_line) return;
        to += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c; // one line stays one line
    }
}

void write(const rig_host *host, int32_t level, rig_str message, const rig_kv *fields, size_t n) noexcept {
    if (!enabled(host, level)) return;
    (void)serve(host, RIG_SERVICE_LOG, nullptr, [&](HostHandle &h) -> Status {
        uint64_t dropped = 0;
        if (!within_rate(h, dropped)) return {};
        std::string line = "[" + h.name + "] ";
        append_clean(line, view(message));
        for (size_t i = 0; fields && i < n && i < 64; ++i) {
            line += ' ';
            append_clean(line, view(fields[i].key));
            line += '=';
            append_clean(line, view(fields[i].value));
        }
        if (level >= error_level) {
            const WallTime now = h.machinery->clock.wall();
            const std::lock_guard lock(h.mutex);
            h.complaint = line.substr(h.name.size() + 3);
            h.complained_at = now;
        }
        if (dropped > 0) line += " (" + std::to_string(dropped) + " lines before this one were left out)";
        h.machinery->log(std::min<int32_t>(level, 5), line);
        return {};
    });
}
} // namespace

const rig_log *log_table() noexcept {
    static constexpr rig_log table{sizeof(rig_log), &enabled, &write};
    return &table;
}

} // namespace rigger::host
