#include "cli/help.hpp"

#include "cli/cluster_rbac.hpp"
#include "cli/render/text_width.hpp"

#include <algorithm>

namespace rigger::cli {
namespace {

constexpr size_t kWidest = 110; ///< lines longer than this are hard to read
constexpr size_t kIndent = 2;

size_t page_width(size_t terminal) { return terminal == 0 ? 80 : std::min(terminal, kWidest); }

using Lines = std::vector<std::pair<std::string, std::string>>; ///< a term, and what it means

std::string definitions(const Lines &lines, size_t width) {
    size_t widest = 0;
    for (const auto &[term, meaning] : lines) widest = std::max(widest, display_width(term));
    widest = std::min(widest, width / 2);
    std::string out;
    for (const auto &[term, meaning] : lines) {
        const size_t hang = kIndent + widest + 2;
        std::string head = std::string(kIndent, ' ') + pad_right(term, widest);
        if (display_width(term) > widest) head += "\n" + std::string(hang - 2, ' ');
        out += meaning.empty() ? head : head + "  " + wrap(meaning, width - hang, hang);
        out += "\n";
    }
    return out;
}

std::string term_of(const OptionDeclaration &option) {
    if (option.position && option.short_name.empty()) return option.metavar.empty() ? option.long_name : option.metavar;
    std::string term = option.short_name.empty() ? "    " : "-" + option.short_name + ", ";
    term += "--" + option.long_name;
    if (option.type != ValueType::boolean)
        term += " " + (option.metavar.empty() ? std::string("VALUE") : option.metavar);
    return term;
}

std::string meaning_of(const OptionDeclaration &option, Language language) {
    std::string text = option.description;
    std::string choices;
    for (const std::string &choice : option.choices) choices += (choices.empty() ? "" : ", ") + choice;
    if (!choices.empty()) text += " (" + choices + ")";
    if (option.required) text += std::string(Text{" (required)", "（必需）"}.in(language));
    if (!option.default_text.empty())
        text += std::string(Text{" (default ", "（默认 "}.in(language)) + option.default_text +
                std::string(Text{")", "）"}.in(language));
    return text;
}

std::string group_title(const std::string &group, Language language) {
    static const std::pair<std::string_view, Text> titles[] = {
        {"fleet", {"Machines", "机器"}},          {"market", {"Market and placement", "市场与放置"}},
        {"deployments", {"Deployments", "部署"}}, {"care", {"Health and rules", "健康与规则"}},
        {"tool", {"This tool", "本工具"}},        {"plugins", {"Plugins", "插件"}}};
    for (const auto &[name, title] : titles)
        if (name == group) return std::string(title.in(language));
    return group.empty() ? std::string(Text{"More", "其他"}.in(language)) : printable(group);
}

std::string usage(const CommandDeclaration &command, const std::string &prefix, Language language) {
    std::string line = prefix + " " + command.name;
    for (const OptionDeclaration &option : command.options)
        if (option.position) {
            const std::string name = option.metavar.empty() ? kebab_case(option.key) : option.metavar;
            line += option.required ? " " + name : " [" + name + "]";
        } else if (option.required) {
            line += " " + (option.short_name.empty() ? "--" + option.long_name : "-" + option.short_name) + " " +
                    (option.metavar.empty() ? "VALUE" : option.metavar);
        }
    return line + std::string(Text{" [options]", " [选项]"}.in(language));
}

} // namespace

std::string help_command(const CommandDeclaration &command, const std::string &prefix, Language language,
                         size_t terminal) {
    const size_t width = page_width(terminal);
    const auto tr = [&](std::string_view en, std::string_view zh) { return std::string(Text{en, zh}.in(language)); };
    std::string out = wrap(printable(command.summary), width, 0) + "\n\n" + tr("Usage: ", "用法：") +
                      usage(command, prefix, language) + "\n";
    if (!command.description.empty()) out += "\n" + wrap(printable(command.description), width, 0) + "\n";
    Lines own, common;
    for (const OptionDeclaration &option : command.options)
        if (!option.hidden) own.emplace_back(term_of(option), printable(meaning_of(option, language)));
    if (command.watch) own.emplace_back("-w, --watch", tr("show it again whenever it changes", "变化时重新显示"));
    for (const OwnOption &option : common_options()) {
        const std::string letter = option.short_name.empty() ? "    " : "-" + std::string(option.short_name) + ", ";
        common.emplace_back(letter + "--" + std::string(option.long_name) +
                                (option.metavar.empty() ? "" : " " + std::string(option.metavar)),
                            std::string(option.description.in(language)));
    }
    if (!own.empty()) out += "\n" + tr("Options:", "选项：") + "\n" + definitions(own, width);
    out += "\n" + tr("Common options:", "通用选项：") + "\n" + definitions(common, width);
    if (!command.examples.empty()) {
        out += "\n" + tr("Examples:", "示例：") + "\n";
        for (const std::string &example : command.examples) out += "  " + printable(example) + "\n";
    }
    return out;
}

std::string help_overview(const std::vector<CommandDeclaration> &commands, const std::string &prefix,
                          const std::string &note, Language language, size_t terminal) {
    const size_t width = page_width(terminal);
    const auto tr = [&](std::string_view en, std::string_view zh) { return std::string(Text{en, zh}.in(language)); };
    std::string out = tr("Usage: ", "用法：") + prefix + tr(" COMMAND [options]\n", " 命令 [选项]\n");
    std::vector<std::string> groups;
    for (const CommandDeclaration &command : commands)
        if (std::find(groups.begin(), groups.end(), command.group) == groups.end()) groups.push_back(command.group);
    std::stable_sort(groups.begin(), groups.end(),
                     [](const std::string &a, const std::string &b) { return (a == "tool") < (b == "tool"); });
    size_t widest = 0;
    for (const CommandDeclaration &command : commands) widest = std::max(widest, display_width(command.name));
    for (const std::string &group : groups) {
        Lines lines;
        for (const CommandDeclaration &command : commands)
            if (command.group == group)
                lines.emplace_back(pad_right(printable(command.name), widest), printable(command.summary));
        out += "\n" + group_title(group, language) + tr(":", "：") + "\n" + definitions(lines, width);
    }
    out += "\n`" + prefix + tr(" COMMAND --help` explains one command.", " 命令 --help` 说明单个命令。") + "\n";
    if (!note.empty()) out += "\n" + wrap(note, width, 0) + "\n";
    return out;
}

std::vector<CommandDeclaration> own_commands(Language language) {
    const auto make = [&](const char *name, Text summary, const char *word, bool required, Text description) {
        CommandDeclaration command;
        command.name = name;
        command.group = "tool";
        command.effect = "read";
        command.summary = summary.in(language);
        if (*word) {
            command.options.push_back(own_option(word, ValueType::string, description.in(language)));
            command.options.back().metavar = word;
            command.options.back().position = 0;
            command.options.back().required = required;
        }
        return command;
    };
    return {cluster_rbac_command(language),
            make("plugins", {"List, install, enable, check and write plugins", "列出、安装、启用、检查和编写插件"},
                 "COMMAND", true, {"`rigger plugins` lists them", "`rigger plugins` 列出全部"}),
            make("replay",
                 {"Replay a recorded cluster or market through scorers, without a daemon",
                  "离线回放集群或市场记录以比较评分器"},
                 "COMMAND", true,
                 {"openb (a cluster) or catalog (a market); `rigger replay openb --help` says more",
                  "openb（集群）或 catalog（市场）；详见 `rigger replay openb --help`"}),
            make("completion", {"Print a completion script for bash, zsh or fish", "输出 bash、zsh 或 fish 的补全脚本"},
                 "SHELL", true,
                 {"bash, zsh or fish; load it with: source <(rigger completion bash)",
                  "bash、zsh 或 fish；加载方式：source <(rigger completion bash)"}),
            make("version", {"Show the versions of the tool and of the daemon", "显示本工具和守护进程的版本"}, "",
                 false, {}),
            make("help", {"Show this, or the help of one command", "显示本帮助或某个命令的帮助"}, "COMMAND", false,
                 {"the command", "命令"})};
}

} // namespace rigger::cli
