#include "control/ages.hpp"

#include "control/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace rigger::ages {
namespace {

constexpr const char *checkpoint = "control/clock";
constexpr const char *deletions_checkpoint = "control/deletions";
constexpr Duration note_period = std::chrono::minutes(5);
constexpr Duration most_unwatched = std::chrono::minutes(10);
constexpr Duration most_believed = std::chrono::hours(24 * 3650);
constexpr Duration same = std::chrono::seconds(1);

bool matters(const Turn &turn, const Track &t) {
    return t.d->live() &&
           (t.d->phase < Phase::active || Duration(turn.mono_ns() - t.born_ns) < turn.config.failure_window);
}

bool differs(WallTime a, WallTime b) { return a - b > same || b - a > same; }

} // namespace

WallTime noted(const std::map<std::string, std::string> &checkpoints) {
    WallTime at;
    if (const auto found = checkpoints.find(checkpoint); found != checkpoints.end())
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), at.ns);
    return at;
}

Duration since(WallTime then, WallTime noted, WallTime now) {
    const WallTime last = std::max(then, noted); // what was written after the note
    const Duration watched = last - then, unwatched = std::clamp(now - last, Duration::zero(), most_unwatched);
    return std::min(watched + unwatched, most_believed);
}

void carry_over(Turn &turn, Track &t) {
    if (!matters(turn, t)) return;
    const WallTime born = turn.wall + Duration(t.born_ns - turn.mono_ns()),
                   changed = turn.wall + Duration(t.changed_ns - turn.mono_ns());
    if (!differs(born, t.d->created_at) && !differs(changed, t.d->phase_since)) return;
    Deployment d = *t.d;
    d.created_at = born;
    d.phase_since = changed;
    turn.write(PutDeployment{d});
    t.d = std::make_shared<const Deployment>(std::move(d));
    turn.touch();
}

void sleep_over(Turn &turn, Duration span) {
    const int64_t spared = (span - most_unwatched).count();
    if (spared <= 0) return;
    for (auto &[id, t] : turn.state.tracks) {
        t.born_ns = std::min(t.born_ns + spared, turn.mono_ns());
        t.changed_ns = std::min(t.changed_ns + spared, turn.mono_ns());
        carry_over(turn, t);
    }
}

std::vector<Duration> deletions(const std::map<std::string, std::string> &checkpoints) {
    std::vector<Duration> ages;
    const auto found = checkpoints.find(deletions_checkpoint);
    if (found == checkpoints.end()) return ages;
    const auto noted = nlohmann::json::parse(found->second, nullptr, false);
    if (!noted.is_array()) return ages;
    for (const auto &age : noted) ages.emplace_back(age.is_number_integer() ? age.get<int64_t>() : 0);
    return ages;
}

void note(Turn &turn) {
    turn.write(PutCheckpoint{checkpoint, std::to_string(turn.wall.ns)});
    JsonWriter ages;
    ages.begin_array();
    for (const Duration age : turn.state.reconcile.gate.deletion_ages(turn.mono)) ages.value(age.count());
    turn.write(PutCheckpoint{deletions_checkpoint, ages.end_array().take()});
    turn.state.clock_noted = turn.mono;
}

std::optional<MonoTime> note_due(const State &state) {
    if (state.commits.failing) return std::nullopt;
    return state.clock_noted + note_period;
}

void note_if_due(Turn &turn) {
    if (const auto when = note_due(turn.state); when && *when <= turn.mono) note(turn);
}

} // namespace rigger::ages
