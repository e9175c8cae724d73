// Any text is either a configuration or a list of problems, each with a place and a sentence.
#include "daemon/config/config.hpp"
#include "daemon/config/document.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    // References would reach into this machine's files.
    if (text.find("${file") != std::string_view::npos) return 0;
    const rigger::LoadedConfig loaded = rigger::parse_config(text, "fuzz.yaml", {{"NAME", "value"}});
    for (const rigger::ConfigProblem &problem : loaded.problems)
        if (problem.text.empty() || problem.where.empty()) std::abort();
    if (loaded.ok() != loaded.status().ok()) std::abort();
    if (!rigger::diff(loaded.config, loaded.config).empty()) std::abort();
    return 0;
}
