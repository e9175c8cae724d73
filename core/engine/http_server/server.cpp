#include "engine/http_server/server.hpp"

#include "engine/http_server/connection.hpp"
#include "engine/http_server/listener.hpp"

#include <Poco/Runnable.h>
#include <Poco/ThreadPool.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace rigger::http_server {
namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kGrace{1'000}; ///< for answers that are being made when stop() comes
constexpr Milliseconds kAbort{800};   ///< for calls to notice that they were cancelled

/// Lives as long as its connection; the pool runs it once.
class Job final : public Poco::Runnable {
public:
    Job(Shared &shared, std::shared_ptr<OpenConnection> connection)
        : shared_(shared), connection_(std::move(connection)) {}
    void run() override {
        const std::unique_ptr<Job> self(this);
        serve_connection(shared_, connection_);
    }

private:
    Shared &shared_;
    std::shared_ptr<OpenConnection> connection_;
};

} // namespace

class Server::Impl {
public:
    Impl(Options options, Dependencies dependencies, TokenTable tokens, std::vector<Listener> listeners, int wake)
        : shared_(std::move(options), std::move(dependencies), std::move(tokens)), listeners_(std::move(listeners)),
          wake_(wake), pool_("http", 1, static_cast<int>(2 * shared_.options.limits.connections + 2), 30),
          acceptor_([this] { accept_loop(); }) {}

    ~Impl() {
        stop();
        pool_.joinAll();
        ::close(wake_);
    }

    bool stop() {
        if (acceptor_.joinable()) {
            const uint64_t one = 1;
            (void)!::write(wake_, &one, sizeof one);
            acceptor_.join();
            for (Listener &listener : listeners_) listener.close();
            shared_.connections.refuse_more();
            if (!shared_.connections.wait_until_none(kGrace)) shared_.connections.abort();
        }
        return shared_.connections.wait_until_none(kAbort);
    }

    void changed(uint64_t version) { shared_.changes.set(version); }
    uint16_t port() const {
        for (const Listener &listener : listeners_)
            if (!listener.is_unix()) return listener.port();
        return 0;
    }

private:
    void accept_loop() {
        std::vector<struct ::pollfd> wait{{wake_, POLLIN, 0}};
        for (const Listener &listener : listeners_) wait.push_back({listener.fd(), POLLIN, 0});
        while (true) {
            if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return;
            if (wait[0].revents != 0) return;
            for (size_t i = 0; i < listeners_.size(); ++i)
                if (wait[i + 1].revents != 0) accept_one(listeners_[i]);
        }
    }

    void accept_one(const Listener &listener) {
        const int fd = listener.accept();
        if (fd < 0) {
            // Out of descriptors: the connection stays in the backlog, and polling again at once would spin.
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                shared_.log(LogLevel::error,
                            "http: cannot accept a connection: out of file descriptors or memory; raise LimitNOFILE");
                struct ::pollfd woken {
                    wake_, POLLIN, 0
                };
                ::poll(&woken, 1, 100);
            }
            return;
        }
        if (shared_.connections.count(listener.is_unix()) >= shared_.options.limits.connections) return turn_away(fd);
        auto connection = shared_.connections.add(fd, listener.is_unix());
        auto job = std::make_unique<Job>(shared_, connection);
        try {
            pool_.start(*job);
            (void)job.release(); // it owns itself from here
        } catch (const Poco::Exception &) {
            shared_.connections.remove(connection);
            turn_away(fd);
        }
    }

    Shared shared_;
    std::vector<Listener> listeners_;
    int wake_;
    Poco::ThreadPool pool_;
    std::thread acceptor_;
};

Result<std::unique_ptr<Server>> Server::start(Options options, Dependencies dependencies) {
    if (!options.unix_socket && !options.tcp)
        return invalid("NoListener",
                       "the HTTP server has no address to listen on; configure a unix socket or a TCP address");
    if (options.tcp && options.tokens.empty())
        return invalid("TokenMissing",
                       "the HTTP server listens on TCP but has no tokens; configure at least one, or leave TCP out");
    if (!dependencies.readiness || !dependencies.plugins || !dependencies.reload_plugins || !dependencies.reset_plugin)
        return internal_error("the HTTP server is started without all of its dependencies");
    RIG_TRY_ASSIGN(TokenTable tokens, TokenTable::make(options.tokens));
    std::vector<Listener> listeners;
    if (options.unix_socket) {
        RIG_TRY_ASSIGN(Listener listener, Listener::open(*options.unix_socket));
        listeners.push_back(std::move(listener));
    }
    if (options.tcp) {
        RIG_TRY_ASSIGN(Listener listener, Listener::open(*options.tcp));
        listeners.push_back(std::move(listener));
    }
    const int wake = ::eventfd(0, EFD_CLOEXEC);
    if (wake < 0)
        return Error{Code::exhausted, "NoDescriptor",
                     "the HTTP server cannot start: out of file descriptors; raise LimitNOFILE", 0};
    return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(std::move(options), std::move(dependencies),
                                                                     std::move(tokens), std::move(listeners), wake)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
bool Server::stop() { return impl_->stop(); }
void Server::snapshot_changed(uint64_t version) { impl_->changed(version); }
uint16_t Server::tcp_port() const { return impl_->port(); }

} // namespace rigger::http_server
