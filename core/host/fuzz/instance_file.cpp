// Any bytes give a value or an error that names the file; never a crash, never much time.
#include "host/instance_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto parsed = rigger::host::parse_instance_file({reinterpret_cast<const char *>(data), size}, "50-fuzz.yaml");
    if (!parsed.ok() && parsed.error().message.find("50-fuzz.yaml") == std::string::npos) std::abort();
    return 0;
}
