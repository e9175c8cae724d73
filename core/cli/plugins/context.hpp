// core/cli/plugins/context.hpp -- what every `rigger plugins` command works with.
#pragma once
#include "cli/client.hpp"
#include "cli/command_line.hpp"
#include "cli/io.hpp"
#include "cli/locations.hpp"
#include "host/package.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <memory>
#include <optional>

namespace rigger::cli {

class PluginContext {
public:
    /// Errors: those of find_locations().
    static Result<PluginContext> make(const CommonOptions &common, Language language, Io &io);

    Io &io() const noexcept { return *io_; }
    const Locations &where() const noexcept { return where_; }
    Language language() const noexcept { return language_; }
    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language_)); }

    /// {"items":[PluginRow...]} of the running daemon. Errors: those of Client; Unreachable when there is none.
    Result<std::string> daemon_plugins();
    Result<std::string> reload();
    Result<std::string> reset(const std::string &name);

    /// A companion of this executable: beside it, in ../lib/rigger, or in PATH. Empty: not found.
    std::filesystem::path helper(const std::string &name) const;
    /// What `enable` and `verify` check. `with_code`: the probe runs the library in a child process, the first time it
    /// is seen.
    host::CheckOptions check_options(bool with_code) const;
    std::vector<host::FoundPackage> packages() const { return host::find_packages(where_.plugin_dirs); }

private:
    PluginContext(Locations where, Language language, Io &io)
        : where_(std::move(where)), language_(language), io_(&io) {}
    Result<Client *> client();

    Locations where_;
    Language language_;
    Io *io_;
    CommonOptions common_;
    std::shared_ptr<Client> client_;
};

/// The array "items" of a document, or an empty one.
nlohmann::ordered_json items_of(const std::string &document);
bool is_unreachable(const Error &error);

} // namespace rigger::cli
