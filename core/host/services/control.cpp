#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include "domain/documents.hpp"

namespace rigger::host {
namespace {

/// On whose behalf does the plugin act? The invocation that it passed, or the one that this thread runs. A frontend has
/// no rights of its own.
Result<Principal> principal_of(HostHandle &h, const rig_call *call) {
    uint64_t id = 0;
    if (call && call->struct_size >= sizeof(rig_call)) std::memcpy(&id, call->span_id, sizeof id);
    const std::lock_guard lock(h.mutex);
    auto at = h.invocations.find(id);
    if (at == h.invocations.end()) {
        if (const GuardedCall *current = current_call()) std::memcpy(&id, current->call.span_id, sizeof id);
        at = h.invocations.find(id);
    }
    if (at != h.invocations.end()) return at->second;
    return Error{Code::denied, "NoInvocation",
                 "the call belongs to no command that runs; pass on the rig_call that invoke() got", 0};
}

Result<ControlApi *> control_of(HostHandle &h) {
    if (ControlApi *control = h.machinery->control.load(std::memory_order_acquire)) return control;
    return Error{Code::unavailable, "NotReady", "the daemon is starting or stopping; try again", 1000};
}

CallContext context_of(const rig_call *call) {
    CallContext c;
    if (!call || call->struct_size < sizeof(rig_call)) return c;
    c.deadline = MonoTime{call->deadline_ns};
    c.cancelled = reinterpret_cast<const std::atomic<uint32_t> *>(call->cancelled);
    return c;
}

std::string_view arguments_of(rig_doc arguments) {
    return view(arguments).empty() ? std::string_view("{}") : view(arguments);
}

rig_code query(const rig_host *host, const rig_call *call, rig_str what, rig_doc arguments, const rig_sink *result,
               rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_CONTROL, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(const Principal principal, principal_of(h, call));
        RIG_TRY_ASSIGN(ControlApi * control, control_of(h));
        RIG_TRY(check_document(arguments_of(arguments)));
        RIG_TRY_ASSIGN(const std::string answer, control->query(principal, view(what), arguments_of(arguments)));
        return deliver(result, answer);
    });
}

rig_code act(const rig_host *host, const rig_call *call, rig_str verb, rig_doc arguments, const rig_sink *progress,
             const rig_sink *result, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_CONTROL, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(const Principal principal, principal_of(h, call));
        RIG_TRY_ASSIGN(ControlApi * control, control_of(h));
        RIG_TRY(check_document(arguments_of(arguments)));
        const auto report = [&](std::string_view line) {
            if (progress && progress->write) (void)progress->write(progress->ctx, line.data(), line.size());
        };
        RIG_TRY_ASSIGN(const std::string answer,
                       control->act(principal, context_of(call), view(verb), arguments_of(arguments), report));
        return deliver(result, answer);
    });
}
rig_code stream(const rig_host *host, const rig_call *call, rig_str what, rig_doc arguments, const rig_sink *pieces,
                rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_CONTROL, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(const Principal principal, principal_of(h, call));
        RIG_TRY_ASSIGN(ControlApi * control, control_of(h));
        RIG_TRY(check_document(arguments_of(arguments)));
        return control->stream(principal, context_of(call), view(what), arguments_of(arguments),
                               [&](std::string_view piece) { return deliver(pieces, piece); });
    });
}
} // namespace

const rig_control *control_table() noexcept {
    static constexpr rig_control table{sizeof(rig_control), &query, &act, &stream};
    return &table;
}

} // namespace rigger::host
