// Exports a second symbol beside its entry point: linked without the SDK's version script.
#include "honest.hpp"

extern "C" RIG_EXPORT int a_second_export() { return 1; }

#ifdef BAD_MANY // as many as one that was linked without the script shows of the C++ library
#define FOUR(NAME)                                    \
    extern "C" RIG_EXPORT int NAME##0() { return 0; } \
    extern "C" RIG_EXPORT int NAME##1() { return 1; } \
    extern "C" RIG_EXPORT int NAME##2() { return 2; } \
    extern "C" RIG_EXPORT int NAME##3() { return 3; }
#define SIXTEEN(NAME) FOUR(NAME##0) FOUR(NAME##1) FOUR(NAME##2) FOUR(NAME##3)
SIXTEEN(a_name_as_long_as_those_that_templates_have_0)
SIXTEEN(a_name_as_long_as_those_that_templates_have_1)
#endif

BAD_SCORER(bad::Honest, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
