// csv.hpp -- comma-separated values as RFC 4180 has them: quotes, doubled quotes, LF or CRLF, an optional byte order
// mark.
#pragma once
#include <rigger/sdk/status.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace catalog {

struct CsvRow {
    size_t line;                     ///< where it starts
    std::vector<std::string> fields; ///< of the wanted columns, in their order
};

/// The first row names the columns, in any order and case; those that are not wanted are passed over. Every other row
/// has as many fields; blank lines are skipped. Refuses a header without a wanted column or with one twice, binary
/// input, open quotes, fields above 64 KiB and more rows than most_items; `file` is for messages. Pure.
rig::Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view file,
                                           const std::vector<std::string> &columns);

} // namespace catalog
