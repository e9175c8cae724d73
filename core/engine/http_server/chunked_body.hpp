// engine/http_server/chunked_body.hpp -- a request body in chunks (RFC 9112, 7.1), read to its end or not at all.
//
// Poco's own reader takes a length that is no number, and a peer that went away, for the end of the body, and trailers
// for the next request: a command would run without the options that were to come.
#pragma once
#include "base/status.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace rigger::http_server {

/// Up to so many bytes of what comes next; 0: nothing comes any more.
using ReadBytes = std::function<size_t(char *to, size_t at_most)>;

/// Consumes the body with its trailers, which are dropped, and no byte more. Errors: invalid MalformedRequest,
/// BodyTooLarge (more than `limit`, or 8 KiB of trailers or extensions).
Result<std::string> read_chunked_body(const ReadBytes &read, size_t limit);

} // namespace rigger::http_server
