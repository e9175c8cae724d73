#include "engine/secrets/secrets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace rigger {
namespace {
constexpr size_t largest_secret = 64 * 1024;
constexpr std::string_view file_scheme = "${file:", env_scheme = "${env:";

/// Wiped at the end, also when an error ends the reading early.
struct Buffer {
    std::vector<char> bytes = std::vector<char>(largest_secret + 1);
    ~Buffer() { wipe_memory(bytes.data(), bytes.size()); }
};

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

Error failure(Code code, const char *reason, std::string_view path, std::string_view why) {
    return {code, reason, "secret file '" + std::string(path) + "': " + std::string(why), 0};
}

Status check_file(int descriptor, std::string_view path) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) return failure(Code::denied, "SecretFile", path, std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return failure(Code::invalid, "SecretFile", path, "it is not a regular file");
    if ((info.st_mode & 07) != 0)
        return failure(Code::denied, "SecretFileMode", path,
                       "everybody on this machine may open it; run `chmod o-rwx` on it");
    if (static_cast<size_t>(info.st_size) > largest_secret)
        return failure(Code::invalid, "SecretFile", path, "it is larger than 64 KiB, so it is hardly a secret");
    return {};
}

Result<Secret> checked(std::string_view value, std::string_view source) {
    if (value.empty()) return invalid("SecretEmpty", std::string(source) + " is empty");
    if (value.find('\0') != std::string_view::npos)
        return invalid("SecretBinary", std::string(source) + " holds a NUL byte; it must be text");
    return Secret(value);
}

Result<Secret> read_file(std::string_view path) {
    if (!path.starts_with('/')) return failure(Code::invalid, "SecretReference", path, "the path must be absolute");
    const std::string name(path);
    // O_NONBLOCK: a FIFO must not hang the start.
    const Descriptor file{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0) {
        const int why = errno;
        return failure(why == ENOENT ? Code::not_found : Code::denied, "SecretFile", path, std::strerror(why));
    }
    RIG_TRY(check_file(file.number, path));
    Buffer buffer;
    size_t size = 0;
    while (size < buffer.bytes.size()) {
        const ssize_t n = ::read(file.number, buffer.bytes.data() + size, buffer.bytes.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failure(Code::unavailable, "SecretFile", path, std::strerror(errno));
        if (n == 0) break;
        size += static_cast<size_t>(n);
    }
    if (size > largest_secret)
        return failure(Code::invalid, "SecretFile", path, "it is larger than 64 KiB, so it is hardly a secret");
    std::string_view value(buffer.bytes.data(), size);
    if (value.ends_with('\n')) value.remove_suffix(1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    return checked(value, "secret file '" + name + "'");
}

Result<Secret> read_variable(std::string_view name, const EnvLookup &env) {
    auto value = env ? env(name) : std::nullopt;
    if (!value) return not_found("SecretVariable", "environment variable '" + std::string(name) + "' is not set");
    auto secret = checked(*value, "environment variable '" + std::string(name) + "'");
    wipe_memory(value->data(), value->size());
    return secret;
}
} // namespace

EnvLookup process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char *const value = std::getenv(std::string(name).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
}

bool is_reference(std::string_view text) noexcept { return text.starts_with("${"); }

Result<Secret> resolve_secret(std::string_view text, const EnvLookup &env) {
    if (!is_reference(text)) return Secret(text);
    if (text.ends_with('}')) {
        if (text.starts_with(file_scheme))
            return read_file(text.substr(file_scheme.size(), text.size() - file_scheme.size() - 1));
        if (text.starts_with(env_scheme))
            return read_variable(text.substr(env_scheme.size(), text.size() - env_scheme.size() - 1), env);
    }
    // Not quoted back: what follows "${" may be a secret that was pasted by mistake.
    return invalid("SecretReference",
                   "a value that begins with '${' must be ${file:/absolute/path} or ${env:NAME} as a whole");
}

namespace {
class Provider final : public SecretProvider {
public:
    explicit Provider(EnvLookup env) : env_(std::move(env)) {}
    Result<std::string> resolve(std::string_view reference) override {
        std::string out;
        for (size_t at = 0; at < reference.size();) {
            const size_t open = std::min(reference.find("${", at), reference.size());
            out += reference.substr(at, open - at);
            if (open == reference.size()) break;
            const size_t close = reference.find('}', open);
            if (close == std::string_view::npos) return invalid("SecretReference", "a '${' has no closing '}'");
            RIG_TRY_ASSIGN(const Secret part, resolve_secret(reference.substr(open, close + 1 - open), env_));
            out += part.reveal();
            at = close + 1;
        }
        return out;
    }

private:
    const EnvLookup env_;
};
} // namespace

std::unique_ptr<SecretProvider> make_secret_provider(EnvLookup env) {
    return std::make_unique<Provider>(std::move(env));
}

} // namespace rigger
