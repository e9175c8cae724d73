// kube/try.hpp -- propagate a failure of rig::Status or rig::Result to the caller.
#pragma once
#include <rigger/sdk/status.hpp>

#define KUBE_CONCAT_(a, b) a##b
#define KUBE_CONCAT(a, b) KUBE_CONCAT_(a, b)
#define KUBE_TRY(expr)                                                                                                 \
    do {                                                                                                               \
        if (auto kube_status_ = (expr); !kube_status_.ok()) return kube_status_.error();                               \
    } while (0)
#define KUBE_ASSIGN(declaration, expr)                                                                                 \
    auto KUBE_CONCAT(kube_result_, __LINE__) = (expr);                                                                 \
    if (!KUBE_CONCAT(kube_result_, __LINE__).ok()) return KUBE_CONCAT(kube_result_, __LINE__).error();                 \
    declaration = *std::move(KUBE_CONCAT(kube_result_, __LINE__))
