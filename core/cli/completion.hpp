// core/cli/completion.hpp -- shell completion: small scripts that ask `rigger __complete` for candidates.
#pragma once
#include "cli/client.hpp"
#include "cli/command_line.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rigger::cli {

/// Error: invalid when the shell is none of bash, zsh, fish.
Result<std::string> completion_script(std::string_view shell);

struct Candidate {
    std::string word, description;
};

/// What may stand for the last of `words` (the words after `rigger`; the last one may be empty or begun). `run` runs a
/// reading command and returns its result document; it may fail, then nothing is offered.
std::vector<Candidate> complete(const std::vector<CommandDeclaration> &commands, const Words &words,
                                const std::function<Result<std::string>(const std::string &command)> &run,
                                Language language);

} // namespace rigger::cli
