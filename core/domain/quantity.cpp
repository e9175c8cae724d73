#include "domain/objects.hpp"

#include <charconv>
#include <cmath>

namespace rigger {
namespace {

struct Suffix {
    std::string_view text;
    double factor;
};
constexpr double ki = 1024;
constexpr Suffix suffixes[] = {
    {"", 1},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"K", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", ki},
    {"Mi", ki *ki},
    {"Gi", ki *ki *ki},
    {"Ti", ki *ki *ki *ki},
    {"Pi", ki *ki *ki *ki *ki},
    {"Ei", ki *ki *ki *ki *ki *ki},
};

struct Number {
    double value;
    std::string_view suffix;
};

std::optional<Number> split(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
    return Number{value, text.substr(static_cast<size_t>(end - text.data()))};
}

} // namespace

std::optional<double> parse_quantity(std::string_view text) {
    const auto number = split(text);
    if (!number) return std::nullopt;
    for (const Suffix &s : suffixes)
        if (s.text == number->suffix) return number->value * s.factor;
    return std::nullopt;
}

std::optional<double> parse_disk_gb(std::string_view text) {
    const auto number = split(text);
    if (!number || number->value < 0) return std::nullopt;
    if (number->suffix == "Gi" || number->suffix == "G") return number->value;
    if (number->suffix == "Mi" || number->suffix == "M") return number->value / ki;
    if (number->suffix == "Ki" || number->suffix == "K" || number->suffix == "k") return number->value / (ki * ki);
    const auto bytes = parse_quantity(text);
    if (!bytes) return std::nullopt;
    return *bytes / (ki * ki * ki);
}

int cpu_per_gpu(const NodeView &node) noexcept {
    const int gpus = std::max(1, node.gpu_capacity);
    const int cpus = node.cpu_milli / 1000 - 2; // two are left to the system
    return cpus <= gpus ? 1 : std::min(4, cpus / gpus);
}

int memory_per_gpu(const NodeView &node, std::optional<int64_t> gpu_memory_mb) noexcept {
    const int64_t gpus = std::max(1, node.gpu_capacity);
    const int64_t memory = node.memory_mib / 1024 - 6; // six GB are left to the system
    if (memory <= gpus) return 1;
    const int64_t share = memory * 4 / 5 / gpus;
    return static_cast<int>(std::max<int64_t>(1, gpu_memory_mb ? std::min(*gpu_memory_mb / 1024, share) : share));
}

} // namespace rigger
