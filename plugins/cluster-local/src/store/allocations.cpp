#include "store/allocations.hpp"

#include "hash.hpp"

#include <algorithm>

namespace cluster_local {

bool Allocations::port_free(int port) const noexcept {
    return port >= first_ && port <= last_port() && held_[static_cast<size_t>(port - first_)] == 0;
}

std::optional<int> Allocations::choose_port(std::string_view salt, const std::vector<int> &besides) const {
    const size_t start = hash(salt, besides.size()) % held_.size();
    for (size_t i = 0; i < held_.size(); ++i) {
        const int port = first_ + static_cast<int>((start + i) % held_.size());
        if (port_free(port) && std::find(besides.begin(), besides.end(), port) == besides.end()) return port;
    }
    return std::nullopt;
}
void Allocations::hold_port(int port, bool hold) noexcept {
    if (port < first_ || port > last_port()) return;
    uint8_t &count = held_[static_cast<size_t>(port - first_)];
    if (hold && count < UINT8_MAX) ++count;
    if (!hold && count > 0) --count;
}

std::string Allocations::choose_address(std::string_view salt) const {
    for (uint64_t attempt = 0;; ++attempt) {
        const uint64_t h = 256 + hash(salt, attempt) % ((1U << 20) - 512);
        std::string ip = "10." + std::to_string(96 + (h >> 16)) + "." + std::to_string((h >> 8) & 255) + "." +
                         std::to_string(h & 255);
        if (address_free(ip)) return ip;
    }
}
void Allocations::hold_address(std::string_view ip, bool hold) {
    if (ip.empty() || ip == "None") return;
    int &count = addresses_[std::string(ip)];
    count += hold ? 1 : -1;
    if (count <= 0) addresses_.erase(std::string(ip));
}

} // namespace cluster_local
