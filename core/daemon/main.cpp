#include "base/descriptors.hpp"
#include "daemon/application.hpp"

#include <iostream>
#include <Poco/Exception.h>

int main(int argc, char **argv) {
    rigger::fill_standard_descriptors();
    rigger::daemon::Application application;
    try {
        application.init(argc, argv);
    } catch (const Poco::Exception &wrong) { // an option that is not known, lacks its value, or stands there twice
        std::cerr << "riggerd: " << wrong.displayText() << "; see riggerd --help\n";
        return Poco::Util::Application::EXIT_USAGE;
    }
    return static_cast<Poco::Util::Application &>(application).run();
}
