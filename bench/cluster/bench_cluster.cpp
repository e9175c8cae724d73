// The embedded cluster: how fast objects are created, read and watched, and what they weigh.
#include "cluster.hpp"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace {
using namespace cluster_local;
using Json = nlohmann::json;

class SteppedClock final : public Clock {
public:
    uint64_t mono_ns() const override { return now; }
    int64_t wall_ns() const override { return 1'767'225'600'000'000'000 + static_cast<int64_t>(now); }
    uint64_t now = kSecond;
};

/// About what a chute needs: 3 KB of environment, resources, volumes and probes.
Json pod_spec(const std::string &node) {
    Json env = Json::array();
    for (int i = 0; i < 18; ++i)
        env.push_back({{"name", "CHUTES_SETTING_" + std::to_string(i)},
                       {"value", "a value of typical length " + std::to_string(i)}});
    return {{"restartPolicy", "Never"},
            {"nodeName", node},
            {"containers",
             Json::array({Json{
                 {"name", "chute"},
                 {"image", "sim/app:" + node},
                 {"env", std::move(env)},
                 {"command", {"chutes", "run", "app:chute", "--port", "8000"}},
                 {"resources", {{"requests", {{"cpu", "100m"}, {"memory", "1Gi"}, {"ephemeral-storage", "10Gi"}}}}},
                 {"ports", Json::array({Json{{"containerPort", 8000}}, Json{{"containerPort", 8001}}})}}})}};
}
std::string pod(int i, int nodes) {
    const std::string id = "0f6f1c1a-0000-4000-8000-" + std::to_string(100000000000LL + i);
    return Json{{"apiVersion", "v1"},
                {"kind", "Pod"},
                {"metadata",
                 {{"name", "chute-" + id},
                  {"namespace", "chutes"},
                  {"labels",
                   {{"app.kubernetes.io/managed-by", "rigger"},
                    {"chutes/deployment-id", id},
                    {"chutes/chute", "true"},
                    {"chutes/chute-id", "5b1e8b3e-1111-4111-8111-111111111111"},
                    {"chutes/version", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}}}}},
                {"spec", pod_spec("node-" + std::to_string(i % nodes))}}
        .dump();
}
FleetServer server(int i) {
    FleetServer s;
    s.id = "srv-" + std::to_string(i);
    s.name = "node-" + std::to_string(i);
    s.address = "192.0.2.1";
    s.model = "h100_sxm";
    s.count = 8;
    s.cpu = 1000;
    s.memory_gb = s.disk_gb = 100'000;
    s.gpu_memory_mb = 81920;
    return s;
}

struct Bed {
    Bed() {
        std::string pattern = (std::filesystem::temp_directory_path() / "bench-cluster-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
        options.store.path = (directory / "cluster.sqlite").string();
        open();
    }
    ~Bed() {
        cluster.reset();
        std::filesystem::remove_all(directory);
    }
    void open() {
        auto opened = Cluster::open(options, clock, [] {});
        if (!opened.ok()) throw std::runtime_error(opened.error().message);
        cluster = std::move(*opened);
        Fleet fleet;
        for (int i = 0; i < 100; ++i) fleet.servers.push_back(server(i));
        if (!cluster->set_fleet(fleet).ok()) throw std::runtime_error("fleet");
    }
    void run(double seconds_to_pass) {
        const uint64_t until = clock.now + seconds(seconds_to_pass);
        for (uint64_t due = cluster->tick(); due <= until; due = cluster->tick()) clock.now = std::max(clock.now, due);
        clock.now = until;
    }
    void fill(int pods) {
        for (int i = 0; i < pods; ++i)
            if (auto made = cluster->apply("local", pod(i, 100), 0); !made.ok())
                throw std::runtime_error(made.error().message);
    }
    std::filesystem::path directory;
    ClusterOptions options;
    SteppedClock clock;
    std::unique_ptr<Cluster> cluster;
};

double resident_mb() {
    std::ifstream statm("/proc/self/statm");
    long total = 0, resident = 0;
    statm >> total >> resident;
    return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / 1e6;
}

rig_code take_object(void *ctx, int32_t, rig_str, rig_doc) { return ++*static_cast<int64_t *>(ctx), RIG_OK; }
rig_code take_mark(void *, rig_str, int32_t, rig_str) { return RIG_OK; }
rig_code take_token(void *, rig_bytes) { return RIG_OK; }

/// Each creation is acknowledged durably; nothing else runs.
void create_pods(benchmark::State &state) {
    Bed bed;
    int i = 0;
    for (auto _ : state)
        if (!bed.cluster->apply("local", pod(i++, 100), 0).ok()) return state.SkipWithError("apply");
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_pods)->Iterations(10'000)->Unit(benchmark::kMicrosecond);

/// From nothing to 10,000 pods that run and are ready; and the memory they take.
void pods_to_ready(benchmark::State &state) {
    for (auto _ : state) {
        const double before = resident_mb();
        Bed bed;
        bed.fill(10'000);
        bed.run(60);
        state.counters["resident_mb"] = resident_mb();
        state.counters["grown_mb"] = resident_mb() - before;
        state.counters["pods_per_second"] = benchmark::Counter(10'000, benchmark::Counter::kIsRate);
    }
}
BENCHMARK(pods_to_ready)->Iterations(1)->Unit(benchmark::kMillisecond);

void reopen_with_10000_pods(benchmark::State &state) {
    Bed bed;
    bed.fill(10'000);
    bed.run(60);
    for (auto _ : state) {
        bed.cluster.reset();
        bed.open();
    }
}
BENCHMARK(reopen_with_10000_pods)->Iterations(3)->Unit(benchmark::kMillisecond);

void list(benchmark::State &state, const char *query) {
    Bed bed;
    bed.fill(10'000);
    int64_t objects = 0;
    const rig_object_sink sink{sizeof sink, &objects, &take_object, &take_mark, &take_token};
    for (auto _ : state)
        if (!bed.cluster->list(query, rig::Objects(&sink)).ok()) return state.SkipWithError("list");
    state.counters["objects"] = static_cast<double>(objects) / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(list, all_10000_pods, R"({"apiVersion":"v1","kind":"Pod"})")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(
    list, one_of_10000_by_label,
    R"({"apiVersion":"v1","kind":"Pod","labelSelector":"chutes/deployment-id=0f6f1c1a-0000-4000-8000-100000005000"})")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(list, one_node_of_100, R"({"apiVersion":"v1","kind":"Pod","fieldSelector":"spec.nodeName=node-7"})")
    ->Unit(benchmark::kMicrosecond);

void get_pod(benchmark::State &state) {
    Bed bed;
    bed.fill(1000);
    const std::string reference = Json{{"apiVersion", "v1"},
                                       {"kind", "Pod"},
                                       {"namespace", "chutes"},
                                       {"name", "chute-0f6f1c1a-0000-4000-8000-100000000500"}}
                                      .dump();
    for (auto _ : state) benchmark::DoNotOptimize(bed.cluster->get(reference));
}
BENCHMARK(get_pod)->Unit(benchmark::kMicrosecond);

/// One hour of 20 restarting pods, an outage a day: how many cluster hours pass per second.
void cluster_hours(benchmark::State &state) {
    Bed bed;
    for (auto _ : state) {
        state.PauseTiming();
        bed.options.store.path = ":memory:";
        Rule crash;
        crash.after_seconds = 3600;
        crash.probability = 0.5;
        crash.each_attempt = true;
        bed.options.script.rules = {crash};
        bed.open();
        for (int i = 0; i < 20; ++i) {
            Json object = Json::parse(pod(i, 100));
            object["spec"]["restartPolicy"] = "Always";
            (void)bed.cluster->apply("local", object.dump(), 0).ok();
        }
        state.ResumeTiming();
        bed.run(1000.0 * 3600);
        state.counters["hours_per_second"] = benchmark::Counter(1000, benchmark::Counter::kIsRate);
    }
}
BENCHMARK(cluster_hours)->Iterations(1)->Unit(benchmark::kMillisecond);
} // namespace

BENCHMARK_MAIN();
