// rigger-config-reference: writes etc/rigger.yaml or docs/operators/configuration.md to standard output.
#include "daemon/config/reference.hpp"

#include <cstdio>
#include <string_view>

int main(int argc, char **argv) {
    const std::string_view what = argc == 2 ? argv[1] : "";
    if (what != "yaml" && what != "page") {
        std::fputs("usage: rigger-config-reference yaml|page\n", stderr);
        return 2;
    }
    const std::string text = what == "yaml" ? rigger::default_config_yaml() : rigger::config_reference_page();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
