// store/allocations.hpp -- what Services hold of the cluster: node ports and cluster addresses. Derived from the stored
// objects, so it can neither leak nor be out of step with them. Not thread-safe; the cluster's lock guards it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cluster_local {

class Allocations {
public:
    Allocations(int first_port, int last_port)
        : first_(first_port), held_(static_cast<size_t>(last_port - first_port + 1)) {}

    int first_port() const noexcept { return first_; }
    int last_port() const noexcept { return first_ + static_cast<int>(held_.size()) - 1; }
    bool port_free(int port) const noexcept;
    /// A free port that is not in `besides`, spread over the range by `salt`. nullopt: all are taken.
    std::optional<int> choose_port(std::string_view salt, const std::vector<int> &besides) const;
    void hold_port(int port, bool hold) noexcept;

    bool address_free(std::string_view ip) const { return !addresses_.contains(std::string(ip)); }
    /// A free address of 10.96.0.0/12.
    std::string choose_address(std::string_view salt) const;
    void hold_address(std::string_view ip, bool hold);

private:
    int first_;
    std::vector<uint8_t> held_;
    std::unordered_map<std::string, int> addresses_;
};

} // namespace cluster_local
