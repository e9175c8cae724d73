// rigger-replay: what would these scorers have made of a recorded cluster or market? `rigger replay` runs it.
#include "base/descriptors.hpp"
#include "cli/exit_codes.hpp"
#include "cli/replay/fleet_file.hpp"
#include "cli/replay/market_recorder.hpp"
#include "cli/replay/report.hpp"
#include "cli/replay/report_defrag.hpp"
#include "cli/replay/report_market.hpp"
#include "cli/replay/trace_files.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>
#include <unistd.h>

namespace rigger::cli::replay {
namespace {

/// What both verbs have.
struct Common {
    std::vector<std::string> scorers, plugin_dirs;
    std::string output = "table";
};
struct OpenbOptions : Common {
    std::string nodes, seeds = "42", plot, defrag;
    std::vector<std::string> pods, published;
    double load = 1.3;
    bool online = false, bound = false;
    size_t jobs = 0;
};
struct CatalogOptions : Common {
    std::string history, market, fleet, judge = "scorer-profit";
    double look_s = 60, startup_s = 120, min_value = 0;
    uint64_t seed = 42;
};

std::filesystem::path own_folder() {
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::filesystem::path(std::string(path, static_cast<size_t>(length))).parent_path()
                      : std::filesystem::path();
}

constexpr size_t most_seeds = 10'000;

/// "7", "42..51" or "1,5,9".
Result<std::vector<uint64_t>> parse_seeds(const std::string &text) {
    std::vector<uint64_t> seeds;
    const auto wrong = [&] {
        return invalid("Seeds", "--seeds " + text + ": write one (42), a range (42..51) or a list (1,5,9)");
    };
    const auto number = [](std::string_view digits) -> std::optional<uint64_t> {
        uint64_t value = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    };
    std::string_view rest = text;
    if (const size_t dots = rest.find(".."); dots != rest.npos) {
        const auto first = number(rest.substr(0, dots)), last = number(rest.substr(dots + 2));
        if (!first || !last || *last < *first || *last - *first >= most_seeds) return wrong();
        for (uint64_t i = 0; i <= *last - *first; ++i) seeds.push_back(*first + i);
        return seeds;
    }
    for (size_t comma = 0; comma != rest.npos; rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1)) {
        comma = rest.find(',');
        const auto one = number(rest.substr(0, comma));
        if (!one || seeds.size() == most_seeds) return wrong();
        seeds.push_back(*one);
    }
    return seeds;
}

/// ".../openb_pod_list_cpu100.csv" -> "cpu100"
std::string list_name(const std::string &file) {
    std::string name = std::filesystem::path(file).stem().string();
    if (constexpr std::string_view prefix = "openb_pod_list_"; name.starts_with(prefix)) name.erase(0, prefix.size());
    return name;
}

HouseOptions house_options(const Common &common, size_t workers) {
    HouseOptions options;
    options.probe = own_folder() / "rigger-plugin-probe";
    for (const std::string &dir : common.plugin_dirs) options.plugin_dirs.emplace_back(dir);
    if (common.plugin_dirs.empty())
        for (const std::filesystem::path &dir : {own_folder() / "../plugins", own_folder() / "../lib/rigger/plugins",
                                                 std::filesystem::path("/usr/lib/rigger/plugins")})
            if (std::filesystem::is_directory(dir)) options.plugin_dirs.push_back(std::filesystem::canonical(dir));
    options.workers = workers;
    return options;
}

Result<std::vector<Contestant>> contestants_of(const Common &common) {
    std::vector<Contestant> contestants;
    for (const std::string &words : common.scorers) {
        RIG_TRY_ASSIGN(Contestant one, parse_contestant(words));
        contestants.push_back(std::move(one));
    }
    return contestants;
}

void show_progress(double done) {
    constexpr int width = 40;
    const int full = static_cast<int>(done * width);
    std::cerr << "\r[" << std::string(static_cast<size_t>(full), '#')
              << std::string(static_cast<size_t>(width - full), ' ') << "] " << static_cast<int>(done * 100) << " % "
              << std::flush;
}
bool wants_progress() { return ::isatty(STDERR_FILENO) == 1; }
void clear_progress() { std::cerr << "\r\033[K" << std::flush; }

Error plot_unwritable(const std::string &file) {
    return invalid("PlotUnwritable", "--plot " + file + ": cannot write there: " + std::strerror(errno));
}

Status openb(const OpenbOptions &options) {
    RIG_TRY_ASSIGN(const auto nodes, read_openb_nodes(options.nodes));
    std::vector<NamedTrace> lists;
    for (const std::string &file : options.pods) {
        RIG_TRY_ASSIGN(auto tasks, read_openb_pods(file));
        lists.push_back({list_name(file), {nodes, std::move(tasks)}});
    }
    std::vector<PublishedFigures> published;
    for (const std::string &words : options.published) {
        RIG_TRY_ASSIGN(auto figures, read_published(words));
        published.push_back(std::move(figures));
    }
    RIG_TRY_ASSIGN(const std::vector<Contestant> contestants, contestants_of(options));
    ContestSettings settings;
    RIG_TRY_ASSIGN(settings.seeds, parse_seeds(options.seeds));
    settings.load = options.load;
    settings.online = options.online;
    settings.bound = options.bound;
    if (!options.defrag.empty()) { RIG_TRY_ASSIGN(settings.defrag, placement::parse_defrag_budget(options.defrag)); }
    settings.workers = options.jobs > 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    std::ofstream plot;
    if (!options.plot.empty()) plot.open(options.plot); // now rather than after a long run
    if (!plot) return plot_unwritable(options.plot);
    if (wants_progress()) settings.progress = show_progress;
    RIG_TRY_ASSIGN(const auto house, ScorerHouse::open(contestants, house_options(options, settings.workers)));
    auto result = hold_contest(lists, contestants, *house, settings);
    if (settings.progress) clear_progress();
    if (!result.ok()) return result.error();
    std::cout << (options.output == "json" ? report_json(lists, contestants, *result, published, options.online) + "\n"
                                           : report_text(lists, contestants, *result, published, options.online));
    if (settings.defrag && options.output == "table") std::cout << "\n" << defrag_text(lists, contestants, *result);
    if (options.plot.empty()) return {};
    plot << plot_svg(lists, contestants, *result);
    return plot.flush() ? Status() : plot_unwritable(options.plot);
}

Status catalog(const CatalogOptions &options) {
    RIG_TRY_ASSIGN(const ReplayFleet fleet, read_fleet(options.fleet));
    RIG_TRY_ASSIGN(const std::vector<Contestant> contestants, contestants_of(options));
    std::vector<Contestant> all = contestants; // the judge comes last
    RIG_TRY_ASSIGN(Contestant judge, parse_contestant(options.judge, "--judge"));
    all.push_back(std::move(judge));
    for (const std::string &file : {options.history, options.market})
        if (!file.empty() && !std::ifstream(file)) return invalid("RecordingUnreadable", "cannot open '" + file + "'");
    const HouseOptions house_of = house_options(options, 1);
    RIG_TRY_ASSIGN(const auto house, ScorerHouse::open(all, house_of));
    for (const auto &binding : house->scorers(contestants.size(), 0, options.seed))
        if (binding.scorer->traits().role != ScoreRole::value)
            return invalid("JudgeWithoutValue", "--judge " + options.judge +
                                                    ": it ranks, but gives no value to measure with; name a value "
                                                    "scorer such as scorer-profit");
    RecordingSettings recording;
    recording.history = options.history;
    recording.market = options.market;
    recording.look_every_s = options.look_s;
    if (wants_progress())
        recording.progress = [](double hours) {
            std::cerr << "\rreading: " << static_cast<int>(hours) << " h " << std::flush;
        };
    const auto tape = record_market(recording, house_of);
    if (recording.progress) clear_progress();
    if (!tape.ok()) return tape.error();

    rigger::replay::MarketReplaySettings settings;
    settings.look_every_s = options.look_s;
    settings.startup_s = options.startup_s;
    settings.rules.min_value = options.min_value;
    std::vector<rigger::replay::MarketResult> results;
    for (size_t c = 0; c < contestants.size(); ++c) {
        if (wants_progress())
            settings.progress = [&](double done) {
                show_progress((static_cast<double>(c) + done) / static_cast<double>(contestants.size()));
                return true;
            };
        auto result =
            rigger::replay::replay_market(*tape, fleet.servers, fleet.cluster, house->scorers(c, 0, options.seed),
                                          house->scorers(contestants.size(), 0, options.seed), settings);
        if (!result.ok()) return result.error().within(contestants[c].label);
        results.push_back(std::move(*result));
    }
    if (settings.progress) clear_progress();
    std::cout << (options.output == "json" ? market_json(contestants, results) + "\n"
                                           : market_text(contestants, results));
    return {};
}

void add_common(CLI::App &verb, Common &common) {
    verb.add_option("--scorer", common.scorers,
                    "NAME[@POLICY][:WEIGHT], several that work together joined by commas; give the option again to "
                    "compare; 'random' is built in")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->delimiter('\0');
    verb.add_option("-o,--output", common.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    verb.add_option("--plugins", common.plugin_dirs, "where plugins are installed");
}

void declare_openb(CLI::App &app, OpenbOptions &options) {
    options.scorers = {"scorer-fragmentation"};
    CLI::App *openb = app.add_subcommand(
        "openb", "Alibaba's GPU cluster trace: fills the cluster with the list's tasks until so much was asked for");
    openb->add_option("NODES", options.nodes, "CSV file of the nodes")->required();
    openb->add_option("PODS", options.pods, "CSV file(s) of the tasks, each a list of its own")->required();
    add_common(*openb, options);
    openb->add_option("--seeds", options.seeds, "one, a range (42..51) or a list (1,5,9)")->capture_default_str();
    openb->add_option("--load", options.load, "demand as a multiple of the capacity")
        ->check(CLI::Range(0.01, 100.0))
        ->capture_default_str();
    openb->add_flag("--online", options.online, "arrivals and departures by the trace's own times instead");
    openb->add_flag("--bound", options.bound, "also how much could have been allocated at most, whatever is chosen")
        ->excludes("--online");
    openb->add_option(
        "--defrag", options.defrag,
        "at the end of each run, plan moves that make free room usable: so many (50), or a share of what runs (2%)");
    openb
        ->add_option("--published", options.published,
                     "FILE@COLUMN of a CSV file with a column 'list': figures in percent to stand beside ours; may be "
                     "given again")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    openb->add_option("--plot", options.plot, "write the allocation curves to this file, as SVG");
    openb->add_option("-j,--jobs", options.jobs, "runs at once; 0: as many as there are cores")
        ->check(CLI::Range(0, 256));
    openb->footer("NAME+list: the scorer is told the mix of the whole list beforehand.");
}

void declare_catalog(CLI::App &app, CatalogOptions &options) {
    options.scorers = {"scorer-profit"};
    CLI::App *catalog =
        app.add_subcommand("catalog", "A recorded market: what would these scorers have earned with this fleet?");
    catalog
        ->add_option("HISTORY", options.history,
                     "event file of source-catalog (its `replay`): one JSON object per line")
        ->required();
    catalog->add_option("--fleet", options.fleet, "the servers: a file such as /etc/rigger/fleet.yaml")->required();
    catalog->add_option("--market", options.market, "the market before the first event, .csv or .json; none: empty");
    add_common(*catalog, options);
    catalog->add_option("--judge", options.judge, "the value scorer that all are measured with")->capture_default_str();
    catalog->add_option("--every", options.look_s, "virtual seconds between two looks at the market")
        ->check(CLI::Range(5.0, 86400.0))
        ->capture_default_str();
    catalog->add_option("--startup", options.startup_s, "seconds from placement until a deployment earns")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    catalog->add_option("--min-value", options.min_value, "pairs worth less are not placed")
        ->check(CLI::Range(0.0, 1e12))
        ->capture_default_str();
    catalog->add_option("--seed", options.seed, "of 'random'")->check(CLI::NonNegativeNumber)->capture_default_str();
}

} // namespace
} // namespace rigger::cli::replay

int main(int argc, char **argv) {
    using namespace rigger::cli;
    rigger::fill_standard_descriptors();
    replay::OpenbOptions openb;
    replay::CatalogOptions catalog;
    CLI::App app("Runs recorded clusters and markets through the planner, its filters and scorer plugins, in virtual "
                 "time and without a daemon.",
                 "rigger replay");
    app.require_subcommand(1);
    app.failure_message([](const CLI::App *, const CLI::Error &error) {
        return std::string("rigger replay: ") + error.what() + "; see `rigger replay --help`\n";
    });
    replay::declare_openb(app, openb);
    replay::declare_catalog(app, catalog);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (app.get_subcommands().empty() && (argc == 1 || argv[1][0] != '-')) {
            std::cerr << "rigger replay: "
                      << (argc == 1 ? "say what kind of recording it is"
                                    : "'" + std::string(argv[1]) + "' is no kind of recording")
                      << "; there are openb and catalog\n";
            return exit_usage;
        }
        return app.exit(error) == 0 ? exit_ok : exit_usage;
    }
    const rigger::Status status = app.got_subcommand("openb") ? replay::openb(openb) : replay::catalog(catalog);
    if (status.ok()) return exit_ok;
    std::cerr << "rigger replay: " << status.error().message << "\n";
    return exit_code(status.error());
}
