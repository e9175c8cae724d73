// core/daemon/thread_executor.hpp -- spreads the chunks of a placement pass over the machine's cores.
#pragma once
#include "domain/placement/executor.hpp"

#include <memory>

namespace rigger::daemon {

/// width() threads, the caller's included; the others wait for work and cost nothing meanwhile. One run() at a time.
class ThreadExecutor final : public placement::ChunkExecutor {
public:
    explicit ThreadExecutor(size_t width = 0); ///< 0: one per core
    ~ThreadExecutor() override;
    size_t width() const noexcept override;
    void run(size_t chunks, const std::function<void(size_t, size_t)> &task) override;

private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace rigger::daemon
