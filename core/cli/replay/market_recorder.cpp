#include "cli/replay/market_recorder.hpp"

#include "cli/replay/workplace.hpp"
#include "engine/metrics/prometheus.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

namespace rigger::cli::replay {
namespace {

using rigger::replay::MarketStep;
using rigger::replay::MarketTape;

/// A source confirms a view that did not change every five seconds: with so much monotonic time between two looks each
/// of them is answered.
constexpr auto confirmation = std::chrono::seconds(5);
constexpr auto patience = std::chrono::seconds(20);

/// Stands still until it is moved.
class VirtualClock final : public Clock {
public:
    WallTime wall() const override { return {wall_.load()}; }
    MonoTime monotonic() const override { return {mono_.load()}; }
    void pass(Duration wall, Duration mono) {
        wall_ += wall.count();
        mono_ += static_cast<uint64_t>(mono.count());
    }

private:
    std::atomic<int64_t> wall_{int64_t{1'700'000'000} * 1'000'000'000};
    std::atomic<uint64_t> mono_{1'000'000'000};
};

/// What the source tells between two looks.
class Tape final : public MarketSink {
public:
    Status offer(Offer offer) override {
        const std::lock_guard lock(mutex_);
        step_.put.push_back(std::make_shared<Offer>(std::move(offer)));
        return {};
    }
    Status instance(SourceInstance) override { return {}; }
    Status removed(std::string_view kind, std::string_view id, std::string_view) override {
        const std::lock_guard lock(mutex_);
        if (kind == "offer") step_.removed.emplace_back(std::string(id));
        return {};
    }
    Status mark(std::string_view kind, Mark mark) override {
        const std::lock_guard lock(mutex_);
        if (kind != "offer" || mark == Mark::begin) return {};
        lost_ = mark == Mark::lost;
        ++marks_;
        heard_.notify_all();
        return {};
    }
    Status event(std::string_view, std::string_view document) override {
        const auto event = nlohmann::json::parse(document, nullptr, false);
        if (!event.is_object() || !event.contains("type")) return {};
        const std::lock_guard lock(mutex_);
        if (event["type"] == "replay_ended") ended_ = true;
        if (event["type"] == "market_stale") problem_ = event["data"].value("message", "");
        if (event["type"] != "replay_deletion") return {};
        const std::string of = event["data"].value("offer", "*");
        step_.deletions.push_back({OfferId(of == "*" ? "" : of), event["data"].value("count", size_t{1})});
        return {};
    }
    Status checkpoint(std::string_view) override { return {}; }
    void malformed(std::string_view, std::string_view, const Error &why) override {
        const std::lock_guard lock(mutex_);
        problem_ = why.message;
    }

    /// Until the source has spoken `times` times of its offers. False: it is silent, or its watch has ended.
    bool wait(size_t times) {
        std::unique_lock lock(mutex_);
        return heard_.wait_for(lock, patience, [&] { return marks_ >= times || over_; }) && marks_ >= times;
    }
    void over(const Status &status) {
        const std::lock_guard lock(mutex_);
        over_ = true;
        if (!status.ok()) problem_ = status.error().message;
        heard_.notify_all();
    }
    MarketStep take(double at_s) {
        const std::lock_guard lock(mutex_);
        MarketStep step = std::exchange(step_, {});
        step.at_s = at_s;
        return step;
    }
    size_t marks() const { return locked(marks_); }
    bool ended() const { return locked(ended_); }
    bool lost() const { return locked(lost_); }
    std::string problem() const { return locked(problem_); }

private:
    template <typename T> T locked(const T &member) const {
        const std::lock_guard lock(mutex_);
        return member;
    }
    mutable std::mutex mutex_;
    std::condition_variable heard_;
    MarketStep step_;
    size_t marks_ = 0;
    bool ended_ = false, over_ = false, lost_ = false;
    std::string problem_;
};

std::string instance_file(const RecordingSettings &settings, const Workplace &workplace) {
    nlohmann::json config{{"replay", std::filesystem::absolute(settings.history).string()}, {"allowEmpty", true}};
    if (settings.market.empty()) {
        std::ofstream(workplace.root / "empty.json") << R"({"chutes":[]})";
        config["market"] = (workplace.root / "empty.json").string();
    } else {
        config[settings.market.extension() == ".csv" ? "csv" : "market"] =
            std::filesystem::absolute(settings.market).string();
    }
    return nlohmann::json{{"plugin", "rig.source-catalog"},
                          {"name", "catalog"},
                          {"required", true},
                          {"config", std::move(config)},
                          {"limits", {{"task", {{"soft", "10m"}, {"hard", "1h"}}}}}} // their clock leaps
        .dump();
}

class Recorder {
public:
    Recorder(const RecordingSettings &settings, VirtualClock &clock, host::Registry &registry, ValidatorSource &source)
        : settings_(settings), clock_(clock), registry_(registry), watcher_([this, &source] {
              tape_.over(source.watch({MonoTime{UINT64_MAX}, &stop_}, {}, tape_));
          }) {}
    ~Recorder() {
        stop_ = 1;
        registry_.stop(); // the host hands a cancellation on when it looks, and nobody looks any more
        watcher_.join();
    }

    Result<MarketTape> run() {
        MarketTape out;
        if (!tape_.wait(1)) return silent();
        if (tape_.lost()) return invalid("MarketUnreadable", "the market cannot be read: " + tape_.problem());
        for (double at = 0;; at += settings_.look_every_s) {
            // Twice: what the second look brings was told after all of the first.
            if (!look(Duration(0)) || !look(Duration(0))) return silent();
            if (MarketStep step = tape_.take(at); !step.empty() || out.steps.empty())
                out.steps.push_back(std::move(step));
            out.span_s = at;
            if (tape_.ended()) break;
            if (at > settings_.most_hours * 3600)
                return invalid("MarketEndless", "the history goes on for more than " +
                                                    std::to_string(static_cast<long>(settings_.most_hours)) + " hours");
            if (settings_.progress) settings_.progress(at / 3600);
            clock_.pass(Duration(static_cast<int64_t>(settings_.look_every_s * 1e9)), Duration(0));
        }
        if (const std::string problem = tape_.problem(); !problem.empty()) return invalid("MarketUnreadable", problem);
        return out;
    }

private:
    bool look(Duration wall) {
        const size_t before = tape_.marks();
        clock_.pass(wall, confirmation);
        registry_.scan();
        return tape_.wait(before + 1);
    }
    Error silent() const {
        const std::string why = tape_.problem();
        return {Code::unavailable, "MarketSilent",
                "source-catalog does not answer" + (why.empty() ? std::string() : ": " + why), 0};
    }

    const RecordingSettings &settings_;
    VirtualClock &clock_;
    host::Registry &registry_;
    Tape tape_;
    std::atomic<uint32_t> stop_{0};
    std::thread watcher_;
};

} // namespace

Result<MarketTape> record_market(const RecordingSettings &settings, const HouseOptions &house) {
    const Workplace workplace;
    RIG_TRY(workplace.status());
    workplace.enable("catalog", instance_file(settings, workplace));
    VirtualClock clock;
    const auto metrics = make_metrics_registry();
    host::HostServices services;
    services.clock = &clock;
    services.metrics = metrics.get();
    services.log = no_log();
    host::RegistryOptions options = workplace.registry(house);
    options.run_watchdog = false;
    RIG_TRY_ASSIGN(const auto registry, host::Registry::open(std::move(options), services));
    RIG_TRY(registry->start());
    const auto live = registry->live();
    if (live->sources.empty()) return Error{Code::unavailable, "MarketSilent", "source-catalog did not start", 0};
    auto tape = Recorder(settings, clock, *registry, *live->sources[0]).run();
    return tape;
}

} // namespace rigger::cli::replay
