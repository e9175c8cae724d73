// Not bad at all: what the other plugins here are compared with.
#include "honest.hpp"

BAD_SCORER(bad::Honest, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
