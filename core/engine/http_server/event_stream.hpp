// engine/http_server/event_stream.hpp -- Server-Sent Events: a result that is sent again when it changes, or progress
// and then a result.
//
//   event: result     data: the result document          (watch: repeatedly; progress: once, then the stream ends)
//   event: progress   data: one progress document
//   event: error      data: a problem document           (the stream ends unless a retry makes sense)
//   : keep-alive      every Limits::keep_alive of silence
#pragma once
#include "engine/http_server/changes.hpp"
#include "engine/http_server/service.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace rigger::http_server {

/// Writes bytes and flushes; false: the peer is gone or too slow.
using SendEvent = std::function<bool(std::string_view)>;

/// "event: <name>\n[id: <version>\n]data: ...\n\n"; a document of several lines becomes several data lines.
std::string event_text(std::string_view name, std::string_view document, uint64_t id = 0);

/// True when two results differ in more than when they were taken ("snapshot" and "takenAt").
bool differ(const std::string &before, const std::string &now);

struct StreamCall {
    Service &service;
    const Task &task;
    const Principal &principal;
    const std::string &arguments;
    std::atomic<uint32_t> &cancelled;
    std::string_view request; ///< for public_error
};

/// Returns when the peer has gone, the call was cancelled, or the command can never succeed.
void stream_watch(const StreamCall &call, Changes &changes, const Limits &limits, const SendEvent &send);
/// Cancels the call when the peer has gone, which shows in a keep-alive at the latest.
void stream_progress(const StreamCall &call, const Limits &limits, const SendEvent &send);

} // namespace rigger::http_server
