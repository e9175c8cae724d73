// market.hpp -- items as offers: the documents that the host gets, and the facts that the played validator decides
// from.
#pragma once
#include "items.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace catalog {

/// Which figure is an offer's compute multiplier.
enum class MultiplierFrom {
    metrics,   ///< the mean of the last hour: what gain is reckoned with
    effective, ///< `effective_compute_multiplier`: what one instance earns now; metrics where it is missing
};

/// Immutable once built; shared between threads.
class Market {
public:
    /// `validator`: whose servers the offers may use, as servers are pledged to it; "*": anybody's.
    Market(Items items, MultiplierFrom multiplier, std::string validator = "*");

    size_t size() const noexcept { return items_.chutes.size(); }
    const Chute &chute(size_t index) const { return items_.chutes[index]; }
    const Chute *find(const std::string &id) const;
    const Utilization *utilization(const std::string &id) const;
    double instances(const std::string &id) const; ///< as the market's metrics say; 0 without

    /// The offer document (docs/plugins/documents.md section 1). `own_instances` is added to the market's count.
    std::string document(size_t index, double own_instances) const;

private:
    Items items_;
    MultiplierFrom multiplier_;
    std::string validator_;
    std::unordered_map<std::string, size_t> index_;
};
using MarketPtr = std::shared_ptr<const Market>;

} // namespace catalog
