#include "host/instance_file.hpp"

#include "host/files.hpp"
#include "host/names.hpp"
#include "host/yaml.hpp"

#include <algorithm>
#include <limits>

namespace rigger::host {
namespace {
constexpr std::string_view instance_errors = "Instance";
constexpr size_t max_bytes = 256 * 1024;
using namespace std::chrono_literals;

/// "50-packing.yaml" -> {50, "packing"}.
std::pair<int, std::string> split_file_name(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
    if (name.ends_with(".yaml")) name.remove_suffix(5);
    size_t digits = 0;
    while (digits < name.size() && digits < 4 && name[digits] >= '0' && name[digits] <= '9') ++digits;
    if (digits == 0 || digits == name.size() || name[digits] != '-') return {50, std::string(name)};
    return {std::stoi(std::string(name.substr(0, digits))), std::string(name.substr(digits + 1))};
}

void read_breaker(YamlReader &l, BreakerLimit &breaker) {
    l.map("breaker", [&](YamlReader &b) {
        if (b.has("failures")) breaker.failures = static_cast<uint32_t>(b.integer("failures", 5, 1, 1000));
        if (b.has("of")) breaker.of = static_cast<uint32_t>(b.integer("of", 20, 1, 1000));
        breaker.open = b.span("open", 1ms, 5min);
        if (breaker.failures && breaker.of && *breaker.failures > *breaker.of)
            b.refuse("failures", "must not exceed 'of'");
    });
}

void read_limits(YamlReader &r, const Yaml &root, InstanceFile &out) {
    r.map("limits", [&](YamlReader &l) {
        read_breaker(l, out.breaker);
        for (const std::string &call : root.find("limits")->keys) {
            if (call == "breaker") continue;
            if (!is_instance_name(call)) return l.refuse(call, "is not the name of a call");
            l.map(call, [&](YamlReader &c) {
                CallLimit limit{c.span("soft", 1us, 24h), c.span("hard", 1us, 72h)};
                if (limit.soft && limit.hard && *limit.hard < *limit.soft)
                    c.refuse("hard", "must not be shorter than 'soft'");
                out.limits[call] = limit;
            });
        }
    });
}

void read_secrets(YamlReader &r, const std::string &file, InstanceFile &out) {
    const Yaml *y = r.any("secrets");
    if (!y || y->type == Yaml::Type::null) return;
    YamlReader s(*y, file, "secrets", instance_errors);
    s.each([&](const std::string &name, const Yaml &value) {
        if (!is_instance_name(name)) return s.refuse(name, "is not a name of lower-case letters, digits, '-' and '_'");
        if (value.type != Yaml::Type::scalar)
            return s.refuse(name, "must be a reference such as ${file:/etc/rigger/hotkey}");
        if (value.scalar.find("${") == std::string::npos)
            return s.refuse(
                name, "must be a reference such as ${file:/etc/rigger/hotkey} or ${env:HOTKEY}, not the secret itself");
        out.secrets[name] = value.scalar;
        out.secret_lines[name] = value.line;
    });
    if (Status done = s.finish(); !done.ok())
        r.refuse_at(y->line, "Value", done.error().message.substr(done.error().message.find(": ") + 2));
}
} // namespace

Result<InstanceFile> parse_instance_file(std::string_view text, std::string_view file_name) {
    RIG_TRY_ASSIGN(const Yaml root, parse_yaml(text, file_name, {max_bytes, 32, 50'000}, instance_errors));
    YamlReader r(root, file_name, "", instance_errors);
    InstanceFile out;
    out.file = file_name;
    std::string stem;
    std::tie(out.order, stem) = split_file_name(file_name);
    out.plugin = r.text("plugin", "", true);
    if (!r.failed() && !is_plugin_id(out.plugin))
        r.refuse("plugin", "'" + out.plugin + "' is not a plugin id such as com.example.mine");
    out.component = r.text("component");
    if (!out.component.empty() && !is_plugin_id(out.component))
        r.refuse("component", "'" + out.component + "' is not a component id");
    out.name = r.text("name", stem);
    if (!is_instance_name(out.name))
        r.refuse("name", "'" + out.name +
                             "' is not a name of lower-case letters, digits, '-' and '_' (at most 64); set `name:` or "
                             "rename the file");
    out.weight = r.number("weight", 1, 0, 1000);
    const std::string on_failure = r.text("on_failure", "abstain");
    if (on_failure != "abstain" && on_failure != "closed")
        r.refuse("on_failure", "'" + on_failure + "' is not known; write abstain or closed");
    out.on_failure = on_failure == "closed" ? OnFailure::closed : OnFailure::abstain;
    out.required = r.flag("required", false);
    read_limits(r, root, out);
    read_secrets(r, std::string(file_name), out);
    if (const Yaml *config = r.any("config"); config && config->type != Yaml::Type::null) {
        if (config->type != Yaml::Type::map)
            r.refuse_at(config->line, "Type", "config must be a map of keys and values");
        out.config = yaml_to_json(*config);
        out.config_yaml = *config;
    }
    RIG_TRY(r.finish());
    return out;
}

int config_line(const InstanceFile &file, const std::vector<std::string> &path) {
    const Yaml *at = &file.config_yaml;
    for (const std::string &part : path) {
        const Yaml *next = at->find(part);
        if (at->type == Yaml::Type::sequence) {
            const size_t index = std::strtoull(part.c_str(), nullptr, 10);
            next = index < at->items.size() ? &at->items[index] : nullptr;
        }
        if (!next) break;
        at = next;
    }
    return std::max(1, at->line);
}

Result<InstanceFile> read_instance_file(const std::filesystem::path &file) {
    RIG_TRY_ASSIGN(const std::string text, read_text_file(file, max_bytes));
    return parse_instance_file(text, file.string());
}

Result<std::vector<FoundInstance>> find_instances(const std::filesystem::path &directory) {
    std::error_code ec;
    std::vector<FoundInstance> out;
    std::filesystem::directory_iterator it(directory, ec);
    for (; !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (name.starts_with('.') || !name.ends_with(".yaml")) continue;
        out.push_back({it->path(), split_file_name(name).second, read_instance_file(it->path())});
    }
    if (ec) // also where the listing broke off: what it does not name would be stopped
        return Error{Code::unavailable, "DirectoryUnreadable",
                     "cannot list enabled plugins in " + directory.string() + ": " + ec.message() +
                         "; create it or correct `plugins.enabled`",
                     0};
    std::sort(out.begin(), out.end(), [](const FoundInstance &a, const FoundInstance &b) {
        const auto ka = split_file_name(a.path.filename().string()), kb = split_file_name(b.path.filename().string());
        return ka != kb ? ka < kb : a.path < b.path;
    });
    return out;
}

} // namespace rigger::host
