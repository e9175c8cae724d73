#include "daemon/config/reference.hpp"

#include "daemon/config/keys.hpp"

#include <algorithm>

namespace rigger {
namespace {
using namespace config;
constexpr size_t comment_width = 120;

bool in_records(const Key &key) { return key.path.find("[]") != std::string_view::npos; }

std::string_view parent(std::string_view path) {
    const size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

size_t depth(std::string_view path) { return static_cast<size_t>(std::count(path.begin(), path.end(), '.')); }

std::string comment(const std::string &indent, const std::string &text) {
    std::string out, line = indent + "#";
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(' ', at), text.size());
        if (line.size() + 1 + (end - at) > comment_width) {
            out += line + "\n";
            line = indent + "#";
        }
        line += " " + text.substr(at, end - at);
        at = end + 1;
    }
    return out + line + "\n";
}

std::string yaml_value(const Key &key, const std::string &value) {
    if (key.rule.type == Type::records) return "[]";
    if (key.rule.type == Type::mode || value.empty()) return "\"" + value + "\"";
    return value;
}

/// Opens the sections that lead to `path` and are not open yet.
void open_sections(std::string &out, std::string_view from, std::string_view path) {
    if (path.empty() || from == path || (from.starts_with(path) && from.substr(path.size()).starts_with('.'))) return;
    open_sections(out, from, parent(path));
    const std::string indent(2 * depth(path), ' ');
    const auto all = sections();
    const auto section = std::find_if(all.begin(), all.end(), [&](const Section &s) { return s.path == path; });
    out += "\n" + comment(indent, std::string(section->help)) + indent + std::string(leaf(path)) + ":\n";
}

std::string effect_text(const Key &key) { return key.effect == Effect::restart ? "restart" : "reload"; }

std::string default_of(const Key &key, Config &defaults) {
    if (in_records(key)) return key.rule.type == Type::choice ? "read" : "";
    if (key.rule.type == Type::records) return "[]";
    return format(key.rule, key.slot(defaults, 0));
}

std::string cell(std::string text) {
    for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
    return text;
}

constexpr const char *yaml_head =
    "# The configuration of riggerd, with every key and its default. A key that is removed keeps its default.\n"
    "# Durations: 250ms, 30s, 16m, 1h. Sizes: 64KiB, 1MiB. Secrets: ${file:/path} or ${env:NAME}.\n"
    "# Check a change with `riggerd --check-config`; apply it with `systemctl reload riggerd` (SIGHUP), or with a "
    "restart\n"
    "# where it says (restart). The same as a page: docs/operators/configuration.md.\n\n";

constexpr const char *page_head =
    "# Configuration\n\n"
    "`riggerd` reads one YAML file, by default `/etc/rigger/rigger.yaml`, and refuses to start while anything in it is "
    "wrong: an unknown key, a wrong type, an\n"
    "impossible value, a key that stands there twice. It reports all problems at once, each with file, line and "
    "column.\n\n"
    "- `riggerd --check-config` reads and checks the file, what it names (directories, the socket's group, the store, "
    "the "
    "address), the settings of the enabled plugins with their secrets and the files that they name (fleet, market, "
    "kubeconfigs), changes nothing and starts nothing.\n"
    "  As root it looks with the eyes of the user to whom the state directory belongs.\n"
    "- SIGHUP (`systemctl reload riggerd`) reads it again. If anything is wrong the running configuration stays, and "
    "`rigger status` says so until a reload is taken. Keys "
    "marked *reload* take effect at once; for those marked\n"
    "  *restart* the log says that a restart is needed.\n"
    "- Durations are numbers with units, largest first: `250ms`, `30s`, `16m`, `1h`, `1h30m`. Sizes: `512B`, `64KiB`, "
    "`1MiB`, `2GiB`. File modes are four octal digits: `0660`.\n"
    "- Any value may be `${env:NAME}` or `${file:/absolute/path}` as a whole. A file that is read this way must not be "
    "accessible to everybody (`chmod o-rwx`), holds at most 64 KiB, and loses\n"
    "  one trailing line end. Use it for every secret; secrets never appear in logs, answers or error texts.\n"
    "- An environment variable overrides the file: its name is in the last column. Lists are separated by commas "
    "there. A variable that begins with `RIGGER_` and looks like a misspelt one is\n"
    "  warned of.\n"
    "- Anchors, aliases, tags, a second document, more than 256 KiB, more than 16 levels and anything but UTF-8 text "
    "are refused.\n\n"
    "This page and `etc/rigger.yaml` are made from the same table as the reader (`core/daemon/config/keys*.cpp`) by "
    "`rigger-config-reference`; a test fails when they differ.\n";

constexpr const char *token_example = "    # Example:\n"
                                      "    #   tokens:\n"
                                      "    #     - name: grafana\n"
                                      "    #       role: read          # or: operate\n"
                                      "    #       secret: ${file:/etc/rigger/secrets/grafana}\n";

} // namespace

std::string default_config_yaml() {
    Config defaults;
    std::string out = yaml_head;
    std::string_view open;
    for (const Key &key : keys()) {
        if (in_records(key)) continue;
        const std::string_view section = parent(key.path);
        open_sections(out, open, section);
        open = section;
        const std::string indent(2 * depth(key.path), ' ');
        std::string help(key.help);
        if (key.effect == Effect::restart) help += " (restart)";
        out += comment(indent, help);
        if (key.rule.type == Type::choice) out += comment(indent, "Values: " + describe(key.rule).substr(8) + ".");
        if (key.rule.type == Type::records) out += token_example;
        // An absent list and an empty one differ: such a key has no default that could stand here.
        const std::string value = default_of(key, defaults);
        const bool absent = key.rule.type == Type::texts && value.empty();
        out += indent +
               (absent ? "# " + std::string(leaf(key.path)) + ": [offer-1, offer-2]"
                       : std::string(leaf(key.path)) + ": " + yaml_value(key, value)) +
               "\n";
    }
    return out;
}

std::string config_reference_page() {
    Config defaults;
    std::string out = page_head;
    std::string_view open = "-";
    for (const Key &key : keys()) {
        const std::string_view section = in_records(key) ? open : parent(key.path);
        if (section != open) {
            const auto all = sections();
            const auto found =
                std::find_if(all.begin(), all.end(), [&](const Section &s) { return s.path == section; });
            out += "\n## " + (section.empty() ? std::string("General") : "`" + std::string(section) + "`") + "\n\n";
            if (found != all.end()) out += std::string(found->help) + "\n\n";
            out += "| key | meaning | default | allowed | change | environment |\n|---|---|---|---|---|---|\n";
            open = section;
        }
        const std::string value = default_of(key, defaults), variable = environment_name(key);
        out += "| `" + std::string(key.path) + "` | " + cell(std::string(key.help)) + " | " +
               (value.empty() ? "" : "`" + cell(value) + "`") + " | " + cell(describe(key.rule)) + " | " +
               effect_text(key) + " | " + (variable.empty() ? "" : "`" + variable + "`") + " |\n";
    }
    return out;
}

} // namespace rigger
