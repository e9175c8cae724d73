#include "commands.hpp"
#include "documents.hpp"

namespace cluster_commands {
namespace {

constexpr size_t kMost = 8u << 20; ///< of a log that is not followed; its newest bytes are kept
constexpr size_t kLongestLine = 64u << 10;

std::string document(std::string_view text) { return dump({{"text", text}}); }

struct Collected {
    std::string text;
    bool cut = false;
    static rig_code write(void *ctx, const void *data, size_t len) {
        auto &c = *static_cast<Collected *>(ctx);
        c.text.append(static_cast<const char *>(data), len);
        if (c.text.size() > 2 * kMost) c.drop();
        return RIG_OK;
    }
    void drop() {
        cut = true;
        text.erase(0, text.size() - kMost);
    }
    /// At most kMost, from the beginning of a line.
    std::string_view newest() {
        if (text.size() > kMost) drop();
        const std::string_view last = text;
        if (!cut) return last;
        const size_t line = last.find('\n');
        return line == std::string_view::npos ? last : last.substr(line + 1);
    }
};

/// Hands whole lines on, so that no character is torn apart.
struct Followed {
    rig::Sink to;
    std::string rest;
    static rig_code write(void *ctx, const void *data, size_t len) {
        auto &f = *static_cast<Followed *>(ctx);
        f.rest.append(static_cast<const char *>(data), len);
        const size_t end = f.rest.rfind('\n');
        if (end == std::string::npos && f.rest.size() < kLongestLine) return RIG_OK;
        return f.hand_on(end == std::string::npos ? f.rest.size() : end + 1);
    }
    rig_code hand_on(size_t bytes) {
        if (bytes == 0) return RIG_OK;
        const rig::Status status = to.write(document(std::string_view(rest).substr(0, bytes)));
        rest.erase(0, bytes);
        return status.ok() ? RIG_OK : status.error().code;
    }
};

} // namespace

rig::Result<std::string> logs(const rig::Control &control, rig::Call call, std::string_view arguments,
                              rig::Sink progress) {
    const Json given = Json::parse(arguments, nullptr, false);
    if (!given.is_object())
        return rig::Error{RIG_E_INVALID, "InvalidArguments", "the arguments are not a JSON object", 0};
    const auto follow = given.find("follow");
    if (follow == given.end() || *follow != true) {
        Collected all;
        const rig_sink sink{&all, &Collected::write};
        const rig::Status status = control.stream(call, "logs", arguments, &sink);
        if (!status.ok()) return status.error();
        std::string_view text = all.newest();
        if (!text.empty() && text.back() == '\n') text.remove_suffix(1); // the renderer ends the last line
        return document(text);
    }
    Followed lines{progress, {}};
    const rig_sink sink{&lines, &Followed::write};
    const rig::Status status = control.stream(call, "logs", arguments, &sink);
    (void)lines.hand_on(lines.rest.size());
    if (!status.ok() && !call.cancelled()) return status.error();
    return document("");
}

} // namespace cluster_commands
