// core/cli/command_line.hpp -- from words to what shall be done.
#pragma once
#include "base/status.hpp"
#include "cli/declarations.hpp"
#include "cli/endpoint.hpp"
#include "cli/render/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace rigger::cli {

using Words = std::vector<std::string>;

enum class Colour : unsigned char { automatic, always, never };

/// The options that every command has.
struct CommonOptions {
    EndpointOptions endpoint;
    Format format = Format::table;
    Colour colour = Colour::automatic;
    std::optional<std::chrono::milliseconds> timeout;
    bool headers = true, verbose = false, help = false, watch = false, yes = false;
};

/// What must be known before the commands are: they come from the daemon, in a language.
struct Peek {
    EndpointOptions endpoint;
    std::string language, output;  ///< empty: not given
    std::optional<size_t> command; ///< index of the first word that is no option
    bool help = false;
};
Peek peek(const Words &words);

/// The command that a line means by its first words that are no options; several words may make one name ("cluster
/// doctor").
struct Naming {
    const CommandDeclaration *command = nullptr; ///< the one with the longest such name; nullptr: none
    std::string typed;                           ///< without a command: what was taken for its name
    bool begins = false;                         ///< without a command: names of commands begin with `typed`
    Words rest;                                  ///< the other words
};
Naming take_name(const std::vector<CommandDeclaration> &commands, const Words &words);

/// One option that the tool itself declares.
struct OwnOption {
    std::string_view long_name, short_name, metavar; ///< no metavar: a flag
    Text description;
};
const std::vector<OwnOption> &common_options();

struct Parsed {
    CommonOptions common;
    std::string arguments; ///< a JSON object
};
/// `words` without the command's name. Errors: invalid; reason UnknownOption, MissingOption, OptionValue,
/// UnexpectedWord.
Result<Parsed> parse_command(const CommandDeclaration &command, const Words &words, Language language);

/// "500ms", "10s", "2m", "1h"; a plain number is seconds. nullopt: none of these, or not above 0.
std::optional<std::chrono::milliseconds> parse_span(std::string_view text) noexcept;

/// A command of the tool itself, so that its line is parsed and its help is shown like any other's.
OptionDeclaration own_option(std::string key, ValueType type, std::string_view description);

} // namespace rigger::cli
