// core/host/kinds/documents_in.hpp -- a call whose answer is one document: made, collected, checked.
#pragma once
#include "domain/documents.hpp"
#include "host/instance.hpp"
#include "host/services/border.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace rigger::host {

constexpr size_t longest_id = 256;
/// Ids and names stand in logs, tables, paths and the store.
inline bool fits_as_id(std::string_view id) noexcept {
    return id.size() <= longest_id &&
           std::none_of(id.begin(), id.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

constexpr size_t longest_checkpoint = size_t{1} << 20;
/// One that is too long counts against the plugin; the one before it stays.
inline bool checkpoint_fits(Instance &instance, std::string_view token) {
    if (token.size() <= longest_checkpoint) return true;
    instance.misbehaved("watch", "MalformedDocument",
                        "a checkpoint of " + std::to_string(token.size()) + " bytes; it may have " +
                            std::to_string(longest_checkpoint));
    return false;
}

/// Inputs and output of one call, owned by it. `a` to `d` are copies of what the caller passed.
struct DocumentCall {
    std::string a, b, c, d;
    Collector out;
};

/// `body` gets the owned texts and a sink. An answer that is too large, or that `check` refuses, counts against the
/// plugin.
template <typename Body, typename Check>
Result<std::string> document_call(Instance &instance, const CallSpec &spec, const CallContext &context,
                                  std::shared_ptr<DocumentCall> owned, Body body, Check check) {
    const Status done = instance.call(
        spec, context, [owned, body = std::move(body)](rig_instance *i, const rig_call *c, rig_error *e) -> rig_code {
            const rig_sink sink = owned->out.sink();
            return body(i, c, *owned, &sink, e);
        });
    // While a call that was given up may still write, nothing of it is read.
    if (!done.ok() && (done.error().reason == "Hung" || !owned->out.overflow)) return done.error();
    if (owned->out.overflow) {
        instance.misbehaved(spec.name, "AnswerTooLarge",
                            "the answer is larger than " + std::to_string(owned->out.limit) + " bytes");
        return instance.blame(spec.name, Error{Code::internal, "AnswerTooLarge", "the answer is too large", 0});
    }
    if (const Status ok = check(owned->out.text); !ok.ok()) {
        instance.misbehaved(spec.name, "MalformedDocument", ok.error().message);
        return instance.blame(spec.name, Error{Code::internal, "MalformedDocument", ok.error().message, 0});
    }
    return std::move(owned->out.text);
}

} // namespace rigger::host
