// kube/answer.hpp -- what a refusal of the API server means, in the ABI's codes.
#pragma once
#include <rigger/sdk/status.hpp>

#include <string>
#include <string_view>

namespace kube {

/// From the HTTP status and the `Status` object in the body. NOT_FOUND only when the API server names the object that
/// does not exist; 401 is UNAVAILABLE (Unauthorized): credentials are rotated, the work is worth trying again; 410 is
/// UNAVAILABLE (Expired).
rig::Error refusal(int http_status, std::string_view body, uint32_t retry_after_ms, std::string_view doing);
/// Is this error "the resource version is too old"?
bool is_expired(const rig::Error &);

} // namespace kube
