// core/host/instance_file.hpp -- what an operator says of one instance of a plugin: a file of plugins-available/.
//
//   plugin: com.example.packing        # id of an installed plugin. Required
//   component: com.example.packing     # which of its components; may be left out when it has one
//   name: packing                      # default: the file's name without number and suffix ("50-packing.yaml")
//   weight: 0.5                        # preference scorers only; 0..1000, default 1
//   on_failure: abstain                # scorers: abstain (default) | closed (placement stops while it fails)
//   required: false                    # true: the daemon does not start without it
//   limits:                            # optional; defaults are those of the kind; see guard/budget.hpp
//     start: { soft: 5s, hard: 30s }   # per call: start, stop, and the kind's own, e.g. score, claim, invoke
//     breaker: { failures: 5, of: 20, open: 30s }
//   secrets:                           # names that the manifest grants; resolved when asked for, never shown
//     hotkey: ${file:/etc/rigger/hotkey}
//   config: {}                         # checked against the component's schema
//
// Pure parsing, any thread. Limits: 256 KiB, 32 levels, no anchors and no aliases; unknown keys and wrong types are
// refused with file:line.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "host/yaml.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

struct CallLimit {
    std::optional<Duration> soft, hard;
};

struct BreakerLimit {
    std::optional<uint32_t> failures, of;
    std::optional<Duration> open;
};

enum class OnFailure : uint8_t { abstain, closed };

struct InstanceFile {
    std::string file; ///< for messages
    int order = 50;   ///< from the file name's number; 50 without one
    std::string plugin, component, name;
    double weight = 1;
    OnFailure on_failure = OnFailure::abstain;
    bool required = false;
    std::map<std::string, CallLimit> limits; ///< by call name
    BreakerLimit breaker;
    std::map<std::string, std::string> secrets; ///< name -> reference; secret references, not values
    std::map<std::string, int> secret_lines;    ///< name -> where in the file, for messages
    std::string config = "{}";                  ///< JSON object text
    Yaml config_yaml;                           ///< the same as it stands in the file, for messages
};

/// The line of `file` where the value of the configuration at `path` (keys, and indexes of lists) stands, or the
/// nearest thing around it.
int config_line(const InstanceFile &file, const std::vector<std::string> &path);

/// `file_name` gives the order, the default name and the place in messages.
Result<InstanceFile> parse_instance_file(std::string_view text, std::string_view file_name);
Result<InstanceFile> read_instance_file(const std::filesystem::path &file);

/// All *.yaml of a directory, in start order (number, then name); a file that cannot be read or parsed is an error in
/// its place.
struct FoundInstance {
    std::filesystem::path path;
    std::string name; ///< from the file name: known even when the file is not readable
    Result<InstanceFile> file;
};
Result<std::vector<FoundInstance>> find_instances(const std::filesystem::path &directory);

} // namespace rigger::host
