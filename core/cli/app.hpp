// core/cli/app.hpp -- `rigger`: from words to an exit code.
#pragma once
#include "cli/command_line.hpp"
#include "cli/io.hpp"

namespace rigger::cli {

/// `words` without the program's name. Writes to io; throws nothing that an operator should see.
int run(const Words &words, Io &io);

/// The operator's language: --lang, then LC_ALL, LC_MESSAGES, LANG.
Language choose_language(const Peek &peek, const Io &io);

/// The style that the options and the terminal give.
RenderStyle choose_style(const CommonOptions &common, Language language, const Io &io);

/// Prints what was rendered: the text to out, the notes to err.
void print(Io &io, const Rendered &rendered);

} // namespace rigger::cli
