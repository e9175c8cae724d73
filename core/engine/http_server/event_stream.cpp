#include "engine/http_server/event_stream.hpp"

#include "engine/http_server/problem.hpp"

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

std::string error_event(const Error &error, std::string_view request) {
    return event_text("error", problem_document(public_error(error, request), status_of(error)));
}

/// What a running command says, and a keep-alive while it says nothing: only so does a silent one learn that its peer
/// has gone.
class Outlet {
public:
    Outlet(const SendEvent &send, std::atomic<uint32_t> &cancelled, std::chrono::milliseconds pause)
        : send_(send), cancelled_(cancelled), ticker_([this, pause] { tick(pause); }) {}
    ~Outlet() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        ticker_.join();
    }

    void say(const std::string &text) {
        const std::lock_guard lock(mutex_);
        said_ = true;
        deliver(text);
    }

private:
    void deliver(const std::string &text) {
        if (reachable_) reachable_ = send_(text);
        if (!reachable_) cancelled_.store(1);
    }
    void tick(std::chrono::milliseconds pause) {
        std::unique_lock lock(mutex_);
        while (!over_ && reachable_) {
            said_ = false;
            if (!changed_.wait_for(lock, pause, [this] { return over_; }) && !said_) deliver(": keep-alive\n\n");
        }
    }

    const SendEvent &send_;
    std::atomic<uint32_t> &cancelled_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false, said_ = false, reachable_ = true;
    std::thread ticker_;
};

bool may_pass(Code code) {
    return code == Code::unavailable || code == Code::deadline || code == Code::exhausted || code == Code::conflict ||
           code == Code::internal;
}

} // namespace

std::string event_text(std::string_view name, std::string_view document, uint64_t id) {
    std::string out = "event: " + std::string(name) + "\n";
    if (id != 0) out += "id: " + std::to_string(id) + "\n";
    while (!document.empty() && (document.back() == '\n' || document.back() == '\r')) document.remove_suffix(1);
    while (true) {
        const size_t end = document.find_first_of("\r\n");
        out.append("data: ").append(document.substr(0, end)).append("\n");
        if (end == std::string_view::npos) break;
        document.remove_prefix(end + 1);
    }
    return out + "\n";
}

bool differ(const std::string &before, const std::string &now) {
    if (before == now) return false;
    Json a = Json::parse(before, nullptr, false), b = Json::parse(now, nullptr, false);
    if (!a.is_object() || !b.is_object()) return true;
    for (Json *value : {&a, &b})
        for (const char *key : {"snapshot", "takenAt"}) value->erase(key);
    return a != b;
}

void stream_watch(const StreamCall &call, Changes &changes, const Limits &limits, const SendEvent &send) {
    std::string last;
    bool failed = false;
    while (call.cancelled == 0) {
        const uint64_t seen = changes.version();
        auto result =
            call.service.run(call.task, call.principal, call.arguments, call.cancelled, [](std::string_view) {});
        if (call.cancelled != 0) return;
        if (result.ok()) {
            if ((last.empty() || failed || differ(last, *result)) && !send(event_text("result", *result, seen))) return;
            last = *std::move(result);
            failed = false;
        } else {
            const bool again = may_pass(result.error().code);
            if ((!failed || !again) && !send(error_event(result.error(), call.request))) return;
            if (!again) return;
            failed = true;
        }
        changes.pause(limits.watch_pause, call.cancelled);
        // A failed command is tried again soon: what it waits for need not show in a snapshot.
        const auto patience =
            failed ? std::min(limits.keep_alive, std::chrono::milliseconds(2'000)) : limits.keep_alive;
        while (call.cancelled == 0 && !changes.wait(seen, patience, call.cancelled)) {
            if (call.cancelled != 0 || !send(": keep-alive\n\n")) return;
            if (failed) break;
        }
    }
}

void stream_progress(const StreamCall &call, const Limits &limits, const SendEvent &send) {
    Outlet outlet(send, call.cancelled, limits.keep_alive);
    const auto result = call.service.run(call.task, call.principal, call.arguments, call.cancelled,
                                         [&](std::string_view line) { outlet.say(event_text("progress", line)); });
    outlet.say(result.ok() ? event_text("result", *result) : error_event(result.error(), call.request));
}

} // namespace rigger::http_server
