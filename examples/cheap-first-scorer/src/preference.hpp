// preference.hpp -- the arithmetic of the scorer, apart from the plugin's border so that it can be read and tested
// alone.
#pragma once
#include <cstddef>

namespace cheap_first {

struct Weights {
    double price = 0.7, quiet = 0.3; ///< shares of the score; not negative, not both zero
    double pivot_price = 1.0;        ///< USD per GPU-hour that counts one half
    double max_failures = -1;        ///< more failure marks than this are a veto; below 0: never
};

/// What one score is made of.
struct Terms {
    double price, quiet, score; ///< each from 0 to 1; score may be -infinity
};
Terms terms(const Weights &, double price, double failures);

/// terms().score for n candidates. Vectorised; the same bits as terms().
void score_row(const Weights &, const double *price, const double *failures, size_t n, double *out);

} // namespace cheap_first
