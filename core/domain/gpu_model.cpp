#include "domain/gpu_model.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <utility>
#include <vector>

namespace rigger {
namespace {

/// Source: the validators' GPU table (spec/chutes-validator.md 5.1); the order is the matching order.
constexpr std::pair<const char *, const char *> patterns[] = {
    {"3090", "RTX 3090"},
    {"4090", "RTX 4090"},
    {"5090", "RTX 5090"},
    {"a4000", "RTX A4000(?! Ada)"},
    {"a4000_ada", "RTX 4000 Ada"},
    {"a5000", "RTX A5000"},
    {"a6000", "RTX A6000(?! Ada)"},
    {"a6000_ada", "RTX 6000 Ada"},
    {"pro_6000", "RTX PRO 6000"},
    {"l4", "L4(?!0)"},
    {"a10", "A10(?!0)(?!G)"},
    {"a40", "A40"},
    {"l40", "L40(?!S)"},
    {"l40s", "L40S"},
    {"a100_40gb", "A100.?PCIE.?40GB"},
    {"a100_40gb_sxm", "A100.?SXM.?.?40GB"},
    {"a100", "A100.?80GB.?PCIe"},
    {"a100_sxm", "A100.?SXM.?.?80GB"},
    {"h100", "H100.*PCIe"},
    {"h100_nvl", "H100.*NVL"},
    {"h100_sxm", "H100.*HBM3"},
    {"h800", "H800.*PCIe"},
    {"h20", " H20$"},
    {"h200", " H200"},
    {"mi300x", "gfx942:sramecc"},
    {"b200", " B200"},
};

const std::vector<std::pair<std::string, std::regex>> &table() {
    static const auto compiled = [] {
        std::vector<std::pair<std::string, std::regex>> all;
        for (const auto &[ref, pattern] : patterns)
            all.emplace_back(ref, std::regex(pattern, std::regex::ECMAScript | std::regex::optimize));
        return all;
    }();
    return compiled;
}

constexpr std::size_t longest_label = 63; ///< of Kubernetes; a longer text is no product name

} // namespace

std::string gpu_short_ref(std::string_view product) {
    std::string name(product.substr(0, longest_label));
    std::replace(name.begin(), name.end(), '-', ' ');            // a label cannot hold spaces
    if (name.ends_with(" SHARED")) name.resize(name.size() - 7); // time slicing; the device is the same
    for (const auto &[ref, pattern] : table())
        if (std::regex_search(name, pattern)) return ref;
    std::string own;
    for (const char c : name) own += c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return own.starts_with("nvidia_") ? own.substr(7) : own;
}

} // namespace rigger
