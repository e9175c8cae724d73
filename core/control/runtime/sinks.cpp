#include "control/runtime/sinks.hpp"

namespace rigger {
namespace {

const std::atomic<uint32_t> never{0};

Error ended() { return {Code::cancelled, "Cancelled", "the watch is not wanted any more", 0}; }

Result<ObjectView> project(ObjectKind kind, std::string_view document) {
    const auto share = [](auto view) -> Result<ObjectView> {
        if (!view) return view.error();
        using V = std::remove_reference_t<decltype(*view)>;
        return ObjectView(std::make_shared<const V>(*std::move(view)));
    };
    switch (kind) {
    case ObjectKind::node: return share(project_node(document));
    case ObjectKind::pod: return share(project_pod(document));
    case ObjectKind::job: return share(project_job(document));
    case ObjectKind::service: return share(project_service(document));
    }
    return internal_error("unknown kind");
}

} // namespace

MarketFeed::MarketFeed(SourceName source, std::shared_ptr<MessageQueue> queue, const Clock &clock,
                       const std::atomic<uint32_t> &cancelled)
    : source_(std::move(source)), queue_(std::move(queue)), clock_(clock), cancelled_(cancelled) {}

Status MarketFeed::send(Message message) {
    if (!queue_->push_or_wait(std::move(message), clock_.monotonic(), cancelled_)) return ended();
    return {};
}

Status MarketFeed::offer(Offer offer) {
    offer.source = source_;
    return send(OfferPut{std::make_shared<const Offer>(std::move(offer))});
}
Status MarketFeed::instance(SourceInstance instance) {
    instance.source = source_;
    return send(InstancePut{std::make_shared<const SourceInstance>(std::move(instance))});
}
Status MarketFeed::removed(std::string_view kind, std::string_view id, std::string_view reason) {
    if (kind != "offer" && kind != "instance") return {};
    return send(ItemRemoved{source_, kind == "offer" ? ItemKind::offer : ItemKind::instance, std::string(id),
                            std::string(reason)});
}
Status MarketFeed::mark(std::string_view kind, Mark mark) {
    if (kind != "offer" && kind != "instance") return {};
    return send(SourceMark{source_, kind == "offer" ? ItemKind::offer : ItemKind::instance, mark, {}});
}
Status MarketFeed::event(std::string_view id, std::string_view document) {
    return send(SourceEvent{source_, std::string(id), std::string(document)});
}
Status MarketFeed::checkpoint(std::string_view token) { return send(SourceCheckpoint{source_, std::string(token)}); }
void MarketFeed::malformed(std::string_view kind, std::string_view id, const Error &why) {
    if (kind != "offer" && kind != "instance") return;
    // A watch that is being ended has nobody to tell.
    (void)send(ItemMalformed{source_, kind == "offer" ? ItemKind::offer : ItemKind::instance, std::string(id), why})
        .ok();
}

ClusterFeed::ClusterFeed(std::string backend, ObjectKind kind, std::shared_ptr<MessageQueue> queue, const Clock &clock)
    : backend_(std::move(backend)), kind_(kind), queue_(std::move(queue)), clock_(clock),
      last_contact_(clock.monotonic().ns) {}

ClusterName ClusterFeed::full_name(std::string_view cluster) const {
    return ClusterName(backend_ + "/" + std::string(cluster));
}

Status ClusterFeed::send(Message message) {
    const MonoTime now = clock_.monotonic();
    last_contact_.store(now.ns, std::memory_order_relaxed);
    if (!queue_->push_or_wait(std::move(message), now, cancelled_ ? *cancelled_ : never)) return ended();
    return {};
}

Status ClusterFeed::object(ObjectChange change, std::string_view cluster, std::string_view document) {
    if (change == ObjectChange::removed) {
        auto meta = project_meta(document);
        if (!meta) return send(ObjectMalformed{full_name(cluster), kind_, {}, {}, meta.error()});
        return send(ObjectGone{full_name(cluster), kind_, std::move(meta->namespace_name), std::move(meta->name),
                               std::move(meta->uid)});
    }
    auto view = project(kind_, document);
    if (view) return send(ObjectPut{full_name(cluster), *std::move(view), change == ObjectChange::sync});
    const auto meta = project_meta(document);
    return send(ObjectMalformed{full_name(cluster), kind_, meta ? meta->namespace_name : std::string(),
                                meta ? meta->name : std::string(), view.error()});
}

Status ClusterFeed::mark(std::string_view cluster, Mark mark, std::string_view detail) {
    return send(ClusterMark{full_name(cluster), kind_, mark, std::string(detail)});
}

Status ClusterFeed::checkpoint(std::string_view token) {
    token_ = token;
    return {};
}

} // namespace rigger
