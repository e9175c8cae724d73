#include "daemon/application.hpp"

int main(int argc, char **argv) { return rigger::daemon::Application().run(argc, argv); }
