// Any bytes give facts or an error.
#include "host/elf.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)rigger::host::read_elf(std::span(reinterpret_cast<const std::byte *>(data), size));
    return 0;
}
