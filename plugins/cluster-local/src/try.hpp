// try.hpp -- propagate a failure of rig::Status or rig::Result to the caller.
#pragma once
#include <rigger/sdk/status.hpp>

#define CL_CONCAT_(a, b) a##b
#define CL_CONCAT(a, b) CL_CONCAT_(a, b)
#define CL_TRY(expr)                                                                                                   \
    do {                                                                                                               \
        if (auto cl_status_ = (expr); !cl_status_.ok()) return cl_status_.error();                                     \
    } while (0)
#define CL_ASSIGN(declaration, expr)                                                                                   \
    auto CL_CONCAT(cl_result_, __LINE__) = (expr);                                                                     \
    if (!CL_CONCAT(cl_result_, __LINE__).ok()) return CL_CONCAT(cl_result_, __LINE__).error();                         \
    declaration = *std::move(CL_CONCAT(cl_result_, __LINE__))
