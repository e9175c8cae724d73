#include "cli/endpoint.hpp"

#include "cli/render/text_width.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>
#include <fstream>

namespace rigger::cli {
namespace {

constexpr std::streamsize kLongestToken = 4096;

class Finder {
public:
    Finder(const EndpointOptions &options, const Io &io, Language language)
        : options_(options), io_(io), language_(language) {}

    Result<Endpoint> find() const {
        if (!options_.socket.empty()) return Endpoint{options_.socket, {}, 0, {}};
        if (!options_.url.empty()) return from_url(options_.url);
        if (options_.config.empty()) {
            if (const std::string socket = io_.env("RIGGER_SOCKET"); !socket.empty())
                return Endpoint{socket, {}, 0, {}};
            if (const std::string url = io_.env("RIGGER_URL"); !url.empty()) return from_url(url);
        }
        const std::string config = options_.config.empty() ? io_.env("RIGGER_CONFIG") : options_.config;
        RIG_TRY_ASSIGN(const Locations locations, find_locations(config, io_.environment, language_));
        return Endpoint{locations.socket.string(), {}, 0, {}};
    }

private:
    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language_)); }
    Error bad_url(const std::string &url, std::string_view en, std::string_view zh) const {
        return invalid("Url", tr("cannot use '", "无法使用 '") + elide(printable(url.substr(0, 400)), 100) +
                                  tr("': ", "'：") + tr(en, zh));
    }

    Result<std::string> read_token() const {
        const std::string file = options_.token_file.empty() ? io_.env("RIGGER_TOKEN_FILE") : options_.token_file;
        std::string token = io_.env("RIGGER_TOKEN");
        if (!file.empty()) {
            std::ifstream in(file);
            std::string text(kLongestToken, '\0');
            in.read(text.data(), kLongestToken);
            token = text.substr(0, in.bad() ? 0 : static_cast<size_t>(in.gcount()));
        }
        while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
            token.pop_back();
        if (!file.empty() && token.empty())
            return invalid("TokenFile",
                           tr("cannot read a token from ", "无法读取令牌：") + elide(printable(file), 120) +
                               tr("; the file holds the token alone, on one line", "；文件中应只有一行，即令牌本身"));
        if (token.find_first_of("\r\n") != std::string::npos)
            return invalid("TokenFile", tr("the token has more than one line; it must be one line of text",
                                           "令牌多于一行；必须是一行文本"));
        const auto unprintable = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
        if (std::any_of(token.begin(), token.end(), unprintable))
            return invalid("TokenFile",
                           tr("the token is not text; it must be one line of text", "令牌不是文本；必须是一行文本"));
        return token;
    }

    Result<Endpoint> from_url(const std::string &url) const {
        Endpoint endpoint;
        try {
            const Poco::URI uri(url);
            if (uri.getScheme() == "https")
                return bad_url(url,
                               "this tool does not speak TLS; forward the daemon's socket instead: ssh -L "
                               "/tmp/r.sock:/run/rigger/rigger.sock HOST, then --socket /tmp/r.sock",
                               "本工具不支持 TLS；请改为转发守护进程的套接字：ssh -L "
                               "/tmp/r.sock:/run/rigger/rigger.sock HOST，然后使用 --socket /tmp/r.sock");
            const std::string path = uri.getPathAndQuery();
            if (!uri.getUserInfo().empty())
                return invalid(
                    "Url",
                    tr("the URL must not hold a name or password; the token comes from --token-file or RIGGER_TOKEN",
                       "URL 中不得包含用户名或密码；令牌取自 --token-file 或 RIGGER_TOKEN"));
            if (uri.getScheme() != "http" || uri.getHost().empty() || (path != "" && path != "/"))
                return bad_url(url, "write http://HOST:PORT; the token comes from --token-file or RIGGER_TOKEN",
                               "请写作 http://HOST:PORT；令牌取自 --token-file 或 RIGGER_TOKEN");
            endpoint.host = uri.getHost();
            endpoint.port = uri.getPort();
        } catch (const Poco::Exception &) {
            return bad_url(url, "it is not a URL; write http://HOST:PORT", "它不是 URL；请写作 http://HOST:PORT");
        }
        RIG_TRY_ASSIGN(endpoint.token, read_token());
        return endpoint;
    }

    const EndpointOptions &options_;
    const Io &io_;
    const Language language_;
};

} // namespace

Result<Endpoint> find_endpoint(const EndpointOptions &options, const Io &io, Language language) {
    return Finder(options, io, language).find();
}

} // namespace rigger::cli
