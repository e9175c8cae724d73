// core/cli/client.hpp -- one connection to the daemon's HTTP API.
#pragma once
#include "base/status.hpp"
#include "cli/endpoint.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rigger::cli {

/// One event of a stream.
struct StreamEvent {
    std::string name, data; ///< "result", "progress", "error"; a keep-alive has neither
};

/// Not thread-safe. A failure that the daemon reports comes back as the Error that it was over there.
class Client {
public:
    using Milliseconds = std::chrono::milliseconds;

    /// Connects when first used. `timeout`: for the daemon's work; the connection itself waits a little longer.
    Client(Endpoint endpoint, Milliseconds timeout, Language language);
    ~Client();

    /// Errors also: unavailable Unreachable (no daemon, with what to do), ConnectionLost (it was there, and whether it
    /// did what it was asked is not known), deadline Timeout, internal AnswerMalformed.
    Result<std::string> get(const std::string &path);
    Result<std::string> post(const std::string &path, const std::string &body);

    /// Reads events until `hear` returns false or the stream ends. Ok: ended by either. A failure before the stream
    /// began is an Error.
    Status stream(const std::string &path, const std::string &body,
                  const std::function<bool(const StreamEvent &)> &hear);

    const Endpoint &endpoint() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Takes an event stream apart, line by line, whatever the pieces it comes in.
class EventParser {
public:
    /// The line without its end. True: `event` is complete (also for keep-alives).
    bool line(std::string_view text, StreamEvent &event);

private:
    std::string name_, data_;
    bool has_data_ = false;
};

/// The Error inside a problem document; when there is none, one that says so with the answer's status.
Error read_problem(std::string_view document, int status, Language language);

} // namespace rigger::cli
