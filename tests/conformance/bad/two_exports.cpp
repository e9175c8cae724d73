// Exports a second symbol beside its entry point: linked without the SDK's version script.
#include "honest.hpp"

extern "C" RIG_EXPORT int a_second_export() { return 1; }

BAD_SCORER(bad::Honest, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
