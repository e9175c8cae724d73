#include "daemon/config/reader.hpp"

#include "daemon/config/suggest.hpp"
#include "engine/secrets/secrets.hpp"

#include <algorithm>
#include <set>

namespace rigger::config {
namespace {
constexpr size_t longest_shown = 80;

std::string join(std::string_view section, std::string_view name) {
    return section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
}

/// A key or section name as a person typed it: cut, and without control characters.
std::string shown_name(std::string_view name) {
    std::string out(name.substr(0, longest_shown));
    for (char &c : out)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return out;
}

const char *kind_name(Node::Kind kind) {
    switch (kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "a single value";
    case Node::Kind::list: return "a list";
    case Node::Kind::map: return "a map of keys";
    }
    return "something else";
}

/// "http.tcp.tokens[].name" for "http.tcp.tokens[2].name".
std::string pattern_of(const std::string &path) {
    std::string out;
    bool inside = false;
    for (const char c : path) {
        inside = inside && c != ']';
        if (!inside) out += c;
        inside = inside || c == '[';
    }
    return out;
}

} // namespace

Reader::Reader(std::string file, const Environment &environment) : file_(std::move(file)), environment_(environment) {}

ConfigProblem Reader::at(Place place) const {
    return {file_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column), "", place.line,
            place.column};
}

void Reader::report(ConfigProblem where, std::string text) {
    where.text = std::move(text);
    loaded_.problems.push_back(std::move(where));
}

ConfigProblem Reader::where_set(const std::string &path) const {
    const auto found = set_.find(path);
    return found == set_.end() ? ConfigProblem{file_, "", 0, 0} : found->second;
}

void Reader::read(const Document &document) {
    if (!document.error.empty()) return report(at(document.place), document.error);
    if (document.root.kind == Node::Kind::null) return;
    if (document.root.kind != Node::Kind::map)
        return report(at(document.root.place),
                      std::string("the file holds ") + kind_name(document.root.kind) + "; expected keys and values");
    section(document.root, "", 0);
}

void Reader::section(const Node &map, const std::string &path, size_t record) {
    std::map<std::string_view, Place> seen;
    for (const Node::Entry &e : map.entries) {
        const auto [first, fresh] = seen.emplace(e.key, e.place);
        if (!fresh) {
            report(at(e.place), "key '" + shown_name(join(path, e.key)) +
                                    "' stands here for the second time, first in line " +
                                    std::to_string(first->second.line) + "; keep one");
            continue;
        }
        entry(e, path, record);
    }
}

void Reader::entry(const Node::Entry &e, const std::string &path, size_t record) {
    const std::string shown = join(path, e.key), pattern = pattern_of(shown);
    // A key that contains a dot or a bracket could imitate a path.
    const bool plain = e.key.find_first_of(".[]") == std::string::npos;
    if (const Key *const known = plain ? find_key(pattern) : nullptr) {
        set_[shown] = at(e.place);
        return key(*known, e.value, shown, record);
    }
    if (!plain || !is_section(pattern)) {
        return report(at(e.place), "unknown key '" + shown_name(shown) + "'" +
                                       (plain ? suggest_key(pattern_of(path), e.key)
                                              : "; a key has no dots: indent it below its section"));
    }
    if (e.value.kind == Node::Kind::null) return;
    if (e.value.kind != Node::Kind::map)
        return report(at(e.value.place), shown + ": found " + kind_name(e.value.kind) + "; expected keys below it");
    section(e.value, shown, record);
}

void Reader::key(const Key &known, const Node &value, const std::string &shown, size_t record) {
    if (value.kind == Node::Kind::null)
        return report(set_[shown], shown + ": has no value; write " + describe(known.rule) +
                                       ", or remove the key to take the default");
    if (known.rule.type == Type::texts) return texts(known, value, shown);
    if (known.rule.type == Type::records) return records(known, value, shown);
    scalar(known, value, shown, record);
}

void Reader::scalar(const Key &known, const Node &value, const std::string &shown, size_t record) {
    if (value.kind != Node::Kind::scalar)
        return report(at(value.place),
                      shown + ": found " + kind_name(value.kind) + "; expected " + describe(known.rule));
    const Type type = known.rule.type;
    if (value.quoted && !is_reference(value.scalar) &&
        (type == Type::flag || type == Type::integer || type == Type::number))
        return report(at(value.place),
                      shown + ": found a text in quotes; expected " + describe(known.rule) + "; remove the quotes");
    set(known, value.scalar, record, at(value.place), shown);
}

void Reader::texts(const Key &known, const Node &value, const std::string &shown) {
    if (value.kind != Node::Kind::list)
        return report(at(value.place),
                      shown + ": found " + kind_name(value.kind) + "; expected a list, such as [a, b]");
    begin_list(known.slot(loaded_.config, 0));
    for (size_t i = 0; i < value.items.size(); ++i) {
        const std::string item = shown + "[" + std::to_string(i) + "]";
        if (value.items[i].kind != Node::Kind::scalar)
            report(at(value.items[i].place), item + ": found " + kind_name(value.items[i].kind) + "; expected a text");
        else set(known, value.items[i].scalar, 0, at(value.items[i].place), item);
    }
}

void Reader::records(const Key &known, const Node &value, const std::string &shown) {
    if (value.kind != Node::Kind::list)
        return report(at(value.place),
                      shown + ": found " + kind_name(value.kind) + "; expected a list of entries, each with its keys");
    if (static_cast<double>(value.items.size()) > known.rule.max)
        return report(at(value.place), shown + ": found " + std::to_string(value.items.size()) +
                                           " entries; expected at most " +
                                           std::to_string(static_cast<int>(known.rule.max)));
    auto &list = *std::get<std::vector<TokenConfig> *>(known.slot(loaded_.config, 0));
    list.assign(value.items.size(), {});
    for (size_t i = 0; i < value.items.size(); ++i) {
        const std::string item = shown + "[" + std::to_string(i) + "]";
        set_[item] = at(value.items[i].place);
        if (value.items[i].kind != Node::Kind::map)
            report(set_[item], item + ": found " + kind_name(value.items[i].kind) + "; expected keys");
        else section(value.items[i], item, i);
    }
}

void Reader::set(const Key &known, std::string_view text, size_t record, const ConfigProblem &where,
                 const std::string &shown) {
    const bool reference = is_reference(text);
    const bool show = !reference && known.rule.type != Type::secret;
    Secret resolved;
    if (reference) {
        const EnvLookup lookup = [this](std::string_view name) -> std::optional<std::string> {
            const auto found = environment_.find(std::string(name));
            return found == environment_.end() ? std::nullopt : std::optional<std::string>(found->second);
        };
        auto value = resolve_secret(text, lookup);
        if (!value.ok()) return report(where, shown + ": " + value.error().message);
        resolved = *std::move(value);
        text = resolved.reveal();
    }
    const std::string wrong = assign(known.rule, known.slot(loaded_.config, record), text, show);
    if (!wrong.empty()) report(where, shown + ": " + wrong);
}

void Reader::read_environment() {
    std::vector<std::string> names;
    for (const Key &known : keys()) {
        const std::string name = environment_name(known);
        if (name.empty()) continue;
        names.push_back(name);
        const auto found = environment_.find(name);
        if (found == environment_.end()) continue;
        const ConfigProblem where{"environment variable " + name, "", 0, 0};
        const std::string shown(known.path);
        set_[shown] = where;
        if (known.rule.type != Type::texts) {
            set(known, found->second, 0, where, shown);
            continue;
        }
        begin_list(known.slot(loaded_.config, 0));
        for (std::string_view rest = found->second; !rest.empty();) {
            const size_t comma = std::min(rest.find(','), rest.size());
            set(known, rest.substr(0, comma), 0, where, shown);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    for (const auto &[name, value] : environment_) {
        if (!name.starts_with("RIGGER_") || std::find(names.begin(), names.end(), name) != names.end()) continue;
        const std::string near = nearest(name.substr(7), [&] {
            std::vector<std::string> tails;
            for (const std::string &known : names) tails.push_back(known.substr(7));
            return tails;
        }());
        if (!near.empty())
            loaded_.warnings.push_back(
                {"environment variable " + name, "is not known; did you mean RIGGER_" + near + "?", 0, 0});
    }
}

void Reader::check_whole() {
    const Config &c = loaded_.config;
    const auto order = [&](const char *low, Duration a, const char *high, Duration b) {
        if (a > b)
            report(where_set(set_.count(low) != 0 ? low : high), std::string(low) + " (" + format_duration(a) +
                                                                     ") must not be longer than " + high + " (" +
                                                                     format_duration(b) + ")");
    };
    order("control.deployer.retry_first", c.control.retry_first, "control.deployer.retry_cap", c.control.retry_cap);
    order("control.watches.backoff_first", c.control.watch_backoff_first, "control.watches.backoff_cap",
          c.control.watch_backoff_cap);
    order("control.machinery.commit_retry_first", c.control.commit_retry_first, "control.machinery.commit_retry_cap",
          c.control.commit_retry_cap);
    order("limits.command_timeout", c.limits.command_time, "limits.command_timeout_max", c.limits.command_time_max);
    if (c.limits.watchers >= c.limits.connections)
        report(where_set(set_.count("limits.max_watchers") != 0 ? "limits.max_watchers" : "limits.max_connections"),
               "limits.max_watchers (" + std::to_string(c.limits.watchers) +
                   ") must be less than limits.max_connections (" + std::to_string(c.limits.connections) +
                   "), so that commands are served beside event streams");
    if (c.http.tcp.enabled && c.http.tcp.tokens.empty())
        report(where_set("http.tcp.enabled"),
               "http.tcp.enabled: TCP needs at least one entry in http.tcp.tokens; add one, or set it to false");
    if (c.http.unix_socket.path.empty() && c.socket_path().size() > longest_socket_path)
        report(where_set("runtime_dir"), "runtime_dir: the socket's path in it would be longer than " +
                                             std::to_string(longest_socket_path) +
                                             " bytes; choose a shorter one, or set http.unix_socket.path");
    std::set<std::string> names;
    for (size_t i = 0; i < c.http.tcp.tokens.size(); ++i) {
        const std::string item = "http.tcp.tokens[" + std::to_string(i) + "]";
        const TokenConfig &token = c.http.tcp.tokens[i];
        for (const char *const required : {".name", ".secret"})
            if (set_.count(item + required) == 0)
                report(where_set(item), item + required + ": is missing; every token needs a name and a secret");
        if (!token.name.empty() && !names.insert(token.name).second)
            report(where_set(item), item + ".name: '" + token.name + "' is used by another token; names must differ");
    }
}

LoadedConfig Reader::finish() && {
    std::stable_sort(loaded_.problems.begin(), loaded_.problems.end(),
                     [](const ConfigProblem &a, const ConfigProblem &b) {
                         const auto rank = [](const ConfigProblem &p) { return p.line == 0 ? INT32_MAX : p.line; };
                         return rank(a) < rank(b) || (rank(a) == rank(b) && a.column < b.column);
                     });
    loaded_.file = std::move(file_);
    loaded_.places = std::move(set_);
    return std::move(loaded_);
}

} // namespace rigger::config
