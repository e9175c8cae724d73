// rigger/sdk/status.hpp -- success or failure as values, and the only way from C++ into the C ABI.
#pragma once
#include <rigger/abi/base.h>

#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Hidden even if the author forgot -fvisibility=hidden: two plugins built with two SDKs must not share these.
namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

inline rig_str view(std::string_view s) noexcept { return {s.data(), s.size()}; }
inline std::string_view view(rig_str s) noexcept { return {s.ptr, s.len}; }
inline std::string_view view(rig_bytes b) noexcept { return {static_cast<const char *>(b.ptr), b.len}; }
inline rig_doc doc(std::string_view s) noexcept { return {s.data(), s.size()}; }

struct Error {
    rig_code code = RIG_E_INTERNAL;
    std::string reason;  ///< CamelCase token for machines
    std::string message; ///< one sentence for a person: what, on what, why, what to do
    uint32_t retry_after_ms = 0;
};

/// Success, or an Error. [[nodiscard]] so that a dropped failure does not compile quietly.
class [[nodiscard]] Status {
public:
    Status() = default;
    Status(Error e) : error_(std::move(e)) {}
    bool ok() const noexcept { return !error_; }
    const Error &error() const { return *error_; }

private:
    std::optional<Error> error_;
};

/// A T, or an Error.
template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error e) : error_(std::move(e)) {}
    bool ok() const noexcept { return value_.has_value(); }
    T &operator*() & { return *value_; }
    const T &operator*() const & { return *value_; }
    T &&operator*() && { return std::move(*value_); }
    T *operator->() { return &*value_; }
    const T *operator->() const { return &*value_; }
    const Error &error() const { return *error_; }

private:
    std::optional<T> value_;
    std::optional<Error> error_;
};

/// A variable-size result on its way to the host.
class Sink {
public:
    explicit Sink(const rig_sink *sink) noexcept : sink_(sink) {}
    /// Not ok: the receiver wants no more; return that status.
    Status write(std::string_view bytes) const {
        const rig_code code = sink_ && sink_->write ? sink_->write(sink_->ctx, bytes.data(), bytes.size()) : RIG_OK;
        return code == RIG_OK ? Status() : Status(Error{code, "SinkRefused", "the receiver refused the result"});
    }
    /// To hand it on to a service call.
    const rig_sink *raw() const noexcept { return sink_; }

private:
    const rig_sink *sink_;
};

/// The deadline and the cancel flag of one call.
class Call {
public:
    explicit Call(const rig_call *call) noexcept : call_(call) {}
    bool cancelled() const noexcept {
        return call_ && call_->cancelled && __atomic_load_n(call_->cancelled, __ATOMIC_RELAXED) != 0;
    }
    uint64_t deadline_ns() const noexcept { return call_ ? call_->deadline_ns : UINT64_MAX; }
    const rig_call *raw() const noexcept { return call_; }

private:
    const rig_call *call_;
};

namespace detail {
inline void copy_utf8(char *to, size_t cap, std::string_view from) noexcept {
    size_t n = from.size() < cap - 1 ? from.size() : cap - 1;
    if (n < from.size())
        while (n > 0 && (static_cast<unsigned char>(from[n]) & 0xC0) == 0x80) --n;
    std::memcpy(to, from.data(), n);
    to[n] = '\0';
}
inline rig_code fail(rig_error *err, rig_code code, std::string_view reason, std::string_view message,
                     uint32_t retry = 0) noexcept {
    if (err && err->struct_size >= sizeof(rig_error)) {
        err->code = code;
        err->retry_after_ms = retry;
        copy_utf8(err->reason, sizeof err->reason, reason);
        copy_utf8(err->message, sizeof err->message, message);
    }
    return code;
}
inline rig_code finish(rig_error *err, const Status &s) noexcept {
    return s.ok() ? RIG_OK : fail(err, s.error().code, s.error().reason, s.error().message, s.error().retry_after_ms);
}
/// The only way out of C++ into C: no exception passes it. A plugin that is compiled without exceptions has none to
/// stop.
template <typename F> rig_code guard(rig_error *err, F &&body) noexcept {
#if defined(__cpp_exceptions)
    try {
        return finish(err, body());
    } catch (const std::bad_alloc &) {
        return fail(err, RIG_E_EXHAUSTED, "OutOfMemory", "allocation failed");
    } catch (const std::exception &e) { return fail(err, RIG_E_INTERNAL, "UncaughtException", e.what()); } catch (...) {
        return fail(err, RIG_E_INTERNAL, "UncaughtException", "an exception that is not a std::exception");
    }
#else
    return finish(err, body());
#endif
}
/// A C call's outcome as a Status.
inline Status status(rig_code code, const rig_error &err) {
    if (code == RIG_OK) return {};
    return Error{code, err.reason, err.message, err.retry_after_ms};
}
inline rig_error fresh_error() noexcept {
    rig_error e{};
    e.struct_size = sizeof e;
    return e;
}
/// A sink that collects into a string.
inline rig_sink collect(std::string &into) noexcept {
    return {&into, [](void *ctx, const void *data, size_t len) -> rig_code {
                return guard(nullptr, [&] {
                    static_cast<std::string *>(ctx)->append(static_cast<const char *>(data), len);
                    return Status();
                });
            }};
}
} // namespace detail
} // namespace abi1
} // namespace rig
