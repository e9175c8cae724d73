// engine/http_server/guarded_stream.hpp -- a connected socket that gives each part of a request so much time and so
// many bytes.
//
// Poco reads and writes through it; a peer that sends one byte a minute, or reads none of the answer, runs into the
// same end as one that sends nothing. Used by one thread, except shutdown(), which any thread may call.
#pragma once
#include <Poco/Net/StreamSocketImpl.h>

#include <chrono>

namespace rigger::http_server {

class GuardedStream final : public Poco::Net::StreamSocketImpl {
public:
    using Milliseconds = std::chrono::milliseconds;
    enum class Breach { none, too_slow, too_big };

    /// Takes the descriptor.
    explicit GuardedStream(int fd) : StreamSocketImpl(fd) {}

    void begin_header(size_t bytes, Milliseconds within); ///< the time begins with the first byte
    void begin_body(size_t bytes, Milliseconds within);
    void begin_answer(Milliseconds within); ///< all that is written until the next begin_...

    /// Received since begin_header(), or of the body since begin_body().
    size_t received() const noexcept { return received_; }
    /// Why the last receive or send threw.
    Breach breach() const noexcept { return breach_; }

    int receiveBytes(void *buffer, int length, int flags = 0) override;
    int sendBytes(const void *buffer, int length, int flags = 0) override;
    /// Nothing: a session that ends must not free the descriptor's number while the registry of connections still has
    /// it. The destructor closes.
    void close() override {}

private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    bool wait_until(SteadyTime deadline, short events);

    SteadyTime read_deadline_{}, write_deadline_ = SteadyTime::max();
    Milliseconds header_time_{};
    bool header_awaited_ = false;
    size_t bytes_left_ = 0, received_ = 0;
    Breach breach_ = Breach::none;
};

} // namespace rigger::http_server
