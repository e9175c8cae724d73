// core/base/status.hpp -- errors are values. Status, Result<T> and RIG_TRY are the whole vocabulary of failure in core.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rigger {

/// Same meanings and numbers as the RIG_E_* codes of the plugin ABI (sdk/include/rigger/abi/base.h).
enum class Code : int32_t {
    ok = 0,
    invalid = 1,     ///< the argument or document is wrong; do not retry
    not_found = 2,   ///< definite: the thing does not exist
    conflict = 3,    ///< version or precondition failed; read again, then retry
    unavailable = 4, ///< a dependency is down; retry with back-off
    deadline = 5,    ///< gave up at the deadline; the effect is unknown
    cancelled = 6,
    denied = 7,
    unsupported = 8,
    exhausted = 9, ///< memory, quota, capacity; retry later
    internal = 10, ///< a bug
};

std::string_view code_name(Code code) noexcept; ///< "invalid", "not_found", ...

struct Error {
    Code code = Code::internal;
    std::string reason;  ///< CamelCase token for machines, e.g. "GpuModelMismatch"
    std::string message; ///< what was attempted, on what, why it failed, what to do; no final period
    uint32_t retry_after_ms = 0;

    /// The same error with one phrase of context in front: "cannot enable 'x': manifest: ...".
    Error within(std::string_view context) const;
};

class [[nodiscard]] Status {
public:
    Status() = default;
    Status(Error error) : error_(std::move(error)) {}
    bool ok() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return ok(); }
    /// Precondition: !ok().
    const Error &error() const { return *error_; }

private:
    std::optional<Error> error_;
};

template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : error_(std::move(error)) {}
    bool ok() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    /// Precondition: ok().
    T &operator*() & { return *value_; }
    const T &operator*() const & { return *value_; }
    T &&operator*() && { return std::move(*value_); }
    T *operator->() { return &*value_; }
    const T *operator->() const { return &*value_; }
    /// Precondition: !ok().
    const Error &error() const { return error_; }

private:
    std::optional<T> value_;
    Error error_;
};

inline Error invalid(std::string reason, std::string message) {
    return {Code::invalid, std::move(reason), std::move(message), 0};
}
inline Error not_found(std::string reason, std::string message) {
    return {Code::not_found, std::move(reason), std::move(message), 0};
}
inline Error internal_error(std::string message) { return {Code::internal, "Internal", std::move(message), 0}; }

} // namespace rigger

/// Returns the error of a Status or Result from the enclosing function.
#define RIG_TRY(expr)                                                  \
    do {                                                               \
        if (auto rig_s_ = (expr); !rig_s_.ok()) return rig_s_.error(); \
    } while (false)
/// auto value = the Result's value, or return its error: RIG_TRY_ASSIGN(auto x, parse(text));
#define RIG_TRY_ASSIGN(decl, expr) RIG_TRY_ASSIGN_(RIG_CONCAT_(rig_r_, __LINE__), decl, expr)
#define RIG_TRY_ASSIGN_(tmp, decl, expr) \
    auto tmp = (expr);                   \
    if (!tmp.ok()) return tmp.error();   \
    decl = *std::move(tmp)
#define RIG_CONCAT_(a, b) RIG_CONCAT2_(a, b)
#define RIG_CONCAT2_(a, b) a##b
