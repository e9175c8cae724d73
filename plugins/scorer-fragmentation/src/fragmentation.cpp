#include "fragmentation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace fragmentation {
namespace {

constexpr size_t cpu_column = FragmentationScorer::cards, model_column = cpu_column + 1;
/// GPU milli at which the curve has gone half way: small beside what a server can lose, large beside what tells two
/// apart.
constexpr double bend = 2000;

/// What room on the best open card counts, and how much less on each one after it: they wait for the same shares.
constexpr float best_open = 1.05F, next_open = 0.95F;

double curve(double change) { return 0.5 + 0.5 * change / (bend + std::abs(change)); }

} // namespace

FragmentationScorer::Room FragmentationScorer::room_of(const rig::ScoreBatch &batch, size_t candidate) {
    Room room;
    for (size_t i = 0; i < cards; ++i) {
        const double milli = std::min(batch.candidate(i)[candidate], 1000.0);
        if (!(milli > 0)) continue;
        room.milli[room.used] = milli;
        room.step[room.used++] = static_cast<uint8_t>(static_cast<size_t>(milli) / RefillTables::step);
        room.whole += milli == 1000;
        room.free += milli;
    }
    room.cpu = batch.candidate(cpu_column)[candidate];
    room.model = batch.candidate_as<uint32_t>(model_column)[candidate];
    return room;
}

bool FragmentationScorer::choose(const Room &room, double count, double milli, double cpu, Part &part) {
    part.cpu = cpu;
    if (room.cpu >= 0 && room.cpu < cpu) return false;
    if (count != 1 || milli >= 1000) {
        part.whole = count;
        return room.whole >= count;
    }
    double least = 1001;
    for (size_t i = 0; i < room.used; ++i) { // the host takes the card on which least is left
        if (room.milli[i] < milli || room.milli[i] >= least) continue;
        least = room.milli[i];
        part.card = i;
    }
    part.milli = milli;
    return part.card != cards;
}

FragmentationScorer::Worth FragmentationScorer::worth_without(const Room &room, const Part &part) {
    const bool opens = part.card < cards && room.milli[part.card] == 1000;
    const double cpu = room.cpu < 0 ? room.cpu : std::max(0.0, room.cpu - part.cpu);
    const RefillTables::Worth &table =
        tables_.worth(room.model, cpu, room.whole - static_cast<int>(part.whole) - opens);
    float open[cards];
    size_t count = 0;
    for (size_t i = 0; i < room.used; ++i) {
        const double milli = i == part.card ? room.milli[i] - part.milli : room.milli[i];
        if (milli == 1000) continue;
        const float here = table[i == part.card ? static_cast<size_t>(milli) / RefillTables::step : room.step[i]];
        size_t at = count++;
        for (; at > 0 && open[at - 1] < here; --at) open[at] = open[at - 1];
        open[at] = here;
    }
    float sum = static_cast<float>(room.whole - opens - static_cast<int>(part.whole)) * table[RefillTables::steps - 1];
    float counts = best_open;
    for (size_t i = 0; i < count; ++i, counts *= next_open) sum += counts * open[i];
    Worth worth;
    worth.refill = static_cast<double>(sum);
    if (cpu < 0) return worth;
    const double free = room.free - part.whole * 1000 - part.milli;
    const double excess = cpu / tables_.cpu_per_milli() - free; // of the GPU milli that the free CPU goes with
    (excess > 0 ? worth.excess_cpu : worth.excess_gpu) = std::abs(excess);
    return worth;
}

rig::Status FragmentationScorer::score(const rig::ScoreBatch &batch) {
    if (batch.mix_kinds() == 0) return {}; // nothing is known of the demand: no opinion
    tables_.follow(batch);
    const double *const count = batch.workload(0).data, *const milli = batch.workload(1).data,
                        *const cpu = batch.workload(2).data;
    alike_.group(batch, std::size(workload_columns) - 1);
    for (size_t c = 0; c < batch.candidates(); ++c) {
        const Room room = room_of(batch, c);
        std::optional<double> before; // on a full server, nobody asks
        for (const size_t w : alike_.firsts()) {
            Part part;
            if (!choose(room, count[w], milli[w], cpu[w], part)) {
                batch.scores(w)[c] = 0;
                continue;
            }
            if (!before) before = worth_without(room, {}).sum();
            batch.scores(w)[c] = curve(worth_without(room, part).sum() - *before);
        }
    }
    alike_.share(batch);
    return {};
}

rig::Result<std::string> FragmentationScorer::explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) {
    if (batch.mix_kinds() == 0)
        return std::string(R"({"terms":[],"text":"what is asked for is not known: no opinion"})");
    tables_.follow(batch);
    const Room room = room_of(batch, candidate);
    Part part;
    const bool fits =
        choose(room, batch.workload(0)[workload], batch.workload(1)[workload], batch.workload(2)[workload], part);
    const Worth before = worth_without(room, {}), after = worth_without(room, fits ? part : Part{});
    const double score = fits ? curve(after.sum() - before.sum()) : 0;
    char text[640];
    std::snprintf(
        text, sizeof text,
        R"({"terms":[{"name":"refill_before","value":%.17g,"unit":"milli-GPU"},{"name":"refill_after","value":%.17g,"unit":"milli-GPU"},)"
        R"({"name":"excess_cpu_change","value":%.17g,"unit":"milli-GPU"},{"name":"excess_gpu_change","value":%.17g,"unit":"milli-GPU"},)"
        R"({"name":"score","value":%.17g,"unit":"1"}],"text":"of what is free here %.0f milli-GPU would in time be used, %.0f after this placement"})",
        before.refill, after.refill, after.excess_cpu - before.excess_cpu, after.excess_gpu - before.excess_gpu, score,
        before.refill, after.refill);
    return std::string(text);
}

} // namespace fragmentation
