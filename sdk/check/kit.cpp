#include "kit.hpp"

#include "groups/groups.hpp"

#include <cstring>
#include <dlfcn.h>

namespace check {

const char *name(Verdict v) noexcept {
    switch (v) {
    case Verdict::pass: return "pass";
    case Verdict::warn: return "warn";
    case Verdict::skip: return "skip";
    case Verdict::fail: return "fail";
    case Verdict::crash: return "crash";
    }
    return "fail";
}

void fail(std::string text) { throw Ending{Verdict::fail, std::move(text)}; }
void skip(std::string text) { throw Ending{Verdict::skip, std::move(text)}; }

std::string Test::doc() const { return std::string("docs/plugins/testing.md#") + group + "-" + name; }

std::string Outcome::text() const {
    static constexpr const char *kNames[] = {"Ok",          "Invalid",   "NotFound",  "Conflict",
                                             "Unavailable", "Deadline",  "Cancelled", "Denied",
                                             "Unsupported", "Exhausted", "Internal"};
    std::string out = code >= 0 && code <= RIG_E_INTERNAL ? kNames[code] : "code " + std::to_string(code);
    if (!reason.empty()) out += " (" + reason + ")";
    if (!message.empty()) out += ": " + message;
    return out;
}

const rig_plugin *open_plugin(const std::string &file, std::string &why) {
    set_call("dlopen");
    void *handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    set_call("");
    if (!handle) return why = std::string("dlopen: ") + dlerror(), nullptr;
    void *symbol = dlsym(handle, "rig_plugin_v1");
    if (!symbol) return why = "it does not export rig_plugin_v1; put RIG_PLUGIN(...) into one source file", nullptr;
    return static_cast<const rig_plugin *>(symbol);
}

const rig_plugin &Context::plugin() {
    if (plugin_) return *plugin_;
    std::string why;
    plugin_ = open_plugin(package.file, why);
    if (!plugin_) fail(why);
    return *plugin_;
}

void Context::warn(const std::string &text) {
    if (warning_.empty()) warning_ = text;
}

Context::ErrorGuard::ErrorGuard() {
    long_.table.struct_size = sizeof(rig_error);
    std::memset(long_.tail, 0xA5, sizeof long_.tail);
}

void Context::ErrorGuard::read(const char *what, Outcome &out) const {
    for (const unsigned char byte : long_.tail)
        if (byte != 0xA5) fail(std::string(what) + "() wrote behind the end of its rig_error");
    const rig_error &e = long_.table;
    if (e.struct_size != sizeof(rig_error)) fail(std::string(what) + "() changed the error's struct_size");
    if (!std::memchr(e.reason, 0, sizeof e.reason) || !std::memchr(e.message, 0, sizeof e.message))
        fail(std::string(what) + "() left an error text without its final NUL");
    if (out.code == RIG_OK) return;
    out.reason = e.reason;
    out.message = e.message;
}

void Context::answer(const char *what, const Outcome &o) const {
    if (o.code == RIG_E_INTERNAL)
        fail(std::string(what) + "() answered " + o.text() + "; Internal means a bug in the plugin");
    if (o.code != RIG_OK && o.message.empty())
        fail(std::string(what) + "() failed with " + o.text() + " and gave no message");
}

void Context::must(const char *what, const Outcome &o) const {
    if (o.code == RIG_OK) return;
    if (o.code == RIG_E_INTERNAL || o.code == RIG_E_EXHAUSTED || o.message.empty())
        fail(std::string(what) + "() answered " + o.text());
    skip(std::string(what) + "() answered " + o.text() + "; give a --config with which it works");
}

std::vector<Test> all_tests() {
    std::vector<Test> tests;
    add_file_tests(tests);
    add_entry_tests(tests);
    add_life_cycle_tests(tests);
    add_compatibility_tests(tests);
    add_config_tests(tests);
    add_scorer_tests(tests);
    add_reconciler_tests(tests);
    add_source_tests(tests);
    add_backend_tests(tests);
    add_frontend_tests(tests);
    add_error_tests(tests);
    add_state_tests(tests);
    return tests;
}

} // namespace check
