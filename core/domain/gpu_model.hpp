// core/domain/gpu_model.hpp -- the market's short name of a GPU model, from the name that NVIDIA gives it. Pure; any
// thread.
#pragma once
#include <string>
#include <string_view>

namespace rigger {

/// `product` as GPU feature discovery labels it ("NVIDIA-H100-80GB-HBM3") or as nvidia-smi prints it, with spaces. The
/// first entry of the validators' table (order and patterns as there) that matches gives the short ref ("h100_sxm"); a
/// model that the table does not know keeps its own name, in lower case with underscores and without "nvidia"
/// ("tesla_t4"). Empty for an empty name.
std::string gpu_short_ref(std::string_view product);

} // namespace rigger
