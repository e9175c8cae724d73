#include "cli/endpoint.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <fstream>

namespace rigger::cli {
namespace {

constexpr std::streamsize kLongestToken = 4096;

Result<std::string> read_token(const EndpointOptions &options, const Io &io) {
    const std::string file = options.token_file.empty() ? io.env("RIGGER_TOKEN_FILE") : options.token_file;
    std::string token = io.env("RIGGER_TOKEN");
    if (!file.empty()) {
        std::ifstream in(file);
        std::string text(kLongestToken, '\0');
        in.read(text.data(), kLongestToken);
        if (in.bad() || (!in.eof() && !in.good()) || in.gcount() == 0)
            return invalid("TokenFile",
                           "cannot read a token from " + file + "; the file holds the token alone, on one line");
        token = text.substr(0, static_cast<size_t>(in.gcount()));
    }
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
    if (token.find_first_of("\r\n") != std::string::npos)
        return invalid("TokenFile", "the token has more than one line; it must be one line of text");
    return token;
}

Result<Endpoint> from_url(const std::string &url, const EndpointOptions &options, const Io &io) {
    Endpoint endpoint;
    try {
        const Poco::URI uri(url);
        if (uri.getScheme() == "https")
            return invalid("Url", "cannot use " + url +
                                      ": this tool does not speak TLS; forward the daemon's socket instead: ssh -L "
                                      "/tmp/r.sock:/run/rigger/rigger.sock HOST, then --socket /tmp/r.sock");
        const std::string path = uri.getPathAndQuery();
        if (!uri.getUserInfo().empty())
            return invalid(
                "Url", "the URL must not hold a name or password; the token comes from --token-file or RIGGER_TOKEN");
        if (uri.getScheme() != "http" || uri.getHost().empty() || (path != "" && path != "/"))
            return invalid("Url", "cannot use '" + url +
                                      "': write http://HOST:PORT; the token comes from --token-file or RIGGER_TOKEN");
        endpoint.host = uri.getHost();
        endpoint.port = uri.getPort();
    } catch (const Poco::Exception &) {
        return invalid("Url", "cannot use '" + url + "': it is not a URL; write http://HOST:PORT");
    }
    RIG_TRY_ASSIGN(endpoint.token, read_token(options, io));
    return endpoint;
}

} // namespace

Result<Endpoint> find_endpoint(const EndpointOptions &options, const Io &io) {
    if (!options.socket.empty()) return Endpoint{options.socket, {}, 0, {}};
    if (!options.url.empty()) return from_url(options.url, options, io);
    if (options.config.empty()) {
        if (const std::string socket = io.env("RIGGER_SOCKET"); !socket.empty()) return Endpoint{socket, {}, 0, {}};
        if (const std::string url = io.env("RIGGER_URL"); !url.empty()) return from_url(url, options, io);
    }
    const std::string config = options.config.empty() ? io.env("RIGGER_CONFIG") : options.config;
    RIG_TRY_ASSIGN(const Locations locations, find_locations(config, io.environment));
    return Endpoint{locations.socket.string(), {}, 0, {}};
}

} // namespace rigger::cli
