#include "host/registry.hpp"

#include "host/files.hpp"
#include "host/guard/crash.hpp"
#include "host/guard/ledger.hpp"
#include "host/guard/quarantine.hpp"
#include "host/instance_check.hpp"
#include "host/machinery.hpp"
#include "host/order.hpp"
#include "host/registry_entry.hpp"
#include "host/services/handle.hpp"

#include <rigger/abi/plugin.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
constexpr Duration first_retry = 1s, longest_retry = 5min;
constexpr int64_t stuck_threads_to_give_up = 3;
constexpr std::string_view own_plugins = "rig."; ///< ids of the plugins that come with rigger
constexpr const char *ledger_file = "calls-in-progress";

/// A thread that a plugin left behind may call the host as long as the process lives, and finds it closed.
void keep_for_good(std::vector<std::shared_ptr<HostHandle>> handles) {
    static std::mutex mutex;
    static auto *const kept = new std::vector<std::shared_ptr<HostHandle>>;
    for (const auto &handle : handles) {
        handle->revoke();
        handle->orphaned.store(true, std::memory_order_release);
    }
    const std::lock_guard lock(mutex);
    kept->insert(kept->end(), handles.begin(), handles.end());
}

/// The record speaks of that process: its seconds are whole ones.
bool is_explained(const LeftInProgress &left, const std::vector<Crash> &crashes) {
    return std::any_of(crashes.begin(), crashes.end(), [&](const Crash &c) {
        return c.signal != without_a_word && c.at + Duration(1s) > left.started;
    });
}
} // namespace

struct Registry::Impl {
    Impl(RegistryOptions o, HostServices s)
        : options(std::move(o)),
          machinery(std::make_shared<Machinery>(std::move(s), options.scorers_on_caller ? 0 : scorer_threads(),
                                                options.state_dir / "crashes.log")),
          loader(options.check), quarantine(options.state_dir / "quarantine.json"), safe_mode(options.safe_mode) {}

    ~Impl() {
        for (const auto &library : libraries)
            if (library->handle) handles.push_back(library->handle);
        keep_for_good(std::move(handles));
    }

    static size_t scorer_threads() { return std::max(2u, std::thread::hardware_concurrency()); }
    const RegistryOptions options;
    const std::shared_ptr<Machinery> machinery;
    Loader loader;
    Quarantine quarantine;
    std::unique_ptr<CrashHandler> crash_handler;

    std::mutex operations; ///< one start, stop, reload or reset at a time; held while plugins are called
    bool stopping = false;
    std::atomic<bool> safe_mode;

    mutable std::mutex data; ///< never held while plugins are called, and never while `operations` is waited for
    std::vector<std::unique_ptr<Entry>> entries;
    LivePortsPtr live = std::make_shared<const LivePorts>();
    std::function<void(LivePortsPtr)> changed;
    std::vector<std::string> warnings;
    std::vector<Judgement::Remark> remarks;
    std::vector<std::shared_ptr<HostHandle>> handles; ///< a thread that a plugin leaked may still hold one
    std::vector<std::shared_ptr<LoadedPlugin>> libraries;
    bool gave_up = false;

    void log(int level, const std::string &text) const { machinery->log(level, text); }
    void read_crash_record();
    Status load_entries();
    void describe(Entry &e, const std::vector<FoundPackage> &packages);
    std::vector<Entry *> in_order();
    void start_entry(Entry &e);
    Status bring_up(Entry &e);
    Result<InstanceSetup> prepare(Entry &e);
    void stop_entry(Entry &e, PluginState state);
    void refuse(Entry &e, PluginState state, const Error &why);
    void retry_later(Entry &e);
    void written_off(Instance &instance, const std::string &call);
    void publish();
    void in_background(std::function<void(Impl &)> task);
    Entry *find(const std::string &name);
};

// ---- what is there

void Registry::Impl::read_crash_record() {
    const auto &record = machinery->crash_record;
    std::vector<Crash> crashes = read_crashes(record);
    const WallTime now = machinery->clock.wall();
    if (const auto left = Ledger::read(options.state_dir / ledger_file); left && !is_explained(*left, crashes)) {
        log(3, "the daemon ended without a word: it was killed, or a plugin ended it. " + left->told());
        Crash silent = crash_of(left->suspect(), without_a_word, now);
        if (const Status noted = add_crash(record, silent); !noted.ok()) log(4, noted.error().message);
        crashes.push_back(std::move(silent));
    }
    const Judgement judgement = judge(crashes, now);
    for (const std::string &w : judgement.warnings) log(3, w);
    for (const auto &c : judgement.quarantine) (void)quarantine.add({c.instance, c.plugin, c.digest, c.why, now});
    if (judgement.safe_mode) safe_mode = true;
    {
        const std::lock_guard lock(data);
        warnings = judgement.warnings;
        remarks = judgement.remarks;
    }
    // What led to a quarantine is dealt with: after a reset it must not count again.
    if (crashes.empty()) return;
    std::string kept;
    const auto old = read_text_file(record, size_t{4} << 20);
    std::string_view rest = old.ok() ? std::string_view(*old) : std::string_view();
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const bool dealt_with =
            std::any_of(judgement.quarantine.begin(), judgement.quarantine.end(), [&](const auto &c) {
                return line.find(" instance=" + c.instance + " ") != std::string_view::npos;
            });
        if (!dealt_with) kept.append(line).append("\n");
    }
    constexpr size_t longest_record = 64 * 1024;
    if (kept.size() > longest_record) kept = kept.substr(kept.find('\n', kept.size() - longest_record) + 1);
    (void)replace_file(record, kept, 0600);
}

void Registry::Impl::describe(Entry &e, const std::vector<FoundPackage> &packages) {
    PluginRow &row = e.row;
    row.name = e.found.name;
    row.file = e.found.path.string();
    row.since = machinery->clock.wall();
    row.breaker = "closed";
    row.state = PluginState::disabled;
    const auto text = read_text_file(e.found.path, 256 * 1024);
    e.fingerprint = text.ok() ? *text : std::string();
    if (!e.found.file.ok()) return;
    const InstanceFile &f = *e.found.file;
    row.name = f.name;
    row.id = f.plugin;
    row.required = f.required;
    row.weight = f.weight;
    const FoundPackage *p = find_package(packages, f.plugin);
    if (!p) return;
    row.version = p->manifest->version;
    row.origin = p->directory.string();
    const auto manifest = read_text_file(p->directory / "plugin.yaml", 64 * 1024);
    e.fingerprint.append(1, '\0').append(row.origin).append(1, '\0').append(manifest.ok() ? *manifest : std::string());
    const ComponentRef *c =
        f.component.empty() ? &p->manifest->components.front() : p->manifest->component(f.component);
    if (!c) return;
    row.component = c->id;
    row.kind = c->kind;
}

Status Registry::Impl::load_entries() {
    RIG_TRY_ASSIGN(std::vector<FoundInstance> found, find_instances(options.enabled_dir));
    const auto packages = find_packages(options.plugin_dirs);
    std::vector<std::unique_ptr<Entry>> fresh;
    for (FoundInstance &f : found) {
        fresh.push_back(std::make_unique<Entry>(Entry{std::move(f), {}, {}, nullptr, {}, Duration{0}, 0}));
        describe(*fresh.back(), packages);
    }
    std::vector<std::unique_ptr<Entry>> gone;
    {
        const std::lock_guard lock(data);
        for (auto &now : fresh) {
            const auto old = std::find_if(entries.begin(), entries.end(),
                                          [&](const auto &e) { return e && e->found.path == now->found.path; });
            if (old == entries.end()) continue;
            const bool runs = (*old)->instance && (*old)->row.state == PluginState::running;
            const bool same = (*old)->fingerprint == now->fingerprint;
            if (same && (runs || (*old)->row.state == PluginState::quarantined)) now.swap(*old);
        }
        gone.swap(entries);
        entries = std::move(fresh);
    }
    for (auto &e : gone)
        if (e && e->instance &&
            std::none_of(entries.begin(), entries.end(), [&](const auto &n) { return n->instance == e->instance; }))
            stop_entry(*e, PluginState::retired);
    return {};
}

std::vector<Entry *> Registry::Impl::in_order() {
    const auto packages = find_packages(options.plugin_dirs);
    std::vector<StartNode> nodes;
    std::vector<Entry *> owners, order;
    std::map<std::string, const Entry *> names;
    for (const auto &e : entries) {
        if (!e->found.file.ok()) {
            refuse(*e, PluginState::refused,
                   refusal(e->found.file.error().reason, e->found.name, "", e->found.file.error().message, ""));
            continue;
        }
        const InstanceFile &f = *e->found.file;
        if (const auto [at, fresh] = names.emplace(f.name, e.get()); !fresh) {
            refuse(*e, PluginState::refused,
                   refusal("NameTaken", f.plugin, e->row.version,
                           "its instance name '" + f.name + "' is taken by " + at->second->found.path.string(),
                           "Set another `name:` in " + f.file));
            continue;
        }
        const auto package = package_for(f, packages);
        if (!package.ok()) {
            refuse(*e, PluginState::refused, package.error());
            continue;
        }
        const FoundPackage *p = *package;
        nodes.push_back({f.name, f.plugin, p->manifest->version, p->manifest->after, p->manifest->requires_plugins,
                         p->manifest->conflicts});
        owners.push_back(e.get());
    }
    const StartPlan plan = plan_start(nodes);
    for (const auto &[i, why] : plan.refused) refuse(*owners[i], PluginState::refused, why);
    for (const size_t i : plan.order) order.push_back(owners[i]);
    return order;
}

Entry *Registry::Impl::find(const std::string &name) {
    const std::lock_guard lock(data);
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto &e) { return e->row.name == name; });
    return at == entries.end() ? nullptr : at->get();
}

// ---- one instance up

void Registry::Impl::refuse(Entry &e, PluginState state, const Error &why) {
    log(4, why.message);
    const std::lock_guard lock(data);
    e.row.state = state;
    e.row.since = machinery->clock.wall();
    e.row.last_error = why.message;
    e.row.last_error_at = e.row.since;
    e.row.next_command = state == PluginState::refused ? next_after_refusal(why.reason, e.row) : "";
}

Result<InstanceSetup> Registry::Impl::prepare(Entry &e) {
    const InstanceFile &file = *e.found.file;
    const auto packages = find_packages(options.plugin_dirs);
    RIG_TRY_ASSIGN(const FoundPackage *package, package_for(file, packages));
    RIG_TRY_ASSIGN(const std::shared_ptr<LoadedPlugin> plugin, loader.load(package->directory));
    const Manifest &m = plugin->package.manifest;
    InstanceSetup s;
    s.library = plugin;
    RIG_TRY_ASSIGN(const ProbedComponent *component, find_component(file, m, plugin->facts.components));
    const ProbedComponent &described = *component;
    s.component = described.id;
    s.plugin = m.id;
    s.version = m.version;
    s.kind = described.kind;
    s.name = file.name;
    s.digest = plugin->package.digest;
    s.origin = plugin->package.directory.string();
    s.flags = described.flags;
    s.code = plugin->component(s.component);
    s.grants = m.grants;
    s.file = file;
    if (auto limits = limits_for(s.kind, file); limits.ok()) s.limits = *std::move(limits);
    else return refusal(limits.error().reason, m, limits.error().message, "Correct the file");
    RIG_TRY_ASSIGN(s.config, fit_config(file, m, described));
    return s;
}

Status Registry::Impl::bring_up(Entry &e) {
    RIG_TRY_ASSIGN(InstanceSetup setup, prepare(e));
    {
        const std::lock_guard lock(data);
        e.row.version = setup.version;
        e.row.component = setup.component;
        e.row.kind = setup.kind;
        e.row.digest = setup.digest;
        e.row.origin = setup.origin;
        if (std::find(libraries.begin(), libraries.end(), setup.library) == libraries.end())
            libraries.push_back(setup.library);
    }
    if (const auto held = quarantine.find(setup.name, setup.digest))
        return Error{Code::denied, "Quarantined",
                     setup.plugin + " " + setup.version + ": quarantined since " + to_rfc3339(held->at) + ": " +
                         held->why + ". Run: rigger plugins reset " + setup.name + ".",
                     0};
    if ((setup.flags & RIG_COMPONENT_SINGLETON) != 0) {
        const std::lock_guard lock(data);
        for (const auto &other : entries)
            if (other.get() != &e && other->instance && other->instance->running() &&
                other->row.component == setup.component)
                return refusal("Singleton", setup.plugin, setup.version,
                               "only one instance of " + setup.component + " may run, and '" + other->row.name +
                                   "' does",
                               "Disable one of them");
    }
    const auto instance = std::make_shared<Instance>(std::move(setup), machinery);
    instance->on_written_off([this](Instance &i, const std::string &call) { written_off(i, call); });
    {
        const std::lock_guard lock(data);
        handles.push_back(instance->handle_ref());
        e.instance = instance;
    }
    instance->blame_for_changes("load", std::exchange(instance->setup().library->changed, {}));
    const auto failed = [&](const Error &why) {
        instance->stop();
        return Error{Code::unavailable, why.reason, why.message, why.retry_after_ms};
    };
    if (const Status created = instance->create(); !created.ok()) return failed(created.error());
    auto port = make_port(instance);
    if (!port.ok()) {
        (void)failed(port.error());
        return refusal(port.error().reason, instance->setup().plugin, instance->setup().version, port.error().message,
                       "Install a version that fits this host");
    }
    if (const Status started = instance->start(); !started.ok()) return failed(started.error());
    const std::lock_guard lock(data);
    e.port = *std::move(port);
    e.row.state = PluginState::running;
    e.row.since = machinery->clock.wall();
    e.row.last_error.clear();
    e.row.next_command.clear();
    e.backoff = Duration{0};
    return {};
}

void Registry::Impl::start_entry(Entry &e) {
    {
        const std::lock_guard lock(data);
        if (e.row.state == PluginState::running) return;
    }
    if (safe_mode && !e.found.file->plugin.starts_with(own_plugins)) {
        refuse(e, PluginState::stopped,
               Error{Code::unavailable, "SafeMode",
                     e.found.file->plugin +
                         " is not started: safe mode after several crashes; run: rigger plugins reset " + e.row.name,
                     0});
        return;
    }
    const Status up = bring_up(e);
    if (up.ok()) {
        log(2, "plugin " + e.row.id + " " + e.row.version + " runs as '" + e.row.name + "' (" + e.row.kind + ")");
        return;
    }
    const Error &why = up.error();
    const bool hung = why.reason == "Hung" || why.reason == "Quarantined";
    if (hung) return refuse(e, PluginState::quarantined, why);
    if (why.code == Code::unavailable) {
        refuse(e, PluginState::failed, why);
        retry_later(e);
        return;
    }
    refuse(e, PluginState::refused, why);
}

void Registry::Impl::retry_later(Entry &e) {
    const std::lock_guard lock(data);
    e.backoff = e.backoff.count() == 0 ? first_retry : std::min(longest_retry, e.backoff * 2);
    const std::string name = e.row.name;
    if (e.retry_timer != 0) machinery->timers.cancel(e.retry_timer);
    e.retry_timer = machinery->timers.add(machinery->clock.monotonic() + e.backoff, Duration{0}, [this, name] {
        in_background([name](Impl &self) {
            Entry *entry = self.find(name);
            if (!entry) return;
            {
                const std::lock_guard own(self.data);
                if (entry->row.state != PluginState::failed) return;
            }
            self.start_entry(*entry);
            self.publish();
        });
    });
    machinery->watchdog.wake();
}

void Registry::Impl::stop_entry(Entry &e, PluginState state) {
    std::shared_ptr<Instance> instance;
    {
        const std::lock_guard lock(data);
        instance = std::move(e.instance);
        e.instance = nullptr;
        e.port = {};
        if (e.retry_timer != 0) machinery->timers.cancel(e.retry_timer);
        e.retry_timer = 0;
        if (e.row.state != PluginState::quarantined) {
            e.row.state = state;
            e.row.since = machinery->clock.wall();
        }
    }
    if (instance) instance->stop();
}

// ---- news

/// On the watchdog's thread: short, and nothing that waits for a plugin.
void Registry::Impl::written_off(Instance &instance, const std::string &call) {
    const InstanceSetup &s = instance.setup();
    // At the end of the process it had less time than it may need: that is no reason not to start it again.
    if (machinery->watchdog.ending(machinery->clock.monotonic()))
        return log(4, s.plugin + " " + s.version + " (instance '" + s.name + "') did not return from " + call +
                          "() before the process ended; its thread is left behind");
    const std::string why = "did not return from " + call + "() by its hard deadline";
    log(5, s.plugin + " " + s.version + " (instance '" + s.name + "'): " + why +
               "; it is quarantined. Run: rigger plugins reset " + s.name);
    std::function<void(const std::string &)> give_up;
    {
        const std::lock_guard lock(data);
        for (const auto &e : entries) {
            if (e->instance.get() != &instance) continue;
            e->row.state = PluginState::quarantined;
            e->row.since = machinery->clock.wall();
            e->row.last_error = why;
            e->port = {};
        }
        const int64_t limit = options.scorers_on_caller ? 1 : stuck_threads_to_give_up;
        if (machinery->stuck.load(std::memory_order_relaxed) >= limit && !gave_up) {
            gave_up = true;
            give_up = options.give_up;
        }
    }
    const Quarantined entry{s.name, s.plugin, s.digest, why, machinery->clock.wall()};
    // The list is written here and now: should the daemon end next, the culprit must still be known.
    if (const Status kept = quarantine.add(entry); !kept.ok()) log(4, kept.error().message);
    in_background([](Impl &self) { self.publish(); });
    if (give_up)
        give_up(s.plugin + " " + s.version + " (instance '" + s.name + "') " + why +
                (options.scorers_on_caller
                     ? ""
                     : "; " + std::to_string(stuck_threads_to_give_up) + " threads are stuck in plugins by now"));
}

void Registry::Impl::in_background(std::function<void(Impl &)> task) {
    (void)machinery->housekeeping()->run([this, task = std::move(task)](const auto &) {
        const std::lock_guard lock(operations);
        if (!stopping) task(*this);
    });
}

/// With `operations` held.
void Registry::Impl::publish() {
    auto fresh = std::make_shared<LivePorts>();
    std::function<void(LivePortsPtr)> tell;
    {
        const std::lock_guard lock(data);
        for (const auto &e : entries) {
            const auto runs = machinery->services.metrics->gauge("rigger_plugin_running", "1 while the plugin runs",
                                                                 {{"instance", e->row.name}, {"kind", e->row.kind}});
            machinery->services.metrics->set(runs, e->row.state == PluginState::running ? 1 : 0);
            if (e->port.source) fresh->sources.push_back(e->port.source);
            if (e->port.backend) fresh->backends.push_back(e->port.backend);
            if (e->port.scorer) fresh->scorers.push_back(e->port.scorer);
            if (e->port.reconciler) fresh->reconcilers.push_back(e->port.reconciler);
            if (e->port.frontend) fresh->frontends.push_back(e->port.frontend);
        }
        const bool same = fresh->sources == live->sources && fresh->backends == live->backends &&
                          fresh->scorers == live->scorers && fresh->reconcilers == live->reconcilers &&
                          fresh->frontends == live->frontends;
        if (same) return;
        fresh->generation = live->generation + 1;
        live = fresh;
        tell = changed;
    }
    machinery->topics.publish("rigger.plugins.changed", "{\"generation\":" + std::to_string(fresh->generation) + "}");
    // Told from a thread of its own: who hears it may wait for plugins, and must not hold up who changed something.
    if (tell) (void)machinery->housekeeping()->run([tell, ports = LivePortsPtr(fresh)](const auto &) { tell(ports); });
}

// ---- the registry

Registry::Registry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Registry::~Registry() { stop(); }

Result<std::unique_ptr<Registry>> Registry::open(RegistryOptions options, HostServices services) {
    if (!services.clock || !services.metrics || !services.log)
        return invalid("ServiceMissing", "the plugin registry needs a clock, metrics and a log");
    if (options.check.cache_dir.empty() || options.check.probe.empty())
        return invalid("OptionMissing", "the plugin registry needs a cache directory and rigger-plugin-probe");
    RIG_TRY(make_private_directory(options.state_dir));
    RIG_TRY(make_private_directory(options.check.cache_dir));
    return std::unique_ptr<Registry>(new Registry(std::make_unique<Impl>(std::move(options), std::move(services))));
}

Status Registry::start() {
    Impl &r = *impl_;
    const std::lock_guard lock(r.operations);
    if (r.stopping) return Error{Code::unavailable, "Stopped", "the plugin registry was stopped", 0};
    r.read_crash_record();
    if (r.options.install_crash_handler && !r.crash_handler) {
        RIG_TRY_ASSIGN(r.crash_handler, CrashHandler::install(r.machinery->crash_record));
    }
    if (r.options.install_crash_handler && !r.machinery->ledger) {
        auto ledger = Ledger::open(r.options.state_dir / ledger_file, r.machinery->clock.wall());
        if (!ledger.ok()) r.log(3, ledger.error().message); // it goes without
        const std::lock_guard own(r.data);
        if (ledger.ok()) r.machinery->ledger = *std::move(ledger);
    }
    if (r.options.run_watchdog) r.machinery->watchdog.start();
    RIG_TRY(r.load_entries());
    for (Entry *e : r.in_order()) r.start_entry(*e);
    r.publish();
    for (const PluginRow &row : status())
        if (row.required && row.state != PluginState::running && row.state != PluginState::degraded)
            return Error{Code::unavailable, "RequiredPlugin",
                         "required plugin instance '" + row.name + "' is " + std::string(state_name(row.state)) + ": " +
                             row.last_error,
                         0};
    return {};
}

void Registry::stop(Duration within) {
    Impl &r = *impl_;
    {
        const std::lock_guard own(r.data);
        if (r.machinery->ledger) r.machinery->ledger->end();
    }
    r.machinery->watchdog.end_by(r.machinery->clock.monotonic() + within);
    {
        const std::lock_guard lock(r.operations);
        if (r.stopping) return;
        r.stopping = true;
        {
            const std::lock_guard own(r.data);
            r.gave_up = true; // it ends as it is
        }
        r.machinery->control.store(nullptr);
        for (const auto &library : r.libraries) library->closing = true;
        for (auto e = r.entries.rbegin(); e != r.entries.rend(); ++e) r.stop_entry(**e, PluginState::stopped);
        const std::lock_guard own(r.data);
        r.live = std::make_shared<const LivePorts>();
        r.changed = nullptr;
    }
    // Without the lock: a task that waits for it must be able to end.
    r.machinery->stop();
    r.crash_handler.reset();
}

void Registry::serve(ControlApi *control) { impl_->machinery->control.store(control); }

Status Registry::reload() {
    Impl &r = *impl_;
    const std::lock_guard lock(r.operations);
    if (r.stopping) return Error{Code::unavailable, "Stopped", "the plugin registry was stopped", 0};
    RIG_TRY(r.load_entries());
    for (Entry *e : r.in_order()) r.start_entry(*e);
    r.publish();
    return {};
}

Status Registry::restart(const std::string &name) {
    Impl &r = *impl_;
    const std::lock_guard lock(r.operations);
    Entry *e = r.find(name);
    if (!e || r.stopping)
        return not_found("UnknownInstance", "there is no plugin instance '" + name + "'; see: rigger plugins list");
    r.stop_entry(*e, PluginState::stopped);
    r.publish();
    const auto file = e->found.path;
    e->found.file = read_instance_file(file);
    const auto order = r.in_order();
    if (std::find(order.begin(), order.end(), e) != order.end()) r.start_entry(*e);
    r.publish();
    const std::lock_guard own(r.data);
    if (e->row.state == PluginState::running) return {};
    return Error{
        Code::unavailable, "NotRunning",
        "plugin instance '" + name + "' is " + std::string(state_name(e->row.state)) + ": " + e->row.last_error, 0};
}

Status Registry::disable(const std::string &name) {
    Impl &r = *impl_;
    const std::lock_guard lock(r.operations);
    Entry *e = r.find(name);
    if (!e) return not_found("UnknownInstance", "there is no plugin instance '" + name + "'; see: rigger plugins list");
    r.stop_entry(*e, PluginState::disabled);
    r.publish();
    return {};
}

Status Registry::reset(const std::string &name) {
    Impl &r = *impl_;
    const std::lock_guard lock(r.operations);
    Entry *e = r.find(name);
    if (!e || r.stopping)
        return not_found("UnknownInstance", "there is no plugin instance '" + name + "'; see: rigger plugins list");
    RIG_TRY(r.quarantine.lift(name));
    bool running = false;
    {
        const std::lock_guard own(r.data);
        std::erase_if(r.remarks, [&](const auto &remark) { return remark.instance == name; });
        running = e->instance && e->row.state == PluginState::running;
        if (running) e->instance->reset_breaker();
        else e->row.state = PluginState::stopped;
        e->row.last_error.clear();
    }
    if (running || !e->found.file.ok()) return {};
    r.safe_mode = false;
    r.stop_entry(*e, PluginState::stopped);
    r.start_entry(*e);
    r.publish();
    const std::lock_guard own(r.data);
    if (e->row.state == PluginState::running) return {};
    return Error{
        Code::unavailable, "NotRunning",
        "plugin instance '" + name + "' is " + std::string(state_name(e->row.state)) + ": " + e->row.last_error, 0};
}

LivePortsPtr Registry::live() const {
    const std::lock_guard lock(impl_->data);
    return impl_->live;
}

void Registry::on_change(std::function<void(LivePortsPtr)> changed) {
    const std::lock_guard lock(impl_->data);
    impl_->changed = std::move(changed);
}

std::vector<PluginRow> Registry::status() const {
    std::vector<PluginRow> rows;
    const std::lock_guard lock(impl_->data);
    for (const auto &e : impl_->entries) {
        rows.push_back(row_of(*e));
        PluginRow &row = rows.back();
        if (row.state != PluginState::running || !row.last_error.empty()) continue;
        for (const auto &remark : impl_->remarks)
            if (remark.instance == row.name) {
                row.last_error = remark.text;
                row.last_error_at = remark.at;
                row.next_command = "rigger plugins disable " + row.name;
            }
    }
    return rows;
}

bool Registry::safe_mode() const { return impl_->safe_mode; }

std::vector<std::string> Registry::warnings() const {
    const std::lock_guard lock(impl_->data);
    return impl_->warnings;
}

void Registry::scan() { impl_->machinery->watchdog.scan(); }

} // namespace rigger::host
