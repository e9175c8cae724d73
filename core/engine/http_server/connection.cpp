#include "engine/http_server/connection.hpp"

#include "engine/http_server/chunked_body.hpp"
#include "engine/http_server/event_stream.hpp"
#include "engine/http_server/guarded_stream.hpp"
#include "engine/http_server/problem.hpp"

#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponseImpl.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/String.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace rigger::http_server {
namespace {

namespace net = Poco::Net;
using Breach = GuardedStream::Breach;

/// Poco's session with what is needed to read a body without Poco's streams.
struct Session : net::HTTPServerSession {
    using net::HTTPServerSession::HTTPServerSession;
    using net::HTTPSession::read;
};

struct Message {
    Session &session;
    net::HTTPServerRequestImpl &request;
    net::HTTPServerResponseImpl &response;
    std::string id;
};

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    const auto allowed = [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

/// Nothing, or an object without members.
bool says_nothing(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    return text.empty() || text == "{}";
}

net::HTTPServerParams *parameters(const Limits &limits) {
    auto *p = new net::HTTPServerParams; // reference-counted by its users
    const auto span = [](std::chrono::milliseconds t) { return Poco::Timespan(t.count() * 1000); };
    p->setKeepAlive(true);
    p->setTimeout(span(limits.idle_time));
    p->setKeepAliveTimeout(span(limits.idle_time));
    p->setMaxKeepAliveRequests(0);
    return p;
}

/// A whole answer where Poco has no request to answer to; the connection ends with it.
std::string last_words(const Reply &reply) {
    std::string text =
        "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(status_text(reply.status)) + "\r\n";
    for (const auto &[name, value] : reply.headers) text += name + ": " + value + "\r\n";
    return text + "Content-Type: " + reply.content_type +
           "\r\nConnection: Close\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
}

class Exchange {
public:
    Exchange(Shared &shared, OpenConnection &connection, GuardedStream &stream)
        : shared_(shared), limits_(shared.options.limits), connection_(connection), stream_(stream) {}

    void serve(Session &session, net::HTTPServerParams *params) {
        while (!shared_.connections.refuses() && session.hasMoreRequests()) {
            if (shared_.connections.refuses()) return;
            stream_.begin_header(limits_.header_bytes, limits_.header_time);
            started_ = std::chrono::steady_clock::now();
            net::HTTPServerResponseImpl response(session);
            try {
                net::HTTPServerRequestImpl request(response, session, params);
                Message message{session, request, response, "r" + std::to_string(++shared_.requests)};
                const bool again = handle(message);
                session.setKeepAlive(again && request.getKeepAlive());
                if (!again || !request.getKeepAlive()) return;
            } catch (const net::NoMessageException &) {
                if (stream_.breach() == Breach::too_slow)
                    refuse_unread({Code::invalid, "RequestTimeout", "the request did not arrive in time", 0});
                return;
            } catch (const Poco::Exception &why) {
                if (!response.sent()) refuse_unread(unreadable(why));
                return;
            }
        }
    }

private:
    Error unreadable(const Poco::Exception &why) const {
        if (stream_.breach() == Breach::too_slow)
            return {Code::invalid, "RequestTimeout", "the request did not arrive in time", 0};
        constexpr size_t most_of_a_field = 8192; // Poco's own limit
        const bool field_too_long =
            why.message().find("Field value too long") != std::string::npos && stream_.received() > most_of_a_field;
        if (stream_.breach() == Breach::too_big || field_too_long ||
            why.message().find("Too many") != std::string::npos)
            return invalid("HeaderTooLarge", "the request's header is larger than " +
                                                 std::to_string(limits_.header_bytes) +
                                                 " bytes, has more than 100 fields, or one of more than " +
                                                 std::to_string(most_of_a_field) + " bytes");
        if (why.message().find("URI") != std::string::npos && stream_.received() > limits_.uri_bytes)
            return invalid("UriTooLong", "the request's path and query are longer than " +
                                             std::to_string(limits_.uri_bytes) + " bytes");
        return invalid("MalformedRequest", "the request is not well-formed HTTP/1.1");
    }

    void refuse_unread(const Error &error) {
        stream_.begin_answer(limits_.write_time);
        const Reply reply = problem(error, "r" + std::to_string(++shared_.requests));
        const std::string text = last_words(reply);
        count("unreadable", "", reply.status);
        try {
            stream_.sendBytes(text.data(), static_cast<int>(text.size()));
        } catch (const Poco::Exception &) { // the peer is gone; nobody is left to tell
        }
    }

    Reply problem(const Error &error, const std::string &id) const {
        Reply reply;
        reply.status = status_of(error);
        if (error.code == Code::internal)
            shared_.log(LogLevel::error, "http: request " + id + ": " + error.reason + ": " + error.message);
        reply.content_type = "application/problem+json";
        reply.body = problem_document(public_error(error, id), reply.status);
        if (error.retry_after_ms > 0)
            reply.headers.emplace_back("Retry-After", std::to_string((error.retry_after_ms + 999) / 1000));
        if (reply.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"rigger\"");
        return reply;
    }

    /// Of the answer to a HEAD request Poco sends the header alone, with the length that the body would have.
    static void send(net::HTTPServerResponseImpl &response, const Reply &reply) {
        response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status),
                                    std::string(status_text(reply.status)));
        response.set("Cache-Control", "no-store");
        response.set("X-Content-Type-Options", "nosniff");
        for (const auto &[name, value] : reply.headers) response.set(name, value);
        if (reply.status == 304) { // has no body, and names no length that is not the document's
            response.send();
            return;
        }
        response.setContentType(reply.content_type);
        response.sendBuffer(reply.body.data(), reply.body.size());
    }

    void count(const std::string &route, const std::string &method, int status) {
        shared_.count(route, method, status, std::chrono::steady_clock::now() - started_);
    }

    /// What HTTP itself forbids, before anything is looked up.
    Status check_framing(const net::HTTPServerRequestImpl &request) const {
        if (request.getVersion() != net::HTTPMessage::HTTP_1_1 && request.getVersion() != net::HTTPMessage::HTTP_1_0)
            return invalid("HttpVersion", "this server speaks HTTP/1.1");
        size_t lengths = 0, codings = 0, hosts = 0;
        for (const auto &[name, value] : request) {
            // Who reads "Content-Length :" as another field than a proxy does takes a body for the next request.
            if (!is_token(name) || has_control_character(value))
                return invalid("MalformedRequest", "the request has a header field that is not well-formed");
            if (Poco::icompare(name, net::HTTPRequest::HOST) == 0) ++hosts;
            if (Poco::icompare(name, net::HTTPMessage::CONTENT_LENGTH) == 0) {
                ++lengths;
                if (value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string::npos)
                    return invalid("MalformedRequest", "the Content-Length header is not a number");
                if (std::stoull(value) > limits_.body_bytes) return too_large();
            } else if (Poco::icompare(name, net::HTTPMessage::TRANSFER_ENCODING) == 0) {
                ++codings;
                if (Poco::icompare(value, net::HTTPMessage::CHUNKED_TRANSFER_ENCODING) != 0)
                    return Error{Code::unsupported, "TransferCoding",
                                 "this server knows no transfer coding but chunked", 0};
            }
        }
        const bool is_1_1 = request.getVersion() == net::HTTPMessage::HTTP_1_1;
        if (lengths + codings > 1) return invalid("MalformedRequest", "the request says twice how long its body is");
        if (codings > 0 && !is_1_1) return invalid("MalformedRequest", "HTTP/1.0 has no chunked bodies");
        if (hosts > 1 || (is_1_1 && hosts == 0))
            return invalid("MalformedRequest", "the request needs exactly one Host header");
        return {};
    }

    Error too_large() const {
        return invalid("BodyTooLarge", "the request body is larger than " + std::to_string(limits_.body_bytes) +
                                           " bytes; send less at once");
    }

    Result<Principal> who(const net::HTTPServerRequestImpl &request, const Task &task) const {
        if (connection_.is_unix) return unix_peer(connection_.fd);
        const std::string header = request.get("Authorization", "");
        if (task.needs == Role::none && header.empty()) return Principal{"anonymous", Role::none};
        return shared_.tokens.authenticate(header);
    }

    Result<std::string> read_body(Message &message) {
        net::HTTPServerRequestImpl &request = message.request;
        if (request.getExpectContinue()) message.response.sendContinue();
        stream_.begin_body(limits_.body_bytes + limits_.header_bytes, limits_.body_time); // chunk sizes are bytes, too
        if (request.getChunkedTransferEncoding()) return read_chunks(message.session);
        std::istream &in = request.stream();
        std::string body;
        std::array<char, 16384> piece;
        while (in.good()) {
            in.read(piece.data(), piece.size());
            body.append(piece.data(), static_cast<size_t>(in.gcount()));
            if (body.size() > limits_.body_bytes) return too_large();
        }
        RIG_TRY(body_came());
        if (in.bad() ||
            (request.hasContentLength() && body.size() != static_cast<size_t>(request.getContentLength64())))
            return ended_early();
        return body;
    }

    Result<std::string> read_chunks(Session &session) {
        const ReadBytes read = [&session](char *to, size_t at_most) {
            return static_cast<size_t>(std::max(0, session.read(to, static_cast<std::streamsize>(at_most))));
        };
        try {
            return read_chunked_body(read, limits_.body_bytes);
        } catch (const Poco::Exception &) {
            RIG_TRY(body_came());
            return ended_early();
        }
    }

    Status body_came() const {
        if (stream_.breach() == Breach::too_slow)
            return invalid("RequestTimeout", "the request body did not arrive in time");
        if (stream_.breach() == Breach::too_big) return too_large();
        return {};
    }

    static Error ended_early() { return invalid("MalformedRequest", "the request body ended early"); }

    /// True: the connection can take another request.
    bool handle(Message &message) {
        net::HTTPServerRequestImpl &request = message.request;
        net::HTTPServerResponseImpl &response = message.response;
        stream_.begin_answer(limits_.write_time);
        const bool is_1_0 = request.getVersion() == net::HTTPMessage::HTTP_1_0;
        response.setVersion(is_1_0 ? net::HTTPMessage::HTTP_1_0 : net::HTTPMessage::HTTP_1_1);
        response.setKeepAlive(request.getKeepAlive());
        response.set("Rigger-Request-Id", message.id);
        const bool has_body = (request.hasContentLength() && request.get(net::HTTPMessage::CONTENT_LENGTH) != "0") ||
                              request.getChunkedTransferEncoding();
        const std::string method = request.getMethod();
        if (const auto status = check_framing(request); !status.ok())
            return refuse(message, "unmatched", status.error(), true); // where it ends is anybody's guess
        const Head head{method,
                        request.getURI(),
                        request.get("Accept", ""),
                        request.getContentType() == net::HTTPMessage::UNKNOWN_CONTENT_TYPE ? ""
                                                                                           : request.getContentType(),
                        request.get("If-None-Match", ""),
                        request.get("Rigger-Timeout-Ms", ""),
                        has_body};
        // A stranger on TCP learns nothing, not even which paths exist.
        if (!connection_.is_unix && head.target != "/healthz" && head.target != "/readyz")
            if (const auto known = shared_.tokens.authenticate(request.get("Authorization", "")); !known.ok())
                return refuse(message, "unmatched", known.error(), has_body);
        Resolution resolution = shared_.service.resolve(head);
        if (!resolution.task) {
            if (!resolution.allow.empty()) response.set("Allow", resolution.allow);
            return refuse(message, "unmatched", resolution.error, has_body);
        }
        Task &task = *resolution.task;
        const auto principal = who(request, task);
        if (!principal.ok()) return refuse(message, task.label, principal.error(), has_body);
        if (const auto status = Service::authorise(task, *principal); !status.ok())
            return refuse(message, task.label, status.error(), has_body);
        std::string body;
        if (has_body) {
            auto read = read_body(message);
            if (!read.ok()) return refuse(message, task.label, read.error(), true);
            body = *std::move(read);
            if (!task.takes_body && task.route != Route::command && !says_nothing(body))
                return refuse(message, task.label, invalid("UnexpectedBody", "this path takes no body"), false);
        }
        const auto arguments = shared_.service.arguments(task, body);
        if (!arguments.ok()) return refuse(message, task.label, arguments.error(), false);
        return run(message, task, *principal, *arguments);
    }

    bool run(Message &message, const Task &task, const Principal &principal, const std::string &arguments) {
        shared_.connections.begin(connection_, task.stream == Stream::none ? OpenConnection::Work::call
                                                                           : OpenConnection::Work::stream);
        struct End {
            Shared &shared;
            OpenConnection &connection;
            ~End() { shared.connections.end(connection); }
        } end{shared_, connection_};
        if (task.stream != Stream::none) return stream(message, task, principal, arguments);
        auto reply = shared_.service.answer(task, principal, arguments, connection_.cancelled);
        if (!reply.ok()) return refuse(message, task.label, reply.error(), false);
        stream_.begin_answer(limits_.write_time);
        count(task.label, message.request.getMethod(), reply->status);
        send(message.response, *reply);
        return true;
    }

    bool stream(Message &message, const Task &task, const Principal &principal, const std::string &arguments) {
        std::atomic<uint32_t> &watchers = connection_.is_unix ? shared_.unix_watchers : shared_.tcp_watchers;
        struct Seat {
            std::atomic<uint32_t> &taken;
            uint32_t before;
            explicit Seat(std::atomic<uint32_t> &t) : taken(t), before(t.fetch_add(1)) {}
            ~Seat() { --taken; }
        } seat(watchers);
        if (seat.before >= limits_.watchers)
            return refuse(message, task.label,
                          {Code::exhausted, "TooManyWatchers",
                           "too many event streams are open; close one or try again later", 5000},
                          false);
        net::HTTPServerResponseImpl &response = message.response;
        response.setStatusAndReason(net::HTTPResponse::HTTP_OK, "OK");
        response.setContentType("text/event-stream");
        response.set("Cache-Control", "no-store");
        response.set("X-Accel-Buffering", "no");
        response.setKeepAlive(false);
        const bool chunked = message.request.getVersion() == net::HTTPMessage::HTTP_1_1;
        response.setChunkedTransferEncoding(chunked);
        count(task.label, message.request.getMethod(), 200);
        stream_.begin_answer(limits_.write_time);
        std::ostream &out = response.send();
        if (message.request.getMethod() == net::HTTPRequest::HTTP_HEAD) return false; // nothing is opened
        const SendEvent send_event = [&](std::string_view text) {
            stream_.begin_answer(limits_.write_time);
            out.write(text.data(), static_cast<std::streamsize>(text.size()));
            out.flush();
            return out.good() && connection_.cancelled == 0;
        };
        const StreamCall call{shared_.service, task, principal, arguments, connection_.cancelled, message.id};
        if (task.stream == Stream::watch) stream_watch(call, shared_.changes, limits_, send_event);
        else stream_progress(call, limits_, send_event);
        stream_.begin_answer(limits_.write_time);
        return false;
    }

    bool refuse(Message &message, const std::string &label, const Error &error, bool body_unread) {
        Reply reply = problem(error, message.id);
        if (body_unread) message.response.setKeepAlive(false); // what follows on this connection is not a request
        stream_.begin_answer(limits_.write_time);
        count(label, message.request.getMethod(), reply.status);
        send(message.response, reply);
        return !body_unread;
    }

    Shared &shared_;
    const Limits &limits_;
    OpenConnection &connection_;
    GuardedStream &stream_;
    std::chrono::steady_clock::time_point started_{};
};

/// Lets the peer read our last words although it is still sending: closing at once would make the kernel throw them
/// away.
void linger(GuardedStream &stream) {
    if (::shutdown(stream.sockfd(), SHUT_WR) != 0) return;
    std::array<char, 16384> ignored;
    stream.begin_body(size_t{1} << 40, std::chrono::milliseconds(200));
    try {
        while (stream.receiveBytes(ignored.data(), ignored.size()) > 0) {}
    } catch (const Poco::Exception &) { // it had its chance
    }
}

} // namespace

Shared::Shared(Options o, Dependencies d, TokenTable t)
    : options(std::move(o)), dependencies(std::move(d)), tokens(std::move(t)),
      service(options.limits, options.version, dependencies) {
    connections.on_cancel([this] { changes.wake(); });
}

void Shared::count(const std::string &route, const std::string &method, int status, std::chrono::nanoseconds took) {
    static constexpr std::array<double, 10> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10};
    static constexpr std::array<std::string_view, 6> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    const bool plain = std::find(known.begin(), known.end(), method) != known.end();
    Metrics &metrics = dependencies.metrics;
    metrics.add(
        metrics.counter("rigger_http_requests_total", "HTTP requests by route, method and status",
                        {{"route", route}, {"method", plain ? method : "other"}, {"status", std::to_string(status)}}),
        1);
    metrics.add(metrics.histogram("rigger_http_request_seconds",
                                  "Time from a request's first byte to its answer, by route", bounds,
                                  {{"route", route}}),
                std::chrono::duration<double>(took).count());
}

void serve_connection(Shared &shared, const std::shared_ptr<OpenConnection> &connection) noexcept {
    auto *stream = new GuardedStream(connection->fd); // owned by the socket
    const net::StreamSocket socket(stream);
    try {
        Poco::AutoPtr<net::HTTPServerParams> params(parameters(shared.options.limits));
        Session session(socket, params);
        Exchange(shared, *connection, *stream).serve(session, params.get());
    } catch (const Poco::Exception &) { // the peer went away in the middle; it is not our failure
    } catch (const std::exception &why) {
        shared.log(LogLevel::error, std::string("http: a connection ended: ") + why.what());
    }
    linger(*stream);
    shared.connections.remove(connection); // before the descriptor is closed and its number used again
}

void turn_away(int fd) noexcept {
    const Error busy{Code::exhausted, "TooManyConnections", "too many connections are open; try again later", 1000};
    const std::string answer =
        last_words({503, "application/problem+json", problem_document(busy, 503), {{"Retry-After", "1"}}});
    (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(fd);
}

} // namespace rigger::http_server
