// core/cli/declarations.hpp -- the commands as the daemon declares them, in one language, ready for the command line
// and the renderer.
#pragma once
#include "base/status.hpp"
#include "cli/language.hpp"
#include "cli/render/table.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::cli {

enum class ValueType : unsigned char { string, integer, number, boolean, array, other };

struct OptionDeclaration {
    std::string key;                  ///< "dryRun"
    std::string long_name;            ///< "dry-run"
    std::string short_name;           ///< one letter, or empty
    std::vector<std::string> aliases; ///< further long names
    ValueType type = ValueType::string;
    std::string description, metavar, complete, default_text;
    std::vector<std::string> choices; ///< of an enum
    std::optional<int> position;
    bool required = false, hidden = false;
};

enum class ColumnType : unsigned char { string, id, integer, number, boolean, time, list };

struct ColumnDeclaration {
    std::string key, title;
    ColumnType type = ColumnType::string;
    int decimals = -1; ///< -1: as many as needed
    bool wide = false, right = false, elide = false;
    int priority = 1;
    std::map<std::string, Tone, std::less<>> tones;
};

enum class ResultKind : unsigned char { list, record, plan, text };

struct ResultDeclaration {
    ResultKind kind = ResultKind::record;
    std::string items = "items";
    std::vector<ColumnDeclaration> columns;
    std::string verdict; ///< the member that says whether all is well; empty: none
};

struct CommandDeclaration {
    std::string name, group, effect, summary, description;
    std::string stream; ///< the flag with which the output arrives as progress; empty: none
    std::vector<std::string> examples;
    bool watch = false;
    std::vector<OptionDeclaration> options; ///< positional ones first, in their order
    ResultDeclaration result;
};

/// Errors: internal CatalogueMalformed. A single command that makes no sense is left out.
Result<std::vector<CommandDeclaration>> read_declarations(std::string_view catalogue, Language language);

const CommandDeclaration *find_command(const std::vector<CommandDeclaration> &commands, std::string_view name) noexcept;
/// The names that are few typing errors away from `name`, the nearest first.
std::vector<std::string> similar_names(const std::vector<std::string> &names, std::string_view name);

/// "dryRun" -> "dry-run".
std::string kebab_case(std::string_view key);

} // namespace rigger::cli
