// rigger-plugin-check: the conformance kit. Every test runs in a child; this process never runs the plugin's code.
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace {

using namespace check;

bool named(const std::vector<std::string> &names, const Test &t) {
    return std::any_of(names.begin(), names.end(), [&](const std::string &n) { return n == t.group || n == t.id(); });
}

/// A gate is run although nobody asked for it, quietly, because the rest makes no sense without it.
bool wanted(const Options &o, const Test &t) { return (o.only.empty() || named(o.only, t)) && !named(o.leave, t); }

bool passed(const Result &r) { return r.verdict == Verdict::pass || r.verdict == Verdict::warn; }

class Run {
public:
    Run(const Options &o, const Package &p) : options_(o), package_(p), report_(o) {}

    /// Tests of the file, then of each component. A gate that does not pass ends what depends on it.
    bool all() {
        const auto tests = all_tests();
        std::string closed;
        for (const Test &t : tests)
            if (!t.kind) one(t, -1, "", closed);
        if (closed.empty()) components(tests);
        return report_.finish(package_);
    }

private:
    void components(const std::vector<Test> &tests) {
        std::vector<ComponentName> names;
        const Result read = read_components(options_, package_, names);
        if (!passed(read))
            return report_.add(
                {tests.front(), "", {Verdict::fail, "the components cannot be read: " + read.text, read.milliseconds}});
        for (size_t i = 0; i < names.size(); ++i) {
            if (!options_.kind.empty() && options_.kind != names[i].kind) continue;
            std::string closed;
            for (const Test &t : tests)
                if (t.kind && (std::strcmp(t.kind, "*") == 0 || names[i].kind == t.kind))
                    one(t, static_cast<int>(i), names.size() > 1 ? names[i].id : "", closed);
        }
    }

    void one(const Test &t, int component, const std::string &label, std::string &closed) {
        const bool asked = wanted(options_, t);
        if (!closed.empty()) {
            if (asked) report_.add({t, label, {Verdict::skip, "not run: " + closed + " did not pass", 0}});
            return;
        }
        if (!asked && !t.gate) return;
        const Result r = run_test(t, options_, package_, component);
        if (t.gate && !passed(r)) closed = t.id();
        if (asked || !passed(r)) report_.add({t, label, r});
    }

    const Options &options_;
    const Package &package_;
    Report report_;
};

bool known(const std::vector<std::string> &names, std::string &unknown) {
    const auto tests = all_tests();
    for (const std::string &n : names)
        if (std::none_of(tests.begin(), tests.end(), [&](const Test &t) { return n == t.group || n == t.id(); }))
            return unknown = n, false;
    return true;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    bool help = false;
    std::string complaint;
    if (!parse_options(argc, argv, options, help, complaint)) {
        std::fprintf(stderr, "rigger-plugin-check: %s\n%s", complaint.c_str(), usage());
        return 2;
    }
    if (help) return std::fputs(usage(), stdout), 0;
    std::string unknown;
    if (!known(options.only, unknown) || !known(options.leave, unknown)) {
        std::fprintf(stderr, "rigger-plugin-check: there is no test or group '%s'; see --list\n", unknown.c_str());
        return 2;
    }
    if (options.list) return print_list(options), 0;
    Package package;
    if (!read_package(options.file, package, complaint)) {
        std::fprintf(stderr, "rigger-plugin-check: %s\n", complaint.c_str());
        return 1;
    }
    return Run(options, package).all() ? 0 : 1;
}
