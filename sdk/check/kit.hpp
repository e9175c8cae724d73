// kit.hpp -- what a conformance test is and what it works with. A test runs in a forked child: it may crash, hang or be
// told to die.
#pragma once
#include "options.hpp"
#include "package.hpp"

#include <rigger/sdk/testing.hpp>

#include <random>
#include <string>
#include <vector>

namespace check {

using rig::testing::Age;
using rig::testing::FakeHost;

enum class Verdict : uint8_t { pass, warn, skip, fail, crash };
const char *name(Verdict) noexcept;

/// How a test ends early. Thrown by fail() and skip(), caught by the runner in the child.
struct Ending {
    Verdict verdict;
    std::string text;
};
[[noreturn]] void fail(std::string text);
[[noreturn]] void skip(std::string text);
inline void expect(bool condition, const std::string &text) {
    if (!condition) fail(text);
}

class Context;
struct Test {
    const char *group, *name, *description;
    const char *kind; ///< nullptr: once per file; "*": per component of any kind; else per component of this kind
    bool gate;        ///< when it does not pass, nothing after it (for this component, or at all) makes sense
    void (*run)(Context &);

    std::string id() const { return std::string(group) + "." + name; }
    std::string doc() const; ///< anchor in docs/plugins/testing.md
};

/// Names the call that the plugin is in, in memory that the parent sees: what a crash or a hang is attributed to.
void set_call(const char *call) noexcept;

/// What a call into the plugin answered.
struct Outcome {
    rig_code code = RIG_OK;
    std::string reason, message;
    std::string text() const; ///< "Invalid (BadWeight): weight is negative"
};

/// One test's world. Lives in the child.
class Context {
public:
    Context(const Options &o, const Package &p, const rig_component *c)
        : options(o), package(p), component(c), random(o.seed) {}

    const Options &options;
    const Package &package;
    const rig_component *component; ///< set for tests with a kind
    std::mt19937_64 random;

    /// The library, opened on first use; fails the test if it cannot be.
    const rig_plugin &plugin();
    /// Noted once; the test goes on and ends as a warning unless it fails.
    void warn(const std::string &text);
    const std::string &warning() const noexcept { return warning_; }

    /// Calls into the plugin: sets the breadcrumb, turns an escaped exception into a failure, guards the bytes behind
    /// the error.
    template <typename F> Outcome call(const char *what, F &&body) {
        ErrorGuard guard;
        set_call(what);
        Outcome out;
        try {
            out.code = body(guard.error());
        } catch (const Ending &) { throw; } catch (...) {
            fail(std::string("a C++ exception crossed the C border out of ") + what + "()");
        }
        set_call("");
        guard.read(what, out);
        return out;
    }
    /// An answer that is allowed to be an error, but not a bug: Internal fails the test, and so does a malformed error.
    void answer(const char *what, const Outcome &) const;
    /// An answer that must be RIG_OK. Refusals that a fitting --config would avoid skip the test, anything else fails
    /// it.
    void must(const char *what, const Outcome &) const;

private:
    class ErrorGuard {
    public:
        ErrorGuard();
        rig_error *error() noexcept { return &long_.table; }
        void read(const char *what, Outcome &) const;

    private:
        rig::testing::detail::Long<rig_error> long_;
    };
    const rig_plugin *plugin_ = nullptr;
    std::string warning_;
};

/// Opens the library as the host does. nullptr: `why` says what is wrong.
const rig_plugin *open_plugin(const std::string &file, std::string &why);

std::vector<Test> all_tests();

} // namespace check
