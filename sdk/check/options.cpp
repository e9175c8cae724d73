#include "options.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace check {
namespace {

void split(std::string_view list, std::vector<std::string> &into) {
    std::stringstream in{std::string(list)};
    for (std::string part; std::getline(in, part, ',');)
        if (!part.empty()) into.push_back(part);
}

bool number(const std::string &text, uint64_t &out) {
    try {
        size_t used = 0;
        out = std::stoull(text, &used, 0);
        return used == text.size() && text[0] != '-';
    } catch (const std::exception &) { return false; }
}

bool read_config(const std::string &value, std::string &out, std::string &complaint) {
    if (value.empty() || value[0] != '@') return out = value, true;
    std::ifstream in(value.substr(1));
    if (!in) return complaint = "--config: cannot read " + value.substr(1), false;
    out.assign(std::istreambuf_iterator<char>(in), {});
    return true;
}

} // namespace

const char *usage() noexcept {
    return "Usage: rigger-plugin-check FILE.so [OPTION...] [X...]\n"
           "Runs the conformance kit on a plugin, each test in a child process with a time limit.\n\n"
           "  --kind KIND      test only components of this kind (rig.placement-scorer/1 or placement-scorer)\n"
           "  --config JSON    the document given to create(); @FILE reads it; default: the schema's defaults\n"
           "  --only X[,X]     run only these groups or tests (scorer, scorer.range); may be repeated, and left out\n"
           "                   before X behind the file\n"
           "  --skip X[,X]     leave these out\n"
           "  --seed N         seed of everything random (default 1); a failure repeats with its seed\n"
           "  --timeout S      seconds that one test may take (default 20)\n"
           "  --json           one JSON document instead of lines\n"
           "  --list           list the tests and what each one holds; FILE is not needed\n"
           "  --verbose        let the plugin write to standard output and standard error\n"
           "  --help           this text\n\n"
           "Exit status: 0 nothing failed (warnings and skips are not failures), 1 something failed or crashed, 2 "
           "wrong usage.\n";
}

bool parse_options(int argc, char **argv, Options &out, bool &help, std::string &complaint) {
    help = false;
    for (int i = 1; i < argc; ++i) {
        std::string arg = argv[i], value;
        bool has_value = false;
        if (arg.rfind("--", 0) == 0) {
            if (const size_t eq = arg.find('='); eq != std::string::npos) {
                value = arg.substr(eq + 1), arg.resize(eq), has_value = true;
            }
        }
        const auto take = [&]() -> bool {
            if (has_value) return true;
            if (i + 1 >= argc) return complaint = arg + " needs a value", false;
            value = argv[++i];
            return true;
        };
        if (arg == "--help" || arg == "-h") return help = true;
        if (arg == "--json") {
            out.json = true;
            continue;
        }
        if (arg == "--list") {
            out.list = true;
            continue;
        }
        if (arg == "--verbose") {
            out.verbose = true;
            continue;
        }
        if (arg == "--kind" || arg == "--config" || arg == "--only" || arg == "--skip" || arg == "--seed" ||
            arg == "--timeout") {
            if (!take()) return false;
            if (arg == "--kind")
                out.kind = value.rfind("rig.", 0) == 0
                               ? value
                               : "rig." + value + (value.find('/') == std::string::npos ? "/1" : "");
            if (arg == "--only") split(value, out.only);
            if (arg == "--skip") split(value, out.leave);
            if (arg == "--config" && !read_config(value, out.config, complaint)) return false;
            uint64_t n = 0;
            if ((arg == "--seed" || arg == "--timeout") && !number(value, n))
                return complaint = arg + ": '" + value + "' is not a number", false;
            if (arg == "--seed") out.seed = n;
            if (arg == "--timeout" && (n < 1 || n > 3600))
                return complaint = "--timeout: from 1 to 3600 seconds", false;
            if (arg == "--timeout") out.timeout_seconds = static_cast<unsigned>(n);
            continue;
        }
        if (arg.size() > 1 && arg[0] == '-') return complaint = "unknown option " + arg, false;
        if (out.file.empty()) {
            out.file = arg;
            continue;
        }
        const bool file = arg.find('/') != std::string::npos || arg.find(".so") != std::string::npos;
        if (file) return complaint = "one plugin at a time: '" + out.file + "' and '" + arg + "'", false;
        split(arg, out.only);
    }
    if (out.file.empty() && !out.list) return complaint = "which plugin? Give the path of a .so file", false;
    return true;
}

} // namespace check
