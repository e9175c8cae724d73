// report.hpp -- what was run and how it went, as lines for a person or one JSON document.
#pragma once
#include "runner.hpp"

namespace check {

struct Line {
    Test test;
    std::string component; ///< empty for tests of the file
    Result result;
};

class Report {
public:
    explicit Report(const Options &options) : options_(options) {}
    void add(Line); ///< a person sees it at once
    /// The rest of the output. True: nothing failed or crashed.
    bool finish(const Package &) const;

private:
    const Options &options_;
    std::vector<Line> lines_;
};

void print_list(const Options &);

} // namespace check
