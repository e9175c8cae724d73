// core/cli/endpoint.hpp -- how to reach the daemon: its unix socket, or a URL with a token.
#pragma once
#include "cli/io.hpp"
#include "cli/language.hpp"
#include "cli/locations.hpp"

#include <cstdint>
#include <string>

namespace rigger::cli {

struct Endpoint {
    std::string socket; ///< path; empty: TCP
    std::string host;   ///< of TCP
    uint16_t port = 0;
    std::string token; ///< never shown
    std::string shown() const { return socket.empty() ? "http://" + host + ":" + std::to_string(port) : socket; }
};

struct EndpointOptions {
    std::string config, socket, url, token_file; ///< what the command line says; empty: nothing
};

/// In this order: --socket, --url, RIGGER_SOCKET, RIGGER_URL, the configuration. The token of a URL comes from
/// --token-file, RIGGER_TOKEN_FILE or RIGGER_TOKEN, never from the command line, where every user of the machine could
/// read it. Errors: invalid Url, TokenFile, ConfigMissing.
Result<Endpoint> find_endpoint(const EndpointOptions &options, const Io &io, Language language);

} // namespace rigger::cli
