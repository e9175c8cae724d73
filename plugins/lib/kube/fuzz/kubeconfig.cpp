#include "kube/access.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    (void)kube::read_kubeconfig(text, "/nowhere").ok();
    (void)kube::current_context(text, "/nowhere").ok();
    return 0;
}
