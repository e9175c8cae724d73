#include "base/utf8.hpp"
#include "host/kinds/adapters.hpp"
#include "host/kinds/detachable.hpp"
#include "host/kinds/documents_in.hpp"

#include <rigger/abi/kind/validator_source.h>

#include <map>
#include <mutex>

namespace rigger::host {
namespace {

/// Positions in the source's listing; they survive a resumed watch and begin anew with a full listing. What was removed
/// and comes back stands at the end.
class Ordinals {
public:
    void restart() {
        const std::lock_guard lock(mutex_);
        known_.clear();
        next_ = 0;
    }
    uint64_t of(const std::string &id) {
        const std::lock_guard lock(mutex_);
        const auto [at, fresh] = known_.try_emplace(id, next_);
        if (fresh) ++next_;
        return at->second;
    }
    void forget(const std::string &id) {
        const std::lock_guard lock(mutex_);
        known_.erase(id);
    }

private:
    std::mutex mutex_;
    std::map<std::string, uint64_t> known_;
    uint64_t next_ = 0;
};

/// One watch: what the plugin's callbacks refer to. Owned by the call.
struct MarketWatch {
    MarketWatch(MarketSink &sink, Instance &i, std::shared_ptr<Ordinals> o, SourceName n, std::string_view token)
        : to(sink), instance(i.shared_from_this()), ordinals(std::move(o)), name(std::move(n)), resume_token(token) {}
    Detachable<MarketSink> to;
    std::shared_ptr<Instance> instance;
    std::shared_ptr<Ordinals> ordinals;
    SourceName name;
    std::string resume_token;
    rig_market_sink table{};

    const Clock &clock() const { return instance->machinery().clock; }
    void malformed(MarketSink &sink, std::string_view kind, std::string_view id, const Error &why) {
        instance->misbehaved("watch", "MalformedDocument", why.message);
        sink.malformed(kind, id, why);
    }
};

MarketWatch &watch_of(void *ctx) { return *static_cast<MarketWatch *>(ctx); }

rig_code on_put(void *ctx, rig_str kind, rig_str id, rig_doc item) {
    MarketWatch &w = watch_of(ctx);
    return w.to.with(w.clock(), [&](MarketSink &sink) -> Status {
        if (view(kind) != "offer" && view(kind) != "instance") return {}; // unknown here, and tolerated
        if (!fits_as_id(view(id))) {
            w.malformed(sink, view(kind), view(id).substr(0, utf8_prefix(view(id), longest_id)),
                        invalid("DocumentInvalid", std::string(view(kind)) + ": its id is too long or not printable"));
        } else if (view(kind) == "offer") {
            auto offer = parse_offer(view(id), view(item), w.name, w.ordinals->of(std::string(view(id))));
            if (offer.ok()) return sink.offer(*std::move(offer));
            w.malformed(sink, "offer", view(id), offer.error());
        } else {
            auto instance = parse_instance(view(id), view(item), w.name);
            if (instance.ok()) return sink.instance(*std::move(instance));
            w.malformed(sink, "instance", view(id), instance.error());
        }
        return {};
    });
}

rig_code on_remove(void *ctx, rig_str kind, rig_str id, rig_str reason) {
    MarketWatch &w = watch_of(ctx);
    return w.to.with(w.clock(), [&](MarketSink &sink) -> Status {
        if (view(kind) != "offer" && view(kind) != "instance") return {};
        if (view(kind) == "offer") w.ordinals->forget(std::string(view(id).substr(0, 256)));
        return sink.removed(view(kind), view(id), view(reason));
    });
}

rig_code on_mark(void *ctx, rig_str kind, int32_t mark) {
    MarketWatch &w = watch_of(ctx);
    return w.to.with(w.clock(), [&](MarketSink &sink) -> Status {
        if (mark < RIG_MARK_BEGIN || mark > RIG_MARK_LOST || (view(kind) != "offer" && view(kind) != "instance"))
            return {};
        if (mark == RIG_MARK_BEGIN && view(kind) == "offer") w.ordinals->restart();
        return sink.mark(view(kind), static_cast<Mark>(mark));
    });
}

rig_code on_event(void *ctx, rig_str id, rig_doc event) {
    MarketWatch &w = watch_of(ctx);
    return w.to.with(w.clock(), [&](MarketSink &sink) -> Status {
        const Status ok = check_document(view(event));
        if (ok.ok() && !view(id).empty() && view(id).size() <= 512) return sink.event(view(id), view(event));
        w.malformed(sink, "event", view(id).substr(0, 512),
                    ok.ok() ? invalid("DocumentInvalid", "event: its id is empty or too long")
                            : ok.error().within("event"));
        return {};
    });
}

rig_code on_market_checkpoint(void *ctx, rig_bytes token) {
    MarketWatch &w = watch_of(ctx);
    return w.to.with(w.clock(), [&](MarketSink &sink) -> Status {
        if (checkpoint_fits(*w.instance, view(token))) return sink.checkpoint(view(token));
        return {};
    });
}

class Source final : public ValidatorSource {
public:
    explicit Source(std::shared_ptr<Instance> instance)
        : instance_(std::move(instance)), table_(*static_cast<const rig_validator_source *>(instance_->table())),
          name_(instance_->name()), ordinals_(std::make_shared<Ordinals>()) {}

    const SourceName &name() const override { return name_; }

    Status watch(const CallContext &context, std::string_view resume_token, MarketSink &sink) override {
        RIG_TRY(instance_->admit_watch());
        const auto w = std::make_shared<MarketWatch>(sink, *instance_, ordinals_, name_, resume_token);
        w->table = {sizeof(rig_market_sink), w.get(), &on_put, &on_remove, &on_mark, &on_event, &on_market_checkpoint};
        const DetachAtEnd end(w->to);
        const Status done =
            instance_->call(spec("watch", CallSpec::Where::stream), context,
                            [w, this_table = &table_](rig_instance *i, const rig_call *c, rig_error *e) {
                                return this_table->watch(i, c, bytes(w->resume_token), &w->table, e);
                            });
        if (!context.is_cancelled() && instance_->running()) instance_->disconnected();
        return done;
    }

    Result<Grant> claim(const CallContext &context, std::string_view claim_id, const OfferId &offer,
                        std::string_view claim_document) override {
        Result<Grant> grant = Grant{};
        RIG_TRY(ask(
            "claim", context, {std::string(claim_id), offer.str(), std::string(claim_document), {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out, rig_error *e) {
                return t->claim(i, c, str(d.a), str(d.b), bytes(d.c), out, e);
            },
            [&](const std::string &text) -> Status {
                grant = parse_grant(text);
                return grant.ok() ? Status() : Status(grant.error());
            }));
        return grant;
    }

    Result<std::string> render(const CallContext &context, std::string_view request) override {
        return ask(
            "render", context, {std::string(request), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out, rig_error *e) {
                return t->render(i, c, bytes(d.a), out, e);
            },
            [](const std::string &text) { return check_rendering(text); });
    }

    Result<InstanceId> announce(const CallContext &context, std::string_view deployment) override {
        Result<InstanceId> id = InstanceId{};
        RIG_TRY(ask(
            "announce", context, {std::string(deployment), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *out, rig_error *e) {
                return t->announce(i, c, bytes(d.a), out, e);
            },
            [&](const std::string &text) -> Status {
                id = text.empty() ? Result<InstanceId>(InstanceId{}) : parse_announcement(text);
                return id.ok() ? Status() : Status(id.error());
            }));
        return id;
    }

    Status release(const CallContext &context, std::string_view release) override {
        RIG_TRY(ask(
            "release", context, {std::string(release), {}, {}, {}, {}},
            [t = &table_](rig_instance *i, const rig_call *c, DocumentCall &d, const rig_sink *, rig_error *e) {
                return t->release(i, c, bytes(d.a), e);
            },
            [](const std::string &) { return Status(); }));
        return {};
    }

private:
    CallSpec spec(const char *call, CallSpec::Where where = CallSpec::Where::worker) const {
        return {call, instance_->setup().limits.of(call), where, where == CallSpec::Where::worker};
    }
    template <typename Body, typename Check>
    Result<std::string> ask(const char *call, const CallContext &context, DocumentCall inputs, Body body, Check check) {
        return document_call(*instance_, spec(call), context, std::make_shared<DocumentCall>(std::move(inputs)),
                             std::move(body), std::move(check));
    }

    std::shared_ptr<Instance> instance_;
    const rig_validator_source &table_;
    SourceName name_;
    std::shared_ptr<Ordinals> ordinals_;
};
} // namespace

std::shared_ptr<ValidatorSource> make_source(std::shared_ptr<Instance> instance) {
    return std::make_shared<Source>(std::move(instance));
}

} // namespace rigger::host
