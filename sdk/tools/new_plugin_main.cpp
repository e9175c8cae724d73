// rigger-new-plugin KIND ID TARGET [TEMPLATES]: write_template() for scripts and tests; people use `rigger plugins new`.
#include "tools/new_plugin.hpp"

#include <cstdio>

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) {
        std::fputs("Usage: rigger-new-plugin KIND ID TARGET [TEMPLATES]\n", stderr);
        return 2;
    }
    namespace fs = std::filesystem;
    std::error_code ec;
    const fs::path beside = fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path() / "share/rigger/sdk/template";
    auto files = rigger::sdk::write_template(argc == 5 ? fs::path(argv[4]) : beside, argv[1], argv[2], argv[3]);
    if (!files.ok()) {
        std::fprintf(stderr, "rigger-new-plugin: %s\n", files.error().message.c_str());
        return 1;
    }
    for (const fs::path &f : *files) std::printf("%s\n", (fs::path(argv[3]) / f).c_str());
    return 0;
}
