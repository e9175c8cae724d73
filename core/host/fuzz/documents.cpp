// What a plugin may send: every parser takes any bytes, and what it accepts it can write and read again.
#include "domain/documents.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace rigger;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const SourceName source("fuzz");
    if (const auto offer = parse_offer("id", text, source, 0);
        offer.ok() && !parse_offer("id", to_json(*offer), source, 0).ok())
        std::abort();
    if (const auto instance = parse_instance("id", text, source);
        instance.ok() && !parse_instance("id", to_json(*instance), source).ok())
        std::abort();
    if (const auto deployment = parse_deployment(text); deployment.ok() && !parse_deployment(to_json(*deployment)).ok())
        std::abort();
    (void)parse_grant(text);
    (void)parse_announcement(text);
    (void)check_action(text);
    (void)check_rendering(text);
    (void)check_object(text);
    return 0;
}
