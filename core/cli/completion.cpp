#include "cli/completion.hpp"

#include "base/json.hpp"
#include "cli/plugins/declarations.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace rigger::cli {
namespace {

using PlainJson = nlohmann::json;

constexpr const char *kBash = R"sh(# bash completion for rigger; load it with: source <(rigger completion bash)
_rigger() {
    # bash takes words apart at "=" and ":"; what has no blank before it is put together again, up to the cursor.
    local rest=${COMP_LINE:0:COMP_POINT} words=() word before i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]} before=${rest%%[![:blank:]]*}
        rest=${rest#"$before"}
        [[ $rest == "$word"* ]] || word=$rest
        rest=${rest#"$word"}
        if [[ $i -gt 0 && -z $before && $word ]]; then words[-1]+=$word; else words+=("$word"); fi
    done
    local typed=${words[-1]} quote=
    [[ $typed == [\"\']* ]] && quote=${typed:0:1}
    local command=("${words[0]}") plain=()
    [[ ${BASH_ALIASES[${words[0]}]} ]] && eval "command=(${BASH_ALIASES[${words[0]}]})"
    for word in "${words[@]:1}"; do # without its quotes; the last one may not be closed
        if [[ $word == \"* ]]; then word=${word#\"} word=${word%\"}
        elif [[ $word == \'* ]]; then word=${word#\'} word=${word%\'}
        else word=${word//\\/}; fi
        plain+=("$word")
    done
    local answer line
    answer=$("${command[@]}" __complete -- "${plain[@]}" 2>/dev/null)
    if [[ $? -eq 9 ]]; then # a file
        compopt -o default
        return
    fi
    COMPREPLY=()
    while IFS=$'\t' read -r line _; do
        [[ $line ]] || continue
        # Only what stands behind the last "=" or ":" is replaced, but in quotes the whole word.
        if [[ $quote == \" ]]; then
            line=${line//\\/\\\\} line=${line//\"/\\\"} line=${line//\$/\\\$} line=${line//\`/\\\`}
        elif [[ ! $quote ]]; then
            [[ $line == --*= ]] || printf -v line %q "$line"
            [[ $typed == *[=:]* ]] && line=${line#"${typed%"${typed##*[=:]}"}"}
        fi
        COMPREPLY+=("$line")
    done <<<"$answer"
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _rigger rigger
)sh";
constexpr const char *kZsh = R"sh(#compdef rigger
# zsh completion for rigger; load it with: source <(rigger completion zsh)
_rigger() {
    local answer line description
    local -a candidates
    answer=$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    if (( $? == 9 )); then # a file
        compset -P '--*='
        _files
        return
    fi
    while IFS=$'\t' read -r line description; do
        [[ -n $line ]] && candidates+=("${${line//\\/\\\\}//:/\\:}${description:+:$description}")
    done <<<"$answer"
    (( ${#candidates} )) && _describe rigger candidates
}
if [[ ${funcstack[1]} == _rigger ]]; then
    _rigger "$@" # found in $fpath, and called for the first time
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _rigger rigger
fi
)sh";
constexpr const char *kFish = R"sh(# fish completion for rigger; load it with: rigger completion fish | source
function __rigger_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    if string match -qr '^[\'"]' -- "$last" # not closed yet
        set last (string sub -s 2 -- "$last")
    else
        set last (string unescape -- "$last")
    end
    set -l answer ($words[1] __complete -- $words[2..-1] "$last" 2>/dev/null)
    if test $status -eq 9 # a file
        set -l option (string match -r -- '^--[^=]*=' "$last")
        for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$last"))
            echo "$option$path"
        end
        return
    end
    string join \n -- $answer
end
complete -c rigger -f -a '(__rigger_complete)'
)sh";

/// The command that lists what an option wants, and the members that name it and say what it is.
struct Listing {
    std::string_view what;
    const char *command, *key, *also, *description;
};
constexpr Listing kListings[] = {{"servers", "nodes", "nodeName", "", "status"},
                                 {"offers", "chutes", "offerId", "offerName", "offerName"},
                                 {"deployments", "insts", "deploymentId", "", "offerName"},
                                 {"gpus", "nodes", "gpuModel", "", ""},
                                 {"namespaces", "pods", "namespace", "", ""},
                                 {"clusters", "clusters", "name", "", "state"},
                                 {"plugins", "plugins", "name", "", "state"}};

class Completer {
public:
    Completer(const std::vector<CommandDeclaration> &commands,
              const std::function<Result<std::string>(const std::string &)> &run, Language language)
        : commands_(commands), run_(run), language_(language) {}

    Completion run(Words words) {
        Completion out;
        out.candidates = find(std::move(words));
        out.files = files_ && out.candidates.empty();
        return out;
    }

private:
    std::vector<Candidate> find(Words words) {
        if (words.empty()) words.emplace_back();
        last_ = words.back();
        words.pop_back();
        const auto position = peek(words).command;
        const Naming named = take_name(commands_, words);
        if (position && words[*position] == "plugins") return plugins(words, *position);
        if (position && words[*position] == "completion") return only({"bash", "zsh", "fish"});
        if (position && words[*position] == "replay") {
            files_ = *position + 1 < words.size();
            return files_ ? std::vector<Candidate>{} : only({"openb", "catalog"});
        }
        if (position && words[*position] == "help") return next_words(take_name(commands_, named.rest));
        if (position && !named.command) return named.begins ? next_words(named) : std::vector<Candidate>{};
        return continue_line(named.command, words);
    }

    std::vector<Candidate> continue_line(const CommandDeclaration *command, const Words &words) {
        if (const size_t equals = last_.find('='); last_.substr(0, 2) == "--" && equals != std::string::npos) {
            const std::string head = last_.substr(0, equals + 1), name = last_.substr(2, equals - 2);
            last_ = last_.substr(equals + 1);
            auto values = option_values(command, name);
            for (Candidate &value : values) value.word = head + value.word;
            return values;
        }
        if (!words.empty() && words.back().size() > 1 && words.back().front() == '-') {
            const std::string name = words.back().substr(words.back()[1] == '-' ? 2 : 1);
            if (wants_value(command, name)) return option_values(command, name);
        }
        if (!last_.empty() && last_.front() == '-') return option_names(command, words);
        if (!command) return names(commands_);
        const size_t given = positions_given(*command, words);
        for (const OptionDeclaration &option : command->options)
            if (option.position && static_cast<size_t>(*option.position) == given) return values_of(option);
        return option_names(command, words);
    }

    std::vector<Candidate> plugins(const Words &words, size_t position) {
        const std::vector<CommandDeclaration> own = plugin_commands(language_);
        Words rest(words.begin() + static_cast<std::ptrdiff_t>(position) + 1, words.end());
        const auto at = peek(rest).command;
        if (!at) return last_.empty() || last_.front() != '-' ? names(own) : std::vector<Candidate>{};
        const CommandDeclaration *command = find_command(own, rest[*at]);
        return command ? continue_line(command, rest) : std::vector<Candidate>{};
    }

    /// How many words stand there that are neither the command's name nor options with their values.
    static size_t positions_given(const CommandDeclaration &command, const Words &words) {
        size_t plain = 0;
        for (size_t i = 0; i < words.size(); ++i) {
            const std::string &word = words[i];
            if (word.size() < 2 || word.front() != '-') ++plain;
            else if (word.find('=') == std::string::npos && wants_value(&command, word.substr(word[1] == '-' ? 2 : 1)))
                ++i;
        }
        const size_t name = 1 + static_cast<size_t>(std::count(command.name.begin(), command.name.end(), ' '));
        return plain - std::min(plain, name);
    }

    static const OptionDeclaration *option_of(const CommandDeclaration *command, const std::string &name) {
        if (!command) return nullptr;
        for (const OptionDeclaration &o : command->options)
            if (o.long_name == name || o.short_name == name || o.key == name ||
                std::find(o.aliases.begin(), o.aliases.end(), name) != o.aliases.end())
                return &o;
        return nullptr;
    }
    static const OwnOption *common_of(const std::string &name) {
        for (const OwnOption &o : common_options())
            if (o.long_name == name || (!o.short_name.empty() && o.short_name == name)) return &o;
        return nullptr;
    }
    static bool wants_value(const CommandDeclaration *command, const std::string &name) {
        if (const OptionDeclaration *option = option_of(command, name)) return option->type != ValueType::boolean;
        const OwnOption *common = common_of(name);
        return common && !common->metavar.empty();
    }

    std::vector<Candidate> option_values(const CommandDeclaration *command, const std::string &name) {
        if (const OptionDeclaration *option = option_of(command, name)) return values_of(*option);
        const OwnOption *common = common_of(name);
        if (!common) return {};
        if (common->long_name == "output") return only({"table", "wide", "json", "yaml", "name"});
        if (common->long_name == "color") return only({"auto", "always", "never"});
        if (common->long_name == "lang") return only({"en", "zh"});
        files_ = common->metavar == "FILE" || common->metavar == "PATH";
        return {};
    }

    std::vector<Candidate> values_of(const OptionDeclaration &option) {
        if (!option.choices.empty()) return only(option.choices);
        for (const Listing &listing : kListings)
            if (listing.what == option.complete) return listed(listing);
        files_ = option.metavar.find("FILE") != std::string::npos || option.metavar.find("DIR") != std::string::npos ||
                 option.metavar.find("PATH") != std::string::npos;
        return {};
    }

    std::vector<Candidate> listed(const Listing &listing) {
        const auto result = run_(listing.command);
        if (!result.ok()) return {};
        const PlainJson document = PlainJson::parse(*result, nullptr, false);
        std::vector<Candidate> out;
        std::set<std::string> seen;
        if (const auto items = document.is_object() ? document.find("items") : document.end();
            document.is_object() && items != document.end())
            for (const PlainJson &item : *items) {
                if (const std::string word = text_member(item, listing.key);
                    !word.empty() && fits(word) && seen.insert(word).second)
                    out.push_back({word, text_member(item, listing.description)});
                if (const std::string word = text_member(item, listing.also);
                    !last_.empty() && !word.empty() && fits(word) && seen.insert(word).second)
                    out.push_back({word, text_member(item, listing.key)});
            }
        return out;
    }

    std::vector<Candidate> option_names(const CommandDeclaration *command, const Words &words) const {
        std::vector<Candidate> out;
        const auto offer = [&](const std::string &name, std::string_view description) {
            if (fits(name) && std::find(words.begin(), words.end(), name) == words.end())
                out.push_back({name, std::string(description)});
        };
        if (command)
            for (const OptionDeclaration &option : command->options)
                if (!option.hidden) offer("--" + option.long_name, option.description);
        if (command && command->watch)
            offer("--watch", Text{"show it again whenever it changes", "变化时重新显示"}.in(language_));
        for (const OwnOption &option : common_options())
            offer("--" + std::string(option.long_name), option.description.in(language_));
        return out;
    }

    /// What may come behind the words of a name that is not whole yet.
    std::vector<Candidate> next_words(const Naming &named) const {
        if (!named.typed.empty() && !named.begins) return {};
        return names(commands_, named.typed.empty() ? "" : named.typed + " ");
    }

    /// The next word of the names that begin with `before`; of several with the same, the word once.
    std::vector<Candidate> names(const std::vector<CommandDeclaration> &commands,
                                 const std::string &before = {}) const {
        std::vector<Candidate> out;
        for (const CommandDeclaration &command : commands) {
            if (!command.name.starts_with(before)) continue;
            const std::string left = command.name.substr(before.size()), word = left.substr(0, left.find(' '));
            if (!fits(word)) continue;
            const auto known = std::find_if(out.begin(), out.end(), [&](const Candidate &c) { return c.word == word; });
            if (known == out.end()) out.push_back({word, word == left ? command.summary : std::string()});
        }
        return out;
    }

    std::vector<Candidate> only(const std::vector<std::string> &words) const {
        std::vector<Candidate> out;
        for (const std::string &word : words)
            if (fits(word)) out.push_back({word, {}});
        return out;
    }

    bool fits(const std::string &word) const { return word.compare(0, last_.size(), last_) == 0; }

    const std::vector<CommandDeclaration> &commands_;
    const std::function<Result<std::string>(const std::string &)> &run_;
    const Language language_;
    std::string last_;
    bool files_ = false; ///< the word is the name of a file
};

} // namespace

Result<std::string> completion_script(std::string_view shell, Language language) {
    if (shell == "bash") return std::string(kBash);
    if (shell == "zsh") return std::string(kZsh);
    if (shell == "fish") return std::string(kFish);
    return invalid("UnknownShell",
                   std::string(Text{"there is a completion for bash, zsh and fish: rigger completion bash",
                                    "支持 bash、zsh 和 fish 的补全：rigger completion bash"}
                                   .in(language)));
}

Completion complete(const std::vector<CommandDeclaration> &commands, const Words &words,
                    const std::function<Result<std::string>(const std::string &)> &run, Language language) {
    return Completer(commands, run, language).run(words);
}

} // namespace rigger::cli
