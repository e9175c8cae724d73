#include "domain/reconcile/safety.hpp"

#include <algorithm>

namespace rigger {
namespace {

std::string seconds(Duration d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s";
}

Verdict held(std::string code, std::string text) { return {false, std::move(code), std::move(text)}; }

} // namespace

void SafetyGate::begin_pass(const std::vector<std::string> &subjects, size_t population, bool lift_budget, MonoTime now,
                            const SafetyLimits &limits) {
    limits_ = limits;
    subjects_ = subjects;
    lifted_ = lift_budget;
    allowance_ = std::max<size_t>(1, static_cast<size_t>(limits.budget_share * static_cast<double>(population)));
    ++pass_;
    drop_old_deletions(now);
}

void SafetyGate::drop_old_deletions(MonoTime now) {
    while (!deletions_.empty() && now - deletions_.front() >= limits_.budget_period) deletions_.pop_front();
}

size_t SafetyGate::deletions_left(MonoTime now) const {
    const auto used = static_cast<size_t>(std::count_if(deletions_.begin(), deletions_.end(),
                                                        [&](MonoTime t) { return now - t < limits_.budget_period; }));
    return used >= allowance_ ? 0 : allowance_ - used;
}

std::vector<Duration> SafetyGate::deletion_ages(MonoTime now) const {
    std::vector<Duration> ages;
    for (const MonoTime at : deletions_) ages.push_back(now - at);
    return ages;
}

void SafetyGate::recall_deletions(const std::vector<Duration> &ages, MonoTime now) {
    for (const Duration age : ages) {
        const auto back = static_cast<uint64_t>(std::max(age, Duration::zero()).count());
        deletions_.push_back({now.ns - std::min(now.ns, back)}); // the machine may be up for less than that
    }
    std::sort(deletions_.begin(), deletions_.end());
}

Verdict SafetyGate::check_views(const Proposal &proposal, MonoTime now) const {
    for (const std::string &name : proposal.action->views) {
        const auto view =
            std::find_if(proposal.views.begin(), proposal.views.end(), [&](const auto &v) { return v.first == name; });
        if (view == proposal.views.end()) return held("UnknownView", "there is no view '" + name + "' of its subject");
        const Freshness &f = view->second;
        switch (doubt(f, now, limits_.view_max_age)) {
        case Doubt::none: break;
        case Doubt::incomplete:
            return held("ViewIncomplete",
                        "the view of " + name + " is not complete" + (f.error.empty() ? "" : ": " + f.error));
        case Doubt::old:
            return held("ViewTooOld", "the view of " + name + " is " + seconds(now - f.as_of) + " old, the limit is " +
                                          seconds(limits_.view_max_age));
        }
    }
    return {true, {}, {}};
}

Verdict SafetyGate::check_sightings(const Proposal &proposal, bool commit) {
    std::map<std::string, uint64_t> generations;
    for (const auto &[name, freshness] : proposal.views)
        if (std::find(proposal.action->views.begin(), proposal.action->views.end(), name) !=
            proposal.action->views.end())
            generations[name] = freshness.generation;
    auto &of_subject = sightings_[proposal.subject];
    const auto seen = of_subject.find(proposal.action->id);
    if (seen == of_subject.end()) {
        if (commit) of_subject[proposal.action->id] = {std::move(generations), pass_};
        return held("FirstObservation", "seen once; it is done if the next observation says so too");
    }
    if (commit) seen->second.pass = pass_;
    for (const auto &[name, generation] : generations)
        if (generation <= seen->second.generations[name])
            return held("FirstObservation", "the view of " + name + " was not observed again since the first sighting");
    return {true, {}, {}};
}

Verdict SafetyGate::judge(const Proposal &proposal, MonoTime now, bool commit) {
    const bool absence = proposal.action->evidence == Evidence::absence;
    if (absence && proposal.action->views.empty())
        return held("UnknownView", "absence is claimed, but no view is named that shows it");
    if (proposal.action->evidence != Evidence::definite)
        if (Verdict v = check_views(proposal, now); !v.allowed) return v;
    const Duration needed =
        std::max(now - proposal.snapshot_taken, absence ? limits_.min_condemn_age : Duration::zero());
    if (proposal.subject_age <= needed)
        return held("TooYoung", "it changed " + seconds(proposal.subject_age) +
                                    " ago, more recently than what condemns it may judge");
    if (absence)
        if (Verdict v = check_sightings(proposal, commit); !v.allowed) return v;
    if (!lifted_ && deletions_left(now) == 0)
        return held("BudgetExhausted", "the budget of " + std::to_string(allowance_) + " deletions per " +
                                           seconds(limits_.budget_period) +
                                           " is used up; `rigger recycle --force` lifts it");
    if (commit) deletions_.push_back(now);
    return {true, {}, {}};
}

void SafetyGate::end_pass() {
    for (const std::string &subject : subjects_) {
        const auto of_subject = sightings_.find(subject);
        if (of_subject == sightings_.end()) continue;
        std::erase_if(of_subject->second, [&](const auto &entry) { return entry.second.pass != pass_; });
        if (of_subject->second.empty()) sightings_.erase(of_subject);
    }
    subjects_.clear();
}

} // namespace rigger
