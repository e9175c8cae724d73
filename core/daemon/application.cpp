#include "daemon/application.hpp"

#include "base/status.hpp"
#include "daemon/config/config.hpp"
#include "daemon/house.hpp"
#include "daemon/logging.hpp"
#include "daemon/notify.hpp"
#include "daemon/settings.hpp"
#include "daemon/surroundings.hpp"
#include "daemon/version.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionCallback.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace rigger::daemon {
namespace {

constexpr int exit_failure = 1;
constexpr auto longest_stop = std::chrono::milliseconds(9500); ///< 10 s are promised
constexpr int exit_bad_config = 78;                            // EX_CONFIG of sysexits.h

/// The signals that the main thread waits for. They are blocked before any thread starts, so that no other thread takes
/// them.
sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

/// A core file would hold the hotkey seed and tokens.
void forbid_core_files() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

/// The last resort. Nothing is lost by it: every effect was preceded by its intent.
[[noreturn]] void leave(spdlog::logger &logger, const char *doing) {
    logger.critical("something did not end while {}: see the lines above for the plugin; ending without it", doing);
    logger.flush();
    ::_exit(exit_failure);
}

/// Whether what starts plugins has ended, or did so soon enough after somebody wished the daemon to stop. That signal
/// stays pending.
template <typename T> bool ends_within(const std::future<T> &work) {
    constexpr auto look = std::chrono::milliseconds(100);
    while (work.wait_for(look) != std::future_status::ready) {
        sigset_t pending;
        sigemptyset(&pending);
        sigpending(&pending);
        if (!sigismember(&pending, SIGTERM) && !sigismember(&pending, SIGINT)) continue;
        return work.wait_for(longest_stop / 2) == std::future_status::ready;
    }
    return true;
}

} // namespace

Application::Application() { setUnixOptions(true); }

void Application::defineOptions(Poco::Util::OptionSet &options) {
    using Poco::Util::Option;
    using Callback = Poco::Util::OptionCallback<Application>;
    // Not ServerApplication's own: what goes wrong behind --daemon is seen by nobody. A supervisor does better.
    Poco::Util::Application::defineOptions(options);
    options.addOption(Option("config", "c", "the configuration file (default " + config_path_ + ")")
                          .argument("FILE")
                          .callback(Callback(this, &Application::handle_config)));
    options.addOption(
        Option("check-config", "",
               "read the configuration, the settings of the enabled plugins and the files that they name, say what is "
               "wrong with them, and end")
            .callback(Callback(this, &Application::handle_check)));
    options.addOption(
        Option("version", "", "print the version and end").callback(Callback(this, &Application::handle_version)));
    options.addOption(Option("help", "h", "print this and end").callback(Callback(this, &Application::handle_help)));
}

void Application::handle_config(const std::string &, const std::string &path) { config_path_ = path; }
void Application::handle_check(const std::string &, const std::string &) { check_only_ = true; }

void Application::handle_version(const std::string &, const std::string &) {
    std::cout << "riggerd " << version << '\n';
    answered_ = true;
    stopOptionsProcessing();
}

void Application::handle_help(const std::string &, const std::string &) {
    Poco::Util::HelpFormatter help(options());
    help.setUnixStyle(true);
    help.setCommand("riggerd");
    help.setUsage("[--config FILE] [--check-config]");
    help.setHeader("The rigger daemon: watches markets, places GPU workloads on Kubernetes, keeps both in agreement.");
    help.format(std::cout);
    answered_ = true;
    stopOptionsProcessing();
}

int Application::main(const std::vector<std::string> &arguments) {
    if (answered_) return EXIT_OK;
    if (!arguments.empty()) {
        std::cerr << "riggerd: unexpected argument '" << arguments.front() << "'; see riggerd --help\n";
        return EXIT_USAGE;
    }
    if (check_only_) return check();
    std::vector<std::string> warnings;
    auto config = read_config(config_path_, warnings);
    for (const auto &warning : warnings) std::cerr << "warning: " << warning << '\n';
    if (!config.ok()) {
        std::cerr << config.error().message << '\n';
        return exit_bad_config;
    }
    return serve(*std::move(config));
}

/// Says everything that is wrong: with the configuration, with what it names, and with the enabled plugins' settings.
int Application::check() {
    const Viewpoint viewpoint = look_as_owner_of(load_config(config_path_, read_environment()).config.state_dir);
    const LoadedConfig loaded =
        load_config(config_path_, read_environment()); // with the eyes of whom the daemon runs as
    for (const auto &warning : loaded.warnings)
        std::cerr << "warning: " << warning.where << ": " << warning.text << '\n';
    if (!viewpoint.explanation.empty())
        std::cerr << (viewpoint.whole ? "note: " : "warning: ") << viewpoint.explanation << '\n';
    std::vector<std::string> wrong;
    for (const auto &problem : loaded.problems) wrong.push_back(problem.where + ": " + problem.text);
    size_t instances = 0;
    if (loaded.ok()) {
        for (const auto &problem : check_surroundings(loaded, viewpoint.whole))
            wrong.push_back(problem.where + ": " + problem.text);
        instances = check_plugin_settings(loaded, viewpoint.whole, wrong);
    }
    for (const std::string &line : wrong) std::cerr << line << '\n';
    if (!wrong.empty()) return exit_bad_config;
    std::cout << config_path_ << ": ok, with " << instances << " plugin instances\n";
    return EXIT_OK;
}

/// How many instances there are.
size_t Application::check_plugin_settings(const LoadedConfig &loaded, bool whole, std::vector<std::string> &wrong) {
    const auto plugins = check_plugins(loaded.config, whole);
    if (!plugins.ok()) {
        wrong.push_back(loaded.place("plugins.enabled").where + ": plugins.enabled: " + plugins.error().message);
        return 0;
    }
    for (const auto &instance : *plugins) {
        if (!instance.status.ok()) {
            const std::string file = instance.found.path.string(), &why = instance.status.error().message;
            std::string line = (why.find(file) == std::string::npos ? file + ": " : "") + why;
            if (instance.status.error().reason == "Unasked") std::cerr << "warning: " << line << '\n';
            else wrong.push_back(std::move(line));
        } else if (whole) {
            for (std::string &line : check_secrets(*instance.found.file)) wrong.push_back(std::move(line));
        }
    }
    return plugins->size();
}

int Application::serve(Config config) {
    forbid_core_files();
    const sigset_t awaited = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
    // Poco's handlers would end a crash with abort(): another signal than the one that the core dump is to show.
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL}) std::signal(signal, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // a file at its size limit is an error of the write, as a full disk is

    auto logger = make_logger(config.log.level, config.log.format);
    // On a thread of its own: plugins are started, and one that hangs must not hold up a stop.
    auto opening = std::async(std::launch::async, [&] { return House::open(config_path_, std::move(config), logger); });
    if (!ends_within(opening)) leave(*logger, "starting");
    auto house = opening.get();
    if (!house.ok()) {
        logger->error("{}", house.error().message);
        return house.error().code == Code::invalid ? exit_bad_config : exit_failure;
    }
    notify_ready();
    for (;;) {
        int signal = 0;
        if (sigwait(&awaited, &signal) != 0) continue;
        if (signal == SIGHUP) {
            notify_reloading();
            auto reloading = std::async(std::launch::async, [&] { return (*house)->reload(); });
            if (!ends_within(reloading)) leave(*logger, "reloading");
            if (const auto reloaded = reloading.get(); !reloaded.ok()) logger->error("{}", reloaded.error().message);
            notify_ready();
            continue;
        }
        logger->info("stopping on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        notify_stopping();
        auto stopping = std::async(std::launch::async, [&] { (*house)->stop(); });
        if (stopping.wait_for(longest_stop) != std::future_status::ready) leave(*logger, "stopping");
        return (*house)->exit_code();
    }
}

} // namespace rigger::daemon
