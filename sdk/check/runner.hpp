// runner.hpp -- runs one test in a child process and says how it ended.
#pragma once
#include "kit.hpp"

namespace check {

struct Result {
    Verdict verdict = Verdict::pass;
    std::string text; ///< why, for anything but pass
    uint64_t milliseconds = 0;
};

/// The child gets a time limit, no core dumps and a bounded address space; its output is dropped unless
/// options.verbose. component: index into the plugin's list, -1 for tests of the file. Not for use with several
/// threads.
Result run_test(const Test &, const Options &, const Package &, int component);

/// What the parent may know of the plugin's components without running its code itself: read in a child.
struct ComponentName {
    std::string id, kind;
};
Result read_components(const Options &, const Package &, std::vector<ComponentName> &out);

} // namespace check
