// rigger-replay: what would these scorers have made of a recorded cluster? `rigger replay` runs it.
#include "cli/exit_codes.hpp"
#include "cli/replay/report.hpp"
#include "cli/replay/report_defrag.hpp"
#include "cli/replay/trace_files.hpp"

#include <CLI/CLI.hpp>

#include <climits>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace rigger::cli::replay {
namespace {

struct Options {
    std::string nodes, seeds = "42", plot, output = "table", defrag;
    std::vector<std::string> pods, scorers{"scorer-fragmentation"}, plugin_dirs;
    double load = 1.3;
    bool online = false, bound = false;
    size_t jobs = 0;
};

std::filesystem::path own_folder() {
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::filesystem::path(std::string(path, static_cast<size_t>(length))).parent_path() : std::filesystem::path();
}

/// "7", "42..51" or "1,5,9".
Result<std::vector<uint64_t>> parse_seeds(const std::string &text) {
    std::vector<uint64_t> seeds;
    const auto wrong = [&] { return invalid("Seeds", "--seeds " + text + ": write one (42), a range (42..51) or a list (1,5,9)"); };
    if (text.empty() || text.find_first_not_of("0123456789.,") != text.npos) return wrong();
    unsigned long long first = 0, last = 0;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%llu..%llu%c", &first, &last, &rest) == 2) {
        if (last < first || last - first >= 10'000) return wrong();
        for (; first <= last; ++first) seeds.push_back(first);
        return seeds;
    }
    std::istringstream parts(text);
    for (std::string one; std::getline(parts, one, ',');) {
        if (std::sscanf(one.c_str(), "%llu%c", &first, &rest) != 1) return wrong();
        seeds.push_back(first);
    }
    return seeds;
}

/// ".../openb_pod_list_cpu100.csv" -> "cpu100"
std::string list_name(const std::string &file) {
    std::string name = std::filesystem::path(file).stem().string();
    if (constexpr std::string_view prefix = "openb_pod_list_"; name.starts_with(prefix)) name.erase(0, prefix.size());
    return name;
}

void show_progress(double done) {
    constexpr int width = 40;
    const int full = static_cast<int>(done * width);
    std::cerr << "\r[" << std::string(static_cast<size_t>(full), '#') << std::string(static_cast<size_t>(width - full), ' ') << "] " << static_cast<int>(done * 100) << " % " << std::flush;
}

Status openb(const Options &options) {
    RIG_TRY_ASSIGN(const auto nodes, read_openb_nodes(options.nodes));
    std::vector<NamedTrace> lists;
    for (const std::string &file : options.pods) {
        RIG_TRY_ASSIGN(auto tasks, read_openb_pods(file));
        lists.push_back({list_name(file), {nodes, std::move(tasks)}});
    }
    std::vector<Contestant> contestants;
    for (const std::string &words : options.scorers) {
        RIG_TRY_ASSIGN(Contestant one, parse_contestant(words));
        contestants.push_back(std::move(one));
    }
    ContestSettings settings;
    RIG_TRY_ASSIGN(settings.seeds, parse_seeds(options.seeds));
    settings.load = options.load;
    settings.online = options.online;
    settings.bound = options.bound;
    if (!options.defrag.empty()) {
        RIG_TRY_ASSIGN(settings.defrag, placement::parse_defrag_budget(options.defrag));
    }
    settings.workers = options.jobs > 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    const bool progress = ::isatty(STDERR_FILENO) == 1;
    if (progress) settings.progress = show_progress;

    HouseOptions house_options;
    house_options.probe = own_folder() / "rigger-plugin-probe";
    for (const std::string &dir : options.plugin_dirs) house_options.plugin_dirs.emplace_back(dir);
    if (options.plugin_dirs.empty())
        for (const std::filesystem::path &dir : {own_folder() / "../plugins", own_folder() / "../lib/rigger/plugins", std::filesystem::path("/usr/lib/rigger/plugins")})
            if (std::filesystem::is_directory(dir)) house_options.plugin_dirs.push_back(std::filesystem::canonical(dir));
    house_options.workers = settings.workers;
    RIG_TRY_ASSIGN(const auto house, ScorerHouse::open(contestants, house_options));
    auto result = hold_contest(lists, contestants, *house, settings);
    if (progress) std::cerr << "\r\033[K" << std::flush;
    if (!result.ok()) return result.error();
    std::cout << (options.output == "json" ? report_json(lists, contestants, *result, options.online) + "\n" : report_text(lists, contestants, *result, options.online));
    if (settings.defrag && options.output == "table") std::cout << "\n" << defrag_text(lists, contestants, *result);
    if (options.plot.empty()) return {};
    std::ofstream file(options.plot);
    file << plot_svg(lists, contestants, *result);
    if (!file.flush()) return Error{Code::unavailable, "PlotUnwritable", "cannot write '" + options.plot + "'", 0};
    return {};
}

} // namespace
} // namespace rigger::cli::replay

int main(int argc, char **argv) {
    using namespace rigger::cli;
    replay::Options options;
    CLI::App app("Runs recorded clusters through the planner, its filters and scorer plugins, in virtual time and without a daemon.", "rigger replay");
    app.require_subcommand(1);
    CLI::App *openb = app.add_subcommand("openb", "Alibaba's GPU cluster trace: fills the cluster with the list's tasks until so much was asked for");
    openb->add_option("nodes", options.nodes, "CSV file of the nodes")->required();
    openb->add_option("pods", options.pods, "CSV file(s) of the tasks, each a list of its own")->required();
    openb->add_option("--scorer", options.scorers,
                      "NAME[@POLICY][:WEIGHT], several that work together joined by commas; give the option again to compare; 'random' is built in; "
                      "+list at the end: it is told the mix of the whole list beforehand")
        ->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->delimiter('\0');
    openb->add_option("--seeds", options.seeds, "one, a range (42..51) or a list (1,5,9)")->capture_default_str();
    openb->add_option("--load", options.load, "demand as a multiple of the capacity")->check(CLI::Range(0.01, 100.0))->capture_default_str();
    openb->add_flag("--online", options.online, "arrivals and departures by the trace's own times instead");
    openb->add_flag("--bound", options.bound, "also how much could have been allocated at most, whatever is chosen")->excludes("--online");
    openb->add_option("--defrag", options.defrag, "at the end of each run, plan moves that make free room usable: so many (50), or a share of what runs (2%)");
    openb->add_option("--plot", options.plot, "write the allocation curves to this file, as SVG");
    openb->add_option("-o,--output", options.output, "table or json")->check(CLI::IsMember({"table", "json"}))->capture_default_str();
    openb->add_option("--plugins", options.plugin_dirs, "where plugins are installed");
    openb->add_option("-j,--jobs", options.jobs, "runs at once; 0: as many as there are cores")->check(CLI::Range(0, 256));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? exit_ok : exit_usage;
    }
    const rigger::Status status = replay::openb(options);
    if (status.ok()) return exit_ok;
    std::cerr << "rigger replay: " << status.error().message << "\n";
    return exit_code(status.error());
}
