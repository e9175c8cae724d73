#include "market_files.hpp"

#include "json_market.hpp"
#include "text.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace catalog {
namespace {

rig::Result<std::string> read_file(const std::string &path) {
    const auto failed = [&](const char *what) {
        return rig::Error{RIG_E_UNAVAILABLE, "MarketFile", path + ": cannot " + what + ": " + std::strerror(errno), 0};
    };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not hang the market
    if (fd < 0) return failed("open");
    struct stat facts {};
    std::string text;
    if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        ::close(fd);
        return rig::Error{RIG_E_INVALID, "MarketFile", path + ": is not a regular file", 0};
    }
    char buffer[1 << 16];
    for (;;) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const rig::Error error = failed("read");
            ::close(fd);
            return error;
        }
        if (n == 0) break;
        text.append(buffer, static_cast<size_t>(n));
        if (text.size() > largest_file) break; // the parsers refuse it
    }
    ::close(fd);
    return text;
}

} // namespace

MarketFiles::MarketFiles(const Config &config) : config_(config) {
    for (const std::string *path :
         {&config.csv, &config.market, &config.chutes, &config.metrics, &config.utilization, &config.images})
        if (!path->empty()) paths_.push_back(*path);
}

std::vector<MarketFiles::Stamp> MarketFiles::look() const {
    std::vector<Stamp> stamps;
    for (const std::string &path : paths_) {
        struct stat facts {};
        if (::stat(path.c_str(), &facts) != 0) stamps.emplace_back();
        else
            stamps.push_back({static_cast<std::int64_t>(facts.st_mtim.tv_sec) * 1'000'000'000 + facts.st_mtim.tv_nsec,
                              static_cast<std::int64_t>(facts.st_size), static_cast<std::uint64_t>(facts.st_ino)});
    }
    return stamps;
}

rig::Result<Items> MarketFiles::load() {
    attempted_ = seen_ = look();
    return read();
}

std::optional<rig::Result<Items>> MarketFiles::poll() {
    const std::vector<Stamp> now = look();
    const bool at_rest = now == seen_;
    seen_ = now;
    if (now == attempted_ || !at_rest) return std::nullopt;
    auto items = read();
    if (look() != now) return std::nullopt; // written to while it was read
    attempted_ = now;
    return items;
}

rig::Result<Items> MarketFiles::read() const {
    const auto parsed = [&]() -> rig::Result<Items> {
        if (!config_.csv.empty()) {
            auto text = read_file(config_.csv);
            return text.ok() ? market_from_csv(*text, config_.csv, config_.csv_rule) : rig::Result<Items>(text.error());
        }
        if (!config_.market.empty()) {
            auto text = read_file(config_.market);
            return text.ok() ? market_from_json(*text, config_.market) : rig::Result<Items>(text.error());
        }
        return Items{};
    };
    auto items = parsed();
    if (!items.ok()) return items;
    const std::pair<const std::string *, List> lists[] = {{&config_.chutes, List::chutes},
                                                          {&config_.metrics, List::metrics},
                                                          {&config_.utilization, List::utilization},
                                                          {&config_.images, List::images}};
    for (const auto &[path, list] : lists) {
        if (path->empty()) continue;
        auto text = read_file(*path);
        if (!text.ok()) return text.error();
        if (auto status = add_list(*items, list, *text, *path); !status.ok()) return status.error();
    }
    if (items->chutes.empty() && !config_.allow_empty)
        return refused(paths_.front(), 0,
                       "lists no chute; an empty market is taken for a cut one (allowEmpty: true believes it)");
    return items;
}

} // namespace catalog
