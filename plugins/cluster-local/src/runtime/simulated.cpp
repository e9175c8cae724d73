#include "runtime/simulated.hpp"

#include "api/time.hpp"
#include "hash.hpp"

#include <algorithm>

namespace cluster_local {
namespace {
constexpr uint64_t kFirstPullRetry = 10 * kSecond, kLastPullRetry = 300 * kSecond;
bool ends(const Rule *rule) {
    return rule && (rule->outcome == Outcome::error || rule->outcome == Outcome::oom_killed ||
                    rule->outcome == Outcome::completed || rule->outcome == Outcome::evicted);
}
} // namespace

SimulatedRuntime::Pod &SimulatedRuntime::begin(const PodTask &task, uint64_t now) {
    Pod &pod = pods_[task.id];
    pod = Pod{};
    pod.launched = now;
    pod.image = hash(task.image, hash(task.node));
    pod.rule = script_.rule_for(task);
    return pod;
}
void SimulatedRuntime::schedule(int64_t id, Pod &pod, Step step, uint64_t at) {
    pod.step = step;
    pod.generation = ++generation_;
    pod.due = at;
    if (step != Step::idle) times_.push({at, pod.generation, id});
}
uint64_t SimulatedRuntime::pull_time(const Pod &pod) const {
    if (images_.contains(pod.image)) return 0;
    const auto [low, high] = script_.pull_seconds;
    return seconds(low + (high - low) * unit(mix(pod.image ^ script_.seed)));
}
bool SimulatedRuntime::failing(const Pod &pod, Outcome outcome, uint64_t now) const {
    if (!pod.rule || pod.rule->outcome != outcome) return false;
    const uint64_t since = outcome == Outcome::not_ready ? pod.started : pod.launched;
    return pod.rule->for_seconds < 0 || now < since + seconds(pod.rule->for_seconds);
}

void SimulatedRuntime::launch(const PodTask &task, uint64_t now) {
    Pod &pod = begin(task, now);
    schedule(task.id, pod, Step::pull, now + pull_time(pod));
}
void SimulatedRuntime::adopt(const PodTask &task, Stage stage, uint64_t age, uint64_t now) {
    Pod &pod = begin(task, now - std::min(age, now));
    const uint64_t since = pod.launched;
    if (stage == Stage::launched) return schedule(task.id, pod, Step::pull, std::max(now, since + pull_time(pod)));
    images_.insert(pod.image);
    pod.started = since;
    if (stage == Stage::stopping) return schedule(task.id, pod, Step::stop, now);
    if (stage == Stage::running) return after_start(task.id, pod, now);
    schedule(task.id, pod, ends(pod.rule) ? Step::end : Step::idle,
             ends(pod.rule) ? std::max(now, since + seconds(pod.rule->after_seconds)) : now);
}
void SimulatedRuntime::stop(int64_t id, uint64_t grace, uint64_t now) {
    const auto it = pods_.find(id);
    if (it == pods_.end()) return;
    const bool runs = it->second.started > 0;
    schedule(id, it->second, Step::stop, now + (runs ? std::min(grace, seconds(script_.stop_seconds)) : 0));
}
void SimulatedRuntime::forget_all() {
    pods_.clear();
    times_ = {};
}

/// Ready after its time, unless the script ends the containers first.
void SimulatedRuntime::after_start(int64_t id, Pod &pod, uint64_t now) {
    const uint64_t ready = pod.started + seconds(script_.ready_seconds);
    const uint64_t end = ends(pod.rule) ? pod.started + seconds(pod.rule->after_seconds) : kNever;
    if (end <= ready) return schedule(id, pod, Step::end, std::max(now, end));
    if (!failing(pod, Outcome::not_ready, ready)) return schedule(id, pod, Step::ready, std::max(now, ready));
    const double heals = pod.rule->for_seconds;
    schedule(id, pod, heals < 0 ? Step::idle : Step::ready,
             heals < 0 ? now : std::max(now, pod.started + seconds(heals)));
}

std::optional<RuntimeReport> SimulatedRuntime::pulled(int64_t id, Pod &pod, uint64_t now) {
    using What = RuntimeReport::What;
    if (failing(pod, Outcome::pending, now)) {
        const double heals = pod.rule->for_seconds;
        schedule(id, pod, heals < 0 ? Step::idle : Step::pull, heals < 0 ? now : pod.launched + seconds(heals));
        return std::nullopt;
    }
    if (!failing(pod, Outcome::image_pull, now)) {
        images_.insert(pod.image);
        schedule(id, pod, Step::start, now + seconds(script_.start_seconds));
        return std::nullopt;
    }
    if (!pod.pull_named) {
        pod.pull_named = true;
        schedule(id, pod, Step::pull, now + kSecond);
        return RuntimeReport{id, What::pull_failed, 0, "ErrImagePull",
                             pod.rule->message.empty() ? "manifest unknown" : pod.rule->message};
    }
    const uint64_t wait = std::min(kLastPullRetry, kFirstPullRetry << std::min<int>(pod.pull_failures, 5));
    if (pod.pull_failures < UINT8_MAX) ++pod.pull_failures;
    schedule(id, pod, Step::pull, now + wait);
    if (pod.pull_failures > 1) return std::nullopt; // it says ImagePullBackOff already
    return RuntimeReport{id, What::pull_failed, 0, "ImagePullBackOff", "Back-off pulling image"};
}

RuntimeReport SimulatedRuntime::ended(int64_t id, const Rule &rule) const {
    using What = RuntimeReport::What;
    switch (rule.outcome) {
    case Outcome::oom_killed: return {id, What::exited, 137, "OOMKilled", rule.message};
    case Outcome::completed: return {id, What::exited, 0, "Completed", rule.message};
    case Outcome::evicted:
        return {id, What::evicted, 0, "Evicted",
                rule.message.empty() ? "The node was low on resource: ephemeral-storage." : rule.message};
    default: return {id, What::exited, rule.exit_code, "Error", rule.message};
    }
}

std::optional<RuntimeReport> SimulatedRuntime::next(uint64_t now) {
    using What = RuntimeReport::What;
    while (!times_.empty() && times_.top().at <= now) {
        const Due due = times_.top();
        times_.pop();
        const auto it = pods_.find(due.pod);
        if (it == pods_.end() || it->second.generation != due.generation) continue;
        Pod &pod = it->second;
        switch (pod.step) {
        case Step::pull:
            if (auto report = pulled(due.pod, pod, due.at)) return report;
            break;
        case Step::start:
            pod.started = due.at;
            after_start(due.pod, pod, due.at);
            return RuntimeReport{due.pod, What::started, 0, {}, {}};
        case Step::ready:
            schedule(due.pod, pod, ends(pod.rule) ? Step::end : Step::idle,
                     ends(pod.rule) ? pod.started + seconds(pod.rule->after_seconds) : due.at);
            return RuntimeReport{due.pod, What::ready, 0, {}, {}};
        case Step::end: {
            schedule(due.pod, pod, Step::idle, due.at);
            pod.started = 0;
            return ended(due.pod, *pod.rule);
        }
        case Step::stop: {
            const bool ran = pod.started > 0;
            pods_.erase(it);
            return RuntimeReport{due.pod, What::stopped, ran ? 143 : 0, ran ? "Error" : "", {}};
        }
        case Step::idle: break;
        }
    }
    return std::nullopt;
}

std::string SimulatedRuntime::logs(const PodTask &task, std::string_view container, const LogSpan &span) const {
    const auto period = static_cast<int64_t>(std::max<uint64_t>(seconds(script_.log_seconds), kSecond / 1000));
    const int64_t from = std::max(span.from_ns, span.started_ns);
    if (span.ended_ns < from) return {};
    int64_t first = (from - span.started_ns + period - 1) / period;
    const int64_t last = (span.ended_ns - span.started_ns) / period;
    constexpr int64_t kMaxLines = 100'000;
    first = std::max(first, last - kMaxLines + 1);
    if (span.tail < static_cast<size_t>(last - first + 1)) first = last + 1 - static_cast<int64_t>(span.tail);
    std::string out;
    for (int64_t i = first; i <= last; ++i) {
        out += rfc3339(span.started_ns + i * period);
        out += i == 0 ? " starting " + std::string(task.image) : " tick " + std::to_string(i);
        out.append(" container=").append(container).append(" pod=").append(task.name).append("\n");
    }
    return out;
}

} // namespace cluster_local
