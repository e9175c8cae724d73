#include "base/utf8.hpp"
#include "host/kinds/adapters.hpp"
#include "host/kinds/detachable.hpp"
#include "host/kinds/documents_in.hpp"

#include <rigger/abi/kind/cluster_backend.h>

#include <set>

namespace rigger::host {
namespace {

constexpr size_t longest_detail = 4096;

/// One list or watch: what the plugin's callbacks refer to. Owned by the call.
struct ObjectStream {
    ObjectStream(ObjectSink &sink, Instance &i, const char *call_name, std::string_view q, std::string_view token)
        : to(sink), instance(i.shared_from_this()), call(call_name), query(q), resume_token(token) {}
    Detachable<ObjectSink> to;
    std::shared_ptr<Instance> instance;
    const char *call;
    std::string query, resume_token;
    std::set<std::string, std::less<>>
        holes; ///< clusters of whose listing something was not understood: it is not complete
    rig_object_sink table{};
    const Clock &clock() const { return instance->machinery().clock; }
    bool names_a_cluster(std::string_view name) const {
        if (!name.empty() && fits_as_id(name)) return true;
        instance->misbehaved(call, "MalformedDocument", "a cluster's name is empty, too long or not printable");
        return false;
    }
};

ObjectStream &stream_of(void *ctx) { return *static_cast<ObjectStream *>(ctx); }

rig_code on_object(void *ctx, int32_t change, rig_str cluster, rig_doc object) {
    ObjectStream &s = stream_of(ctx);
    return s.to.with(s.clock(), [&](ObjectSink &sink) -> Status {
        if (change < RIG_CHANGE_SYNC || change > RIG_CHANGE_DELETE || !s.names_a_cluster(view(cluster))) return {};
        if (const Status ok = check_document(view(object)); !ok.ok()) {
            s.instance->misbehaved(s.call, "MalformedDocument",
                                   "object of cluster '" + std::string(view(cluster)) + "': " + ok.error().message);
            // What was not understood must not look absent.
            s.holes.emplace(view(cluster));
            return sink.mark(view(cluster), Mark::lost, ok.error().message);
        }
        return sink.object(static_cast<ObjectChange>(change), view(cluster), view(object));
    });
}

rig_code on_mark(void *ctx, rig_str cluster, int32_t mark, rig_str detail) {
    ObjectStream &s = stream_of(ctx);
    return s.to.with(s.clock(), [&](ObjectSink &sink) -> Status {
        if (mark < RIG_MARK_BEGIN || mark > RIG_MARK_LOST || !s.names_a_cluster(view(cluster))) return {};
        const auto hole = s.holes.find(view(cluster));
        if (hole != s.holes.end()) {
            if (mark == RIG_MARK_COMPLETE)
                return sink.mark(view(cluster), Mark::lost, "an object of this listing could not be understood");
            if (mark == RIG_MARK_FRESH) return {};
            if (mark == RIG_MARK_BEGIN) s.holes.erase(hole);
        }
        return sink.mark(view(cluster), static_cast<Mark>(mark),
                         view(detail).substr(0, utf8_prefix(view(detail), longest_detail)));
    });
}

rig_code on_checkpoint(void *ctx, rig_bytes token) {
    ObjectStream &s = stream_of(ctx);
    return s.to.with(s.clock(), [&](ObjectSink &sink) -> Status {
        if (checkpoint_fits(*s.instance, view(token))) return sink.checkpoint(view(token));
        return {};
    });
}

using LogSink = const std::function<Status(std::string_view)>;

struct LogStream {
    LogStream(LogSink &out, Instance &i, std::string_view r) : to(out), instance(i.shared_from_this()), request(r) {}
    Detachable<LogSink> to;
    std::shared_ptr<Instance> instance;
    std::string request;
};

rig_code on_log(void *ctx, const void *data, size_t len) {
    auto &s = *static_cast<LogStream *>(ctx);
    return s.to.with(s.instance->machinery().clock, [&](LogSink &out) -> Status {
        return out(view(rig_bytes{data, len}));
    });
}

class Backend final : public ClusterBackend {
public:
    explicit Backend(std::shared_ptr<Instance> instance)
        : instance_(std::move(instance)), table_(*static_cast<const rig_cluster_backend *>(instance_->table())) {}

    const std::string &name() const override { return instance_->name(); }

    Result<std::string> probe(const CallContext &context) override {
        return ask(
            "probe", context, {},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &, const rig_sink *out, rig_error *e) {
                return t->probe(i, c, out, e);
            },
            [](const std::string &text) { return check_document(text); });
    }

    Status list(const CallContext &context, std::string_view query, ObjectSink &sink) override {
        const auto s = stream("list", query, {}, sink);
        const DetachAtEnd end(s->to);
        return instance_->call(spec("list"), context,
                               [s, t = &table_](rig_instance *i, const rig_call *c, rig_error *e) {
                                   return t->list(i, c, bytes(s->query), &s->table, e);
                               });
    }

    Result<std::string> get(const CallContext &context, std::string_view ref) override {
        return ask(
            "get", context, {std::string(ref), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out, rig_error *e) {
                return t->get(i, c, bytes(d.a), out, e);
            },
            [](const std::string &text) { return check_object(text); });
    }

    Result<std::string> apply(const CallContext &context, std::string_view cluster, std::string_view object,
                              ApplyFlags flags) override {
        const uint32_t bits = (flags.dry_run ? RIG_APPLY_DRY_RUN : 0) | (flags.create_only ? RIG_APPLY_CREATE_ONLY : 0);
        return ask(
            "apply", context, {std::string(cluster), std::string(object), {}, {}, {}},
            [t = &table_, bits](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out,
                                rig_error *e) { return t->apply(i, c, str(d.a), bytes(d.b), bits, out, e); },
            [](const std::string &text) { return check_object(text); });
    }

    Status remove(const CallContext &context, std::string_view ref) override {
        RIG_TRY(ask(
            "remove", context, {std::string(ref), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *, rig_error *e) {
                return t->remove(i, c, bytes(d.a), e);
            },
            [](const std::string &) { return Status(); }));
        return {};
    }

    Status watch(const CallContext &context, std::string_view query, std::string_view resume_token,
                 ObjectSink &sink) override {
        RIG_TRY(instance_->admit_watch());
        const auto s = stream("watch", query, resume_token, sink);
        const DetachAtEnd end(s->to);
        const Status done =
            instance_->call(spec("watch", CallSpec::Where::stream), context,
                            [s, t = &table_](rig_instance *i, const rig_call *c, rig_error *e) {
                                return t->watch(i, c, bytes(s->query), bytes(s->resume_token), &s->table, e);
                            });
        if (!context.is_cancelled() && instance_->running()) instance_->disconnected();
        return done;
    }

    Status logs(const CallContext &context, std::string_view request, LogSink &out) override {
        const auto s = std::make_shared<LogStream>(out, *instance_, request);
        const DetachAtEnd end(s->to);
        CallSpec how = spec("logs", CallSpec::Where::stream);
        how.silent_allowed = true;
        return instance_->call(how, context, [s, t = &table_](rig_instance *i, const rig_call *c, rig_error *e) {
            const rig_sink sink{s.get(), &on_log};
            return t->logs(i, c, bytes(s->request), &sink, e);
        });
    }

    Result<std::string> diagnose(const CallContext &context, std::string_view request) override {
        if (!RIG_HAS(&table_, diagnose))
            return Error{Code::unsupported, "Unsupported", "backend '" + name() + "' cannot diagnose its clusters", 0};
        return ask(
            "diagnose", context, {std::string(request), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out, rig_error *e) {
                return t->diagnose(i, c, bytes(d.a), out, e);
            },
            [](const std::string &text) { return check_document(text); });
    }

private:
    CallSpec spec(const char *call, CallSpec::Where where = CallSpec::Where::worker) const {
        return {call, instance_->setup().limits.of(call), where, where == CallSpec::Where::worker};
    }
    std::shared_ptr<ObjectStream> stream(const char *call, std::string_view query, std::string_view token,
                                         ObjectSink &sink) {
        auto s = std::make_shared<ObjectStream>(sink, *instance_, call, query, token);
        s->table = {sizeof(rig_object_sink), s.get(), &on_object, &on_mark, &on_checkpoint};
        return s;
    }
    template <typename Body, typename Check>
    Result<std::string> ask(const char *call, const CallContext &context, DocumentCall inputs, Body body, Check check) {
        return document_call(*instance_, spec(call), context, std::make_shared<DocumentCall>(std::move(inputs)),
                             std::move(body), std::move(check));
    }

    std::shared_ptr<Instance> instance_;
    const rig_cluster_backend &table_;
};
} // namespace

std::shared_ptr<ClusterBackend> make_backend(std::shared_ptr<Instance> instance) {
    return std::make_shared<Backend>(std::move(instance));
}

} // namespace rigger::host
