// core/engine/store_sqlite/kv.hpp -- the plugins' key spaces.
#pragma once
#include "domain/ports/store.hpp"
#include "engine/store_sqlite/database.hpp"

namespace rigger::sqlite {

Result<std::optional<KvEntry>> kv_get(Database &database, std::string_view plugin, std::string_view key);
Result<std::vector<KvEntry>> kv_list(Database &database, std::string_view plugin, std::string_view prefix);
/// Opens and ends its own transaction.
Result<uint64_t> kv_commit(Database &database, std::string_view plugin, const std::vector<KvWrite> &writes);

} // namespace rigger::sqlite
