// A shared library that is no plugin: its one export is something else.
#include <rigger/abi/base.h>

extern "C" RIG_EXPORT int not_a_plugin() { return 1; }
