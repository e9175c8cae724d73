#include "engine/metrics/process.hpp"

#include "engine/metrics/text.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace rigger::metrics {
namespace {

void line(std::string &out, const char *name, const char *type, const char *help, double value) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " " +
           number(value) + "\n";
}

/// The fields of /proc/self/stat from the third one on: the second may hold spaces and ends with the last ')'.
std::vector<std::string> stat_fields() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    const size_t close = text.rfind(')');
    std::istringstream rest(close == std::string::npos ? "" : text.substr(close + 1));
    std::vector<std::string> fields;
    for (std::string field; rest >> field;) fields.push_back(field);
    return fields;
}

double boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string text; std::getline(file, text);)
        if (text.starts_with("btime ")) return std::strtod(text.c_str() + 6, nullptr);
    return 0;
}

double open_descriptors() {
    std::error_code failed;
    double count = -1; // the directory's own descriptor
    for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
         at.increment(failed))
        ++count;
    return count;
}
} // namespace

std::string process_exposition() {
    // Positions in stat_fields(): proc(5) counts from 1 and from the pid.
    constexpr size_t user_time = 11, system_time = 12, threads = 17, start = 19, virtual_size = 20, resident = 21;
    std::string out;
    if (const auto fields = stat_fields(); fields.size() > resident) {
        const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK)),
                   page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        const auto field = [&](size_t i) { return std::strtod(fields[i].c_str(), nullptr); };
        line(out, "process_cpu_seconds_total", "counter", "User and system CPU time.",
             (field(user_time) + field(system_time)) / ticks);
        line(out, "process_resident_memory_bytes", "gauge", "Resident memory.", field(resident) * page);
        line(out, "process_start_time_seconds", "gauge", "Start time since the Unix epoch.",
             boot_time() + field(start) / ticks);
        line(out, "process_threads", "gauge", "Threads.", field(threads));
        line(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.", field(virtual_size));
    }
    if (const double open = open_descriptors(); open >= 0)
        line(out, "process_open_fds", "gauge", "Open file descriptors.", open);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        line(out, "process_max_fds", "gauge", "Most file descriptors that may be open.",
             static_cast<double>(limit.rlim_cur));
    return out;
}

} // namespace rigger::metrics
