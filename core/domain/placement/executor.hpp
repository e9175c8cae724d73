// core/domain/placement/executor.hpp -- how a large pass is spread over cores: a parameter, so that tests run on one
// thread.
#pragma once
#include <cstddef>
#include <functional>

namespace rigger::placement {

/// Runs independent chunks of one pass. run() returns when every chunk has returned; task(chunk, worker) gets each
/// chunk in [0, chunks) exactly once, and two tasks with the same worker number never overlap (worker < width()). Tasks
/// do not throw.
class ChunkExecutor {
public:
    virtual ~ChunkExecutor() = default;
    virtual size_t width() const noexcept = 0; ///< >= 1
    virtual void run(size_t chunks, const std::function<void(size_t chunk, size_t worker)> &task) = 0;
};

/// Everything on the calling thread, in order.
class SerialExecutor final : public ChunkExecutor {
public:
    size_t width() const noexcept override { return 1; }
    void run(size_t chunks, const std::function<void(size_t, size_t)> &task) override {
        for (size_t chunk = 0; chunk < chunks; ++chunk) task(chunk, 0);
    }
};

} // namespace rigger::placement
