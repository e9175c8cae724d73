#include "servers_table.hpp"

#include <rigger/sdk/try.hpp>
#include <sqlite3.h>

#include <algorithm>

namespace k3s {
namespace {
constexpr int patience_ms = 2000; ///< the daemon writes to it meanwhile

struct Close {
    void operator()(sqlite3 *db) const noexcept { sqlite3_close(db); }
    void operator()(sqlite3_stmt *statement) const noexcept { sqlite3_finalize(statement); }
};

std::string column(sqlite3_stmt *row, int index) {
    const auto *text = reinterpret_cast<const char *>(sqlite3_column_text(row, index));
    return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(row, index))) : std::string();
}

rig::Result<kube::Access> access_of(const std::string &server, const std::string &kubeconfig) {
    RIG_ASSIGN_OR_RETURN(std::vector<kube::Context> all, kube::read_kubeconfig(kubeconfig, "/"));
    const auto own =
        std::find_if(all.begin(), all.end(), [&](const kube::Context &one) { return one.first == server; });
    if (own != all.end()) return std::move(own->second);
    return kube::current_context(kubeconfig, "/");
}

class ServersTable final : public kube::Roster {
public:
    explicit ServersTable(std::string database) : database_(std::move(database)) {}

    /// Commits go to the write-ahead log first.
    std::string stamp() const override { return kube::file_stamp(database_) + kube::file_stamp(database_ + "-wal"); }

    rig::Result<kube::Roll> read() const override {
        sqlite3 *opened = nullptr;
        const int result =
            sqlite3_open_v2(database_.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX, nullptr);
        const std::unique_ptr<sqlite3, Close> db(opened);
        if (result != SQLITE_OK) return failure(db.get());
        sqlite3_busy_timeout(db.get(), patience_ms);
        sqlite3_stmt *prepared = nullptr;
        if (sqlite3_prepare_v2(
                db.get(),
                "SELECT name, kubeconfig FROM servers WHERE kubeconfig IS NOT NULL AND kubeconfig <> '' ORDER BY name",
                -1, &prepared, nullptr) != SQLITE_OK)
            return failure(db.get());
        const std::unique_ptr<sqlite3_stmt, Close> rows(prepared);
        kube::Roll roll;
        int step = SQLITE_ROW;
        while ((step = sqlite3_step(rows.get())) == SQLITE_ROW) {
            std::string name = column(rows.get(), 0);
            auto access = access_of(name, column(rows.get(), 1));
            if (access.ok()) roll.clusters.emplace_back(std::move(name), *std::move(access));
            else
                roll.broken.emplace_back(name, "kubeconfig of server " + name +
                                                   " in table servers: " + access.error().message);
        }
        if (step != SQLITE_DONE) return failure(db.get());
        return roll;
    }

private:
    rig::Error failure(sqlite3 *db) const {
        return {RIG_E_UNAVAILABLE, "ServersTable",
                "cannot read the table servers of " + database_ + ": " + (db ? sqlite3_errmsg(db) : "out of memory"),
                2000};
    }
    const std::string database_;
};
} // namespace

std::unique_ptr<kube::Roster> servers_table_roster(std::string database) {
    return std::make_unique<ServersTable>(std::move(database));
}

} // namespace k3s
