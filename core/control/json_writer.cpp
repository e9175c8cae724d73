#include "control/json_writer.hpp"

#include <charconv>
#include <cmath>

namespace rigger {
namespace {

/// Length of the well-formed UTF-8 sequence at `at`; 0: none.
size_t sequence(std::string_view s, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned char lead = byte(at);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (length == 0 || at + length > s.size()) return 0;
    for (size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xc0) != 0x80) return 0;
    if (length == 3 && ((lead == 0xe0 && byte(at + 1) < 0xa0) || (lead == 0xed && byte(at + 1) > 0x9f))) return 0;
    if (length == 4 && ((lead == 0xf0 && byte(at + 1) < 0x90) || (lead == 0xf4 && byte(at + 1) > 0x8f))) return 0;
    return length;
}

/// How many characters from `at` on stand in JSON as they are: nearly always all.
size_t plain_run(std::string_view s, size_t at) {
    size_t end = at;
    while (end < s.size() && static_cast<unsigned char>(s[end]) >= 0x20 && static_cast<unsigned char>(s[end]) < 0x80 &&
           s[end] != '"' && s[end] != '\\')
        ++end;
    return end - at;
}

} // namespace

void JsonWriter::separate() {
    if (comma_) out_ += ',';
}

JsonWriter &JsonWriter::open(char c) {
    separate();
    out_ += c;
    comma_ = false;
    return *this;
}

JsonWriter &JsonWriter::close(char c) {
    out_ += c;
    comma_ = true;
    return *this;
}

JsonWriter &JsonWriter::number(std::string_view text) {
    separate();
    out_ += text;
    comma_ = true;
    return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
    separate();
    quote(name);
    out_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter &JsonWriter::value(std::string_view text) {
    separate();
    quote(text);
    comma_ = true;
    return *this;
}

JsonWriter &JsonWriter::value(bool b) { return number(b ? "true" : "false"); }

JsonWriter &JsonWriter::value(double d) {
    if (!std::isfinite(d)) return null();
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, d).ptr;
    return number(std::string_view(digits, static_cast<size_t>(end - digits)));
}

void JsonWriter::quote(std::string_view text) {
    constexpr char hex[] = "0123456789abcdef";
    out_ += '"';
    for (size_t at = 0; at < text.size();) {
        const size_t plain = plain_run(text, at);
        out_.append(text, at, plain);
        at += plain;
        if (at == text.size()) break;
        const char c = text[at];
        const size_t length = sequence(text, at);
        if (length == 0) {
            out_ += "\xef\xbf\xbd"; // U+FFFD
            ++at;
            continue;
        }
        if (length > 1) {
            out_.append(text, at, length);
        } else if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else if (c == '\n') {
            out_ += "\\n";
        } else { // below 0x20
            out_ += "\\u00";
            out_ += hex[c >> 4];
            out_ += hex[c & 15];
        }
        at += length;
    }
    out_ += '"';
}

} // namespace rigger
