// core/daemon/config/reference.hpp -- the table of keys as the installed file and as a page of the documentation.
#pragma once
#include <string>

namespace rigger {

std::string default_config_yaml();   ///< etc/rigger.yaml
std::string config_reference_page(); ///< docs/operators/configuration.md

} // namespace rigger
