#include "cli/replay/contest.hpp"

#include "domain/optimum/allocation_bound.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <optional>
#include <thread>

namespace rigger::cli::replay {
namespace {

/// A contestant behind the last stands for the bound.
struct Job {
    size_t list = 0, contestant = 0, run = 0;
};

/// The largest share of the capacity that any choice among these arrivals allocates.
double bound_of(const rigger::replay::Trace &trace, const std::vector<uint32_t> &order) {
    std::vector<optimum::Machine> machines;
    for (const auto &node : trace.nodes) machines.push_back({node.model, node.gpus, node.cpu_milli, node.memory_mib});
    std::vector<optimum::Task> tasks;
    for (const uint32_t task : order) {
        const Requirements &needs = trace.tasks[task].needs;
        tasks.push_back({needs.gpu_count, needs.gpu_milli, needs.cpu_milli, needs.memory_mib, needs.gpu_models});
    }
    return static_cast<double>(optimum::allocatable_at_most(machines, tasks).gpu_milli) /
           static_cast<double>(std::max<int64_t>(1, trace.capacity_milli()));
}

class Contest {
public:
    Contest(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants, const ScorerHouse &house,
            const ContestSettings &settings)
        : lists_(lists), contestants_(contestants), house_(house), settings_(settings) {
        const size_t runs = settings.online ? 1 : settings.seeds.size();
        for (const NamedTrace &list : lists) markets_.push_back(rigger::replay::market_of(list.trace));
        within_.resize(std::max<size_t>(1, settings.workers));
        result_.runs.assign(lists.size(), std::vector(contestants.size(), std::vector<RunResult>(runs)));
        for (size_t l = 0; l < lists.size(); ++l)
            for (size_t r = 0; r < runs; ++r)
                for (size_t c = 0; c < contestants.size() + (with_bound() ? 1 : 0); ++c) jobs_.push_back({l, c, r});
        if (with_bound()) result_.bounds.assign(lists.size(), std::vector<double>(runs));
    }

    Result<ContestResult> run() {
        std::vector<std::thread> threads;
        for (size_t worker = 1; worker < std::min(settings_.workers, jobs_.size()); ++worker)
            threads.emplace_back([this, worker] { work(worker); });
        work(0);
        for (std::thread &thread : threads) thread.join();
        if (failure_) return *failure_;
        return std::move(result_);
    }

private:
    bool with_bound() const noexcept { return settings_.bound && !settings_.online; }
    void work(size_t worker) {
        while (const auto job = next()) {
            within_[worker] = 0;
            if (Status status = one(*job, worker); !status.ok()) {
                const std::lock_guard lock(mutex_);
                if (!failure_)
                    failure_ =
                        status.error().within(lists_[job->list].name + ", " + contestants_[job->contestant].label);
            }
        }
    }
    std::optional<Job> next() {
        const std::lock_guard lock(mutex_);
        if (failure_ || taken_ == jobs_.size()) return std::nullopt;
        return jobs_[taken_++];
    }
    void advance(size_t worker, double share) {
        if (!settings_.progress) return;
        const std::lock_guard lock(mutex_);
        done_ += share - within_[worker];
        within_[worker] = share;
        settings_.progress(done_ / static_cast<double>(jobs_.size()));
    }
    Status one(const Job &job, size_t worker) {
        const auto &trace = lists_[job.list].trace;
        if (job.contestant == contestants_.size()) {
            result_.bounds[job.list][job.run] =
                bound_of(trace, rigger::replay::saturate(trace, settings_.load, settings_.seeds[job.run]));
            advance(worker, 1);
            return {};
        }
        RunResult &run = result_.runs[job.list][job.contestant][job.run];
        run.seed = settings_.seeds.empty() ? 0 : settings_.seeds[job.run];
        rigger::replay::ReplaySettings how;
        how.defrag = settings_.defrag;
        how.told_mix = contestants_[job.contestant].told_list;
        how.progress = [&](size_t done, size_t of) {
            advance(worker, static_cast<double>(done) / static_cast<double>(of));
            return true;
        };
        auto scorers = house_.scorers(job.contestant, worker, run.seed);
        const std::vector<uint32_t> order =
            settings_.online ? std::vector<uint32_t>() : rigger::replay::saturate(trace, settings_.load, run.seed);
        const auto begin = std::chrono::steady_clock::now();
        RIG_TRY_ASSIGN(run.replay, settings_.online ? rigger::replay::replay_online(trace, markets_[job.list],
                                                                                    std::move(scorers), how)
                                                    : rigger::replay::replay_saturation(
                                                          trace, markets_[job.list], order, std::move(scorers), how));
        run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        advance(worker, 1);
        return {};
    }

    const std::vector<NamedTrace> &lists_;
    const std::vector<Contestant> &contestants_;
    const ScorerHouse &house_;
    const ContestSettings &settings_;
    std::vector<rigger::replay::TraceMarket> markets_;
    std::vector<Job> jobs_;
    std::mutex mutex_; ///< of what follows
    size_t taken_ = 0;
    double done_ = 0;            ///< runs, begun ones in part
    std::vector<double> within_; ///< by worker: how much of its run is in done_
    std::optional<Error> failure_;
    ContestResult result_; ///< each run is written by its worker alone
};

} // namespace

Result<ContestResult> hold_contest(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                                   const ScorerHouse &house, const ContestSettings &settings) {
    return Contest(lists, contestants, house, settings).run();
}

double figure(const RunResult &run, bool online) { return online ? run.replay.mean_allocated : run.replay.allocated(); }

Spread spread(const std::vector<RunResult> &runs, bool online) {
    Spread s{0, 0, 1e300, -1e300};
    for (const RunResult &run : runs) {
        s.mean += figure(run, online) / static_cast<double>(runs.size());
        s.least = std::min(s.least, figure(run, online));
        s.most = std::max(s.most, figure(run, online));
    }
    for (const RunResult &run : runs) s.deviation += std::pow(figure(run, online) - s.mean, 2);
    s.deviation = runs.size() > 1 ? std::sqrt(s.deviation / static_cast<double>(runs.size() - 1)) : 0;
    return s;
}

} // namespace rigger::cli::replay
