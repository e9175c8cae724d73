// engine/http_server/service.hpp -- from a request's head to what shall be done, and from there to the answer. No
// sockets here.
#pragma once
#include "engine/http_server/catalogue.hpp"
#include "engine/http_server/server.hpp"
#include "engine/http_server/uri.hpp"

#include <atomic>
#include <mutex>
#include <optional>

namespace rigger::http_server {

struct Head {
    std::string method, target;
    std::string accept, content_type, if_none_match, timeout; ///< header values; empty: absent
    bool has_body = false;
};

struct Reply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

enum class Route : uint8_t {
    health,
    ready,
    metrics,
    openapi,
    commands,
    plugins,
    plugins_reload,
    plugins_reset,
    command
};
enum class Stream : uint8_t { none, watch, progress };

/// One request, understood.
struct Task {
    Route route = Route::health;
    std::string label; ///< for metrics: a path template, never what the caller wrote
    Role needs = Role::none;
    Stream stream = Stream::none;
    bool takes_body = false;
    std::shared_ptr<const Catalogue> catalogue; ///< keeps `command` alive
    const Command *command = nullptr;
    std::vector<std::pair<std::string, std::string>> path, query;
    std::string plugin; ///< of plugins_reset
    std::string if_none_match;
    std::chrono::milliseconds timeout{0};
    std::chrono::milliseconds stream_timeout{0}; ///< of a command whose output goes on
};

/// A Task, or why there is none.
struct Resolution {
    std::optional<Task> task;
    Error error;
    std::string allow; ///< methods, for 405
};

/// Thread-safe.
class Service {
public:
    Service(const Limits &limits, std::string version, const Dependencies &dependencies);

    Resolution resolve(const Head &head);
    /// The role that the task needs. Errors: denied RoleTooLow.
    static Status authorise(const Task &task, const Principal &principal);
    /// The command's arguments. Those that ask for output that goes on make the task a stream, whatever it accepts.
    /// Errors: invalid.
    Result<std::string> arguments(Task &task, std::string_view body) const;
    /// Any task but a stream.
    Result<Reply> answer(const Task &task, const Principal &principal, const std::string &arguments,
                         const std::atomic<uint32_t> &cancelled);
    /// One run of the task's command.
    Result<std::string> run(const Task &task, const Principal &principal, const std::string &arguments,
                            const std::atomic<uint32_t> &cancelled,
                            const std::function<void(std::string_view)> &progress);

private:
    std::shared_ptr<const Catalogue> catalogue();
    Resolution resolve_command(const Head &head, Target target);
    Status finish_command(const Head &head, Task &task) const;

    const Limits &limits_;
    const std::string version_;
    const Dependencies &dependencies_;
    std::mutex mutex_; ///< of catalogue_
    std::shared_ptr<const Catalogue> catalogue_;
};

/// The HTTP status of a failure: that of its code, unless the server itself has a more exact one for the reason.
int status_of(const Error &error) noexcept;

} // namespace rigger::http_server
