// core/engine/store_sqlite/errors.hpp -- SQLite's result codes as errors an operator can act on.
#pragma once
#include "base/status.hpp"

#include <string_view>

namespace rigger::sqlite {

/// `code` is an extended result code, `detail` sqlite3_errmsg().
Error error_of(int code, std::string_view path, std::string_view detail);

} // namespace rigger::sqlite
