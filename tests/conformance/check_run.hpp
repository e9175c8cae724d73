// check_run.hpp -- runs rigger-plugin-check and reads its JSON report.
#pragma once
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>

namespace conformance {

struct CheckRun {
    int exit_status = -1;
    std::string output;
    nlohmann::json report;

    /// The result of one test ("fail"), or "absent".
    std::string result(const std::string &test) const {
        for (const auto &t : report.value("tests", nlohmann::json::array()))
            if (t["id"] == test) return t["result"];
        return "absent";
    }
    std::string text(const std::string &test) const {
        for (const auto &t : report.value("tests", nlohmann::json::array()))
            if (t["id"] == test) return t["text"];
        return {};
    }
};

/// One argument for the shell: a build directory may have spaces in its name.
inline std::string quoted(const std::string &path) { return "'" + path + "'"; }

inline CheckRun check(const std::string &arguments) {
    CheckRun run;
    FILE *pipe = popen((quoted(CHECK_TOOL) + " " + arguments + " 2>&1").c_str(), "r");
    if (!pipe) return run;
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) run.output.append(buffer, n);
    const int status = pclose(pipe);
    run.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    run.report = nlohmann::json::parse(run.output, nullptr, false);
    if (run.report.is_discarded()) run.report = nlohmann::json::object();
    return run;
}

/// The library of a bad plugin: "wrong_id" -> <build>/tests/bad/wrong_id/com.example.bad.wrong-id.so
inline std::string bad_file(const std::string &fault, std::string id = {}) {
    if (id.empty()) {
        id = "com.example.bad." + fault;
        for (char &c : id)
            if (c == '_') c = '-';
    }
    return std::string(BAD_DIR) + "/" + fault + "/" + id + ".so";
}

} // namespace conformance
