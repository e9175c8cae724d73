#include "preference.hpp"

#include <limits>
#include <rigger/sdk/scorer.hpp>

namespace cheap_first {
namespace {

constexpr double kVeto = -std::numeric_limits<double>::infinity();

RIG_VECTORISED void fill(double price_share, double quiet_share, double pivot, double limit, const double *price,
                         const double *failures, size_t n, double *out) {
    for (size_t i = 0; i < n; ++i) {
        const double score = price_share * (pivot / (pivot + price[i])) + quiet_share * (1.0 / (1.0 + failures[i]));
        out[i] = failures[i] > limit ? kVeto : score;
    }
}

} // namespace

void score_row(const Weights &w, const double *price, const double *failures, size_t n, double *out) {
    const double sum = w.price + w.quiet;
    fill(w.price / sum, w.quiet / sum, w.pivot_price,
         w.max_failures < 0 ? std::numeric_limits<double>::infinity() : w.max_failures, price, failures, n, out);
}

Terms terms(const Weights &w, double price, double failures) {
    Terms t{w.pivot_price / (w.pivot_price + price), 1.0 / (1.0 + failures), 0};
    score_row(w, &price, &failures, 1, &t.score);
    return t;
}

} // namespace cheap_first
