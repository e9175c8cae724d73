#include "engine/http_server/chunked_body.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace rigger::http_server {
namespace {

constexpr size_t longest_line = 8192; ///< of a size with its extensions, or of all trailers

Error malformed(const char *what) {
    return invalid("MalformedRequest", std::string("the request's chunked body ") + what);
}

/// One line without its CR LF; nothing else ends a line.
Result<std::string> read_line(const ReadBytes &read, size_t at_most) {
    std::string line;
    for (char c = 0; read(&c, 1) == 1;) {
        if (c == '\n') {
            if (line.empty() || line.back() != '\r') return malformed("has a line that does not end with CR LF");
            line.pop_back();
            return line;
        }
        if (!line.empty() && line.back() == '\r') return malformed("has a CR without LF");
        if (line.size() >= at_most) return invalid("BodyTooLarge", "the chunked body's extensions are too long");
        line += c;
    }
    return malformed("ended early");
}

std::optional<size_t> chunk_size(std::string_view line) {
    const std::string_view digits = line.substr(0, line.find_first_of("; \t"));
    const std::string_view rest = line.substr(digits.size());
    const size_t extension = rest.find_first_not_of(" \t");
    if (extension != std::string_view::npos && rest[extension] != ';') return std::nullopt;
    size_t size = 0;
    const char *const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, size, 16);
    if (digits.empty() || error != std::errc() || stopped != end || digits.front() == '-') return std::nullopt;
    return size;
}

Status read_trailers(const ReadBytes &read) {
    for (size_t left = longest_line;;) {
        RIG_TRY_ASSIGN(const std::string line, read_line(read, left));
        if (line.empty()) return {};
        left -= std::min(left, line.size());
    }
}

} // namespace

Result<std::string> read_chunked_body(const ReadBytes &read, size_t limit) {
    std::string body;
    while (true) {
        RIG_TRY_ASSIGN(const std::string line, read_line(read, longest_line));
        const auto size = chunk_size(line);
        if (!size) return malformed("has a chunk whose size is not a number");
        if (*size == 0) break;
        if (*size > limit - body.size())
            return invalid("BodyTooLarge",
                           "the request body is larger than " + std::to_string(limit) + " bytes; send less at once");
        const size_t end = body.size() + *size;
        size_t at = body.size();
        body.resize(end);
        while (at < end) {
            const size_t got = read(body.data() + at, end - at);
            if (got == 0) return malformed("ended early");
            at += got;
        }
        RIG_TRY_ASSIGN(const std::string rest, read_line(read, longest_line));
        if (!rest.empty()) return malformed("has a chunk that is longer than its size");
    }
    RIG_TRY(read_trailers(read));
    return body;
}

} // namespace rigger::http_server
