// chutes/names.hpp -- the names of the objects that realise a chute, and the ids inside them. Pure. [any]
#pragma once
#include <string>
#include <string_view>

namespace chutes {

/// RFC 4122 version 5 in the OID name space, lower case with dashes.
std::string uuid5_oid(std::string_view name);

std::string job_name(std::string_view deployment_id);                                  ///< chute-{id}
std::string service_name(std::string_view deployment_id);                              ///< chute-service-{id}
std::string code_config_map_name(std::string_view chute_id, std::string_view version); ///< chute-code-{uuid5}

/// "2d6b7628..." or "GPU-2d6b7628-..." -> "GPU-2d6b7628-42e9-...". An id that is not 32 hex digits is kept as it is,
/// with the prefix; "gpu-01:3", a GPU whose UUID is not known, -> "3": the NVIDIA runtime takes the driver's index as
/// well, and nothing else that we could say.
std::string gpu_device_id(std::string_view gpu_id);

} // namespace chutes
