#include "fleet_watch.hpp"

#include <rigger/sdk/try.hpp>

#include <chrono>
#include <thread>

namespace kube {
namespace {
constexpr uint64_t repeat_lost_ns = 15 * second_ns;
constexpr uint64_t lost_pulse_ns = 17 * second_ns; ///< one beat and a slow answer
constexpr auto look_ms = std::chrono::milliseconds(100);
} // namespace

template <typename F> rig::Status FleetWatch::tell(F &&f) {
    const std::lock_guard held(out_lock_);
    if (refused_) return *refused_;
    rig::Status told = f();
    if (!told.ok()) refused_ = told.error();
    return told;
}

class FleetWatch::Lane final : public Feed {
public:
    Lane(FleetWatch &watch, std::shared_ptr<Cluster> cluster, std::string resume)
        : watch_(watch), cluster_(std::move(cluster)), fresh_ns_(watch.fleet_.clock_.mono_ns()), version_(resume),
          reflector_(cluster_, watch.query_.api_version, watch.query_.kind, watch.query_.selection, std::move(resume),
                     watch.fleet_.clock_, watch.fleet_.next_seed(), *this) {}

    rig::Status begin() override { return mark(RIG_MARK_BEGIN); }
    rig::Status item(std::string_view object) override { return send(RIG_CHANGE_SYNC, object); }
    rig::Status complete() override { return mark(RIG_MARK_COMPLETE); }
    rig::Status put(std::string_view object) override { return send(RIG_CHANGE_PUT, object); }
    rig::Status gone(std::string_view object) override { return send(RIG_CHANGE_DELETE, object); }
    rig::Status lost(std::string_view why) override {
        lost_ns_ = watch_.fleet_.clock_.mono_ns();
        return mark(RIG_MARK_LOST, why);
    }
    void position(const std::string &version) override {
        const std::lock_guard held(lock_);
        version_ = version;
        watch_.moved_ = true;
    }
    rig::Status mark(int32_t what, std::string_view detail = {}) {
        return watch_.tell([&] { return watch_.out_.mark(cluster_->name(), what, detail); });
    }
    std::string version() const {
        const std::lock_guard held(lock_);
        return version_;
    }

    FleetWatch &watch_;
    const std::shared_ptr<Cluster> cluster_;
    uint64_t fresh_ns_;                ///< the answer that the last FRESH rested on; the host's thread only
    std::atomic<uint64_t> lost_ns_{0}; ///< when LOST was last said; 0: not since the last FRESH

private:
    rig::Status send(int32_t change, std::string_view object) {
        return watch_.tell([&] {
            return watch_.out_.object(change, cluster_->name(), watch_.fleet_.shown(watch_.query_.kind, object));
        });
    }
    mutable std::mutex lock_;
    std::string version_;

public:
    Reflector reflector_; ///< last: it runs as soon as it is made
};

FleetWatch::FleetWatch(Fleet &fleet, Query query, std::string_view resume_token, const rig::Objects &out)
    : fleet_(fleet), query_(std::move(query)), out_(out) {
    // {"cluster": "resourceVersion"}; anything else means nothing, and the watch begins with a listing.
    const nlohmann::json token = nlohmann::json::parse(resume_token.begin(), resume_token.end(), nullptr, false);
    if (!token.is_object()) return;
    for (const auto &[name, version] : token.items())
        if (version.is_string()) resume_.emplace(name, version.get<std::string>());
}

rig::Status FleetWatch::follow_roster() {
    const Clusters now = fleet_.clusters();
    for (auto at = lanes_.begin(); at != lanes_.end();) {
        const auto member = now.find(at->first);
        if (member != now.end() && member->second == at->second->cluster_) {
            ++at;
            continue;
        }
        const std::string name = at->first;
        at = lanes_.erase(at);
        if (member == now.end())
            RIG_RETURN_IF_ERROR(
                tell([&] { return out_.mark(name, RIG_MARK_LOST, "the cluster is not configured any more"); }));
    }
    for (const auto &[name, cluster] : now) {
        if ((!query_.cluster.empty() && query_.cluster != name) || lanes_.contains(name)) continue;
        cluster->begin();
        std::string resume;
        if (const auto at = resume_.find(name); at != resume_.end()) resume = std::move(at->second), resume_.erase(at);
        lanes_.emplace(name, std::make_unique<Lane>(*this, cluster, std::move(resume)));
    }
    return {};
}

rig::Status FleetWatch::tend(Lane &lane) {
    if (const auto ended = lane.reflector_.ended()) return *ended;
    const uint64_t now = fleet_.clock_.mono_ns(), answered = lane.cluster_->answered_ns();
    if (lane.reflector_.streaming()) {
        // The API server answered since, and the stream is open: the view is as of that answer.
        const bool again = lane.lost_ns_ != 0 && answered != 0 && now - std::min(now, answered) < lost_pulse_ns;
        if (answered > lane.fresh_ns_ || again) {
            lane.fresh_ns_ = answered;
            lane.lost_ns_ = 0;
            {
                const std::lock_guard held(fleet_.lock_);
                fleet_.watches_[{lane.cluster_->name(), query_.kind}] = answered;
            }
            return lane.mark(RIG_MARK_FRESH);
        }
        if (lane.lost_ns_ == 0 && now - std::min(now, std::max(answered, lane.fresh_ns_)) > lost_pulse_ns) {
            const Cluster::Pulse pulse = lane.cluster_->pulse();
            return lane.lost(pulse.error.empty() ? "the API server does not answer" : pulse.error);
        }
    } else if (lane.lost_ns_ != 0 && now - lane.lost_ns_ > repeat_lost_ns) {
        return lane.lost(lane.cluster_->pulse().error);
    }
    return {};
}

rig::Status FleetWatch::checkpoint() {
    if (!moved_.exchange(false)) return {};
    nlohmann::json token = nlohmann::json::object();
    for (const auto &[name, version] : resume_) token[name] = version;
    for (const auto &[name, lane] : lanes_)
        if (std::string version = lane->version(); !version.empty()) token[name] = std::move(version);
    const std::string text = rig::json::text(token);
    return tell([&] { return out_.checkpoint(text); });
}

rig::Status FleetWatch::run(rig::Call call) {
    while (!call.cancelled()) {
        RIG_RETURN_IF_ERROR(follow_roster());
        for (const auto &[name, lane] : lanes_) RIG_RETURN_IF_ERROR(tend(*lane));
        RIG_RETURN_IF_ERROR(checkpoint());
        std::this_thread::sleep_for(look_ms);
    }
    for (const auto &[name, lane] : lanes_) lane->reflector_.stop(); // all at once; the destructors wait for each
    return rig::Error{RIG_E_CANCELLED, "Cancelled", "the watch was cancelled", 0};
}

rig::Status Fleet::watch(rig::Call call, std::string_view text, std::string_view token, const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(Query query, Query::parse(text));
    if (!query.cluster.empty()) RIG_RETURN_IF_ERROR(cluster(query.cluster));
    return FleetWatch(*this, std::move(query), token, out).run(call);
}

} // namespace kube
