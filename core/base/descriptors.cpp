#include "base/descriptors.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace rigger {

void fill_standard_descriptors() noexcept {
    constexpr int modes[] = {O_WRONLY, O_RDONLY, O_RDWR}; // of input, output and error: the first two fail when used
    for (int number = 0; number < 3; ++number)
        if (::fcntl(number, F_GETFD) < 0 && errno == EBADF)
            (void)!::open("/dev/null", modes[number]); // takes the lowest number, which is this one
}

} // namespace rigger
