// Arguments of a command against a declaration with every sort of rule.
#include "host/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const auto schema =
        rigger::host::JsonSchema::parse(R"({"type":"object","additionalProperties":false,"required":["a"],"properties":{
        "a":{"type":"string","minLength":1,"maxLength":20,"pattern":"^[a-z]*$"},"b":{"type":"integer","minimum":0,"default":3},
        "c":{"type":"array","items":{"enum":["x","y"]},"uniqueItems":true},"d":{"oneOf":[{"type":"boolean"},{"type":"object"}]}}})");
    const auto filled = schema->apply({reinterpret_cast<const char *>(data), size}, "fuzz", "InvalidArguments");
    if (filled.ok() && !schema->apply(*filled, "fuzz", "InvalidArguments").ok()) std::abort();
    return 0;
}
