// A recorded history from anybody.
#include "replay.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    auto steps = catalog::parse_replay({reinterpret_cast<const char *>(data), size}, "fuzz.jsonl");
    if (!steps.ok()) {
        if (steps.error().message.empty()) std::abort();
        return 0;
    }
    catalog::Items items;
    catalog::play(items, *steps, steps->size());
    return 0;
}
