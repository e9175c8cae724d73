// rigger-new-plugin: write_template() as a command. People mostly use `rigger plugins new`, which calls it.
#include "tools/new_plugin.hpp"

#include <cstdio>
#include <string>
#include <system_error>

namespace {

namespace fs = std::filesystem;

constexpr const char *kUsage =
    "Usage: rigger-new-plugin --kind KIND [--dir DIR] [--templates DIR] ID\n"
    "Writes the project of a new plugin, ready to build against the installed SDK.\n\n"
    "  --kind KIND      placement-scorer, reconciler, validator-source, cluster-backend or command-frontend\n"
    "  --dir DIR        where to write it; default: the last part of the id\n"
    "  --templates DIR  default: ../share/rigger/sdk/template beside this program\n"
    "  ID               a reverse DNS name, such as com.example.mine\n\n"
    "Exit status: 0 written, 1 not written, 2 wrong usage, kind or id.\n";

struct Wish {
    std::string kind, id, dir, templates;
};

bool read(int argc, char **argv, Wish &wish) {
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        std::string *value = arg == "--kind"        ? &wish.kind
                             : arg == "--dir"       ? &wish.dir
                             : arg == "--templates" ? &wish.templates
                                                    : nullptr;
        if (value) {
            if (++i >= argc) return false;
            *value = argv[i];
        } else if (arg.empty() || arg[0] == '-' || !wish.id.empty()) {
            return false;
        } else {
            wish.id = arg;
        }
    }
    return !wish.kind.empty() && !wish.id.empty();
}

} // namespace

int main(int argc, char **argv) {
    if (argc == 2 && std::string(argv[1]) == "--help") return std::fputs(kUsage, stdout), 0;
    Wish wish;
    if (!read(argc, argv, wish)) return std::fputs(kUsage, stderr), 2;
    std::error_code ec;
    if (wish.templates.empty())
        wish.templates =
            (fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path() / "share/rigger/sdk/template").string();
    if (wish.dir.empty()) wish.dir = wish.id.substr(wish.id.rfind('.') + 1);
    const auto files = rigger::sdk::write_template(wish.templates, wish.kind, wish.id, wish.dir);
    if (!files.ok())
        return std::fprintf(stderr, "rigger-new-plugin: %s\n", files.error().message.c_str()),
               files.error().code == rigger::Code::invalid ? 2 : 1;
    for (const fs::path &f : *files) std::printf("%s\n", (fs::path(wish.dir) / f).c_str());
    std::printf("\nNext:\n  cd %s\n  cmake -S . -B build -G Ninja && cmake --build build\n  ctest --test-dir build "
                "--output-on-failure\n"
                "  rigger plugins install build/plugins/%s && rigger plugins enable %s\n",
                wish.dir.c_str(), wish.id.c_str(), wish.id.c_str());
    return 0;
}
