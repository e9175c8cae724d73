// fleet/gpu_models.hpp -- memory of the GPU models known by short ref, from the validator's table of supported GPUs.
#pragma once
#include <string_view>
#include <utility>

namespace cluster_local {

struct GpuModel {
    std::string_view ref, product;
    int memory_gb;
};

inline constexpr GpuModel kGpuModels[] = {
    {"3090", "NVIDIA-GeForce-RTX-3090", 24},
    {"4090", "NVIDIA-GeForce-RTX-4090", 24},
    {"5090", "NVIDIA-GeForce-RTX-5090", 32},
    {"a4000", "NVIDIA-RTX-A4000", 16},
    {"a4000_ada", "NVIDIA-RTX-4000-Ada-Generation", 20},
    {"a5000", "NVIDIA-RTX-A5000", 24},
    {"a6000", "NVIDIA-RTX-A6000", 48},
    {"a6000_ada", "NVIDIA-RTX-6000-Ada-Generation", 48},
    {"pro_6000", "NVIDIA-RTX-PRO-6000", 96},
    {"l4", "NVIDIA-L4", 24},
    {"a10", "NVIDIA-A10", 24},
    {"a40", "NVIDIA-A40", 48},
    {"l40", "NVIDIA-L40", 48},
    {"l40s", "NVIDIA-L40S", 48},
    {"a100_40gb", "NVIDIA-A100-PCIE-40GB", 40},
    {"a100_40gb_sxm", "NVIDIA-A100-SXM4-40GB", 40},
    {"a100", "NVIDIA-A100-80GB-PCIe", 80},
    {"a100_sxm", "NVIDIA-A100-SXM4-80GB", 80},
    {"h100", "NVIDIA-H100-PCIe", 80},
    {"h100_nvl", "NVIDIA-H100-NVL", 96},
    {"h100_sxm", "NVIDIA-H100-80GB-HBM3", 80},
    {"h800", "NVIDIA-H800-PCIe", 80},
    {"h20", "NVIDIA-H20", 96},
    {"h200", "NVIDIA-H200", 140},
    {"mi300x", "AMD-Instinct-MI300X", 192},
    {"b200", "NVIDIA-B200", 192},
};

constexpr const GpuModel *find_gpu_model(std::string_view ref) noexcept {
    for (const GpuModel &model : kGpuModels)
        if (model.ref == ref) return &model;
    return nullptr;
}

} // namespace cluster_local
