#include "cli/command_line.hpp"

#include "cli/render/text_width.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <list>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What an error may repeat of what was typed.
std::string shown_word(std::string_view word) { return "'" + elide(printable(word.substr(0, 400)), 60) + "'"; }

std::string spoken(const OptionDeclaration &option) {
    return "--" + option.long_name + (option.short_name.empty() ? "" : " (-" + option.short_name + ")");
}

template <typename Number> std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The common options as CLI11 fills them.
struct CommonTexts {
    std::string output, colour, timeout, config, socket, url, token_file, lang;
    bool no_headers = false, verbose = false, help = false, watch = false;
};

class Parser {
public:
    Parser(const CommandDeclaration &command, Language language)
        : command_(command), language_(language), app_("", "rigger " + command.name) {
        app_.set_help_flag();
        app_.allow_extras();
        add_common();
        for (const OptionDeclaration &option : command.options) add(option);
    }

    Result<Parsed> run(const Words &words) {
        try {
            std::vector<std::string> reversed(words.rbegin(), words.rend());
            app_.parse(std::move(reversed));
        } catch (const CLI::ParseError &why) { return cannot_parse(why); }
        Parsed out;
        out.common.help = common_.help;
        if (common_.help) return out;
        for (const std::string &extra : app_.remaining())
            if (extra != "--") return unexpected(extra);
        RIG_TRY(read_common(out.common));
        Json arguments = Json::object();
        for (const Slot &slot : slots_) RIG_TRY(take(slot, arguments));
        out.arguments = arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
        return out;
    }

private:
    struct Slot {
        const OptionDeclaration *declaration;
        CLI::Option *option = nullptr;
        std::vector<std::string> values;
        bool flag = false;
    };

    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language_)); }
    /// As it is typed.
    std::string typed() const { return (command_.group == "plugins" ? "plugins " : "") + command_.name; }
    std::string see_help() const { return tr("; see `rigger ", "；参见 `rigger ") + typed() + " --help`"; }

    void add_common() {
        const auto text = [&](const char *names, std::string &into) { app_.add_option(names, into); };
        text("-o,--output", common_.output);
        text("--color,--colour", common_.colour);
        text("--timeout", common_.timeout);
        text("--config", common_.config);
        text("--socket", common_.socket);
        text("--url", common_.url);
        text("--token-file", common_.token_file);
        text("--lang", common_.lang);
        app_.add_flag("--no-headers", common_.no_headers);
        app_.add_flag("-v,--verbose", common_.verbose);
        app_.add_flag("-h,--help", common_.help);
        if (command_.watch) app_.add_flag(short_taken("w") ? "--watch" : "-w,--watch", common_.watch);
    }

    bool short_taken(std::string_view letter) const {
        return std::any_of(command_.options.begin(), command_.options.end(),
                           [&](const OptionDeclaration &o) { return o.short_name == letter; });
    }

    /// Leaves out what another option already has: a declaration cannot take -o away from the tool.
    void add(const OptionDeclaration &declaration) {
        Slot &slot = slots_.emplace_back();
        slot.declaration = &declaration;
        std::vector<std::string> names;
        const auto offer = [&](const std::string &name) {
            if (app_.get_option_no_throw(name) == nullptr && std::find(names.begin(), names.end(), name) == names.end())
                names.push_back(name);
        };
        offer("--" + declaration.long_name);
        if (!declaration.short_name.empty()) offer("-" + declaration.short_name);
        if (declaration.key != declaration.long_name) offer("--" + declaration.key);
        for (const std::string &alias : declaration.aliases) offer("--" + alias);
        if (names.empty()) return;
        const bool flag = declaration.type == ValueType::boolean;
        if (flag) names.push_back("!--no-" + declaration.long_name);
        if (declaration.position && !flag) names.push_back(declaration.key);
        std::string all;
        for (const std::string &name : names) all += (all.empty() ? "" : ",") + name;
        try {
            if (flag) slot.option = app_.add_flag(all, slot.flag);
            else if (declaration.type == ValueType::array)
                slot.option = app_.add_option(all, slot.values)
                                  ->expected(1, 1'000'000)
                                  ->allow_extra_args(declaration.position.has_value());
            else slot.option = app_.add_option(all, slot.values)->expected(1)->allow_extra_args(false);
        } catch (const CLI::ConstructionError &) { // an impossible name; the option can still be given over HTTP
            slot.option = nullptr;
        }
    }

    Status take(const Slot &slot, Json &arguments) const {
        const OptionDeclaration &declared = *slot.declaration;
        if (!slot.option || slot.option->count() == 0) {
            if (!declared.required) return {};
            const bool by_place = declared.position && declared.short_name.empty() && !declared.metavar.empty();
            return invalid("MissingOption",
                           "'" + typed() + tr("' needs ", "' 需要 ") +
                               (by_place                   ? declared.metavar
                                : declared.metavar.empty() ? spoken(declared)
                                                           : spoken(declared) + " " + declared.metavar) +
                               see_help());
        }
        if (declared.type == ValueType::boolean) {
            arguments[declared.key] = slot.flag;
            return {};
        }
        if (declared.type != ValueType::array && slot.values.size() != 1)
            return invalid("OptionValue", tr("option ", "选项 ") + spoken(declared) +
                                              tr(" is given more than once; give it once", " 给出了多次；只能给一次"));
        Json values = Json::array();
        for (const std::string &text : slot.values) {
            RIG_TRY_ASSIGN(Json value, convert(declared, text));
            values.push_back(std::move(value));
        }
        arguments[declared.key] = declared.type == ValueType::array ? std::move(values) : std::move(values.front());
        return {};
    }

    Result<Json> convert(const OptionDeclaration &declared, const std::string &text) const {
        const auto wrong = [&](std::string_view en, std::string_view zh) {
            return invalid("OptionValue", tr("option ", "选项 ") + spoken(declared) + tr(" is ", " 为 ") +
                                              shown_word(text) + tr(", which is not ", "，不是") + tr(en, zh));
        };
        if (declared.type == ValueType::integer) {
            if (const auto value = number<int64_t>(text)) return Json(*value);
            return wrong("a whole number", "整数");
        }
        if (declared.type == ValueType::number) {
            if (const auto value = number<double>(text)) return Json(*value);
            return wrong("a number", "数字");
        }
        if (declared.type == ValueType::other) {
            Json value = Json::parse(text, nullptr, false);
            if (!value.is_discarded()) return value;
            return wrong("JSON", " JSON");
        }
        return Json(text);
    }

    Status read_common(CommonOptions &out) const {
        out.endpoint = {common_.config, common_.socket, common_.url, common_.token_file};
        out.headers = !common_.no_headers;
        out.verbose = common_.verbose;
        out.watch = common_.watch;
        if (!common_.output.empty()) {
            const auto format = format_of(common_.output);
            if (!format)
                return invalid("OptionValue", tr("there is no output format ", "没有输出格式 ") +
                                                  shown_word(common_.output) +
                                                  tr("; use table, wide, json, yaml or name",
                                                     "；可用 table、wide、json、yaml 或 name"));
            out.format = *format;
        }
        if (!common_.timeout.empty()) {
            out.timeout = parse_span(common_.timeout);
            if (!out.timeout)
                return invalid("OptionValue", tr("--timeout is ", "--timeout 为 ") + shown_word(common_.timeout) +
                                                  tr(", which is no span; write for example 500ms, 10s or 2m",
                                                     "，不是时长；例如写 500ms、10s 或 2m"));
        }
        if (common_.colour == "always") out.colour = Colour::always;
        else if (common_.colour == "never") out.colour = Colour::never;
        else if (!common_.colour.empty() && common_.colour != "auto")
            return invalid("OptionValue", tr("--color is ", "--color 为 ") + shown_word(common_.colour) +
                                              tr("; use auto, always or never", "；可用 auto、always 或 never"));
        if (!common_.lang.empty() && common_.lang != "en" && common_.lang != "zh")
            return invalid("OptionValue", tr("--lang is ", "--lang 为 ") + shown_word(common_.lang) +
                                              tr("; use en or zh", "；可用 en 或 zh"));
        return {};
    }

    Error unexpected(const std::string &word) const {
        if (word.size() < 2 || word.front() != '-')
            return invalid("UnexpectedWord", "'" + typed() + tr("' does not take the word ", "' 不接受参数 ") +
                                                 shown_word(word) + see_help());
        const std::string name = word.substr(0, word.find('='));
        std::vector<std::string> known;
        for (const OptionDeclaration &option : command_.options) known.push_back("--" + option.long_name);
        for (const OwnOption &option : common_options()) known.push_back("--" + std::string(option.long_name));
        std::string hint;
        for (const std::string &near : similar_names(known, name))
            hint += (hint.empty() ? tr("; did you mean ", "；是否指 ") : tr(" or ", " 或 ")) + near;
        return invalid("UnknownOption", "'" + typed() + tr("' has no option ", "' 没有选项 ") + shown_word(name) +
                                            (hint.empty() ? see_help() : hint + "?"));
    }

    Error cannot_parse(const CLI::ParseError &why) const {
        const std::string what = why.what(); // "--output: 1 required ...", "Could not convert: --watch = maybe"
        const size_t dash = what.starts_with('-') ? 0 : what.find(" -") + 1;
        const std::string name =
            what[dash] == '-' ? what.substr(dash, what.find_first_of(": ", dash) - dash) : std::string();
        const auto is_flag = [&](const CLI::Option *option) { return option && option->get_items_expected_max() == 0; };
        if (!name.empty() && name.size() < 64 && is_flag(app_.get_option_no_throw(name)))
            return invalid("OptionValue",
                           tr("option ", "选项 ") + printable(name) + tr(" takes no value", " 不带值") + see_help());
        if (!name.empty() && name.size() < 64)
            return invalid("OptionValue", tr("option ", "选项 ") + printable(name) +
                                              tr(" needs exactly one value", " 需要且只需要一个值") + see_help());
        return invalid("OptionValue", tr("the command line cannot be understood", "无法理解命令行") + see_help());
    }

    const CommandDeclaration &command_;
    const Language language_;
    CLI::App app_;
    CommonTexts common_;
    std::list<Slot> slots_; ///< CLI11 keeps pointers into them
};

} // namespace

const std::vector<OwnOption> &common_options() {
    static const std::vector<OwnOption> options{
        {"output",
         "o",
         "FORMAT",
         {"table (default), wide, json, yaml or name", "table（默认）、wide、json、yaml 或 name"}},
        {"no-headers", "", "", {"leave the header line of tables out", "不显示表头"}},
        {"color", "", "WHEN", {"auto (default), always or never", "auto（默认）、always 或 never"}},
        {"lang", "", "LANG", {"en or zh; default from LANG", "en 或 zh；默认取自 LANG"}},
        {"timeout", "", "SPAN", {"give up after 500ms, 10s, 2m, ...", "超时时长，如 500ms、10s、2m"}},
        {"config",
         "",
         "FILE",
         {"the daemon's configuration, to find it (RIGGER_CONFIG)", "守护进程的配置文件，用于定位（RIGGER_CONFIG）"}},
        {"socket", "", "PATH", {"the daemon's unix socket (RIGGER_SOCKET)", "守护进程的 unix 套接字（RIGGER_SOCKET）"}},
        {"url",
         "",
         "URL",
         {"a daemon on TCP, http://HOST:PORT (RIGGER_URL)", "TCP 上的守护进程，http://HOST:PORT（RIGGER_URL）"}},
        {"token-file",
         "",
         "FILE",
         {"holds the token for --url (RIGGER_TOKEN_FILE, RIGGER_TOKEN)",
          "存放 --url 所用令牌的文件（RIGGER_TOKEN_FILE、RIGGER_TOKEN）"}},
        {"verbose", "v", "", {"say on stderr what is asked and how long it takes", "在 stderr 显示请求和耗时"}},
        {"help", "h", "", {"show this help", "显示帮助"}},
    };
    return options;
}

OptionDeclaration own_option(std::string key, ValueType type, std::string_view description) {
    OptionDeclaration option;
    option.long_name = kebab_case(key);
    option.key = std::move(key);
    option.type = type;
    option.description = description;
    return option;
}

std::optional<std::chrono::milliseconds> parse_span(std::string_view text) noexcept {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    const double factor = unit.empty() || unit == "s" ? 1e3
                          : unit == "ms"              ? 1
                          : unit == "m"               ? 60e3
                          : unit == "h"               ? 3600e3
                                                      : 0;
    const double milliseconds = value * factor;
    if (!(milliseconds >= 1) || milliseconds > 1e10) return std::nullopt;
    return std::chrono::milliseconds(static_cast<int64_t>(milliseconds));
}

Peek peek(const Words &words) {
    Peek out;
    const std::pair<std::string_view, std::string *> wanted[] = {
        {"config", &out.endpoint.config},         {"socket", &out.endpoint.socket}, {"url", &out.endpoint.url},
        {"token-file", &out.endpoint.token_file}, {"lang", &out.language},          {"output", &out.output}};
    const auto takes_value = [](std::string_view name) {
        const auto &all = common_options();
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const OwnOption &o) { return o.long_name == name || o.short_name == name; });
        return name == "colour" || (found != all.end() && !found->metavar.empty());
    };
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--") break;
        if (word.size() < 2 || word.front() != '-') {
            if (!out.command) out.command = i;
            continue;
        }
        const bool is_long = word[1] == '-';
        std::string_view name = word.substr(is_long ? 2 : 1);
        const size_t equals = is_long ? name.find('=') : name.size() > 1 ? 1 : std::string_view::npos;
        std::string_view value;
        const bool attached = equals != std::string_view::npos;
        if (attached) {
            value = name.substr(is_long ? equals + 1 : 1);
            name = name.substr(0, equals);
        }
        if (name == "help" || name == "h") out.help = true;
        if (!takes_value(name)) continue;
        if (!attached) {
            if (i + 1 >= words.size()) break;
            value = words[++i];
        }
        for (const auto &[known, into] : wanted)
            if (name == known || (known == "output" && name == "o")) *into = value;
    }
    return out;
}

Naming take_name(const std::vector<CommandDeclaration> &commands, const Words &words) {
    Naming out;
    Words rest = words;
    for (std::string name;;) {
        const auto at = peek(rest).command;
        if (!at) break;
        name += (name.empty() ? "" : " ") + rest[*at];
        const CommandDeclaration *const found = find_command(commands, name);
        const bool begins = std::any_of(commands.begin(), commands.end(),
                                        [&](const CommandDeclaration &c) { return c.name.starts_with(name + " "); });
        if (!out.command) out.typed = name, out.begins = begins;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(*at));
        if (found || !out.command) out.rest = rest;
        if (found) out.command = found;
        if (!begins) break;
    }
    return out;
}

Result<Parsed> parse_command(const CommandDeclaration &command, const Words &words, Language language) {
    return Parser(command, language).run(words);
}

} // namespace rigger::cli
