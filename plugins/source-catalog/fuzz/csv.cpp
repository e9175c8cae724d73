// The list of models, from anybody: it is read or refused with a message, never more.
#include "csv_market.hpp"
#include "market.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    auto items = catalog::market_from_csv(text, "fuzz.csv", {});
    if (!items.ok()) {
        if (items.error().message.empty()) std::abort();
        return 0;
    }
    const catalog::Market market(std::move(*items), catalog::MultiplierFrom::metrics);
    for (size_t i = 0; i < market.size() && i < 8; ++i)
        if (market.document(i, 0).empty()) std::abort();
    return 0;
}
