// engine/http_server/problem.hpp -- failures as HTTP: the status of each Code, and the body that says what to do.
#pragma once
#include "base/status.hpp"

#include <string>
#include <string_view>

namespace rigger::http_server {

int http_status(Code code) noexcept;
std::string_view status_text(int status) noexcept;

/// {"status","title","error":{"code","reason","message","retryAfterMs"}}, one line.
std::string problem_document(const Error &error, int status);

/// What a stranger may see: a bug inside the daemon becomes a pointer to the log line that `request` names.
Error public_error(const Error &error, std::string_view request);

} // namespace rigger::http_server
