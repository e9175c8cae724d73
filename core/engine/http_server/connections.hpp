// engine/http_server/connections.hpp -- every open connection: counted, cancelled when its peer has gone, ended at
// stop.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

namespace rigger::http_server {

struct OpenConnection {
    int fd = -1;
    bool is_unix = false;
    enum class Work : uint8_t { none, call, stream } work = Work::none; ///< guarded by Connections' mutex
    std::atomic<uint32_t> cancelled{0}; ///< for CallContext; a plain flag, it orders nothing
};

/// Thread-safe.
class Connections {
public:
    Connections();
    ~Connections(); ///< none may be open

    std::shared_ptr<OpenConnection> add(int fd, bool is_unix);
    void remove(const std::shared_ptr<OpenConnection> &connection);
    size_t count(bool is_unix) const;

    /// While a command runs nobody reads the socket; the registry looks at it a few times a second and sets `cancelled`
    /// when the peer has gone.
    void begin(OpenConnection &connection, OpenConnection::Work work);
    void end(OpenConnection &connection);

    /// No connection gets another request. Those that wait for one end now, event streams too.
    void refuse_more();
    bool refuses() const noexcept { return refusing_.load(); }
    /// Cancels every call and cuts every connection.
    void abort();
    bool wait_until_none(std::chrono::milliseconds at_most);
    /// Called whenever a connection was cancelled; set before the first add().
    void on_cancel(std::function<void()> hear) { on_cancel_ = std::move(hear); }

private:
    void watch();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::shared_ptr<OpenConnection>> open_;
    size_t calls_ = 0;
    bool ending_ = false;
    std::atomic<bool> refusing_{false};
    std::function<void()> on_cancel_;
    std::thread watcher_;
};

} // namespace rigger::http_server
