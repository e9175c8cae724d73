#include "host/services/border.hpp"

#include "base/utf8.hpp"

namespace rigger::host {
namespace {
void copy_text(char *to, size_t capacity, std::string_view from) noexcept {
    const size_t n = utf8_prefix(from, capacity - 1);
    std::memcpy(to, from.data(), n);
    to[n] = '\0';
}
} // namespace

rig_code fill(rig_error *to, const Error &from) noexcept {
    const auto code = static_cast<rig_code>(from.code);
    if (to && to->struct_size >= sizeof(rig_error)) {
        to->code = code;
        to->retry_after_ms = from.retry_after_ms;
        copy_text(to->reason, sizeof to->reason, from.reason);
        copy_text(to->message, sizeof to->message, from.message);
    }
    return code;
}

rig_code Collector::write(void *ctx, const void *data, size_t len) noexcept {
    auto &self = *static_cast<Collector *>(ctx);
    if (len == 0) return RIG_OK;
    if (!data) return RIG_E_INVALID;
    if (len > self.limit - self.text.size()) {
        self.overflow = true;
        return RIG_E_EXHAUSTED;
    }
    try {
        self.text.append(static_cast<const char *>(data), len);
        return RIG_OK;
    } catch (...) { return RIG_E_EXHAUSTED; }
}

Status deliver(const rig_sink *sink, std::string_view text) {
    if (!sink || !sink->write) return invalid("SinkMissing", "the sink for the result is NULL");
    const rig_code code = sink->write(sink->ctx, text.data(), text.size());
    if (code == RIG_OK) return {};
    return Error{static_cast<Code>(code), "SinkRefused", "the receiver refused the result", 0};
}

} // namespace rigger::host
