// market_files.hpp -- the files of a market on disk: reads them when they changed and have come to rest.
//
// A file counts as changed when its modification time, size or inode differ, and as at rest when two looks in a row
// agree. One thread.
#pragma once
#include "config.hpp"

#include <rigger/sdk/status.hpp>

#include <optional>
#include <string>
#include <vector>

namespace catalog {

class MarketFiles {
public:
    explicit MarketFiles(const Config &config);

    /// Reads at once, whatever was read before. The error says which file, where and why.
    rig::Result<Items> load();

    /// nullopt: nothing new, or not yet at rest.
    std::optional<rig::Result<Items>> poll();

private:
    struct Stamp {
        std::int64_t modified_ns = -1, size = -1;
        std::uint64_t inode = 0;
        bool operator==(const Stamp &) const = default;
    };
    std::vector<Stamp> look() const;
    rig::Result<Items> read() const;

    const Config &config_;
    std::vector<std::string> paths_;
    std::vector<Stamp> attempted_, seen_;
};

} // namespace catalog
