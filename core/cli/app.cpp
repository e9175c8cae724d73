#include "cli/app.hpp"

#include "cli/client.hpp"
#include "cli/cluster_rbac.hpp"
#include "cli/completion.hpp"
#include "cli/failure.hpp"
#include "cli/help.hpp"
#include "cli/plugins/declarations.hpp"
#include "cli/plugins/plugins.hpp"
#include "cli/render/text_width.hpp"
#include "cli/watch.hpp"

#include <nlohmann/json.hpp>

#include <ostream>
#include <unistd.h>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{30'000}, kWaitTimeout{600'000}, kFollowTimeout{24 * 3'600'000},
    kCompletionTimeout{1'000};
constexpr const char *kCatalogue = "/v1/commands";

/// A path segment: whatever is not plainly harmless is escaped.
std::string escaped(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.';
        if (plain) out += c;
        else (out += '%') += {digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

class App {
public:
    App(const Words &words, Io &io)
        : words_(words), io_(io), peek_(peek(words)), language_(choose_language(peek_, io)),
          format_(format_of(peek_.output).value_or(Format::table)) {}

    int run() {
        if (!peek_.command) {
            if (words_.size() == 1 && words_[0] == "--version") return version({});
            if (words_.empty() || peek_.help) return overview();
            return fail(invalid("NoCommand", tr("no command is given; `rigger --help` lists all commands",
                                                "未给出命令；`rigger --help` 列出所有命令")));
        }
        const std::string &name = words_[*peek_.command];
        const auto at = words_.begin() + static_cast<std::ptrdiff_t>(*peek_.command);
        const Words before(words_.begin(), at), after(at + 1, words_.end());
        if (name == "plugins") return run_plugins(after, before, language_, io_);
        if (name == "replay") return beside("rigger-replay", after);
        Words rest = before;
        rest.insert(rest.end(), after.begin(), after.end());
        if (name == "completion") return peek_.help ? help_of({name}) : completion(rest);
        if (name == "__complete") { // what an alias puts before it is typed, too
            Words typed = before;
            const bool dashes = !after.empty() && after.front() == "--";
            typed.insert(typed.end(), after.begin() + (dashes ? 1 : 0), after.end());
            return candidates(typed);
        }
        if (name == "version") return version(rest);
        if (name == "help") return peek(after).command ? help_of(after) : overview();
        const auto own = own_commands(language_);
        const Naming named = take_name(own, words_);
        if (named.command && named.command->name == "cluster rbac") return rbac(*named.command, named.rest);
        if (!named.command && named.begins && peek_.help) return overview(named.typed);
        return command(words_);
    }

private:
    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language_)); }
    int fail(const Error &error) { return report(io_, error, format_, language_); }
    size_t width() const { return io_.out_is_terminal && io_.terminal_size ? io_.terminal_size().first : 0; }

    Result<std::unique_ptr<Client>> client(milliseconds timeout, const EndpointOptions &options) {
        RIG_TRY_ASSIGN(Endpoint endpoint, find_endpoint(options, io_, language_));
        return std::make_unique<Client>(std::move(endpoint), timeout, language_);
    }
    Result<std::vector<CommandDeclaration>> catalogue(Client &daemon) {
        RIG_TRY_ASSIGN(const std::string text, daemon.get(kCatalogue));
        return read_declarations(text, language_);
    }

    /// Of all commands, or of those whose names begin with the word `family`.
    int overview(const std::string &family = {}) {
        std::vector<CommandDeclaration> commands;
        std::string note;
        auto daemon = client(kCompletionTimeout, peek_.endpoint);
        auto declared = daemon.ok() ? catalogue(**daemon) : Result<std::vector<CommandDeclaration>>(daemon.error());
        if (declared.ok()) commands = *std::move(declared);
        else
            note =
                tr("The daemon's commands are missing here: ", "此处缺少守护进程的命令：") + declared.error().message;
        for (CommandDeclaration &own : own_commands(language_)) commands.push_back(std::move(own));
        if (!family.empty())
            std::erase_if(commands, [&](const CommandDeclaration &c) { return !c.name.starts_with(family + " "); });
        io_.out << help_overview(commands, "rigger", note, language_, width());
        return exit_ok;
    }

    /// Becomes another program of ours that lies beside this one.
    int beside(const std::string &program, const Words &words) {
        const std::string path = io_.program.substr(0, io_.program.rfind('/') + 1) + program;
        std::vector<char *> arguments{const_cast<char *>(path.c_str())};
        for (const std::string &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
        arguments.push_back(nullptr);
        io_.out.flush();
        ::execv(path.c_str(), arguments.data());
        return fail(Error{Code::unavailable, "ProgramMissing",
                          tr("cannot run '", "无法运行 '") + path +
                              tr("'; install the package that brings it", "'；请安装提供它的软件包"),
                          0});
    }

    /// `words` name a command; options may stand among them.
    int help_of(const Words &words) {
        const auto at = words.begin() + static_cast<std::ptrdiff_t>(*peek(words).command);
        const std::string &name = *at;
        if (name == "plugins") {
            Words of(at + 1, words.end());
            of.emplace_back("--help");
            return run_plugins(of, {}, language_, io_);
        }
        if (name == "replay") return beside("rigger-replay", {"--help"});
        const auto own = own_commands(language_);
        const Naming named = take_name(own, words);
        if (named.command) {
            io_.out << help_command(*named.command, "rigger", language_, width());
            return exit_ok;
        }
        if (named.begins) return overview(named.typed);
        Words asked = words;
        asked.emplace_back("--help");
        return command(asked);
    }

    int rbac(const CommandDeclaration &shape, const Words &rest) {
        const auto parsed = parse_command(shape, rest, language_);
        if (!parsed.ok()) return fail(parsed.error());
        if (parsed->common.help) {
            io_.out << help_command(shape, "rigger", language_, width());
            return exit_ok;
        }
        const auto manifest = cluster_rbac(parsed->arguments);
        if (!manifest.ok()) return fail(manifest.error());
        io_.out << (parsed->common.format == Format::json ? manifest_as_json(*manifest) : *manifest) << std::flush;
        return exit_ok;
    }

    int version(const Words &rest) {
        CommandDeclaration shape;
        shape.name = "version";
        for (const auto &[key, title] :
             {std::pair{"client", Text{"client", "本工具"}}, {"daemon", Text{"daemon", "守护进程"}}}) {
            shape.result.columns.emplace_back().key = key;
            shape.result.columns.back().title = title.in(language_);
        }
        auto parsed = parse_command(shape, rest, language_);
        if (!parsed.ok()) return fail(parsed.error());
        Json versions{{"client", RIGGER_VERSION}, {"daemon", nullptr}};
        auto connected = client(kCompletionTimeout, parsed->common.endpoint);
        if (connected.ok())
            if (const auto api = (*connected)->get("/openapi.json"); api.ok())
                if (const Json document = Json::parse(*api, nullptr, false); document.is_object())
                    versions["daemon"] = document.value("/info/version"_json_pointer, Json());
        const auto rendered =
            render_result(versions.dump(), shape.result, choose_style(parsed->common, language_, io_));
        if (!rendered.ok()) return fail(rendered.error());
        print(io_, *rendered);
        return exit_ok;
    }

    int completion(const Words &words) {
        const auto own = own_commands(language_);
        auto parsed = parse_command(*find_command(own, "completion"), words, language_);
        if (!parsed.ok()) return fail(parsed.error());
        const Json given = Json::parse(parsed->arguments, nullptr, false);
        const auto script = completion_script(given.value("SHELL", ""), language_);
        if (!script.ok()) return fail(script.error());
        io_.out << *script;
        return exit_ok;
    }

    /// Says nothing on failure: the operator is in the middle of typing.
    int candidates(const Words &words) {
        // The last word is not whole yet: half of a file's name must not be the configuration.
        const Peek typed = peek(words.empty() ? words : Words(words.begin(), words.end() - 1));
        auto daemon = client(kCompletionTimeout, typed.endpoint);
        std::vector<CommandDeclaration> commands;
        if (daemon.ok())
            if (auto declared = catalogue(**daemon); declared.ok()) commands = *std::move(declared);
        for (CommandDeclaration &own : own_commands(language_)) commands.push_back(std::move(own));
        const auto run = [&](const std::string &name) -> Result<std::string> {
            if (!daemon.ok()) return daemon.error();
            if (name == "plugins") return (*daemon)->get("/v1/plugins");
            return (*daemon)->post("/v1/commands/" + escaped(name), "{}");
        };
        const Completion found = complete(commands, words, run, language_);
        for (const Candidate &candidate : found.candidates) {
            io_.out << printable(candidate.word);
            if (!candidate.description.empty()) io_.out << '\t' << printable(candidate.description);
            io_.out << '\n';
        }
        return found.files ? kCompleteFiles : exit_ok;
    }

    Error unknown(const std::vector<CommandDeclaration> &commands, const std::string &name) const {
        std::vector<std::string> names;
        for (const CommandDeclaration &known : commands) names.push_back(known.name);
        std::string hint;
        for (const std::string &near : similar_names(names, name))
            hint += (hint.empty() ? tr("; did you mean ", "；是否指 ") : tr(" or ", " 或 ")) + near;
        return invalid("UnknownCommand", tr("there is no command '", "没有命令 '") +
                                             elide(printable(name.substr(0, 400)), 60) + "'" +
                                             (hint.empty() ? "" : hint + "?"));
    }

    /// A word that several commands' names begin with, and nothing behind it.
    int family(const std::vector<CommandDeclaration> &commands, const std::string &word) {
        if (peek_.help) return overview(word);
        std::string names;
        for (const CommandDeclaration &known : commands)
            if (known.name.starts_with(word + " "))
                names += (names.empty() ? "" : tr(" or ", " 或 ")) + printable(known.name);
        return fail(invalid("NoCommand", tr("'", "'") + printable(word) +
                                             tr("' is not a whole command; type ", "' 不是完整的命令；请输入 ") +
                                             names));
    }

    int command(const Words &words) {
        auto connected = client(kTimeout, peek_.endpoint);
        if (!connected.ok()) return fail(connected.error());
        auto declared = catalogue(**connected);
        if (!declared.ok()) return fail(declared.error());
        for (CommandDeclaration &own : own_commands(language_)) declared->push_back(std::move(own));
        const Naming named = take_name(*declared, words);
        const CommandDeclaration *const found = named.command;
        if (!found && named.begins) return family(*declared, named.typed);
        if (!found) return fail(unknown(*declared, named.typed));
        auto parsed = parse_command(*found, named.rest, language_);
        if (!parsed.ok()) return fail(parsed.error());
        if (parsed->common.help) {
            io_.out << help_command(*found, "rigger", language_, width());
            return exit_ok;
        }
        return perform(*found, *parsed, std::move(*connected));
    }

    int perform(const CommandDeclaration &command, const Parsed &parsed, std::unique_ptr<Client> daemon) {
        const RenderStyle style = choose_style(parsed.common, language_, io_);
        const std::string path = "/v1/commands/" + escaped(command.name);
        const bool waits = asks_for(parsed.arguments, "wait"),
                   follows = !command.stream.empty() && asks_for(parsed.arguments, command.stream);
        if (follows)
            daemon =
                std::make_unique<Client>(daemon->endpoint(), parsed.common.timeout.value_or(kFollowTimeout), language_);
        else if (parsed.common.timeout || waits)
            daemon =
                std::make_unique<Client>(daemon->endpoint(), parsed.common.timeout.value_or(kWaitTimeout), language_);
        if (parsed.common.watch)
            return run_watch(*daemon, {path + "?watch=true", parsed.arguments, command.result, style}, io_);
        if (follows) return follow(*daemon, path, parsed, style.format);
        const auto before = std::chrono::steady_clock::now();
        if (parsed.common.verbose)
            io_.err << "POST " << daemon->endpoint().shown() << path << ' ' << printable(parsed.arguments) << '\n';
        const auto result = waits ? with_progress(*daemon, path, parsed) : daemon->post(path, parsed.arguments);
        if (parsed.common.verbose)
            io_.err << std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - before)
                           .count()
                    << " us\n";
        if (!result.ok() && result.error().reason == "ConnectionLost" && command.effect != "read")
            return fail({Code::deadline, "OutcomeUnknown",
                         tr("the daemon ended the connection before it answered; the outcome is not known. Look with "
                            "`rigger status`",
                            "守护进程在应答之前断开了连接；结果未知。请用 `rigger status` 查看"),
                         0});
        if (!result.ok()) return fail(result.error());
        const auto rendered = render_result(*result, command.result, style);
        if (!rendered.ok()) return fail(rendered.error());
        print(io_, *rendered);
        return rendered->held_back ? exit_held_back : rendered->problem ? exit_failed : exit_ok;
    }

    static bool asks_for(const std::string &arguments, const std::string &flag) {
        const Json given = Json::parse(arguments, nullptr, false);
        const auto found = given.is_object() ? given.find(flag) : given.end();
        return given.is_object() && found != given.end() && *found == true;
    }

    /// The command's output as it comes, until it ends; with -o json one document a line.
    int follow(Client &daemon, const std::string &path, const Parsed &parsed, Format format) {
        if (io_.end_with_reader) io_.end_with_reader();
        std::optional<Error> error;
        bool ended = false;
        const Status status = daemon.stream(path, parsed.arguments, [&](const StreamEvent &event) {
            if (event.name == "error") error = read_problem(event.data, 0, language_);
            ended = ended || event.name == "result";
            if (event.name != "progress" && event.name != "result") return !error;
            if (format == Format::json || format == Format::yaml) {
                if (event.name == "progress") io_.out << event.data << std::endl;
            } else if (const Json piece = Json::parse(event.data, nullptr, false); piece.is_object()) {
                print_text(piece.value("/text"_json_pointer, std::string()));
            }
            return !ended && io_.out.good();
        });
        if (error) return fail(*error);
        if (!status.ok()) return fail(status.error());
        if (ended || !io_.out.good()) return exit_ok;
        return fail({Code::unavailable, "Unreachable", tr("the daemon ended the stream", "守护进程结束了数据流"), 0});
    }

    /// Line by line, each made harmless for the terminal.
    void print_text(std::string_view text) {
        while (!text.empty()) {
            const size_t end = text.find('\n');
            io_.out << printable(text.substr(0, end)) << '\n';
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        io_.out << std::flush;
    }

    /// Shows what the command reports while it works; on a terminal or when asked.
    Result<std::string> with_progress(Client &daemon, const std::string &path, const Parsed &parsed) {
        std::optional<Result<std::string>> answer;
        const Status status = daemon.stream(path, parsed.arguments, [&](const StreamEvent &event) {
            if (event.name == "progress" && (io_.err_is_terminal || parsed.common.verbose))
                io_.err << progress_line(event.data) << std::endl;
            if (event.name == "result") answer.emplace(event.data);
            if (event.name == "error") answer.emplace(read_problem(event.data, 0, language_));
            return !answer.has_value();
        });
        if (answer) return *std::move(answer);
        if (!status.ok()) return status.error();
        return Error{Code::deadline, "StreamEnded",
                     tr("the daemon ended the connection before the command did; look with `rigger status`",
                        "守护进程在命令完成前断开了连接；请用 `rigger status` 查看"),
                     0};
    }

    static std::string progress_line(const std::string &document) {
        const Json progress = Json::parse(document, nullptr, false);
        if (!progress.is_object()) return "  " + printable(document);
        for (const char *key : {"message", "phase"})
            if (const auto found = progress.find(key); found != progress.end() && found->is_string())
                return "  " + printable(found->get<std::string>());
        return "  " + printable(document);
    }

    const Words &words_;
    Io &io_;
    const Peek peek_;
    const Language language_;
    const Format format_;
};

} // namespace

Language choose_language(const Peek &peek, const Io &io) {
    if (!peek.language.empty()) return language_of(peek.language);
    for (const char *name : {"LC_ALL", "LC_MESSAGES", "LANG"})
        if (const std::string value = io.env(name); !value.empty()) return language_of(value);
    return Language::english;
}

RenderStyle choose_style(const CommonOptions &common, Language language, const Io &io) {
    RenderStyle style;
    style.format = common.format;
    style.language = language;
    style.headers = common.headers;
    style.width = io.out_is_terminal && io.terminal_size ? io.terminal_size().first : 0;
    style.colour = common.colour == Colour::always || (common.colour == Colour::automatic && io.out_is_terminal &&
                                                       io.env("NO_COLOR").empty() && io.env("TERM") != "dumb");
    style.times = io.times;
    return style;
}

void print(Io &io, const Rendered &rendered) {
    io.out << rendered.text << std::flush;
    for (const std::string &note : rendered.notes) io.err << note << '\n';
}

int run(const Words &words, Io &io) {
    try {
        const int code = App(words, io).run();
        if (io.out.flush()) return code;
        if (io.reader_gone && io.reader_gone()) return exit_reader_gone; // `rigger scales | head` ends quietly
        const Peek typed = peek(words);
        const Language language = choose_language(typed, io);
        report(io,
               {Code::internal, "OutputLost",
                std::string(Text{"the output could not be written to its end: it is closed, or its disk is full",
                                 "输出未能完整写出：输出已关闭，或磁盘已满"}
                                .in(language)),
                0},
               format_of(typed.output).value_or(Format::table), language);
        return code == exit_ok ? exit_failed : code;
    } catch (const std::exception &why) {
        return report(io, internal_error(std::string("a fault in this tool: ") + why.what()), Format::table,
                      Language::english);
    }
}

} // namespace rigger::cli
