// The client against TLS peers that misbehave: what comes out is a typed error that keeps what is known, never an empty
// answer.
#include "peer.hpp"

#include <gtest/gtest.h>
#include <Poco/Net/NetException.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

namespace kube {
namespace {
using testing::Answered;
using testing::Asked;
using testing::chunks;
using testing::json_answer;
using testing::make_certificate;
using testing::Pair;
using testing::Peer;
using Then = Answered::Then;

const Resource pods = *known_resource("v1", "Pod");

class ClientAtPeer : public ::testing::Test {
protected:
    Access access(const Peer &peer) const {
        Access a;
        a.host = "127.0.0.1";
        a.port = peer.port();
        a.ca.text = authority.pem();
        a.token.text = "secret-token";
        return a;
    }
    Effort effort() const { return {&clock, never, {}}; }
    /// One answer for all.
    Peer peer(Answered answer) const {
        return {server, [answer](const Asked &) { return answer; }};
    }
    rig::Error failing_get(Access a, ClientSettings settings = {}) {
        Client client(std::move(a), settings, clock);
        const auto got = client.get(effort(), pods, "ns", "a");
        EXPECT_FALSE(got.ok());
        return got.ok() ? rig::Error{} : got.error();
    }
    struct Listing {
        rig::Result<Client::ListEnd> end;
        size_t items = 0;
    };
    Listing list(Client &client) {
        size_t items = 0;
        auto end = client.list(effort(), pods, {}, 0, [&](std::string_view) -> rig::Status {
            ++items;
            return {};
        });
        return {std::move(end), items};
    }

    const Pair authority = make_certificate("test authority", "", nullptr),
               server = make_certificate("api", "IP:127.0.0.1,DNS:localhost", &authority);
    testing::StepClock clock;
};

// --- who answers -----------------------------------------------------------------------------------------------------
TEST_F(ClientAtPeer, ACertificateOfAnotherAuthority_OfAnotherName_OrThatHasExpired_IsRefused) {
    const Pair other = make_certificate("another authority", "", nullptr);
    const struct {
        const char *what;
        Pair identity;
    } cases[] = {{"another authority", make_certificate("api", "IP:127.0.0.1", &other)},
                 {"another name", make_certificate("api", "DNS:elsewhere.example,IP:192.0.2.1", &authority)},
                 {"expired", make_certificate("api", "IP:127.0.0.1", &authority, -60)},
                 {"signed by itself", make_certificate("api", "IP:127.0.0.1", nullptr)}};
    for (const auto &[what, identity] : cases) {
        const Peer impostor(identity, [](const Asked &) { return json_answer("{}"); });
        const rig::Error e = failing_get(access(impostor));
        EXPECT_EQ(e.code, RIG_E_UNAVAILABLE) << what;
        EXPECT_EQ(e.reason, "CertificateRefused") << what << ": " << e.message;
        EXPECT_TRUE(impostor.asked().empty()) << "nothing was said to " << what;
    }
}

TEST_F(ClientAtPeer, TheServerNameOfTheKubeconfigIsTheOneThatIsVerified) {
    const Peer named(make_certificate("api", "DNS:kubernetes.example", &authority),
                     [](const Asked &) { return json_answer("{}"); });
    Access a = access(named);
    EXPECT_EQ(failing_get(a).reason, "CertificateRefused");
    a.tls_server_name = "kubernetes.example";
    Client client(a, {}, clock);
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
}

TEST_F(ClientAtPeer, ANameIsTriedAtEachOfItsAddresses) {
    const Peer here = peer(json_answer("{}")); // listens at 127.0.0.1 alone, while localhost may be ::1 first
    Access a = access(here);
    a.host = "localhost";
    Client client(a, {}, clock);
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
}

/// A resolver that does not come back until the test is over.
struct DeafNameServer {
    struct State {
        std::mutex lock;
        std::condition_variable changed;
        bool over = false;
        int asked = 0;
    };
    std::shared_ptr<State> state = std::make_shared<State>();
    Lookup::Resolve resolve() const {
        return [kept = state](const std::string &) -> std::vector<std::string> {
            std::unique_lock held(kept->lock);
            ++kept->asked;
            kept->changed.notify_all();
            kept->changed.wait(held, [&] { return kept->over; });
            return {};
        };
    }
    void await_question() const {
        std::unique_lock held(state->lock);
        state->changed.wait(held, [&] { return state->asked > 0; });
    }
    ~DeafNameServer() {
        const std::lock_guard held(state->lock);
        state->over = true;
        state->changed.notify_all();
    }
};

TEST_F(ClientAtPeer, ANameServerThatDoesNotAnswerHoldsNobodyUp_NotEvenTheClientsEnd) {
    const DeafNameServer deaf;
    Access a;
    a.host = "api.example";
    a.ca.text = authority.pem();
    {
        Client client(a, {}, clock, deaf.resolve());
        std::atomic<bool> cancelled{false};
        auto waiting = std::async(std::launch::async, [&] {
            return client.get({&clock, never, [&] { return cancelled.load(); }}, pods, "ns", "a");
        });
        deaf.await_question();
        cancelled = true;
        const auto got = waiting.get();
        ASSERT_FALSE(got.ok());
        EXPECT_EQ(got.error().code, RIG_E_CANCELLED);
        clock.set_step(2 * second_ns);
        const auto late = client.get(effort(), pods, "ns", "a");
        ASSERT_FALSE(late.ok());
        EXPECT_EQ(late.error().reason, "Unreachable");
        EXPECT_NE(late.error().message.find("api.example"), std::string::npos) << late.error().message;
        EXPECT_NE(late.error().message.find("name servers"), std::string::npos) << late.error().message;
    }
    const std::lock_guard held(deaf.state->lock);
    EXPECT_EQ(deaf.state->asked, 1) << "one look-up at a time";
}

TEST_F(ClientAtPeer, ANameThatNobodyKnowsIsSaid_AndIsAskedForAnew) {
    const Peer here = peer(json_answer("{}"));
    Access a = access(here);
    a.host = "localhost";
    int asked = 0;
    Client client(a, {}, clock, [&](const std::string &host) -> std::vector<std::string> {
        if (++asked == 1) throw Poco::Net::HostNotFoundException(host);
        return {"127.0.0.1"};
    });
    const auto unknown = client.get(effort(), pods, "ns", "a");
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().reason, "Unreachable");
    EXPECT_NE(unknown.error().message.find("is not known; check DNS"), std::string::npos) << unknown.error().message;
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
}

TEST_F(ClientAtPeer, NobodyListens) {
    Access a;
    {
        const Peer gone = peer(json_answer("{}"));
        a = access(gone);
    }
    const rig::Error e = failing_get(a);
    EXPECT_EQ(e.reason, "Unreachable");
    EXPECT_NE(e.message.find(a.server()), std::string::npos);
}

// --- what is answered ------------------------------------------------------------------------------------------------
TEST_F(ClientAtPeer, AListThatIsCutInAnObject_OrBetweenTwo_IsNoList) {
    const std::string begun =
        R"({"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}},{"metadata":{"na)";
    for (const Answered &answer :
         {chunks({begun}, Then::close), chunks({begun.substr(0, begun.size() - 16)}, Then::close),
          chunks({begun}, Then::go_on, true),
          Answered{"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + begun, Then::close},
          Answered{"HTTP/1.1 200 OK\r\n", Then::close}, Answered{"", Then::close}}) {
        const Peer cutting = peer(answer);
        Client client(access(cutting), {}, clock);
        const Listing got = list(client);
        ASSERT_FALSE(got.end.ok()) << answer.bytes;
        EXPECT_EQ(got.end.error().code, RIG_E_UNAVAILABLE) << got.end.error().message;
    }
}

TEST_F(ClientAtPeer, RefusalsKeepTheirReasonAndPause) {
    const Peer busy = peer(json_answer(R"({"kind":"Status","reason":"TooManyRequests","message":"slow down"})", 429,
                                       "Retry-After: 7\r\n"));
    const rig::Error slow = failing_get(access(busy));
    EXPECT_EQ(slow.reason, "TooManyRequests");
    EXPECT_EQ(slow.retry_after_ms, 7000U);
    for (const char *body :
         {R"({"kind":"Status","reason":"InternalError","message":"etcd is gone"})", "<html>bad gateway</html>", ""}) {
        const Peer broken = peer(json_answer(body, 502));
        const rig::Error e = failing_get(access(broken));
        EXPECT_EQ(e.code, RIG_E_UNAVAILABLE) << body;
        EXPECT_EQ(e.message.find("secret-token"), std::string::npos);
    }
}

TEST_F(ClientAtPeer, After429NobodyAsksBeforeThePauseIsOver) {
    std::atomic<int> answers{0};
    const Peer busy(server, [&](const Asked &) {
        return answers++ == 0 ? json_answer("{}", 429, "Retry-After: 20\r\n") : json_answer("{}");
    });
    clock.set_step(second_ns);
    Client client(access(busy),
                  {.requests_per_second = 1000,
                   .burst = 1000,
                   .connect_ns = 1000 * second_ns,
                   .request_ns = 1000 * second_ns,
                   .page = 500},
                  clock);
    EXPECT_FALSE(client.get(effort(), pods, "ns", "a").ok());
    const uint64_t refused = clock.mono_ns();
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
    EXPECT_GE(clock.mono_ns() - refused, 15 * second_ns);
}

TEST_F(ClientAtPeer, AnswersThatAreTooLargeOrNestedTooDeepAreRefused) {
    const Peer large = peer(json_answer("\"" + std::string(most_object_bytes + 1000, 'x') + "\""));
    EXPECT_EQ(failing_get(access(large)).reason, "BrokenAnswer");
    const std::string deep = R"({"metadata":{"resourceVersion":"7"},"items":[{"a":)" + std::string(10'000, '[') +
                             std::string(10'000, ']') + "}]}";
    const Peer nested = peer(json_answer(deep));
    Client client(access(nested), {}, clock);
    EXPECT_EQ(list(client).end.error().reason, "BrokenAnswer");
    const Peer refusing = peer(json_answer(std::string(100'000, '['), 500));
    EXPECT_EQ(failing_get(access(refusing)).code, RIG_E_UNAVAILABLE);
}

// --- peers that keep one waiting ------------------------------------------------------------------------------------
TEST_F(ClientAtPeer, APeerThatNeverAnswers_OrStopsInTheMiddle_CostsTheTimeLimitAndNoMore) {
    clock.set_step(20 * second_ns);
    for (const Answered &answer :
         {Answered{"", Then::hang}, Answered{"HTTP/1.1 200 OK\r\nContent-Le", Then::hang},
          Answered{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", Then::hang}, chunks({"{"}, Then::hang)}) {
        const Peer hanging = peer(answer);
        const rig::Error e = failing_get(access(hanging), {.requests_per_second = 50,
                                                           .burst = 100,
                                                           .connect_ns = 1000 * second_ns,
                                                           .request_ns = 200 * second_ns,
                                                           .page = 500});
        EXPECT_EQ(e.reason, "Timeout") << answer.bytes << e.message;
    }
}

TEST_F(ClientAtPeer, APeerThatNeverShakesHandsIsUnreachable) {
    const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr *>(&at), size), 0);
    ASSERT_EQ(::listen(silent, 4), 0);
    ::getsockname(silent, reinterpret_cast<sockaddr *>(&at), &size);
    Access a;
    a.host = "127.0.0.1";
    a.port = ntohs(at.sin_port);
    a.ca.text = authority.pem();
    clock.set_step(second_ns);
    EXPECT_EQ(failing_get(a, {.requests_per_second = 50,
                              .burst = 100,
                              .connect_ns = 5 * second_ns,
                              .request_ns = 1000 * second_ns,
                              .page = 500})
                  .reason,
              "Unreachable");
    ::close(silent);
}

TEST_F(ClientAtPeer, ACallThatIsCancelledEndsAtOnce) {
    std::atomic<bool> cancelled{false};
    const Peer hanging(server, [&](const Asked &) {
        cancelled = true;
        return Answered{"", Then::hang};
    });
    Client client(access(hanging), {}, clock);
    const auto got = client.get({&clock, never, [&] { return cancelled.load(); }}, pods, "ns", "a");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code, RIG_E_CANCELLED);
}

// --- connections -----------------------------------------------------------------------------------------------------
TEST_F(ClientAtPeer, AConnectionIsKept_AndAnotherMadeWhenItWasClosed) {
    std::atomic<int> answers{0};
    const Peer closing(server, [&](const Asked &) {
        Answered out = json_answer("{}");
        if (++answers == 3) out.then = Then::close;
        return out;
    });
    Client client(access(closing), {}, clock);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok()) << i;
    EXPECT_EQ(closing.connections(), 2);
}

TEST_F(ClientAtPeer, OverAKeptConnectionThatBreaks_ReadingIsRepeated_CreatingIsNot) {
    std::atomic<int> asked{0};
    const Peer breaking(server, [&](const Asked &) {
        return ++asked % 2 == 0 ? Answered{"", Then::close} : json_answer("{}");
    });
    Client client(access(breaking), {}, clock);
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok()) << "the second was broken, the third answered";
    const auto created = client.create(effort(), pods, "ns", "{}", false);
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().reason, "ConnectionBroken");
    EXPECT_EQ(asked.load(), 4) << "a creation may have happened";
}

// --- pages -----------------------------------------------------------------------------------------------------------
std::string page(int number, int of, const std::string &next) {
    std::string out = R"({"metadata":{"resourceVersion":"7","continue":")" + next + R"("},"items":[)";
    for (int i = 0; i < of; ++i)
        out += std::string(i ? "," : "") + R"({"metadata":{"name":"p)" + std::to_string(number) + "-" +
               std::to_string(i) + "\"}}";
    return out + "]}";
}

TEST_F(ClientAtPeer, PagesComeInOrder_AndAFailureOfAnyIsAFailureOfTheList) {
    for (const int good : {3, 2, 1, 0}) {
        const Peer paging(server, [good](const Asked &asked) {
            const size_t at = asked.line.find("continue=");
            const int number = at == std::string::npos ? 0 : std::stoi(asked.line.substr(at + 9));
            if (number >= good) return json_answer(R"({"kind":"Status","reason":"Expired","message":"too old"})", 410);
            return json_answer(page(number, 3, number == 2 ? "" : std::to_string(number + 1)));
        });
        Client client(access(paging), {}, clock);
        std::string names;
        const auto end = client.list(effort(), pods, {}, 0, [&](std::string_view item) -> rig::Status {
            names += item.substr(item.find("\"p") + 2, 3);
            return {};
        });
        EXPECT_EQ(names, std::string("0-00-10-21-01-11-22-02-12-2").substr(0, static_cast<size_t>(good) * 9));
        ASSERT_EQ(end.ok(), good == 3);
        if (!end.ok()) { EXPECT_EQ(end.error().reason, "Expired"); }
    }
}

TEST_F(ClientAtPeer, ARefusedItemEndsTheListAtOnce_AlthoughTheNextPageHangs) {
    const Peer paging(server, [](const Asked &asked) {
        return asked.line.find("continue=") == std::string::npos ? json_answer(page(0, 3, "1"))
                                                                 : Answered{"", Then::hang};
    });
    Client client(access(paging), {}, clock);
    const auto end = client.list(effort(), pods, {}, 0, [](std::string_view) -> rig::Status {
        return rig::Error{RIG_E_EXHAUSTED, "Full", "no more", 0};
    });
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().reason, "Full");
}

// --- credentials -----------------------------------------------------------------------------------------------------
class Folder {
public:
    Folder()
        : path_(std::filesystem::temp_directory_path() /
                ("kube-peer-" + std::to_string(::getpid()) + "-" + std::to_string(++count_))) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string write(const char *name, const std::string &text) const {
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }

private:
    static inline int count_ = 0;
    std::filesystem::path path_;
};

/// Takes the token "good" alone.
Answered by_token(const Asked &asked) {
    return asked.says("Authorization: Bearer good\r\n")
               ? json_answer("{}")
               : json_answer(R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})", 401);
}

TEST_F(ClientAtPeer, ATokenFileThatWasRotatedIsReadAgain_WhenTheOldTokenIsRefused) {
    const Folder folder;
    const Peer strict(server, by_token);
    Access a = access(strict);
    a.token = {{}, folder.write("token", "old\n")};
    Client client(a, {}, clock);
    const auto refused = client.get(effort(), pods, "ns", "a");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, "Unauthorized");
    (void)folder.write("token", "good\n");
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
}

TEST_F(ClientAtPeer, ARefusalSaysSo_WhenTheClientCertificateHasExpired) {
    const Peer strict = peer(json_answer(R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})", 401));
    constexpr long decades = 30L * 365 * 86'400;
    for (const long ends_in : {-decades, decades}) {
        const Pair own = make_certificate("me", "DNS:me", &authority, ends_in);
        Access a = access(strict);
        a.token = {};
        a.certificate.text = own.pem();
        a.key.text = own.key_pem();
        const rig::Error e = failing_get(a);
        EXPECT_EQ(e.reason, "Unauthorized");
        EXPECT_EQ(e.message.find("the client certificate expired at ") != std::string::npos, ends_in < 0) << e.message;
    }
}

TEST_F(ClientAtPeer, AnExecPluginIsAskedAgainWhenItsTokenIsRefused) {
    const Folder folder;
    const Peer strict(server, by_token);
    Access a = access(strict);
    a.token = {};
    const std::string seen = folder.write("seen", "");
    a.exec = ExecPlugin{"client.authentication.k8s.io/v1",
                        "/bin/sh",
                        {"-c", "if [ -s " + seen + " ]; then t=good; else t=stale; echo x > " + seen +
                                   "; fi; echo '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"'$t'\"}}'"},
                        {}};
    Client client(a, {}, clock);
    EXPECT_TRUE(client.get(effort(), pods, "ns", "a").ok());
    EXPECT_EQ(strict.asked().size(), 2U);
}

TEST_F(ClientAtPeer, AnExecPluginThatFails_SpeaksNonsense_OrHangs_IsNamed) {
    const Peer any = peer(json_answer("{}"));
    clock.set_step(second_ns);
    for (const char *script :
         {"exit 3", "echo nonsense", "echo '{}'", "exec sleep 1000", "yes", "exec >&-; exec sleep 1000"}) {
        Access a = access(any);
        a.token = {};
        a.exec = ExecPlugin{"client.authentication.k8s.io/v1", "/bin/sh", {"-c", script}, {}};
        const rig::Error e = failing_get(a, {.requests_per_second = 50,
                                             .burst = 100,
                                             .connect_ns = 1000 * second_ns,
                                             .request_ns = 1000 * second_ns,
                                             .page = 500});
        EXPECT_EQ(e.reason, "ExecFailed") << script << ": " << e.message;
        EXPECT_NE(e.message.find("/bin/sh"), std::string::npos) << script;
    }
    EXPECT_TRUE(any.asked().empty());
}

// --- watches ---------------------------------------------------------------------------------------------------------
TEST_F(ClientAtPeer, AWatchThatIsCutInAnEventIsBroken_BetweenTwoItHasEnded) {
    const std::string event = R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"8"}}})";
    const auto watch = [&](const Answered &answer, int &events) {
        const Peer cutting = peer(answer);
        Client client(access(cutting), {}, clock);
        return client.watch(
            effort(), pods, {}, "7", [] {},
            [&](const Event &) -> rig::Status {
                ++events;
                return {};
            });
    };
    int events = 0;
    EXPECT_TRUE(watch(chunks({event + "\n", event + "\n"}, Then::go_on, true), events).ok());
    EXPECT_EQ(events, 2);
    EXPECT_FALSE(watch(chunks({event + "\n", event.substr(0, 30)}, Then::go_on, true), events).ok());
    EXPECT_EQ(events, 3);
    EXPECT_FALSE(watch(chunks({event.substr(0, 30)}, Then::close), events).ok());
    const auto gone = watch(
        chunks({R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"},
               Then::hang),
        events);
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().reason, "Expired");
    EXPECT_EQ(events, 3);
}
} // namespace
} // namespace kube
