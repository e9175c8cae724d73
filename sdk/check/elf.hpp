// elf.hpp -- what a shared library shows of itself before any of its code runs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace check {

struct ElfFacts {
    uint16_t machine = 0;
    bool shared_object = false, text_relocations = false, executable_stack = true, static_tls = false, bind_now = false,
         no_delete = false;
    std::vector<std::string> exports; ///< names of defined global dynamic symbols
    std::vector<std::string> needed;  ///< DT_NEEDED
    std::string note;                 ///< text of the identity note ("id\nversion"); empty: none
};

/// False: `why` says what is wrong with the file. Never reads outside the file's bytes.
bool read_elf(const std::string &bytes, ElfFacts &out, std::string &why);

} // namespace check
