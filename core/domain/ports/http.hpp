// core/domain/ports/http.hpp -- outbound HTTP, as the host lends it to plugins. Proxy, TLS trust and limits are the
// implementation's.
#pragma once
#include "base/status.hpp"
#include "domain/ports/call.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rigger {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method, url; ///< absolute http or https URL
    HttpHeaders headers;
    std::string body;
    Duration timeout = std::chrono::seconds(30);
    uint64_t max_response_bytes = 8u << 20;
};

struct HttpResponse {
    int status = 0;
    HttpHeaders headers;
    std::string body;
};

/// Thread-safe. Any answer of the server is a response, whatever its status; errors are unavailable (no contact),
/// deadline, cancelled, exhausted (answer longer than max_response_bytes), invalid (URL). A redirect is an answer too:
/// following it is the caller's decision.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    virtual Result<HttpResponse> send(const CallContext &, const HttpRequest &) = 0; ///< blocks
};

} // namespace rigger
