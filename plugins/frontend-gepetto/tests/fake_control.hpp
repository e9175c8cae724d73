// A host that offers rig.control/1 alone, remembers what it was asked and answers what the test says.
#pragma once
#include <rigger/sdk/host.hpp>

#include <string>

namespace {

class FakeControl {
public:
    FakeControl() : host_{this} {
        host_.host.struct_size = sizeof(rig_host);
        host_.host.service = [](const rig_host *, const char *id) -> const void * {
            return std::string_view(id) == RIG_SERVICE_CONTROL ? &kTable : nullptr;
        };
    }
    rig::Control control() { return rig::Control(rig::Host(&host_.host)); }

    std::string called;    ///< "query nodes", "act deploy"
    std::string arguments; ///< as the daemon would get them
    std::string answer = "{}";
    rig::Error failure{RIG_OK, "", "", 0};
    std::string progress; ///< written while acting

private:
    struct Handle {
        FakeControl *self;
        rig_host host{};
    };
    static FakeControl &of(const rig_host *host) {
        return *reinterpret_cast<const Handle *>(reinterpret_cast<const char *>(host) - offsetof(Handle, host))->self;
    }
    rig_code finish(const rig_sink *result, rig_error *error) const {
        if (failure.code != RIG_OK)
            return rig::detail::fail(error, failure.code, failure.reason, failure.message, failure.retry_after_ms);
        return result->write(result->ctx, answer.data(), answer.size());
    }
    static rig_code query(const rig_host *host, const rig_call *, rig_str view, rig_doc arguments,
                          const rig_sink *result, rig_error *error) {
        of(host).called = "query " + std::string(rig::view(view));
        of(host).arguments = rig::view(arguments);
        return of(host).finish(result, error);
    }
    static rig_code act(const rig_host *host, const rig_call *, rig_str verb, rig_doc arguments,
                        const rig_sink *progress, const rig_sink *result, rig_error *error) {
        of(host).called = "act " + std::string(rig::view(verb));
        of(host).arguments = rig::view(arguments);
        if (progress && !of(host).progress.empty())
            progress->write(progress->ctx, of(host).progress.data(), of(host).progress.size());
        return of(host).finish(result, error);
    }
    static constexpr rig_control kTable{sizeof(rig_control), &query, &act, nullptr};

    Handle host_;
};

} // namespace
