#include "kube/lookup.hpp"

#include <rigger/sdk/try.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>

namespace kube {
namespace {
constexpr auto slice = std::chrono::milliseconds(100);
}

struct Lookup::Answer {
    std::mutex lock;
    std::condition_variable changed;
    bool done = false;
    std::vector<std::string> addresses;
    std::exception_ptr failure;
};

Lookup::Lookup(std::string host, Resolve resolve) : host_(std::move(host)), resolve_(std::move(resolve)) {}
Lookup::~Lookup() = default;

rig::Result<std::vector<std::string>> Lookup::addresses(const Effort &effort) {
    std::shared_ptr<Answer> answer;
    {
        const std::lock_guard held(lock_);
        if (running_) {
            const std::lock_guard look(running_->lock);
            if (!running_->done) answer = running_;
        }
        if (!answer) {
            answer = std::make_shared<Answer>();
            // It owns all that it touches: this object may be gone when the resolver comes back.
            std::thread([answer, host = host_, resolve = resolve_] {
                std::vector<std::string> found;
                std::exception_ptr failure;
                try {
                    found = resolve(host);
                } catch (...) { failure = std::current_exception(); }
                const std::lock_guard telling(answer->lock);
                answer->addresses = std::move(found);
                answer->failure = failure;
                answer->done = true;
                answer->changed.notify_all();
            }).detach();
            running_ = answer;
        }
    }
    std::unique_lock held(answer->lock);
    while (!answer->changed.wait_for(held, slice, [&] { return answer->done; })) RIG_RETURN_IF_ERROR(effort.check());
    if (answer->failure) std::rethrow_exception(answer->failure);
    return answer->addresses;
}

} // namespace kube
