// The ABI headers are C11; that they are C++17 as well, and pad nothing silently, shows here.
#include <rigger/abi/kinds.h>
