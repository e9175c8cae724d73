// rigger/sdk/try.hpp -- on request: hand a failed rig::Status or rig::Result on to the caller. For functions that
// answer either.
#pragma once
#include <rigger/sdk/status.hpp>

/// RIG_RETURN_IF_ERROR(write(text));
#define RIG_RETURN_IF_ERROR(expr)                                                        \
    do {                                                                                 \
        if (auto rig_outcome_ = (expr); !rig_outcome_.ok()) return rig_outcome_.error(); \
    } while (0)

/// RIG_ASSIGN_OR_RETURN(const std::string text, read(file)); Two statements: not behind an if without braces.
#define RIG_ASSIGN_OR_RETURN(declaration, expr) \
    RIG_ASSIGN_OR_RETURN_(RIG_NAME_(rig_result_, __LINE__), declaration, expr)
#define RIG_ASSIGN_OR_RETURN_(result, declaration, expr) \
    auto result = (expr);                                \
    if (!result.ok()) return result.error();             \
    declaration = *std::move(result)
#define RIG_NAME_(a, b) RIG_NAME2_(a, b)
#define RIG_NAME2_(a, b) a##b
