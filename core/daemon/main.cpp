#include "base/descriptors.hpp"
#include "daemon/application.hpp"

int main(int argc, char **argv) {
    rigger::fill_standard_descriptors();
    return rigger::daemon::Application().run(argc, argv);
}
