#include "daemon/house.hpp"

#include "control/engine_planner.hpp"
#include "control/runtime.hpp"
#include "daemon/logging.hpp"
#include "daemon/notify.hpp"
#include "daemon/plugin_updates.hpp"
#include "daemon/settings.hpp"
#include "daemon/single_instance.hpp"
#include "daemon/thread_executor.hpp"
#include "daemon/version.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/http_server/server.hpp"
#include "engine/metrics/prometheus.hpp"
#include "host/command_service.hpp"
#include "host/registry.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <random>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace rigger::daemon {

/// Of a stop; what does not end by then is left behind, and everything durable has been written before.
constexpr Duration stop_limit = std::chrono::seconds(9);
constexpr Duration least_for_plugins = std::chrono::seconds(1), most_for_plugins = std::chrono::seconds(4);

/// In the order of construction; taken down in reverse.
struct House::Parts {
    std::filesystem::path config_path;
    Config config;
    std::shared_ptr<spdlog::logger> logger;
    std::unique_ptr<Log> log;
    SystemClock clock;
    ThreadExecutor executor;
    std::optional<SingleInstance> lock;
    std::unique_ptr<MetricsRegistry> metrics;
    std::unique_ptr<SecretProvider> secrets;
    std::unique_ptr<Store> store;
    std::unique_ptr<Planner> planner;
    std::unique_ptr<host::Registry> registry;
    std::unique_ptr<ControlRuntime> control;
    std::unique_ptr<PluginUpdates> updates;
    std::unique_ptr<host::PluginCommands> commands;
    std::unique_ptr<http_server::Server> http;
    uint64_t subscription = 0;
    std::atomic<bool> gave_up{false};
    bool stopped = false;
    std::mutex reload_lock;
    std::string reload_error; ///< of the last reload; empty: it was taken

    Status reload();
    std::vector<std::string> conditions();
    Status start();
    Status open_store();
    Status open_registry();
    Status start_control();
    Status serve();
    void stop();
};

Status House::Parts::open_store() {
    RIG_TRY_ASSIGN(store, open_configured_store(config));
    return store->migrate();
}

Status House::Parts::open_registry() {
    host::HostServices services;
    services.clock = &clock;
    services.metrics = metrics.get();
    services.store = store.get();
    services.secrets = secrets.get();
    services.log = logger;
    host::RegistryOptions options = registry_options(config);
    // A supervisor restarts the daemon; the culprit stays quarantined.
    options.give_up = [this](const std::string &why) {
        logger->critical("{}", why);
        gave_up = true;
        ::kill(::getpid(), SIGTERM);
    };
    RIG_TRY_ASSIGN(registry, host::Registry::open(std::move(options), services));
    return {};
}

Status House::Parts::start_control() {
    planner = std::make_unique<EnginePlanner>(placement_rules(config), &executor);
    ControlDependencies dependencies{.store = *store,
                                     .clock = clock,
                                     .metrics = *metrics,
                                     .log = *log,
                                     .planner = *planner,
                                     .random_seed = (uint64_t{std::random_device{}()} << 32) | std::random_device{}(),
                                     .version = version,
                                     .plugins_status = [this] { return host::to_json(registry->status()); },
                                     .conditions = [this] { return conditions(); }};
    control = std::make_unique<ControlRuntime>(std::move(dependencies), config.control);
    updates = std::make_unique<PluginUpdates>(*control);
    registry->on_change([this](host::LivePortsPtr ports) {
        for (const std::string &idle : idle_value_scorers(*ports)) logger->warn("{}", idle);
        if (auto applied = updates->apply(std::move(ports)); !applied.ok())
            logger->error("the scorers stay as they were: {}", applied.error().message);
    });
    RIG_TRY(registry->start());
    RIG_TRY(control->start(updates->begin(registry->live())));
    registry->serve(&control->api());
    return {};
}

Status House::Parts::serve() {
    commands = std::make_unique<host::PluginCommands>(*registry, clock);
    http_server::Dependencies dependencies{
        .commands = *commands,
        .metrics = *metrics,
        .clock = clock,
        .readiness =
            [this] {
                return http_server::Readiness{control->ready(),
                                              control->ready() ? R"({"ready":true})" : R"({"ready":false})"};
            },
        .plugins = [this]() -> Result<std::string> { return host::to_json(registry->status()); },
        .reload_plugins = [this]() -> Result<std::string> {
            RIG_TRY(registry->reload());
            return host::to_json(registry->status());
        },
        .reset_plugin = [this](std::string_view name) -> Result<std::string> {
            RIG_TRY(registry->reset(std::string(name)));
            return host::to_json(registry->status());
        },
        .log =
            [this](http_server::LogLevel level, std::string_view line) {
                constexpr spdlog::level::level_enum levels[] = {spdlog::level::info, spdlog::level::warn,
                                                                spdlog::level::err};
                logger->log(levels[static_cast<size_t>(level)], "http: {}", line);
            }};
    RIG_TRY_ASSIGN(http, http_server::Server::start(http_options(config), std::move(dependencies)));
    subscription = control->subscribe([this](uint64_t snapshot) { http->snapshot_changed(snapshot); });
    return {};
}

Status House::Parts::start() {
    log = make_log(logger);
    RIG_TRY_ASSIGN(auto held, SingleInstance::acquire(config.state_dir, config.runtime_dir));
    lock.emplace(std::move(held));
    metrics = make_metrics_registry();
    secrets = make_secret_provider();
    RIG_TRY(open_store());
    RIG_TRY(open_registry());
    RIG_TRY(start_control());
    RIG_TRY(serve());
    return {};
}

void House::Parts::stop() {
    if (stopped) return;
    stopped = true;
    const MonoTime all_ended = clock.monotonic() + stop_limit;
    if (http) http->stop();
    if (control && subscription) control->unsubscribe(subscription);
    if (registry) registry->serve(nullptr);
    if (control) control->stop();
    if (registry)
        registry->stop(std::clamp<Duration>(all_ended - clock.monotonic(), least_for_plugins, most_for_plugins));
}

House::House(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
House::~House() { stop(); }

Result<std::unique_ptr<House>> House::open(const std::filesystem::path &config_path, Config config,
                                           std::shared_ptr<spdlog::logger> logger) {
    auto house = std::unique_ptr<House>(new House(std::make_unique<Parts>()));
    Parts &parts = *house->parts_;
    parts.config_path = config_path;
    parts.config = std::move(config);
    parts.logger = std::move(logger);
    RIG_TRY(parts.start());
    parts.logger->info("riggerd {} is running; state in {}, commands on {}", version,
                       std::string(parts.config.state_dir), std::string(parts.config.socket_path()));
    return house;
}

Status House::Parts::reload() {
    std::vector<std::string> warnings;
    auto read = read_config(config_path, warnings);
    if (!read.ok())
        return read.error().within("the configuration was not reloaded, the daemon runs on with the one before");
    Config fresh = *std::move(read);
    for (const auto &warning : warnings) logger->warn("{}", warning);
    for (const auto &change : diff(config, fresh)) {
        if (change.restart)
            logger->warn("{} changed from {} to {}; it takes effect at the next start", change.key, change.from,
                         change.to);
        else logger->info("{} is now {}", change.key, change.to);
    }
    set_level(*logger, fresh.log.level);
    planner->set_rules(placement_rules(fresh));
    control->reconfigure(fresh.control);
    config = std::move(fresh);
    if (const Status plugins = registry->reload(); !plugins.ok())
        return plugins.error().within("the configuration was reloaded, but the plugins were not: those that run go on");
    logger->info("configuration and plugins reloaded");
    return {};
}

std::vector<std::string> House::Parts::conditions() {
    const std::lock_guard held(reload_lock);
    if (reload_error.empty()) return {};
    return {reload_error + " (mend it and reload)"};
}

Status House::reload() {
    const Status status = parts_->reload();
    const std::lock_guard held(parts_->reload_lock);
    parts_->reload_error = status.ok() ? std::string() : status.error().message;
    return status;
}

void House::stop() {
    if (parts_) parts_->stop();
}

int House::exit_code() const { return parts_->gave_up ? 75 : 0; }

} // namespace rigger::daemon
