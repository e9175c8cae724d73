// package.hpp -- the files under test: the library and, if it lies beside it, plugin.yaml.
#pragma once
#include "elf.hpp"

#include <string>
#include <vector>

namespace check {

/// What the tests need of a manifest. The host's own reader is stricter; this one only finds values in well-formed
/// manifests.
struct ManifestFacts {
    bool present = false;
    std::string id, version, digest; ///< digest of the library entry that names the file under test
    std::vector<std::string> services, secrets, needed;
    bool veto = false;
};

struct Package {
    std::string file;  ///< absolute path of the library
    std::string bytes; ///< its content
    ElfFacts elf;
    ManifestFacts manifest;
};

/// Reads without running anything. False: `why` says what is wrong.
bool read_package(const std::string &file, Package &out, std::string &why);

ManifestFacts read_manifest(const std::string &text, const std::string &library_name);

} // namespace check
