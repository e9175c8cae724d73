#include "cli/client.hpp"

#include "base/json.hpp"
#include "cli/render/text_width.hpp"

#include <nlohmann/json.hpp>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <sys/un.h>

#include <istream>
#include <ostream>

namespace rigger::cli {
namespace {

namespace net = Poco::Net;
using PlainJson = nlohmann::json;

constexpr std::chrono::milliseconds kPatience{2'000}; ///< on top of the daemon's own deadline
constexpr std::chrono::milliseconds kConnectTime{5'000};
constexpr std::chrono::milliseconds kStreamSilence{60'000}; ///< a live stream says something every few seconds
constexpr size_t kLargestAnswer = 512u << 20;

Poco::Timespan span(std::chrono::milliseconds t) { return Poco::Timespan(t.count() * 1000); }

Error unreachable(const Endpoint &endpoint, const std::string &why, Language language) {
    const auto tr = [&](std::string_view en, std::string_view zh) { return std::string(Text{en, zh}.in(language)); };
    std::string what =
        tr("no daemon answers at ", "守护进程没有应答：") + elide(endpoint.shown(), 120) + tr(": ", "：") + why;
    if (endpoint.socket.empty())
        what += tr("; check --url and the daemon's http.tcp settings", "；请检查 --url 和守护进程的 http.tcp 设置");
    else
        what += tr("; is riggerd running? Try `systemctl status riggerd`, or name its socket with --socket or its "
                   "configuration with --config",
                   "；riggerd 是否在运行？可用 `systemctl status riggerd` 查看，或用 --socket 指定套接字、用 --config "
                   "指定配置");
    return {Code::unavailable, "Unreachable", what, 0};
}

Code code_of(std::string_view name) {
    for (int32_t i = 1; i <= static_cast<int32_t>(Code::internal); ++i)
        if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
    return Code::internal;
}

} // namespace

Error read_problem(std::string_view document, int status, Language language) {
    const PlainJson problem = PlainJson::parse(document, nullptr, false);
    const auto error = problem.is_object() ? problem.find("error") : problem.end();
    if (!problem.is_object() || error == problem.end() || !error->is_object())
        return {Code::internal, "AnswerMalformed",
                std::string(Text{"the daemon answered with status ", "守护进程应答的状态码为 "}.in(language)) +
                    std::to_string(status) +
                    std::string(
                        Text{" and no explanation; is there a proxy in between?", "，没有说明；中间是否有代理？"}.in(
                            language)),
                0};
    const auto text = [&](const char *key) { return text_member(*error, key); };
    const auto retry = error->find("retryAfterMs");
    return {code_of(text("code")), text("reason"), text("message"),
            retry != error->end() && retry->is_number_unsigned() ? retry->get<uint32_t>() : 0};
}

bool EventParser::line(std::string_view text, StreamEvent &event) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.empty()) {
        event = {std::exchange(name_, {}), std::exchange(data_, {})};
        has_data_ = false;
        return true;
    }
    const size_t colon = text.find(':');
    const std::string_view field = text.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (field == "event") name_ = value;
    else if (field == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    }
    return false;
}

struct Client::Impl {
    Endpoint endpoint;
    Milliseconds timeout;
    Language language;
    std::unique_ptr<net::HTTPClientSession> session;

    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language)); }

    Status connect() {
        if (session) return {};
        constexpr size_t longest = sizeof(sockaddr_un::sun_path) - 1;
        if (endpoint.socket.size() > longest)
            return unreachable(endpoint,
                               tr("a socket's path has at most ", "套接字路径最多 ") + std::to_string(longest) +
                                   tr(" bytes", " 字节"),
                               language);
        try {
            const net::SocketAddress address =
                endpoint.socket.empty() ? net::SocketAddress(endpoint.host, endpoint.port)
                                        : net::SocketAddress(net::SocketAddress::UNIX_LOCAL, endpoint.socket);
            net::StreamSocket socket;
            socket.connect(address, span(kConnectTime));
            session = std::make_unique<net::HTTPClientSession>(socket);
            session->setKeepAlive(true);
        } catch (const Poco::Exception &why) {
            const bool denied = why.code() == EACCES || why.code() == EPERM;
            if (denied)
                return Error{Code::denied, "SocketDenied",
                             tr("you may not open ", "您无权打开 ") + endpoint.shown() +
                                 tr("; join the group that owns it (see `ls -l`), or use sudo",
                                    "；请加入拥有它的组（见 `ls -l`），或使用 sudo"),
                             0};
            return unreachable(endpoint,
                               why.code() == ENOENT         ? tr("there is no such socket", "没有该套接字")
                               : why.code() == ECONNREFUSED ? tr("nothing listens there", "没有程序在监听")
                                                            : why.message(),
                               language);
        }
        return {};
    }

    /// The answer's stream, once its head has come.
    Result<std::istream *> ask(const std::string &method, const std::string &path, const std::string &body,
                               const char *accept, net::HTTPResponse &response) {
        RIG_TRY(connect());
        try {
            session->setTimeout(
                span(std::string_view(accept) == "text/event-stream" ? kStreamSilence : timeout + kPatience));
            net::HTTPRequest request(method, path, net::HTTPMessage::HTTP_1_1);
            request.setHost(endpoint.socket.empty() ? endpoint.host : "localhost");
            request.set("Accept", accept);
            request.set("Rigger-Timeout-Ms", std::to_string(timeout.count()));
            if (!endpoint.token.empty()) request.set("Authorization", "Bearer " + endpoint.token);
            if (method == "POST") {
                request.setContentType("application/json");
                request.setContentLength(static_cast<std::streamsize>(body.size()));
            }
            session->sendRequest(request) << body << std::flush;
            return &session->receiveResponse(response);
        } catch (const Poco::Exception &) { return failed(); }
    }

    /// What went wrong on the wire.
    Error failed() {
        std::string why = tr("the connection broke", "连接中断");
        bool late = false;
        if (const Poco::Exception *exception = session ? session->networkException() : nullptr) {
            late = dynamic_cast<const Poco::TimeoutException *>(exception) != nullptr;
            why = exception->displayText();
        }
        session.reset();
        if (late)
            return {Code::deadline, "Timeout",
                    tr("the daemon did not answer within ", "守护进程未在 ") +
                        std::to_string((timeout + kPatience).count() / 1000) +
                        tr(" s; the outcome is not known. Look with `rigger status`; --timeout waits longer",
                           " 秒内应答；结果未知。请用 `rigger status` 查看；--timeout 可延长等待"),
                    0};
        return {Code::unavailable, "ConnectionLost",
                tr("the daemon at ", "守护进程 ") + elide(endpoint.shown(), 120) +
                    tr(" ended the connection before it answered: ", " 在应答之前断开了连接：") + why +
                    tr("; did it end? Try `systemctl status riggerd`",
                       "；它是否已退出？可用 `systemctl status riggerd` 查看"),
                0};
    }

    Result<std::string> exchange(const std::string &method, const std::string &path, const std::string &body) {
        net::HTTPResponse response;
        auto stream = ask(method, path, body, "application/json", response);
        // The daemon may answer and close before it has read a body that is too large for it.
        RIG_TRY_ASSIGN(std::istream * in, std::move(stream));
        std::string text;
        char piece[65536];
        while (in->read(piece, sizeof piece) || in->gcount() > 0) {
            text.append(piece, static_cast<size_t>(in->gcount()));
            if (text.size() > kLargestAnswer)
                return Error{Code::internal, "AnswerTooLarge",
                             tr("the daemon's answer is larger than 512 MiB", "守护进程的应答超过 512 MiB"), 0};
        }
        if (response.hasContentLength() && text.size() != static_cast<size_t>(response.getContentLength64()))
            return failed();
        if (!response.getKeepAlive()) session.reset();
        if (response.getStatus() != net::HTTPResponse::HTTP_OK)
            return read_problem(text, response.getStatus(), language);
        return text;
    }
};

Client::Client(Endpoint endpoint, Milliseconds timeout, Language language)
    : impl_(std::make_unique<Impl>(Impl{std::move(endpoint), timeout, language, nullptr})) {}
Client::~Client() = default;
const Endpoint &Client::endpoint() const noexcept { return impl_->endpoint; }

Result<std::string> Client::get(const std::string &path) { return impl_->exchange("GET", path, {}); }
Result<std::string> Client::post(const std::string &path, const std::string &body) {
    return impl_->exchange("POST", path, body);
}

Status Client::stream(const std::string &path, const std::string &body,
                      const std::function<bool(const StreamEvent &)> &hear) {
    net::HTTPResponse response;
    RIG_TRY_ASSIGN(std::istream * in, impl_->ask("POST", path, body, "text/event-stream", response));
    std::string line;
    if (response.getStatus() != net::HTTPResponse::HTTP_OK) {
        std::string text((std::istreambuf_iterator<char>(*in)), {});
        impl_->session.reset();
        return read_problem(text, response.getStatus(), impl_->language);
    }
    EventParser parser;
    StreamEvent event;
    while (std::getline(*in, line))
        if (parser.line(line, event) && !hear(event)) break;
    impl_->session.reset();
    return {};
}

} // namespace rigger::cli
