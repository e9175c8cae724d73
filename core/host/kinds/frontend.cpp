#include "base/utf8.hpp"
#include "host/kinds/adapters.hpp"
#include "host/kinds/detachable.hpp"
#include "host/kinds/documents_in.hpp"

#include <nlohmann/json.hpp>
#include <rigger/abi/kind/command_frontend.h>

namespace rigger::host {
namespace {

/// `scales` of 500 chutes on 500 servers is about 25 MB of JSON.
constexpr size_t largest_answer = size_t{256} << 20;

using Progress = const std::function<void(std::string_view)>;

struct Invocation {
    Invocation(Progress &p, Instance &i) : progress(p), instance(i.shared_from_this()) {}
    Detachable<Progress> progress;
    std::shared_ptr<Instance> instance;
    Principal who;
    std::string command, arguments, principal;
};

rig_code on_progress(void *ctx, const void *data, size_t len) {
    auto &v = *static_cast<Invocation *>(ctx);
    return v.progress.with(v.instance->machinery().clock, [&](Progress &p) -> Status {
        if (p) p(view(rig_bytes{data, len}));
        return {};
    });
}

/// While it lives, rig.control/1 calls that carry this call's id act for the principal.
class OnBehalf {
public:
    OnBehalf(HostHandle &handle, const rig_call &call, const Principal &who) : handle_(handle) {
        std::memcpy(&id_, call.span_id, sizeof id_);
        const std::lock_guard lock(handle_.mutex);
        handle_.invocations.emplace(id_, who);
    }
    ~OnBehalf() {
        const std::lock_guard lock(handle_.mutex);
        handle_.invocations.erase(id_);
    }
    OnBehalf(const OnBehalf &) = delete;
    OnBehalf &operator=(const OnBehalf &) = delete;

private:
    HostHandle &handle_;
    uint64_t id_ = 0;
};

const char *role_text(Role role) { return role == Role::operate ? "operate" : role == Role::read ? "read" : "none"; }

class FrontendPort final : public Frontend {
public:
    explicit FrontendPort(std::shared_ptr<Instance> instance)
        : instance_(std::move(instance)), table_(*static_cast<const rig_command_frontend *>(instance_->table())) {}

    const std::string &name() const override { return instance_->name(); }

    Result<std::string> catalogue() override {
        const CallSpec spec{"catalogue", instance_->setup().limits.of("catalogue")};
        return document_call(
            *instance_, spec, {}, std::make_shared<DocumentCall>(),
            [t = &table_](rig_instance *i, const rig_call *, DocumentCall &, const rig_sink *out, rig_error *e) {
                return t->catalogue(i, out, e);
            },
            [](const std::string &text) { return check_document(text); });
    }

    Result<std::string> invoke(const Principal &principal, const CallContext &context, std::string_view command,
                               std::string_view arguments, Progress &progress) override {
        const auto v = std::make_shared<Invocation>(progress, *instance_);
        v->who = principal;
        v->command = command;
        v->arguments = arguments;
        v->principal = nlohmann::json{{"name", principal.name}, {"role", role_text(principal.role)}}.dump(
            -1, ' ', false, nlohmann::json::error_handler_t::replace);
        const DetachAtEnd end(v->progress);
        const auto answer = std::make_shared<DocumentCall>();
        answer->out.limit = largest_answer;
        return document_call(
            *instance_, invoke_spec(context), context, answer,
            [v, t = &table_](rig_instance *i, const rig_call *c, DocumentCall &, const rig_sink *out,
                             rig_error *e) -> rig_code {
                const OnBehalf behalf(v->instance->handle(), *c, v->who);
                const rig_sink sink{v.get(), &on_progress};
                return t->invoke(i, c, str(v->command), bytes(v->arguments), bytes(v->principal), &sink, out, e);
            },
            [](const std::string &text) {
                return check_document(text, {largest_answer, 64});
            });
    }

    void misbehaved(std::string_view reason, std::string_view what) override {
        instance_->misbehaved("catalogue", reason, what);
    }
    void not_served(std::string_view what) override {
        const InstanceSetup &s = instance_->setup();
        instance_->machinery().log(3, s.plugin + " " + s.version + " (instance '" + s.name +
                                          "'): " + std::string(what.substr(0, utf8_prefix(what, 512))));
    }

private:
    /// Who allows more than the budget waits for an effect or follows a log: that ends with its own deadline, on a
    /// thread of its own.
    CallSpec invoke_spec(const CallContext &context) const {
        CallSpec spec{"invoke", instance_->setup().limits.of("invoke")};
        spec.to_a_person = true;
        const MonoTime now = instance_->machinery().clock.monotonic();
        if (context.deadline.ns == UINT64_MAX || context.deadline.ns <= (now + spec.budget.soft).ns) return spec;
        spec.budget.soft = {};
        spec.where = CallSpec::Where::stream;
        spec.silent_allowed = true;
        return spec;
    }

    std::shared_ptr<Instance> instance_;
    const rig_command_frontend &table_;
};
} // namespace

std::shared_ptr<Frontend> make_frontend(std::shared_ptr<Instance> instance) {
    return std::make_shared<FrontendPort>(std::move(instance));
}

} // namespace rigger::host
