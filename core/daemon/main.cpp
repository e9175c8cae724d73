#include "base/descriptors.hpp"
#include "daemon/application.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <Poco/Exception.h>

#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif

namespace {

int run(int argc, char **argv) {
    rigger::daemon::Application application;
    try {
        application.init(argc, argv);
    } catch (const Poco::Exception &wrong) { // an option that is not known, lacks its value, or stands there twice
        std::cerr << "riggerd: " << wrong.displayText() << "; see riggerd --help\n";
        return Poco::Util::Application::EXIT_USAGE;
    }
    return static_cast<Poco::Util::Application &>(application).run();
}

} // namespace

int main(int argc, char **argv) {
    rigger::fill_standard_descriptors();
    const int code = run(argc, argv);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
    return code; // its report comes at the end of the process
#else
    // Not through exit(): static destructors of plugins, which are never unloaded, would run when everything has ended,
    // and one that hangs or crashes there would hold up or spoil an orderly stop.
    std::cout.flush();
    std::cerr.flush();
    std::fflush(nullptr);
    ::_exit(code);
#endif
}
