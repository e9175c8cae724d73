// session.hpp -- one instance under test: made, started, exercised, stopped and destroyed through the C tables.
#pragma once
#include "kit.hpp"

namespace check {

/// The config document for create(): --config, else the schema's defaults and, for what it requires without one, the
/// least value that fits.
std::string config_for(const Context &, const rig_component &);

/// How the calls of a session are made.
struct Manner {
    bool null_error = false; ///< err == NULL
    bool future = false;     ///< call and batch structures longer than this SDK knows
    uint64_t deadline_ns = UINT64_MAX;
    bool cancelled = false;      ///< before the call
    size_t sink_room = SIZE_MAX; ///< sinks refuse what exceeds it
};

class Session {
public:
    Session(Context &t, FakeHost &host, Manner manner = {});
    ~Session(); ///< stops and destroys what the test left behind; a failure there is not a second one
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    Outcome create();
    Outcome create(const std::string &config);
    Outcome start();
    Outcome stop();
    void destroy();
    /// create and start, both of which must work (else the test ends).
    Session &run();
    /// Calls the kind's main functions with plausible arguments; every answer must be well formed. Needs a started
    /// instance.
    void exercise();

    Context &t;
    FakeHost &host;
    rig_instance *instance = nullptr;
    Manner manner;

    /// The kind's table: queried, with its size checked. Fails the test if it is missing or too short.
    template <typename T> const T &table(const char *id, size_t size_1_0) {
        return *static_cast<const T *>(checked_table(id, size_1_0));
    }
    /// A call with this session's manner. body(call, error).
    template <typename F> Outcome call(const char *what, F &&body) {
        return t.call(what, [&](rig_error *e) { return body(raw_call(), manner.null_error ? nullptr : e); });
    }
    /// call(), whose answer may be an error but not a bug. What a sink answered is handed on as it is, without a
    /// message.
    template <typename F> Outcome ask(const char *what, F &&body) {
        const Outcome o = call(what, body);
        const bool handed_on = manner.sink_room != SIZE_MAX && o.code == RIG_E_EXHAUSTED && o.message.empty();
        if (!manner.null_error && !handed_on) t.answer(what, o);
        return o;
    }
    const rig_call *raw_call();
    void set_cancelled(bool on) noexcept { __atomic_store_n(&cancel_flag_, on ? 1u : 0u, __ATOMIC_RELAXED); }

private:
    const void *checked_table(const char *id, size_t size_1_0);
    rig::testing::detail::Long<rig_call> call_;
    uint32_t cancel_flag_ = 0;
    bool started_ = false;
};

/// Moves the host's clock while a call runs, and cancels the call after a while of real time: for calls that wait.
class Ticker {
public:
    Ticker(Session &, unsigned cancel_after_ms);
    ~Ticker();

private:
    struct Body;
    Body *body_;
};

// What exercise() does for each kind; one function per file of groups/.
void exercise_scorer(Session &);
void exercise_reconciler(Session &);
void exercise_source(Session &);
void exercise_backend(Session &);
void exercise_frontend(Session &);

// Where the 1.0 tables of the kinds end.
#define CHECK_END(T, LAST) (offsetof(T, LAST) + sizeof(((T *)nullptr)->LAST))

/// Threads, open files and allocated bytes of this process.
size_t count_threads();
size_t count_files();
size_t allocated_bytes();

} // namespace check
