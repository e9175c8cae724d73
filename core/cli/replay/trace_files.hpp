// core/cli/replay/trace_files.hpp -- traces as files: Alibaba's cluster-trace-gpu-v2023 ("openb").
#pragma once
#include "base/status.hpp"
#include "domain/replay/trace.hpp"

#include <map>
#include <string>

namespace rigger::cli::replay {

/// Nodes: sn,cpu_milli,memory_mib,gpu,model. Pods: name,cpu_milli,memory_mib,num_gpu,gpu_milli and, where there,
/// gpu_spec (models, joined by |), creation_time, deletion_time (seconds). Other columns are ignored. Errors name file
/// and line: "TraceUnreadable", "TraceInvalid".
Result<std::vector<rigger::replay::TraceNode>> read_openb_nodes(const std::string &file);
Result<std::vector<rigger::replay::TraceTask>> read_openb_pods(const std::string &file);

/// Figures of others for the same lists, to stand beside ours.
struct PublishedFigures {
    std::string name;                      ///< of the column
    std::map<std::string, double> percent; ///< by list
};
/// FILE@COLUMN: a CSV file with a column "list" and that one, in percent. Errors: as above, and "Published".
Result<PublishedFigures> read_published(const std::string &words);

} // namespace rigger::cli::replay
