// engine/http_server/server.hpp -- serves commands, health and metrics over HTTP on a unix socket and, if asked, on
// TCP.
//
// Routes and shapes: docs/operators/http-api.md. Everything that a request may cost is bounded by Limits; what a caller
// may do is decided by Principal::role: a peer that may open the unix socket operates, a TCP peer needs a bearer token.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/ports/commands.hpp"
#include "domain/ports/metrics.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::http_server {

struct UnixSocket {
    std::string path;     ///< at most 103 bytes; a stale file of a dead process is replaced, a live one is refused
    uint32_t mode = 0660; ///< who may connect may operate
    std::string group;    ///< owner group of the file; empty: the process's own
};

struct TcpSocket {
    std::string address = "127.0.0.1"; ///< an IPv4 or IPv6 literal
    uint16_t port = 0;                 ///< 0: any free one, see Server::tcp_port()
};

/// A bearer token. The name appears in logs and as the principal "token:<name>", the secret never.
struct Token {
    std::string name;
    std::string secret; ///< at least 16 bytes
    Role role = Role::read;
};

struct Limits {
    size_t body_bytes = 1 << 20;
    size_t header_bytes = 32 << 10; ///< request line and all header fields
    size_t uri_bytes = 8 << 10;
    size_t json_depth = 32;
    uint32_t connections = 64; ///< per listener, each on a thread that exists only while needed; more are answered 503
    uint32_t watchers = 24;    ///< event streams at once, per listener
    std::chrono::milliseconds header_time{5'000};   ///< from a request's first byte to the end of its header
    std::chrono::milliseconds body_time{15'000};    ///< for the whole body
    std::chrono::milliseconds write_time{15'000};   ///< for the whole answer, or for one event of a stream
    std::chrono::milliseconds idle_time{15'000};    ///< between two requests of one connection
    std::chrono::milliseconds command_time{30'000}; ///< deadline of a command that names none
    std::chrono::milliseconds command_time_max{
        600'000}; ///< the most that a request may ask for (header Rigger-Timeout-Ms)
    std::chrono::milliseconds stream_time{
        24 * 3'600'000};                          ///< the same for a command that streams its output (a followed log)
    std::chrono::milliseconds keep_alive{15'000}; ///< a comment on a silent event stream
    std::chrono::milliseconds watch_pause{200};   ///< between two results on one event stream
};

struct Options {
    std::optional<UnixSocket> unix_socket;
    std::optional<TcpSocket> tcp; ///< needs at least one token
    std::vector<Token> tokens;
    Limits limits;
    std::string version; ///< of the product, for the OpenAPI document
};

struct Readiness {
    bool ready = false;
    std::string document; ///< JSON with the details; shown only to principals that may read
};

enum class LogLevel : uint8_t { info, warn, error };

/// All references and what the functions capture must outlive the Server. Every function is called from many threads.
struct Dependencies {
    CommandService &commands;
    Metrics &metrics;
    const Clock &clock;
    std::function<Readiness()> readiness;
    std::function<Result<std::string>()> plugins;                      ///< GET /v1/plugins: a JSON document
    std::function<Result<std::string>()> reload_plugins;               ///< POST /v1/plugins/reload
    std::function<Result<std::string>(std::string_view)> reset_plugin; ///< POST /v1/plugins/{name}/reset
    std::function<void(LogLevel, std::string_view)> log;               ///< may be empty
};

/// Thread-safe. Serves from the moment start() returned until stop().
class Server {
public:
    /// Fails with the reason and what to do: address in use, path too long, unknown group, TCP without tokens, ...
    static Result<std::unique_ptr<Server>> start(Options options, Dependencies dependencies);
    /// stop(), then waits for the last command to return.
    ~Server();
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    /// Accepts nothing more, cancels what runs and ends every stream; returns within 2 s. false: a command still runs.
    bool stop();
    /// To be called when a new snapshot is published; wakes the event streams. Never blocks for long.
    void snapshot_changed(uint64_t version);

    uint16_t tcp_port() const; ///< the bound port, 0 without TCP

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rigger::http_server
