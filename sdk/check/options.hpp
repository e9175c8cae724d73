// options.hpp -- what the command line asks for.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace check {

struct Options {
    std::string file;               ///< the plugin's .so
    std::string kind;               ///< only components of this kind; empty: all
    std::string config;             ///< JSON for create(); empty: the schema's defaults
    std::vector<std::string> only;  ///< groups or test ids to run; empty: all
    std::vector<std::string> leave; ///< groups or test ids not to run
    uint64_t seed = 1;
    unsigned timeout_seconds = 20; ///< for each test
    bool json = false, list = false, verbose = false;
};

/// False: `complaint` says what is wrong with the command line. `help` asks for the usage text instead.
bool parse_options(int argc, char **argv, Options &out, bool &help, std::string &complaint);
const char *usage() noexcept;

} // namespace check
