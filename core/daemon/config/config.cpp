#include "daemon/config/config.hpp"

#include "daemon/config/reader.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

namespace rigger {
namespace {

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

/// At most one byte more than a document may have, so that its size is refused there.
Result<std::string> read_file(const std::string &path) {
    const auto failure = [&](std::string_view why) {
        return invalid("ConfigUnreadable", path + ": cannot read the configuration: " + std::string(why) +
                                               "; check the path and its permissions");
    };
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0) return failure(std::strerror(errno));
    struct stat info {};
    if (::fstat(file.number, &info) != 0) return failure(std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return failure("it is not a regular file");
    std::string text(config::largest_document + 1, '\0');
    size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::read(file.number, text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failure(std::strerror(errno));
        if (n == 0) break;
        size += static_cast<size_t>(n);
    }
    text.resize(size);
    return text;
}

} // namespace

std::string Config::store_url() const {
    return store.url.empty() ? "sqlite://" + state_dir.string() + "/rigger.db" : store.url;
}
std::string Config::socket_path() const {
    return http.unix_socket.path.empty() ? runtime_dir.string() + "/rigger.sock" : http.unix_socket.path;
}

Result<Config> Config::load(const std::filesystem::path &file) {
    LoadedConfig loaded = load_config(file.string(), read_environment());
    if (const Status status = loaded.status(); !status.ok()) return status.error();
    return std::move(loaded.config);
}

Status LoadedConfig::status() const {
    if (ok()) return {};
    std::string text;
    for (const ConfigProblem &problem : problems)
        text += (text.empty() ? "" : "\n") + problem.where + ": " + problem.text;
    return invalid("ConfigInvalid", std::move(text));
}

ConfigProblem LoadedConfig::place(const std::string &key) const {
    const auto found = places.find(key);
    return found == places.end() ? ConfigProblem{file, "", 0, 0} : found->second;
}

Environment read_environment() {
    Environment environment;
    for (char **entry = environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        if (const size_t equals = text.find('='); equals != std::string_view::npos)
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

LoadedConfig parse_config(std::string_view yaml, std::string_view file, const Environment &environment) {
    config::Reader reader(std::string(file), environment);
    const config::Document document = config::parse_document(yaml);
    reader.read(document);
    reader.read_environment();
    // Of a file that could not be understood nothing can be said as a whole.
    if (document.error.empty()) reader.check_whole();
    return std::move(reader).finish();
}

LoadedConfig load_config(const std::string &path, const Environment &environment) {
    const auto text = read_file(path);
    if (text.ok()) return parse_config(*text, path, environment);
    LoadedConfig failed;
    failed.file = path;
    failed.problems.push_back({path, text.error().message.substr(path.size() + 2), 0, 0});
    return failed;
}

std::vector<ConfigChange> diff(const Config &from, const Config &to) {
    std::vector<ConfigChange> changes;
    Config before = from, after = to; // slots are writable pointers; these copies are only read
    const auto compare = [&](const config::Key &key, const std::string &name, size_t record) {
        const config::Slot a = key.slot(before, record), b = key.slot(after, record);
        if (!config::same(a, b))
            changes.push_back({name, config::format(key.rule, a), config::format(key.rule, b),
                               key.effect == config::Effect::restart});
    };
    for (const config::Key &key : config::keys()) {
        const size_t brackets = key.path.find("[]");
        if (brackets == std::string_view::npos) {
            compare(key, std::string(key.path), 0);
            continue;
        }
        const size_t shared = std::min(before.http.tcp.tokens.size(), after.http.tcp.tokens.size());
        for (size_t i = 0; i < shared; ++i)
            compare(key,
                    std::string(key.path.substr(0, brackets + 1)) + std::to_string(i) +
                        std::string(key.path.substr(brackets + 1)),
                    i);
    }
    return changes;
}

} // namespace rigger
