#include "control/control_metrics.hpp"

#include "control/status.hpp"

#include <array>

namespace rigger {
namespace {
constexpr std::array<double, 10> spans{0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};
}

ControlMetrics::ControlMetrics(Metrics &m)
    : metrics_(m), message_seconds_(m.histogram("rigger_control_message_seconds",
                                                "Time the control loop took for one message", spans)),
      commit_seconds_(m.histogram("rigger_commit_seconds", "Time of one store transaction", spans)),
      commit_failures_(
          m.counter("rigger_commit_failures_total", "Store transactions that failed and were tried again")),
      lag_(m.gauge("rigger_control_lag_seconds", "Age of the oldest message when the control loop took it")),
      messages_(m.gauge("rigger_queue_depth", "Entries waiting", {{"queue", "messages"}})),
      commits_(m.gauge("rigger_queue_depth", "Entries waiting", {{"queue", "commits"}})),
      effects_(m.gauge("rigger_queue_depth", "Entries waiting", {{"queue", "effects"}})) {}

void ControlMetrics::decision(std::string_view verb, std::string_view cause) {
    metrics_.add(metrics_.counter("rigger_decisions_total", "Decisions of the control loop, by verb and cause",
                                  {{"verb", std::string(verb)}, {"cause", std::string(cause)}}),
                 1);
}

void ControlMetrics::held_back(std::string_view code) {
    metrics_.add(metrics_.counter("rigger_held_back_total", "Proposed deletions that the safety rules held back",
                                  {{"code", std::string(code)}}),
                 1);
}

void ControlMetrics::effect(std::string_view name, std::string_view outcome, double seconds) {
    metrics_.add(metrics_.counter("rigger_effects_total", "Outside effects, by outcome",
                                  {{"effect", std::string(name)}, {"outcome", std::string(outcome)}}),
                 1);
    metrics_.add(metrics_.histogram("rigger_effect_seconds", "Time of one outside effect", spans,
                                    {{"effect", std::string(name)}}),
                 seconds);
}

void ControlMetrics::loop(std::string_view name, double seconds, bool ok) {
    metrics_.add(
        metrics_.histogram("rigger_loop_seconds", "Time of one pass of a loop", spans, {{"loop", std::string(name)}}),
        seconds);
    if (!ok)
        metrics_.add(metrics_.counter("rigger_loop_failures_total", "Passes of a loop that failed",
                                      {{"loop", std::string(name)}}),
                     1);
}

void ControlMetrics::commit(double seconds, bool ok) {
    metrics_.add(commit_seconds_, seconds);
    if (!ok) metrics_.add(commit_failures_, 1);
}

void ControlMetrics::queues(size_t messages, size_t commits, size_t effects) {
    metrics_.set(messages_, static_cast<double>(messages));
    metrics_.set(commits_, static_cast<double>(commits));
    metrics_.set(effects_, static_cast<double>(effects));
}

void ControlMetrics::disconnect(std::string_view port) {
    metrics_.add(metrics_.counter("rigger_watch_disconnects_total", "Watches that ended by themselves",
                                  {{"port", std::string(port)}}),
                 1);
}

void ControlMetrics::malformed(std::string_view port) {
    metrics_.add(metrics_.counter("rigger_malformed_documents_total", "Documents that could not be understood",
                                  {{"port", std::string(port)}}),
                 1);
}

void ControlMetrics::clock_jump() {
    metrics_.add(metrics_.counter("rigger_clock_jumps_total", "Times that the wall clock was set"), 1);
}

void ControlMetrics::snapshot(const Snapshot &snapshot, const LoopStatus &status) {
    std::array<double, 8> phases{};
    for (const auto &d : snapshot.deployments) phases[static_cast<size_t>(d->phase)] += 1;
    for (size_t i = 0; i + 1 < phases.size(); ++i) {
        const std::string phase(phase_name(static_cast<Phase>(i)));
        metrics_.set(metrics_.gauge("rigger_deployments", "Deployments by phase", {{"phase", phase}}), phases[i]);
    }
    double used = 0, free = 0, reserved = 0, others = 0, unverified = 0;
    for (const auto &server : snapshot.servers)
        for (const Gpu &gpu : server->gpus)
            (!gpu.deployment.empty() ? used
             : gpu.reserved          ? reserved
             : gpu.set_aside         ? others
             : gpu.verified          ? free
                                     : unverified) += 1;
    const std::pair<const char *, double> states[] = {
        {"used", used}, {"free", free}, {"reserved", reserved}, {"others", others}, {"unverified", unverified}};
    for (const auto &[state, count] : states)
        metrics_.set(metrics_.gauge("rigger_gpus", "GPUs by state", {{"state", state}}), count);
    metrics_.set(metrics_.gauge("rigger_offers", "Offers in the market"), static_cast<double>(snapshot.offers.size()));
    metrics_.set(metrics_.gauge("rigger_servers", "Servers"), static_cast<double>(snapshot.servers.size()));
    metrics_.set(metrics_.gauge("rigger_held_back", "Deletions held back by the last pass"),
                 static_cast<double>(status.held_back.size()));
    metrics_.set(metrics_.gauge("rigger_store_failing", "1 while the store cannot be written"),
                 status.store_failing ? 1 : 0);
    metrics_.set(metrics_.gauge("rigger_effects_in_flight", "Effects started and not yet answered"),
                 static_cast<double>(status.effects_in_flight));
    const auto view = [&](std::string name, const Freshness &f) {
        metrics_.set(metrics_.gauge("rigger_view_complete", "1 while the view is complete", {{"view", name}}),
                     f.complete ? 1 : 0);
        metrics_.set(
            metrics_.gauge("rigger_view_age_seconds", "Time since the last contact of a view", {{"view", name}}),
            in_seconds(snapshot.taken_mono - f.as_of));
    };
    for (const SourceState &source : snapshot.sources) {
        view("source/" + source.name.value + "/offers", source.offers);
        view("source/" + source.name.value + "/instances", source.instances);
    }
    for (const ClusterState &cluster : snapshot.clusters) {
        view(cluster.name.value + "/nodes", cluster.nodes);
        view(cluster.name.value + "/pods", cluster.pods);
        view(cluster.name.value + "/jobs", cluster.jobs);
        view(cluster.name.value + "/services", cluster.services);
    }
}

} // namespace rigger
