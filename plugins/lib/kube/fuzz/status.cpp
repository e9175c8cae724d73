#include "kube/answer.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    static constexpr int statuses[] = {400, 401, 403, 404, 409, 410, 422, 429, 500, 503};
    const std::string_view body(reinterpret_cast<const char *>(data) + 1, size - 1);
    (void)kube::refusal(statuses[data[0] % 10], body, 0, "fuzzing");
    return 0;
}
