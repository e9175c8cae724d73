#include "fleet/fleet.hpp"

#include "api/names.hpp"
#include "fleet/gpu_models.hpp"
#include "hash.hpp"

#include <rigger/sdk/try.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace cluster_local {
namespace {
constexpr size_t kMaxFileBytes = 4 << 20, kMaxServers = 10'000;

/// Reads one mapping, knows which keys were asked for, and remembers the first thing that is wrong.
class Reader {
public:
    Reader(std::string_view file, YAML::Node node, std::string what)
        : file_(file), node_(std::move(node)), what_(std::move(what)) {}

    YAML::Node get(const char *key) {
        const YAML::Node value = node_[key];
        return value && !value.IsNull() ? value : YAML::Node(YAML::NodeType::Undefined);
    }
    void text(const char *key, std::string &to, bool required = false) {
        const YAML::Node value = get(key);
        if (!value.IsDefined()) return require(key, required);
        if (!value.IsScalar()) return fail(value, std::string("'") + key + "' must be text");
        to = value.Scalar();
        if (required && to.empty()) fail(value, std::string("'") + key + "' is empty");
    }
    void number(const char *key, int64_t &to, int64_t min, int64_t max, bool required = false) {
        const YAML::Node value = get(key);
        if (!value.IsDefined()) return require(key, required);
        int64_t read = 0;
        const std::string s = value.IsScalar() ? value.Scalar() : "";
        const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), read);
        if (s.empty() || error != std::errc() || end != s.data() + s.size())
            return fail(value, std::string("'") + key + "' must be a whole number");
        if (read < min || read > max)
            return fail(value, std::string("'") + key + "' is " + s + "; it must be between " + std::to_string(min) +
                                   " and " + std::to_string(max));
        to = read;
    }
    void price(const char *key, double &to) {
        const YAML::Node value = get(key);
        if (!value.IsDefined()) return require(key, true);
        double read = 0;
        const std::string s = value.IsScalar() ? value.Scalar() : "";
        const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), read);
        if (s.empty() || error != std::errc() || end != s.data() + s.size() || !std::isfinite(read) || read <= 0 ||
            read > 10'000)
            return fail(value, std::string("'") + key +
                                   "' must be a price in USD per GPU-hour, more than 0 and at most 10000, such as "
                                   "2.35; of a machine of your own what its power and wear cost");
        to = read;
    }
    void flag(const char *key, bool &to) {
        const YAML::Node value = get(key);
        if (!value.IsDefined()) return;
        const std::string s = value.IsScalar() ? value.Scalar() : "";
        if (s != "true" && s != "false") return fail(value, std::string("'") + key + "' must be true or false");
        to = s == "true";
    }
    void require(const char *key, bool required) {
        if (required) fail(node_, std::string("'") + key + "' is missing");
    }
    void fail(const YAML::Node &at, const std::string &why) {
        if (!error_.empty()) return;
        const int line = at.IsDefined() && at.Mark().line >= 0 ? at.Mark().line + 1 : node_.Mark().line + 1;
        error_ = std::string(file_) + ":" + std::to_string(line) + ": " + what_ + ": " + why;
    }
    /// `known`: every key, with ", " between them.
    void refuse_unknown(std::string_view known) {
        std::set<std::string> seen;
        for (const auto &entry : node_) {
            const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
            if ((", " + std::string(known) + ",").find(", " + key + ",") == std::string::npos)
                fail(entry.first, "unknown key '" + key.substr(0, 60) + "'. Known keys: " + std::string(known));
            if (!seen.insert(key).second) fail(entry.first, "key '" + key.substr(0, 60) + "' stands twice");
        }
    }
    const YAML::Node &node() const { return node_; }
    void rename(std::string what) { what_ = std::move(what); }
    bool ok() const { return error_.empty(); }
    rig::Error error() const {
        return {RIG_E_INVALID, "FleetInvalid", error_ + ". Correct the fleet file; the previous fleet stays in force",
                0};
    }

private:
    std::string_view file_;
    YAML::Node node_;
    std::string what_, error_;
};

constexpr std::string_view kServerKeys = "id, name, address, model, count, verified, reserved, hourly_cost, locked, "
                                         "tee, validator, cpu, memory_gb, disk_gb, gpu_memory_gb, labels";

/// A list of GPU indexes, or ids, of this server.
void gpu_list(Reader &reader, const char *key, const FleetServer &server, const YAML::Node &list, std::set<int> &to) {
    if (!list.IsSequence())
        return reader.fail(list, std::string("'") + key + "' must be a list of GPU indexes (0, 1, ...) or GPU ids");
    for (const YAML::Node &item : list) {
        const std::string s = item.IsScalar() ? item.Scalar() : "";
        int index = -1;
        const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), index);
        if (s.empty() || error != std::errc() || end != s.data() + s.size() || s.size() > 4) {
            index = -1;
            for (int i = 0; i < server.count; ++i)
                if (gpu_id(server.id, i) == s) index = i;
        }
        if (index < 0 || index >= server.count)
            return reader.fail(item, std::string("'") + key + "': '" + s.substr(0, 60) +
                                         "' is no GPU of this server, which has 0 to " +
                                         std::to_string(server.count - 1));
        if (!to.insert(index).second)
            return reader.fail(item, std::string("'") + key + "': GPU " + s + " stands twice");
    }
}

void read_gpus(Reader &reader, FleetServer &server) {
    if (const YAML::Node verified = reader.get("verified");
        verified.IsDefined() && !(verified.IsScalar() && verified.Scalar() == "all")) {
        std::set<int> listed;
        if (verified.IsScalar()) return reader.fail(verified, "'verified' must be all, or a list of GPUs");
        gpu_list(reader, "verified", server, verified, listed);
        for (int i = 0; i < server.count; ++i)
            if (!listed.contains(i)) server.unverified.insert(i);
    }
    if (const YAML::Node reserved = reader.get("reserved"); reserved.IsDefined())
        gpu_list(reader, "reserved", server, reserved, server.reserved);
}

void read_labels(Reader &reader, FleetServer &server) {
    const YAML::Node labels = reader.get("labels");
    if (!labels.IsDefined()) return;
    if (!labels.IsMap()) return reader.fail(labels, "'labels' must be a mapping of names to texts");
    for (const auto &entry : labels) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "",
                          value = entry.second.IsScalar() ? entry.second.Scalar() : "";
        if (!is_label_key(key)) return reader.fail(entry.first, "'" + key.substr(0, 60) + "' is not a label name");
        if (!entry.second.IsScalar() || !is_label_value(value))
            return reader.fail(
                entry.second,
                "label '" + key +
                    "' has no valid value (at most 63 of A-Z a-z 0-9 . _ -); quote numbers and true/false if in doubt");
        if (!server.labels.emplace(key, value).second)
            return reader.fail(entry.first, "label '" + key + "' stands twice");
    }
}

rig::Result<FleetServer> read_server(std::string_view file, const YAML::Node &node, size_t index) {
    Reader reader(file, node, "server " + std::to_string(index + 1));
    FleetServer server;
    if (!node.IsMap()) {
        reader.fail(node, "must be a mapping with the keys " + std::string(kServerKeys));
        return reader.error();
    }
    reader.text("id", server.id, true);
    reader.text("name", server.name, true);
    if (!server.name.empty()) reader.rename("server '" + server.name.substr(0, 60) + "'");
    reader.refuse_unknown(kServerKeys);
    reader.text("address", server.address, true);
    reader.text("model", server.model, true);
    reader.text("validator", server.validator);
    int64_t count = 1;
    reader.number("count", count, 1, 16, true);
    server.count = static_cast<int>(count);
    reader.price("hourly_cost", server.hourly_cost);
    reader.flag("locked", server.locked);
    reader.flag("tee", server.tee);
    const GpuModel *model = find_gpu_model(server.model);
    server.cpu = 2 + 12 * count;
    server.memory_gb = 16 + count * 2 * (model ? model->memory_gb : 24);
    server.disk_gb = 250 + 250 * count;
    reader.number("cpu", server.cpu, 1, 100'000);
    reader.number("memory_gb", server.memory_gb, 1, 1'000'000);
    reader.number("disk_gb", server.disk_gb, 1, 10'000'000);
    int64_t gpu_memory = model ? model->memory_gb : 0;
    reader.number("gpu_memory_gb", gpu_memory, 1, 10'000);
    server.gpu_memory_mb = gpu_memory * 1024;
    if (reader.ok()) {
        if (server.id.size() > 63 || !is_label_value(server.id))
            reader.fail(node["id"],
                        "'id' must have at most 63 of A-Z a-z 0-9 . _ - and begin and end with a letter or digit");
        if (!is_dns1123_subdomain(server.name))
            reader.fail(
                node["name"],
                "'name' must be a DNS name of lower-case letters, digits, '-' and '.': it becomes the node's name");
        if (!is_label_value(server.address))
            reader.fail(node["address"], "'address' must be an IPv4 address or a host name of at most 63 characters");
        if (!is_label_value(server.model))
            reader.fail(node["model"], "'model' must be a GPU short ref such as h100_sxm");
        if (!is_label_value(server.validator))
            reader.fail(node["validator"], "'validator' must be a hotkey or the name of a source");
        if (gpu_memory == 0)
            reader.fail(node["model"], "model '" + server.model + "' is not known, so 'gpu_memory_gb' must be given");
    }
    if (reader.ok()) {
        read_gpus(reader, server);
        read_labels(reader, server);
    }
    if (!reader.ok()) return reader.error();
    return server;
}

rig::Error broken(std::string_view file, int line, const std::string &why) {
    return {RIG_E_INVALID, "FleetInvalid",
            std::string(file) + ":" + std::to_string(line) + ": " + why +
                ". Correct the fleet file; the previous fleet stays in force",
            0};
}

/// The line of an anchor or alias, which could make a small file huge; 0: none.
int alias_line(std::string_view text) {
    int line = 1;
    bool start = true, quoted = false;
    char quote = 0, previous = ' ';
    for (const char c : text) {
        if (c == '\n') {
            ++line;
            quoted = false;
        } else if (quoted) {
            quoted = c != quote;
        } else if (c == '#' && (previous == ' ' || previous == '\n')) {
            quoted = true;
            quote = '\n';
        } else if ((c == '"' || c == '\'') && start) {
            quoted = true;
            quote = c;
        } else if ((c == '&' || c == '*') && start) {
            return line;
        }
        start = c == ' ' || c == '\n' || c == '[' || c == ',' || c == '{' || c == ':' || (c == '-' && start);
        previous = c;
    }
    return 0;
}

/// A limit on nesting before the recursive parser sees the text.
bool nested_too_deep(std::string_view text) {
    int flow = 0;
    size_t indent = 0, dashes = 0;
    bool leading = true;
    for (const char c : text) {
        if (c == '\n') {
            leading = true;
            indent = dashes = 0;
        } else if (leading && c == ' ') {
            if (++indent > 64) return true;
        } else if (leading && (c == '-' || c == '?')) {
            if (++dashes > 8) return true;
        } else {
            leading = false;
        }
        if (c == '[' || c == '{') ++flow;
        else if (c == ']' || c == '}') --flow;
        if (flow > 16) return true;
    }
    return false;
}
} // namespace

rig::Result<Fleet> parse_fleet(std::string_view text, std::string_view file) {
    if (text.size() > kMaxFileBytes)
        return broken(file, 1, "the file has more than " + std::to_string(kMaxFileBytes) + " bytes");
    if (text.find('\0') != std::string_view::npos) return broken(file, 1, "the file is not text");
    if (nested_too_deep(text)) return broken(file, 1, "the file is nested too deeply for a list of servers");
    if (const int line = alias_line(text))
        return broken(file, line,
                      "anchors and aliases (& and *) are not accepted; quote the text if it begins with one of them");
    YAML::Node root;
    try {
        root = YAML::Load(std::string(text));
    } catch (const YAML::Exception &e) { return broken(file, e.mark.line + 1, e.msg); }
    if (!root.IsMap())
        return broken(file, 1, "the file must hold 'servers:' with a list (an empty file is taken for an accident)");
    Reader top(file, root, "fleet");
    const YAML::Node servers = top.get("servers");
    top.refuse_unknown("servers");
    if (top.ok() && !servers.IsDefined()) top.fail(root, "'servers' is missing");
    if (top.ok() && !servers.IsSequence()) top.fail(servers, "'servers' must be a list");
    if (top.ok() && servers.size() > kMaxServers)
        top.fail(servers, "more than " + std::to_string(kMaxServers) + " servers");
    if (!top.ok()) return top.error();
    Fleet fleet;
    std::map<std::string, int> ids, names;
    for (size_t i = 0; i < servers.size(); ++i) {
        RIG_ASSIGN_OR_RETURN(FleetServer server, read_server(file, servers[i], i));
        const int line = servers[i].Mark().line + 1;
        for (auto [what, value, seen] : {std::tuple("id", &server.id, &ids), std::tuple("name", &server.name, &names)})
            if (const auto [first, fresh] = seen->emplace(*value, line); !fresh)
                return broken(file, line,
                              std::string("server '") + server.name + "': " + what + " '" + *value +
                                  "' was used at line " + std::to_string(first->second) + " already");
        fleet.servers.push_back(std::move(server));
    }
    return fleet;
}

rig::Result<Fleet> read_fleet(const std::string &file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(kMaxFileBytes + 1, '\0'); // a byte more than parse_fleet() takes
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.is_open() || in.bad())
        return rig::Error{RIG_E_UNAVAILABLE, "FleetUnreadable",
                          "cannot read the fleet file " + file + ": " + std::strerror(errno) +
                              ". Check the path in the instance's config and the file's permissions",
                          0};
    text.resize(static_cast<size_t>(in.gcount()));
    return parse_fleet(text, file);
}

std::string gpu_id(std::string_view server_id, int index) {
    const uint64_t high = hash(server_id, 0x677075 + static_cast<uint64_t>(index)), low = mix(high ^ hash(server_id));
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    return text;
}

std::string server_uid(std::string_view id) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    bool uuid = id.size() == kForm.size();
    for (size_t i = 0; uuid && i < id.size(); ++i) uuid = kForm[i] == '-' ? id[i] == '-' : hex(id[i]);
    if (uuid) return std::string(id);
    const uint64_t high = hash(id, 0x736572), low = mix(high ^ hash(id));
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-5%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                  static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xfff),
                  static_cast<unsigned>(0x8000 | (low >> 48 & 0x3fff)),
                  static_cast<unsigned long long>(low & 0xffffffffffffULL));
    return text;
}

} // namespace cluster_local
