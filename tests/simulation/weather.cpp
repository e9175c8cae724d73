#include "simulation/weather.hpp"

namespace rigger::sim {
using namespace std::chrono_literals;

namespace {
constexpr const char *models[] = {"h100", "a100"};
constexpr int node_count = 4, offer_count = 5;
std::string node_name(uint64_t n) { return "gpu-0" + std::to_string(n); }
} // namespace

Weather::Weather(Simulator &sim, uint64_t seed) : sim_(sim), random_(seed) {
    for (uint64_t n = 0; n < node_count; ++n) sim_.cluster.add_node({node_name(n), models[n % 2], 2, false});
    for (int n = 0; n < offer_count; ++n)
        sim_.market.add_offer("offer-" + std::to_string(next_offer_++), 1 + n % 2, models[n % 2]);
}

void Weather::note(const std::string &what) {
    log_ += to_rfc3339(sim_.world.wall()) + " " + what + "\n";
    if (log_.size() > 4000) log_.erase(0, log_.find('\n', log_.size() - 3000) + 1);
}

void Weather::begin() {
    *on_ = true;
    Faults &f = sim_.faults;
    f.effect_fails = 0.05;
    f.effect_odd = 0.01;
    f.effect_unknown = 0.03;
    f.effect_hangs = 0.005;
    f.store_breaks = 0.001;
    f.watch_breaks = 0.01;
    f.change_lost = 0.005;
    f.change_late = 0.01;
    f.change_twice = 0.2;
    f.crash = 0.0005;
    sim_.cluster.pod_failure_rate = 0.05;
    next();
}

void Weather::end() { *on_ = false; }

void Weather::next() {
    sim_.world.after(Duration(static_cast<int64_t>(random_.below(Duration(40min).count()))), [this, on = on_] {
        if (!*on) return;
        happen();
        next();
    });
}

void Weather::happen() {
    switch (random_.below(8)) {
    case 0:
    case 1: return pod_trouble();
    case 2:
    case 3: return market_trouble();
    case 4: return node_trouble();
    case 5: return outage();
    case 6: return operator_wish();
    default: return clock_jump();
    }
}

std::string Weather::any_running() {
    const auto pods = sim_.cluster.owners("Pod");
    if (pods.empty()) return {};
    return *std::next(pods.begin(), static_cast<long>(random_.below(pods.size())));
}

std::string Weather::any_node() {
    const auto nodes = sim_.cluster.nodes();
    return nodes.empty() ? std::string() : nodes[random_.below(nodes.size())];
}

void Weather::pod_trouble() {
    const std::string who = any_running();
    switch (random_.below(3)) {
    case 0: note("pod of " + who + " fails"); return sim_.cluster.fail_pod(who);
    case 1: note("objects of " + who + " vanish"); return sim_.cluster.vanish(who);
    default: note("instance of " + who + " is deleted"); return sim_.market.delete_instance_of(who);
    }
}

void Weather::market_trouble() {
    auto &offers = sim_.market.offers;
    const std::string one =
        offers.empty() ? "" : std::next(offers.begin(), static_cast<long>(random_.below(offers.size())))->first;
    switch (random_.below(3)) {
    case 0:
        if (offers.size() < 4) return;
        note(one + " is delisted");
        return sim_.market.remove_offer(one);
    case 1:
        if (offers.size() > 8) return;
        note("a new offer");
        return sim_.market.add_offer("offer-" + std::to_string(next_offer_++), 1 + static_cast<int>(random_.below(2)),
                                     models[random_.below(2)]);
    default:
        note(one + " has a new version");
        return sim_.market.set_version(one, "v" + std::to_string(random_.below(1000)));
    }
}

void Weather::node_trouble() {
    const std::string name = any_node();
    if (name.empty()) return;
    const bool lost = random_.below(3) == 0;
    note("node " + name + (lost ? " is set up anew" : " is not ready"));
    const std::string model = models[static_cast<size_t>(name.back() - '0') % 2];
    if (lost) sim_.cluster.remove_node(name);
    if (!lost) sim_.cluster.set_node_ready(name, false);
    sim_.world.after(sim_.world.between(10s, 1h), [this, name, model, lost] {
        if (lost) return sim_.cluster.add_node({name, model, 2, false});
        sim_.cluster.set_node_ready(name, true);
    });
}

void Weather::outage() {
    bool *const which[] = {&sim_.market.down,   &sim_.cluster.down,  &sim_.market_empty,
                           &sim_.market_cut,    &sim_.cluster_empty, &sim_.market.no_room,
                           &sim_.store.failing, &sim_.plans_hang,    &sim_.passes_hang};
    constexpr const char *names[] = {"the market is down",
                                     "the cluster is down",
                                     "the market lists nothing",
                                     "market listings are cut",
                                     "the cluster lists nothing",
                                     "claims find no room",
                                     "the store fails",
                                     "plans hang",
                                     "passes hang"};
    const size_t n = random_.below(std::size(which));
    note(names[n]);
    bool *const flag = which[n];
    *flag = true;
    if (flag == &sim_.cluster_empty) sim_.cluster.listings_empty = true;
    if (sim_.running() && random_.below(2) == 0) sim_.relist_all();
    sim_.world.after(sim_.world.between(10s, 30min), [this, flag] {
        *flag = false;
        if (flag == &sim_.cluster_empty) sim_.cluster.listings_empty = false;
    });
}

void Weather::operator_wish() {
    const auto live = sim_.live();
    if (!sim_.running()) return;
    switch (random_.below(3)) {
    case 0:
        if (live.empty()) return;
        note("undeploy");
        sim_.undeploy(live[random_.below(live.size())]->id.value);
        return;
    case 1:
        note("recycle");
        sim_.command(RecycleRequest{});
        return;
    default:
        note("sync");
        sim_.command(SyncRequest{});
        return;
    }
}

void Weather::clock_jump() {
    const Duration jump = std::chrono::hours(static_cast<int64_t>(random_.below(97)) - 48);
    note("the clock jumps");
    sim_.world.wall_offset += jump;
}

} // namespace rigger::sim
