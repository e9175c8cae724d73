#include <chutes/names.hpp>

#include "sha1.hpp"

#include <algorithm>

namespace chutes {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// 32 hex digits as 8-4-4-4-12.
std::string dashed(std::string_view hex) {
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out.push_back('-');
        out.push_back(hex[i]);
    }
    return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

std::string uuid5_oid(std::string_view name) {
    static constexpr unsigned char oid[16] = {0x6b, 0xa7, 0xb8, 0x12, 0x9d, 0xad, 0x11, 0xd1,
                                              0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    std::string text(reinterpret_cast<const char *>(oid), sizeof oid);
    text.append(name);
    auto digest = sha1(text);
    digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0F) | 0x50);
    digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3F) | 0x80);
    std::string hex;
    for (std::size_t i = 0; i < 16; ++i) {
        hex.push_back(hex_digits[digest[i] >> 4]);
        hex.push_back(hex_digits[digest[i] & 15]);
    }
    return dashed(hex);
}

std::string job_name(std::string_view deployment_id) { return "chute-" + std::string(deployment_id); }
std::string service_name(std::string_view deployment_id) { return "chute-service-" + std::string(deployment_id); }
std::string code_config_map_name(std::string_view chute_id, std::string_view version) {
    return "chute-code-" + uuid5_oid(std::string(chute_id) + "::" + std::string(version));
}

std::string gpu_device_id(std::string_view gpu_id) {
    if (const auto colon = gpu_id.rfind(':'); colon != std::string_view::npos)
        return std::string(gpu_id.substr(colon + 1));
    constexpr std::string_view prefix = "GPU-";
    const std::string_view bare = gpu_id.substr(0, prefix.size()) == prefix ? gpu_id.substr(prefix.size()) : gpu_id;
    std::string hex;
    for (const char c : bare)
        if (c != '-') hex.push_back(lower(c));
    const bool is_uuid = hex.size() == 32 && hex.find_first_not_of(hex_digits) == std::string::npos;
    return std::string(prefix) + (is_uuid ? dashed(hex) : std::string(bare));
}

} // namespace chutes
