#include "kube/stream.hpp"

#include <cstdint>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    std::stringbuf list(text), events(text);
    (void)kube::read_list(list, "v1", "Pod", [](std::string_view) { return rig::Status(); }).ok();
    for (;;) {
        auto event = kube::read_event(events);
        if (!event.ok() || !*event) return 0;
    }
}
