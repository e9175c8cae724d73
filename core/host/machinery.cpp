#include "host/machinery.hpp"

#include <rigger/abi/kinds.h>
#include <spdlog/logger.h>

namespace rigger::host {
namespace {
std::shared_ptr<Pool> pool(const char *name, size_t threads) { return std::make_shared<Pool>(name, threads); }
} // namespace

Machinery::Machinery(HostServices s, size_t scorer_threads, std::filesystem::path record)
    : services(std::move(s)), crash_record(std::move(record)), clock(*services.clock),
      watchdog(clock, [this](MonoTime now) { return timers.fire(now); }), strands_(pool("plugin-strand", 2)),
      streams_(pool("plugin-watch", 256)), http_(pool("plugin-http", 8)), housekeeping_(pool("plugin-registry", 1)),
      sources_(pool("plugin-source", 8)), backends_(pool("plugin-backend", 16)),
      scorers_(pool("plugin-score", scorer_threads)), reconcilers_(pool("plugin-reconc", 2)),
      frontends_(pool("plugin-front", 8)) {}

Machinery::~Machinery() { stop(); }

const std::shared_ptr<Pool> &Machinery::workers(std::string_view kind) const {
    if (kind == RIG_KIND_VALIDATOR_SOURCE) return sources_;
    if (kind == RIG_KIND_CLUSTER_BACKEND) return backends_;
    if (kind == RIG_KIND_PLACEMENT_SCORER) return scorers_;
    if (kind == RIG_KIND_RECONCILER) return reconcilers_;
    return frontends_;
}

void Machinery::end_if_files_are_lost() const {
    if (ledger && own_file.lost()) end_without_files(crash_record, ledger->now());
}

void Machinery::log(int level, std::string_view message) const {
    if (services.log) services.log->log(static_cast<spdlog::level::level_enum>(level), "{}", message);
}

void Machinery::stop() {
    // Threads first: while they end, the watchdog still gives up those that do not.
    for (const auto &p :
         {housekeeping_, http_, streams_, sources_, backends_, scorers_, reconcilers_, frontends_, strands_})
        p->stop();
    watchdog.stop();
}

} // namespace rigger::host
