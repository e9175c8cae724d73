#include "source.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace catalog {
namespace {

/// How soon a cancelled watch notices. What happens meanwhile waits for the host's timer, whose clock may be virtual.
constexpr auto cancel_poll = std::chrono::milliseconds(25);

std::uint64_t sequence_of(std::string_view token) {
    const auto document = nlohmann::json::parse(token, nullptr, false);
    const bool known =
        document.is_object() && document.contains("sequence") && document["sequence"].is_number_unsigned();
    return known ? document["sequence"].get<std::uint64_t>() : 0;
}

rig::Status deliver(const Telling &telling, const rig::Market &market) {
    for (const Telling::Item &item : telling.items) {
        auto status = item.what == Telling::Item::put      ? market.put(item.kind, item.id, item.document)
                      : item.what == Telling::Item::remove ? market.remove(item.kind, item.id, item.document)
                                                           : market.mark(item.kind, item.number);
        if (!status.ok()) return status;
    }
    for (const Event &event : telling.events)
        if (auto status = market.event(event.id, event.document); !status.ok()) return status;
    if (telling.checkpoint) return market.checkpoint(R"({"sequence":)" + std::to_string(*telling.checkpoint) + "}");
    return {};
}

} // namespace

CatalogueSource::CatalogueSource(rig::Host host, std::string_view config) : host_(host) {
    auto parsed = parse_config(config);
    if (parsed.ok()) desk_ = std::make_unique<Desk>(host, std::move(*parsed));
    else problem_ = parsed.error();
}

rig::Status CatalogueSource::check() { return problem_.ok() ? desk_->check() : problem_; }

rig::Status CatalogueSource::start() {
    if (!problem_.ok()) return problem_;
    if (auto status = desk_->open(); !status.ok()) return status;
    const auto tick = [](void *self) { static_cast<CatalogueSource *>(self)->wake(); };
    constexpr std::uint64_t period_ns = 500'000'000;
    auto status = host_.after(period_ns, period_ns, tick, this, &timer_);
    ticking_ = status.ok();
    if (!status.ok() && status.error().code != RIG_E_UNSUPPORTED) return status;
    return {};
}

rig::Status CatalogueSource::stop() {
    if (std::exchange(ticking_, false)) host_.cancel_timer(timer_);
    return {};
}

void CatalogueSource::wake() {
    {
        const std::lock_guard lock(wake_mutex_);
        awake_ = true;
    }
    wake_.notify_all();
}

rig::Status CatalogueSource::watch(rig::Call call, std::string_view resume_token, const rig::Market &market) {
    Cursor cursor;
    desk_->resume(cursor, sequence_of(resume_token));
    while (!call.cancelled()) {
        desk_->work();
        const Telling telling = desk_->tell(cursor);
        if (auto status = deliver(telling, market); !status.ok()) return status;
        if (telling.checkpoint) desk_->confirmed(*telling.checkpoint);
        std::unique_lock lock(wake_mutex_);
        while (!call.cancelled() && !awake_ && ticking_) wake_.wait_for(lock, cancel_poll);
        if (!ticking_) wake_.wait_for(lock, cancel_poll); // no timers: look as often as we may be cancelled
        awake_ = false;
    }
    return {};
}

rig::Result<std::string> CatalogueSource::claim(rig::Call, std::string_view claim_id, std::string_view offer_id,
                                                std::string_view request) {
    return desk_->claim(claim_id, offer_id, request);
}

rig::Result<std::string> CatalogueSource::render(rig::Call, std::string_view request) { return desk_->render(request); }

rig::Result<std::string> CatalogueSource::announce(rig::Call, std::string_view deployment) {
    auto answer = desk_->announce(deployment);
    wake();
    return answer;
}

rig::Status CatalogueSource::release(rig::Call, std::string_view request) {
    auto status = desk_->release(request);
    wake();
    return status;
}

} // namespace catalog
