// core/host/services/border.hpp -- small things at the C border: text and error conversion, bounded sinks, the guard
// around service calls.
#pragma once
#include "base/status.hpp"
#include "host/guard/crash.hpp"
#include "host/instance.hpp"
#include "host/services/handle.hpp"

#include <rigger/abi/base.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace rigger::host {

inline std::string_view view(rig_str s) noexcept { return s.ptr ? std::string_view(s.ptr, s.len) : std::string_view(); }
inline std::string_view view(rig_bytes b) noexcept {
    return b.ptr ? std::string_view(static_cast<const char *>(b.ptr), b.len) : std::string_view();
}
inline rig_str str(std::string_view s) noexcept { return {s.data(), s.size()}; }
inline rig_bytes bytes(std::string_view s) noexcept { return {s.data(), s.size()}; }

/// Fills the caller's error, cut at a UTF-8 boundary; the answer is the code.
rig_code fill(rig_error *to, const Error &from) noexcept;
inline rig_code fill(rig_error *to, const Status &status) noexcept {
    return status.ok() ? RIG_OK : fill(to, status.error());
}

/// A sink that collects up to `limit` bytes. Lives inside what a call owns.
struct Collector {
    std::string text;
    size_t limit = size_t{16} << 20;
    bool overflow = false;
    rig_sink sink() noexcept { return {this, &write}; }
    static rig_code write(void *ctx, const void *data, size_t len) noexcept;
};
/// Writes text into a plugin's sink. The sink's refusal is the status.
Status deliver(const rig_sink *sink, std::string_view text);

inline HostHandle &handle_of(const rig_host *host) noexcept {
    return *static_cast<HostHandle *>(const_cast<rig_host *>(host));
}

/// Runs a service for a plugin: the time is the host's, a crash here is the caller's (bad pointers come from him),
/// nothing escapes.
template <typename Body>
rig_code serve(const rig_host *host, const char *service, rig_error *error, Body &&body) noexcept {
    if (!host) return fill(error, invalid("HostMissing", "the host pointer is NULL"));
    HostHandle &handle = handle_of(host);
    const HostTime ours;
    have_signal_stack(); // the first that is seen of a thread that the plugin started
    const Breadcrumb crumb(handle.badge, service);
    try {
        if (handle.revoked.load(std::memory_order_acquire))
            return fill(
                error, Error{Code::cancelled, "InstanceStopped", "the instance was stopped; its services are gone", 0});
        return fill(error, Status(body(handle)));
    } catch (const std::bad_alloc &) {
        return fill(error, Error{Code::exhausted, "OutOfMemory", "the host has no memory for this", 0});
    } catch (const std::exception &e) { return fill(error, internal_error(e.what())); } catch (...) {
        return fill(error, internal_error("an unknown exception"));
    }
}

} // namespace rigger::host
