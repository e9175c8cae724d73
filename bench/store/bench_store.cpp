// How fast records are kept: commits with their fsync, batches, and the load at start. The directory is
// RIGGER_BENCH_DIR, else the current one: fsync costs what the disk below it costs.
#include "engine/store_sqlite/sqlite_store.hpp"

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>

namespace rigger {
namespace {

class Directory {
public:
    Directory() {
        const char *const chosen = std::getenv("RIGGER_BENCH_DIR");
        std::string name = (std::filesystem::path(chosen ? chosen : ".") / "bench-store-XXXXXX").string();
        if (!::mkdtemp(name.data())) std::abort();
        path = name;
    }
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::unique_ptr<Store> open() const {
        auto store = open_sqlite_store({std::filesystem::absolute(path).string() + "/rigger.db", 2000, "", 0});
        if (!store.ok() || !(*store)->migrate().ok()) std::abort();
        return *std::move(store);
    }
    std::string path;
};

Server server(int n) {
    Server s;
    s.id = ServerId("0b0e4f0c-6c7b-4f6e-9c39-" + std::to_string(100000000000 + n));
    s.name = "gpu-node-" + std::to_string(n);
    s.labels = R"({"kubernetes.io/hostname":"gpu-node","gpu-short-ref":"h100_sxm"})";
    for (int i = 0; i < 8; ++i) {
        Gpu g;
        g.id = GpuId("4c2f0b1e9d8a47c6b5e3" + std::to_string(100000000000 + n * 8 + i));
        g.server = s.id;
        g.model = "h100_sxm";
        g.device_info = R"({"name":"NVIDIA H100 80GB HBM3","memory":85899345920})";
        g.verified = true;
        s.gpus.push_back(std::move(g));
    }
    return s;
}

Offer offer(int n) {
    Offer o;
    o.id = OfferId("offer-" + std::to_string(n));
    o.name = "model " + std::to_string(n);
    o.version = "v1";
    o.needs.gpu_models = {"a100", "h100", "h100_sxm"};
    return o;
}

Deployment deployment(int n, const Offer &o, const Server &s) {
    Deployment d;
    d.id = DeploymentId("7d2f1c55-0000-4000-8000-" + std::to_string(100000000000 + n));
    d.offer = o.id;
    d.offer_name = o.name;
    d.server = s.id;
    d.version = o.version;
    d.phase = Phase::active;
    d.gpus = {s.gpus[static_cast<size_t>(n) % 8].id};
    return d;
}

Intent intent(int n, const Deployment &d) {
    return {d.id.value + "/apply:" + std::to_string(n), d.id, "apply:Job/x", WallTime{n}, std::nullopt, ""};
}

void must(const Status &status) {
    if (!status.ok()) {
        std::fprintf(stderr, "%s\n", status.error().message.c_str());
        std::abort();
    }
}

/// What one step of a deployment costs: its row, an intent, a journal entry; durable.
void BM_CommitOneStep(benchmark::State &state) {
    const Directory directory;
    const auto store = directory.open();
    const Server s = server(0);
    const Offer o = offer(0);
    const Deployment d = deployment(0, o, s);
    must(store->commit({PutServer{s}, PutOffer{o}}));
    int n = 0;
    for (auto _ : state) {
        ++n;
        must(store->commit(
            {PutDeployment{d}, PutIntent{intent(n, d)},
             AppendJournal{{0, WallTime{n}, "control", std::to_string(n), "deployment.created", "{}", true}}}));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CommitOneStep)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// The same for many deployments in one commit, as the control loop batches them; items are deployments.
void BM_CommitBatch(benchmark::State &state) {
    const Directory directory;
    const auto store = directory.open();
    const Server s = server(0);
    const Offer o = offer(0);
    must(store->commit({PutServer{s}, PutOffer{o}}));
    int n = 0;
    for (auto _ : state) {
        std::vector<Write> writes;
        for (int64_t i = 0; i < state.range(0); ++i) {
            const Deployment d = deployment(++n % 10000, o, s);
            writes.push_back(PutDeployment{d});
            writes.push_back(PutIntent{intent(n, d)});
            writes.push_back(
                AppendJournal{{0, WallTime{n}, "control", std::to_string(n), "deployment.created", "{}", true}});
        }
        must(store->commit(writes));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_CommitBatch)->Arg(64)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();

/// What a start reads: 1,250 servers with 10,000 GPUs, 500 offers, 10,000 deployments.
void BM_LoadTenThousandDeployments(benchmark::State &state) {
    const Directory directory;
    const auto store = directory.open();
    std::vector<Write> writes;
    std::vector<Server> servers;
    std::vector<Offer> offers;
    for (int i = 0; i < 1250; ++i) writes.push_back(PutServer{servers.emplace_back(server(i))});
    for (int i = 0; i < 500; ++i) writes.push_back(PutOffer{offers.emplace_back(offer(i))});
    for (int i = 0; i < 10000; ++i) {
        const Server &s = servers[static_cast<size_t>(i) / 8];
        const Deployment d = deployment(i, offers[static_cast<size_t>(i) % offers.size()], s);
        writes.push_back(PutDeployment{d});
        writes.push_back(SetGpuOwner{d.gpus[0], d.id});
    }
    must(store->commit(writes));
    for (auto _ : state) {
        auto loaded = store->load();
        if (!loaded.ok() || loaded->deployments.size() != 10000) std::abort();
        benchmark::DoNotOptimize(loaded);
    }
    state.SetItemsProcessed(state.iterations() * 10000);
}
BENCHMARK(BM_LoadTenThousandDeployments)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_OpenAndMigrateExisting(benchmark::State &state) {
    const Directory directory;
    (void)directory.open();
    for (auto _ : state) benchmark::DoNotOptimize(directory.open());
}
BENCHMARK(BM_OpenAndMigrateExisting)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
} // namespace rigger

BENCHMARK_MAIN();
