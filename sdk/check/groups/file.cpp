// Group "file": what the library shows before any of its code runs, and how it loads.
#include "../blake2b.hpp"
#include "../session.hpp"
#include "groups.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <elf.h>
#include <filesystem>
#include <fstream>

namespace check {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

/// The first few: a library that was linked without the version script exports hundreds.
std::string joined(const std::vector<std::string> &all) {
    constexpr size_t kEnough = 160;
    std::string out;
    for (size_t i = 0; i < all.size(); ++i) {
        if (out.size() > kEnough) return out + " and " + std::to_string(all.size() - i) + " more";
        out += (out.empty() ? "" : ", ") + all[i];
    }
    return out;
}

void library(Context &t) {
    const ElfFacts &e = t.package.elf;
    expect(e.shared_object, "it is not a shared library; build it as a MODULE");
    expect(kMachine == EM_NONE || e.machine == kMachine,
           "it is for another machine (ELF machine " + std::to_string(e.machine) + ")");
}

void exports(Context &t) {
    const auto &found = t.package.elf.exports;
    expect(found == std::vector<std::string>{"rig_plugin_v1"},
           found.empty() ? "it exports nothing; a plugin exports exactly rig_plugin_v1"
                         : "a plugin exports exactly rig_plugin_v1, this one: " + joined(found) +
                               "; link it with the SDK's version script, as rig_add_plugin does, or else: "
                               "$(pkg-config --variable=plugin_ldflags rigger-sdk)");
}

void relocations(Context &t) {
    expect(!t.package.elf.text_relocations, "it has text relocations; compile every object with -fPIC");
}
void stack(Context &t) {
    expect(!t.package.elf.executable_stack, "it asks for an executable stack; link with -z noexecstack");
}
void tls(Context &t) {
    expect(!t.package.elf.static_tls,
           "it uses static TLS, which can exhaust the host's reserve; compile without -ftls-model=initial-exec");
}

void hardening(Context &t) {
    if (!t.package.elf.bind_now) t.warn("symbols are bound lazily; link with -z now");
    if (!t.package.elf.no_delete) t.warn("it may be unmapped; link with -z nodelete");
}

void needed(Context &t) {
    static const std::vector<std::string> kAllowed = {
        "libc.so.6",  "libm.so.6",  "libstdc++.so.6",       "libgcc_s.so.1",        "libpthread.so.0",
        "libdl.so.2", "librt.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};
    std::vector<std::string> foreign;
    for (const std::string &n : t.package.elf.needed) {
        const bool sanitizer = n.rfind("libasan", 0) == 0 || n.rfind("libubsan", 0) == 0 || n.rfind("libtsan", 0) == 0;
        const auto &named = t.package.manifest.needed;
        if (!sanitizer && std::find(kAllowed.begin(), kAllowed.end(), n) == kAllowed.end() &&
            std::find(named.begin(), named.end(), n) == named.end())
            foreign.push_back(n);
    }
    expect(foreign.empty(), "it needs " + joined(foreign) + ", which the manifest does not name under needed:");
}

void note(Context &t) {
    const std::string &n = t.package.elf.note;
    expect(!n.empty(), "it has no identity note; use RIG_PLUGIN, or RIG_PLUGIN_NOTE in C");
    const rig_plugin &p = t.plugin();
    const std::string said = std::string(p.id ? p.id : "") + "\n" + (p.version ? p.version : "");
    expect(n == said, "the identity note says '" + n.substr(0, n.find('\n')) + " " +
                          n.substr(std::min(n.size(), n.find('\n') + 1)) + "', the descriptor '" + (p.id ? p.id : "") +
                          " " + (p.version ? p.version : "") + "'");
}

void manifest(Context &t) {
    const ManifestFacts &m = t.package.manifest;
    if (!m.present) skip("no plugin.yaml lies beside the library");
    expect(!m.id.empty() && !m.version.empty(), "plugin.yaml lacks id or version");
    const std::string n = t.package.elf.note, said = m.id + "\n" + m.version;
    expect(n.empty() || n == said, "plugin.yaml says '" + m.id + " " + m.version + "', the library's note '" +
                                       n.substr(0, n.find('\n')) + " " +
                                       n.substr(std::min(n.size(), n.find('\n') + 1)) + "'");
}

void digest(Context &t) {
    const ManifestFacts &m = t.package.manifest;
    if (!m.present) skip("no plugin.yaml lies beside the library");
    if (m.digest.empty())
        return t.warn("plugin.yaml has no blake2b for " + fs::path(t.package.file).filename().string());
    const std::string is = blake2b_256(t.package.bytes);
    expect(m.digest == is,
           "the library's digest is " + is + ", plugin.yaml says " + m.digest + "; build again, or copy both files");
}

void loads(Context &t) {
    std::string why;
    expect(open_plugin(t.package.file, why) != nullptr, why);
}

void load_time(Context &t) {
    using namespace std::chrono;
    const auto before = steady_clock::now();
    t.plugin();
    const auto ms = duration_cast<milliseconds>(steady_clock::now() - before).count();
    expect(ms < 1000, "loading took " + std::to_string(ms) + " ms");
    if (ms >= 100) t.warn("loading took " + std::to_string(ms) + " ms; 100 ms is the limit for a good neighbour");
}

void quiet_load(Context &t) {
    const size_t threads = count_threads(), files = count_files();
    t.plugin();
    expect(count_threads() == threads, "loading it started a thread; start threads in start()");
    expect(count_files() == files, "loading it opened a file; open files in start()");
}

void second_copy(Context &t) {
    const rig_plugin &first = t.plugin();
    char folder[] = "/tmp/rigger-plugin-check-XXXXXX";
    if (!mkdtemp(folder)) skip("cannot make a folder in /tmp");
    const std::string copy = std::string(folder) + "/copy.so";
    std::ofstream(copy, std::ios::binary) << t.package.bytes;
    std::string why;
    const rig_plugin *second = open_plugin(copy, why);
    std::error_code ec;
    fs::remove_all(folder, ec);
    expect(second != nullptr, "a copy beside the first cannot be loaded, so it cannot be reloaded: " + why);
    expect(second != &first, "a copy under another name gave the first one's code");
}

} // namespace

void add_file_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"file", name, what, nullptr, gate, run});
    };
    add("library", "is a shared library for this machine", library, true);
    add("exports", "exports rig_plugin_v1 and nothing else", exports);
    add("relocations", "has no text relocations", relocations);
    add("stack", "does not ask for an executable stack", stack);
    add("tls", "does not use static TLS", tls);
    add("hardening", "is bound at load and never unmapped", hardening);
    add("needed", "needs only the C and C++ runtimes and what the manifest names", needed);
    add("digest", "is the file whose digest the manifest holds", digest);
    add("loads", "loads with RTLD_NOW | RTLD_LOCAL", loads, true);
    add("load-time", "loads in less than 100 ms", load_time);
    add("quiet-load", "starts no thread and opens no file when it is loaded", quiet_load);
    add("second-copy", "loads a second time under another name, as a hot reload does", second_copy);
    add("note", "carries an identity note that equals its descriptor", note);
    add("manifest", "lies beside a manifest with the same id and version", manifest);
}

} // namespace check
