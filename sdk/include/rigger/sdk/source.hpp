// rigger/sdk/source.hpp -- write a validator source: derive from rig::Source, declare with
// rig::source<YourSource>(...).
#pragma once
#include <rigger/abi/kind/validator_source.h>
#include <rigger/sdk/host.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

/// Where watch() delivers. A status that is not ok ends the watch: return it.
class Market {
public:
    explicit Market(const rig_market_sink *sink) noexcept : s_(sink) {}
    Status put(std::string_view kind, std::string_view id, std::string_view item) const {
        return check(s_->put(s_->ctx, view(kind), view(id), doc(item)));
    }
    Status remove(std::string_view kind, std::string_view id, std::string_view reason) const {
        return check(s_->remove(s_->ctx, view(kind), view(id), view(reason)));
    }
    Status mark(std::string_view kind, int32_t m) const { return check(s_->mark(s_->ctx, view(kind), m)); }
    Status event(std::string_view id, std::string_view event) const {
        return check(s_->event(s_->ctx, view(id), doc(event)));
    }
    Status checkpoint(std::string_view token) const { return check(s_->checkpoint(s_->ctx, doc(token))); }

private:
    static Status check(rig_code code) {
        return code == RIG_OK ? Status() : Status(Error{code, "WatchEnded", "the host ended the watch", 0});
    }
    const rig_market_sink *s_;
};

/// All calls [worker]; documents as in docs/plugins/documents.md. Duties: see abi/kind/validator_source.h.
class Source : public Component {
public:
    virtual Status watch(Call, std::string_view resume_token, const Market &) = 0;
    virtual Result<std::string> claim(Call, std::string_view claim_id, std::string_view offer_id,
                                      std::string_view claim) = 0;
    virtual Result<std::string> render(Call, std::string_view request) = 0;
    virtual Result<std::string> announce(Call, std::string_view deployment) = 0;
    virtual Status release(Call, std::string_view release) = 0;
    virtual Status publish(Call, std::string_view /*topic*/, std::string_view /*doc*/) {
        return detail::unsupported("publish");
    }
    virtual Result<std::string> challenge(Call, std::string_view) {
        return Error{RIG_E_UNSUPPORTED, "Unsupported", "this source answers no challenges", 0};
    }
    virtual Result<std::string> authenticate(Call, const rig_http_request &) {
        return Error{RIG_E_DENIED, "Unauthenticated", "this source authenticates nobody", 0};
    }
};

namespace detail {
inline Status forward(const rig_sink *out, Result<std::string> text) {
    return text.ok() ? Sink(out).write(*text) : Status(text.error());
}

template <typename C> struct SourceKind {
    static constexpr const char *id = RIG_KIND_VALIDATOR_SOURCE;
    static C &of(rig_instance *i) noexcept { return Adapter<C, SourceKind>::of(i); }
    static rig_code watch(rig_instance *i, const rig_call *c, rig_bytes token, const rig_market_sink *s, rig_error *e) {
        return guard(e, [&] { return of(i).watch(Call(c), view(token), Market(s)); });
    }
    static rig_code claim(rig_instance *i, const rig_call *c, rig_str claim_id, rig_str offer, rig_doc d,
                          const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).claim(Call(c), view(claim_id), view(offer), view(d))); });
    }
    static rig_code render(rig_instance *i, const rig_call *c, rig_doc d, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).render(Call(c), view(d))); });
    }
    static rig_code announce(rig_instance *i, const rig_call *c, rig_doc d, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).announce(Call(c), view(d))); });
    }
    static rig_code release(rig_instance *i, const rig_call *c, rig_doc d, rig_error *e) {
        return guard(e, [&] { return of(i).release(Call(c), view(d)); });
    }
    static rig_code publish(rig_instance *i, const rig_call *c, rig_str topic, rig_doc d, rig_error *e) {
        return guard(e, [&] { return of(i).publish(Call(c), view(topic), view(d)); });
    }
    static rig_code challenge(rig_instance *i, const rig_call *c, rig_doc d, const rig_sink *out, rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).challenge(Call(c), view(d))); });
    }
    static rig_code authenticate(rig_instance *i, const rig_call *c, const rig_http_request *r, const rig_sink *out,
                                 rig_error *e) {
        return guard(e, [&] { return forward(out, of(i).authenticate(Call(c), *r)); });
    }
    static constexpr rig_validator_source table{sizeof(rig_validator_source),
                                                &watch,
                                                &claim,
                                                &render,
                                                &announce,
                                                &release,
                                                &publish,
                                                &challenge,
                                                &authenticate};
};
} // namespace detail

template <typename C>
constexpr rig_component source(const char *id, const char *title, const char *config_schema, uint64_t flags = 0,
                               const char *const *needs = nullptr) {
    return detail::component<C, detail::SourceKind>(id, title, config_schema, needs, flags);
}
} // namespace abi1
} // namespace rig
