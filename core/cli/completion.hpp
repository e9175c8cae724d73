// core/cli/completion.hpp -- shell completion: small scripts that ask `rigger __complete` for candidates.
#pragma once
#include "cli/client.hpp"
#include "cli/command_line.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rigger::cli {

/// Error: invalid when the shell is none of bash, zsh, fish.
Result<std::string> completion_script(std::string_view shell, Language language);

struct Candidate {
    std::string word, description;
};

struct Completion {
    std::vector<Candidate> candidates;
    bool files = false; ///< the shell is to complete a file's name
};

/// `rigger __complete` ends with it when the shell is to complete a file's name.
constexpr int kCompleteFiles = 9;

/// What may stand for the last of `words` (the words after `rigger`; the last one may be empty or begun). `run` runs a
/// reading command, or "plugins", and returns its result document; it may fail, then nothing is offered.
Completion complete(const std::vector<CommandDeclaration> &commands, const Words &words,
                    const std::function<Result<std::string>(const std::string &command)> &run, Language language);

} // namespace rigger::cli
