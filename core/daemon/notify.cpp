#include "daemon/notify.hpp"

#include <string>
#include <systemd/sd-daemon.h>
#include <time.h>

namespace rigger::daemon {

void notify_ready() { sd_notify(0, "READY=1"); }

void notify_reloading() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const auto usec =
        static_cast<unsigned long long>(now.tv_sec) * 1'000'000 + static_cast<unsigned long long>(now.tv_nsec) / 1000;
    sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec)).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

void notify_status(std::string_view line) { sd_notify(0, ("STATUS=" + std::string(line)).c_str()); }

} // namespace rigger::daemon
