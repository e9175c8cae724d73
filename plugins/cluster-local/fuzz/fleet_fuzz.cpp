// Any text is either a fleet or refused with a message; nothing else.
#include "fleet/fleet.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    auto fleet = cluster_local::parse_fleet({reinterpret_cast<const char *>(data), size}, "fleet.yaml");
    if (!fleet.ok() && fleet.error().message.find("fleet.yaml:") != 0) std::abort();
    if (fleet.ok())
        for (const auto &server : fleet->servers)
            if (server.count < 1 || !(server.hourly_cost > 0) || server.name.empty()) std::abort();
    return 0;
}
