// core/engine/store_sqlite/migrations.hpp -- the numbered schema scripts of this build. PostgreSQL's list has the same
// numbers and names.
#pragma once
#include <span>

namespace rigger::sqlite {

struct Migration {
    int number;
    const char *name;
    const char *sql;
};

/// In order, numbers 1, 2, 3, ... without a hole.
std::span<const Migration> migrations() noexcept;

} // namespace rigger::sqlite
