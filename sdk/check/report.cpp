#include "report.hpp"

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace check {
namespace {

using nlohmann::ordered_json;

const char *colour(Verdict v) {
    if (!isatty(STDOUT_FILENO)) return "";
    switch (v) {
    case Verdict::pass: return "\033[32m";
    case Verdict::warn: return "\033[33m";
    case Verdict::skip: return "\033[2m";
    default: return "\033[31m";
    }
}
const char *plain() { return isatty(STDOUT_FILENO) ? "\033[0m" : ""; }

ordered_json describe(const Test &t) {
    return {{"id", t.id()},
            {"group", t.group},
            {"kind", t.kind ? ordered_json(t.kind) : ordered_json(nullptr)},
            {"description", t.description},
            {"doc", t.doc()}};
}

} // namespace

void Report::add(Line l) {
    if (!options_.json) {
        const Verdict v = l.result.verdict;
        std::printf("%s%-5s%s %-30s %s%s%s\n", colour(v), name(v), plain(), l.test.id().c_str(), l.test.description,
                    l.component.empty() ? "" : "  [", l.component.empty() ? "" : (l.component + "]").c_str());
        if (!l.result.text.empty()) std::printf("      %s\n", l.result.text.c_str());
        if (v == Verdict::fail || v == Verdict::crash) std::printf("      see %s\n", l.test.doc().c_str());
        std::fflush(stdout);
    }
    lines_.push_back(std::move(l));
}

bool Report::finish(const Package &package) const {
    std::map<Verdict, size_t> counts;
    for (const Line &l : lines_) ++counts[l.result.verdict];
    const bool good = counts[Verdict::fail] + counts[Verdict::crash] == 0;
    if (!options_.json) {
        std::printf("%zu passed, %zu warned, %zu skipped, %zu failed, %zu crashed (seed %llu)\n", counts[Verdict::pass],
                    counts[Verdict::warn], counts[Verdict::skip], counts[Verdict::fail], counts[Verdict::crash],
                    static_cast<unsigned long long>(options_.seed));
        return good;
    }
    ordered_json out = {{"file", package.file}, {"seed", options_.seed}, {"passed", good}};
    for (const Verdict v : {Verdict::pass, Verdict::warn, Verdict::skip, Verdict::fail, Verdict::crash})
        out["counts"][name(v)] = counts[v];
    out["tests"] = ordered_json::array();
    for (const Line &l : lines_) {
        ordered_json t = describe(l.test);
        t["component"] = l.component.empty() ? ordered_json(nullptr) : ordered_json(l.component);
        t["result"] = name(l.result.verdict);
        t["text"] = l.result.text;
        t["milliseconds"] = l.result.milliseconds;
        out["tests"].push_back(t);
    }
    std::printf("%s\n", out.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return good;
}

void print_list(const Options &options) {
    ordered_json out = ordered_json::array();
    for (const Test &t : all_tests()) {
        out.push_back(describe(t));
        if (!options.json) std::printf("%-30s %s\n", t.id().c_str(), t.description);
    }
    if (options.json) std::printf("%s\n", out.dump(2).c_str());
}

} // namespace check
