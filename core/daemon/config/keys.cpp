#include "daemon/config/keys.hpp"

#include "daemon/config/rules.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <vector>

namespace rigger::config {
namespace {

std::string check_store(std::string_view url) {
    if (url.empty() || url == "sqlite::memory:" || (url.starts_with("sqlite:///") && url.size() > 10)) return "";
    return "expected sqlite:///absolute/path, sqlite::memory:, or nothing";
}
std::string check_bus(std::string_view url) { return url == "memory" ? "" : "expected memory"; }
std::string check_socket(std::string_view path) {
    return path.size() > longest_socket_path     ? "a socket's path has at most 103 bytes"
           : path.empty() || path.front() == '/' ? ""
                                                 : "expected an absolute path";
}
std::string check_address(std::string_view text) {
    const std::string address(text);
    unsigned char parsed[sizeof(in6_addr)];
    if (::inet_pton(AF_INET, address.c_str(), parsed) == 1 || ::inet_pton(AF_INET6, address.c_str(), parsed) == 1)
        return "";
    return "expected an IPv4 or IPv6 address such as 127.0.0.1 (names are not looked up)";
}
std::string check_absolute(std::string_view path) { return path.starts_with('/') ? "" : "expected an absolute path"; }
std::string check_name(std::string_view name) {
    const bool good = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    return good ? "" : "expected letters, digits, '-', '_' and '.'";
}

constexpr Key table[] = {
    {"state_dir", path_rule(), restart,
     "Directory of the records: the embedded database, crash records, checkpoints. One daemon at a time may use it.",
     RIG_SLOT(state_dir)},
    {"runtime_dir", path_rule(), restart, "Directory of the socket and the pid file; emptied by the system at boot.",
     RIG_SLOT(runtime_dir)},
    {"language", choice_rule("en|zh"), reload, "Language of texts when a caller names none.", RIG_SLOT(language)},

    {"store.url", text_rule(0, 1000, check_store), restart,
     "Where the records are: sqlite:///path, or sqlite::memory: (lost at the end). Empty: the file rigger.db in "
     "state_dir.",
     RIG_SLOT(store.url)},
    {"bus.url", text_rule(1, 1000, check_bus), restart, "How events travel between the daemon's parts: memory.",
     RIG_SLOT(bus.url)},

    {"plugins.path", texts_rule(check_absolute), restart, "Directories with installed plugin packages.",
     RIG_SLOT(plugins.path)},
    {"plugins.available", path_rule(), reload, "Directory of the instance files that `rigger plugins enable` may link.",
     RIG_SLOT(plugins.available)},
    {"plugins.enabled", path_rule(), restart, "Directory of the instance files that are in use; one file per instance.",
     RIG_SLOT(plugins.enabled)},
    {"plugins.cache", path_rule(), restart,
     "Directory for verified copies of plugin libraries, owned by the daemon alone.", RIG_SLOT(plugins.cache)},
    {"plugins.safe_mode", flag_rule, restart,
     "Start nothing but rigger's own plugins: to get going again after a bad one.", RIG_SLOT(plugins.safe_mode)},

    {"http.unix_socket.path", text_rule(0, 4000, check_socket), restart,
     "The socket that `rigger` talks to. Who may open it may operate. Empty: rigger.sock in runtime_dir.",
     RIG_SLOT(http.unix_socket.path)},
    {"http.unix_socket.mode",
     {Type::mode},
     restart,
     "File permissions of the socket.",
     RIG_SLOT(http.unix_socket.mode)},
    {"http.unix_socket.group", text_rule(0, 32, check_name), restart,
     "Group that owns the socket. Empty: the daemon's own.", RIG_SLOT(http.unix_socket.group)},
    {"http.tcp.enabled", flag_rule, restart,
     "Also listen on TCP. It is plain HTTP: keep it on the loopback address or behind a TLS proxy.",
     RIG_SLOT(http.tcp.enabled)},
    {"http.tcp.address", text_rule(1, 64, check_address), restart, "Address to listen on.", RIG_SLOT(http.tcp.address)},
    {"http.tcp.port", integer_rule(1, 65535), restart, "Port to listen on.", RIG_SLOT(http.tcp.port)},
    {"http.tcp.tokens",
     {Type::records, 0, 256},
     restart,
     "Who may call over TCP: a list of bearer tokens. At least one when TCP is enabled.",
     RIG_SLOT(http.tcp.tokens)},
    {"http.tcp.tokens[].name", text_rule(1, 64, check_name), restart,
     "Name of the caller in logs and events. Required.", RIG_SLOT(http.tcp.tokens[i].name)},
    {"http.tcp.tokens[].role", choice_rule("read|operate"), restart, "What the caller may do: read, or everything.",
     RIG_SLOT(http.tcp.tokens[i].role)},
    {"http.tcp.tokens[].secret",
     {Type::secret, 16, 512},
     restart,
     "The token itself. Required.",
     RIG_SLOT(http.tcp.tokens[i].secret)},

    {"limits.max_body", size_rule(1 * kib, 64 * mib), restart, "Largest request body.", RIG_SLOT(limits.body_bytes)},
    {"limits.max_header", size_rule(1 * kib, 1 * mib), restart, "Largest request line with all header fields.",
     RIG_SLOT(limits.header_bytes)},
    {"limits.max_uri", size_rule(256, 64 * kib), restart, "Longest request URI.", RIG_SLOT(limits.uri_bytes)},
    {"limits.max_json_depth", integer_rule(4, 256), restart, "Deepest nesting of a JSON body.",
     RIG_SLOT(limits.json_depth)},
    {"limits.max_connections", integer_rule(1, 4096), restart, "Connections served at once, per listener.",
     RIG_SLOT(limits.connections)},
    {"limits.max_watchers", integer_rule(1, 4096), restart,
     "Event streams at once, per listener, out of max_connections.", RIG_SLOT(limits.watchers)},
    {"limits.header_timeout", duration_rule(100 * ms, 10 * minute), restart,
     "From a request's first byte to the end of its header.", RIG_SLOT(limits.header_time)},
    {"limits.body_timeout", duration_rule(100 * ms, 10 * minute), restart, "For the whole request body.",
     RIG_SLOT(limits.body_time)},
    {"limits.write_timeout", duration_rule(100 * ms, 10 * minute), restart,
     "For the whole answer, or for one event of a stream.", RIG_SLOT(limits.write_time)},
    {"limits.idle_timeout", duration_rule(100 * ms, 1 * hour), restart, "Between two requests of one connection.",
     RIG_SLOT(limits.idle_time)},
    {"limits.command_timeout", duration_rule(1 * second, 1 * hour), restart, "Deadline of a command that names none.",
     RIG_SLOT(limits.command_time)},
    {"limits.command_timeout_max", duration_rule(1 * second, 24 * hour), restart, "The most that a caller may ask for.",
     RIG_SLOT(limits.command_time_max)},
    {"limits.stream_timeout_max", duration_rule(1 * second, 168 * hour), restart,
     "The same for a command that streams its output, as a followed log.", RIG_SLOT(limits.stream_time)},
    {"limits.watch_keep_alive", duration_rule(1 * second, 10 * minute), restart,
     "A sign of life on a silent event stream this often.", RIG_SLOT(limits.keep_alive)},
    {"limits.watch_pause", duration_rule(0, 1 * minute), restart,
     "Shortest time between two results on one event stream.", RIG_SLOT(limits.watch_pause)},

    {"placement.whitelist", texts_rule(), reload,
     "Ids or names of the offers that may be placed automatically. Absent: all. An empty list: none.",
     RIG_SLOT(placement.whitelist)},
    {"placement.banned", texts_rule(), reload,
     "Ids or names of offers that are never placed, beside those banned with `rigger ban`.",
     RIG_SLOT(placement.banned)},
    {"placement.max_copies_per_offer", integer_rule(0, 1'000'000), reload,
     "Our own copies of one offer, over all servers. 0: no cap of ours.", RIG_SLOT(placement.max_copies_per_offer)},
    {"placement.disk_margin_gb", number_rule(0, 100'000), reload, "Disk space in GB that is kept free on every server.",
     RIG_SLOT(placement.disk_margin_gb)},
    {"placement.cost_floor", number_rule(0.000001, 1000), reload,
     "Least price in USD per GPU-hour that scorers see, so that a free server is no division by zero.",
     RIG_SLOT(placement.cost_floor)},
    {"placement.min_value", number_rule(0, 1e12), reload,
     "Pairs worth less are not placed; in the unit of the source's value scorer.", RIG_SLOT(placement.min_value)},
    {"placement.improvement_steps", integer_rule(0, 100'000'000), reload,
     "Servers that one plan may be filled anew for, to earn more per hour than best pair first (100,000: some 0.3 s at "
     "most); 0: best pair first, no bound.",
     RIG_SLOT(placement.improvement_steps)},
    {"placement.preference_share", number_rule(0, 100), reload,
     "How far preferences may lift a value: result = value x (1 + share x preference).",
     RIG_SLOT(placement.preference_share)},

    {"log.level", choice_rule("trace|debug|info|warn|error"), reload,
     "What is logged: this and everything more severe.", RIG_SLOT(log.level)},
    {"log.format", choice_rule("text|json"), restart, "Form of a log line.", RIG_SLOT(log.format)},
};

constexpr Section section_table[] = {
    {"store", "Records."},
    {"bus", "Events."},
    {"plugins", "Where plugins are found."},
    {"http", "The API."},
    {"http.unix_socket", "The local door."},
    {"http.tcp", "The door for other machines."},
    {"limits", "What a request may cost."},
    {"placement", "What may be placed, and what it is worth."},
    {"log", "Logging, on standard error."},
    {"control", "The running loop."},
    {"control.placement", "When plans are made."},
    {"control.failures", "Memory of what failed."},
    {"control.deployer", "How deployments are carried out."},
    {"control.reconcile", "Reconciling and its safety."},
    {"control.watches", "Watching sources and clusters."},
    {"control.machinery", "The loop's own working; rarely to be changed."},
};

const std::vector<Key> &joined() {
    static const std::vector<Key> all = [] {
        std::vector<Key> out(base_keys().begin(), base_keys().end());
        out.insert(out.end(), control_keys().begin(), control_keys().end());
        return out;
    }();
    return all;
}

} // namespace

std::span<const Key> base_keys() { return table; }
std::span<const Key> keys() { return joined(); }
std::span<const Section> sections() { return section_table; }

const Key *find_key(std::string_view path) {
    const auto all = keys();
    const auto at = std::find_if(all.begin(), all.end(), [&](const Key &key) { return key.path == path; });
    return at == all.end() ? nullptr : &*at;
}

bool is_section(std::string_view path) {
    return std::any_of(std::begin(section_table), std::end(section_table),
                       [&](const Section &section) { return section.path == path; });
}

std::string environment_name(const Key &key) {
    if (key.rule.type == Type::records || key.path.find("[]") != std::string_view::npos) return "";
    std::string name = "RIGGER_";
    for (const char c : key.path) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

std::string_view leaf(std::string_view path) {
    const size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

} // namespace rigger::config
