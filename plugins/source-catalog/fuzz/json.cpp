// A JSON market, and each list on its own, from anybody.
#include "json_market.hpp"
#include "market.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    for (const auto list :
         {catalog::List::chutes, catalog::List::metrics, catalog::List::utilization, catalog::List::images}) {
        catalog::Items items;
        const auto status = catalog::add_list(items, list, text, "fuzz.json");
        if (!status.ok() && status.error().message.empty()) std::abort();
    }
    auto items = catalog::market_from_json(text, "fuzz.json");
    if (!items.ok()) return 0;
    const catalog::Market market(std::move(*items), catalog::MultiplierFrom::effective);
    for (size_t i = 0; i < market.size() && i < 8; ++i)
        if (market.document(i, 1).empty()) std::abort();
    return 0;
}
