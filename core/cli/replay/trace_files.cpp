#include "cli/replay/trace_files.hpp"

#include <libfccp/csv.h>

#include <algorithm>
#include <limits>
#include <sstream>

namespace rigger::cli::replay {
namespace {

using rigger::replay::TraceNode;
using rigger::replay::TraceTask;

constexpr int64_t most = std::numeric_limits<int32_t>::max();
constexpr int most_gpus = 1024;

/// The library throws; outside of this file failures are values.
template <typename Read> auto guarded(const std::string &file, Read read) -> decltype(read()) {
    try {
        return read();
    } catch (const io::error::can_not_open_file &) {
        return invalid("TraceUnreadable", "cannot open '" + file + "'");
    } catch (const io::error::base &error) { return invalid("TraceInvalid", error.what()); }
}

Error bad_figure(const std::string &file, unsigned line, const std::string &what) {
    return invalid("TraceInvalid", file + ":" + std::to_string(line) + ": " + what);
}

std::vector<std::string> models_of(const std::string &spec) {
    std::vector<std::string> models;
    std::istringstream parts(spec);
    for (std::string model; std::getline(parts, model, '|');)
        if (!model.empty()) models.push_back(model);
    std::sort(models.begin(), models.end());
    models.erase(std::unique(models.begin(), models.end()), models.end());
    return models;
}

int64_t number_or(const std::string &text, int64_t otherwise) {
    if (text.empty()) return otherwise;
    int64_t value = 0;
    io::detail::parse_signed_integer<io::throw_on_overflow>(text.c_str(), value);
    return value;
}

} // namespace

Result<std::vector<TraceNode>> read_openb_nodes(const std::string &file) {
    return guarded(file, [&]() -> Result<std::vector<TraceNode>> {
        io::CSVReader<5, io::trim_chars<' ', '\t'>, io::double_quote_escape<',', '"'>> csv(file);
        csv.read_header(io::ignore_extra_column, "sn", "cpu_milli", "memory_mib", "gpu", "model");
        std::vector<TraceNode> nodes;
        TraceNode node;
        while (csv.read_row(node.name, node.cpu_milli, node.memory_mib, node.gpus, node.model)) {
            if (node.name.empty() || node.gpus < 0 || node.gpus > most_gpus || node.cpu_milli < 0 ||
                node.memory_mib < 0)
                return bad_figure(file, csv.get_file_line(),
                                  "a node needs a name, 0 to 1024 GPUs, and no negative figure");
            nodes.push_back(node);
        }
        if (nodes.empty()) return invalid("TraceInvalid", file + ": no node in it");
        return nodes;
    });
}

Result<std::vector<TraceTask>> read_openb_pods(const std::string &file) {
    return guarded(file, [&]() -> Result<std::vector<TraceTask>> {
        io::CSVReader<8, io::trim_chars<' ', '\t'>, io::double_quote_escape<',', '"'>> csv(file);
        csv.read_header(io::ignore_extra_column | io::ignore_missing_column, "name", "cpu_milli", "memory_mib",
                        "num_gpu", "gpu_milli", "gpu_spec", "creation_time", "deletion_time");
        for (const char *column : {"name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"})
            if (!csv.has_column(column)) return invalid("TraceInvalid", file + ": column '" + column + "' is missing");
        std::vector<TraceTask> tasks;
        std::string name, milli, spec, created, deleted;
        int64_t cpu = 0, memory = 0, gpus = 0;
        while (csv.read_row(name, cpu, memory, gpus, milli, spec, created, deleted)) {
            TraceTask task;
            task.name = name;
            const int64_t each = gpus == 0 ? 1000 : number_or(milli, 1000);
            if (cpu < 0 || cpu > most || memory < 0 || memory > most || gpus < 0 || gpus > most_gpus || each < 1 ||
                each > 1000 || (gpus > 1 && each != 1000))
                return bad_figure(
                    file, csv.get_file_line(),
                    "a task asks for 0 to 1024 GPUs of 1000 milli, or 1 to 999 milli of one, and for nothing negative");
            task.needs.gpu_count = static_cast<int>(gpus);
            task.needs.gpu_milli = static_cast<int>(each);
            task.needs.cpu_milli = static_cast<int>(cpu);
            task.needs.memory_mib = memory;
            task.needs.gpu_models = models_of(spec);
            task.created_s = number_or(created, 0);
            task.deleted_s = number_or(deleted, 0);
            tasks.push_back(std::move(task));
        }
        if (tasks.empty()) return invalid("TraceInvalid", file + ": no task in it");
        return tasks;
    });
}

Result<PublishedFigures> read_published(const std::string &words) {
    const size_t at = words.rfind('@');
    if (at == words.npos || at + 1 == words.size())
        return invalid("Published", "--published " + words + ": write FILE@COLUMN");
    const std::string file = words.substr(0, at);
    PublishedFigures figures{words.substr(at + 1), {}};
    return guarded(file, [&]() -> Result<PublishedFigures> {
        io::CSVReader<2, io::trim_chars<' ', '\t'>, io::double_quote_escape<',', '"'>> csv(file);
        csv.read_header(io::ignore_extra_column, "list", figures.name);
        std::string list;
        double percent = 0;
        while (csv.read_row(list, percent)) figures.percent[list] = percent;
        return figures;
    });
}

} // namespace rigger::cli::replay
