// engine/http_server/connection.hpp -- one connection: reads requests, decides who asks, answers, until either side has
// had enough.
#pragma once
#include "engine/http_server/access.hpp"
#include "engine/http_server/changes.hpp"
#include "engine/http_server/connections.hpp"
#include "engine/http_server/service.hpp"

#include <atomic>
#include <memory>

namespace rigger::http_server {

/// What all connections share. Thread-safe; outlives them.
struct Shared {
    Shared(Options o, Dependencies d, TokenTable t);

    const Options options;
    const Dependencies dependencies;
    const TokenTable tokens;
    Service service;
    Changes changes;
    Connections connections;
    std::atomic<uint64_t> requests{0}; ///< gives each request its number
    std::atomic<uint32_t> unix_watchers{0}, tcp_watchers{0};

    void log(LogLevel level, std::string_view text) const {
        if (dependencies.log) dependencies.log(level, text);
    }
    void count(const std::string &route, const std::string &method, int status, std::chrono::nanoseconds took);
};

/// Serves the descriptor until the connection ends, then closes it. Throws nothing.
void serve_connection(Shared &shared, const std::shared_ptr<OpenConnection> &connection) noexcept;

/// Answers 503 without waiting for the request, then closes the descriptor.
void turn_away(int fd) noexcept;

} // namespace rigger::http_server
