#include "cli/plugins/plugins.hpp"

#include "cli/app.hpp"
#include "cli/failure.hpp"
#include "cli/help.hpp"
#include "cli/plugins/declarations.hpp"
#include "cli/plugins/enable.hpp"
#include "cli/plugins/helpers.hpp"
#include "cli/plugins/install.hpp"
#include "cli/plugins/look.hpp"
#include "cli/render/text_width.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

class Plugins {
public:
    Plugins(Words words, Language language, Io &io)
        : words_(std::move(words)), language_(language), io_(io), commands_(plugin_commands(language)) {}

    int run() {
        const Peek peeked = peek(words_);
        format_ = format_of(peeked.output).value_or(Format::table);
        if (!peeked.command) {
            io_.out << overview();
            return exit_ok;
        }
        const std::string name = words_[*peeked.command];
        const CommandDeclaration *command = find_command(commands_, name);
        if (!command) return report(io_, unknown(name), format_, language_);
        words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(*peeked.command));
        // What follows "--" belongs to the conformance kit, options and all.
        if (const auto dashes = std::find(words_.begin(), words_.end(), "--");
            name == "test" && dashes != words_.end()) {
            kit_.assign(dashes + 1, words_.end());
            words_.erase(dashes, words_.end());
        }
        auto parsed = parse_command(*command, words_, language_);
        if (!parsed.ok()) return report(io_, parsed.error(), format_, language_);
        if (parsed->common.help) {
            io_.out << help_command(*command, "rigger plugins", language_, width());
            return exit_ok;
        }
        format_ = parsed->common.format;
        arguments_ = Json::parse(parsed->arguments);
        auto context = PluginContext::make(parsed->common, language_, io_);
        if (!context.ok()) return report(io_, context.error(), format_, language_);
        return perform(*command, parsed->common, *context);
    }

private:
    std::string text(const char *key) const {
        return arguments_.contains(key) ? arguments_[key].get<std::string>() : std::string();
    }
    bool flag(const char *key) const { return arguments_.value(key, false); }
    std::string tr(std::string_view en, std::string_view zh) const { return std::string(Text{en, zh}.in(language_)); }
    size_t width() const { return io_.out_is_terminal && io_.terminal_size ? io_.terminal_size().first : 0; }

    std::string overview() const { return help_overview(commands_, "rigger plugins", {}, language_, width()); }

    Error unknown(const std::string &name) const {
        std::vector<std::string> names;
        for (const CommandDeclaration &command : commands_) names.push_back(command.name);
        std::string hint;
        for (const std::string &near : similar_names(names, name))
            hint += (hint.empty() ? tr("; did you mean ", "；是否指 ") : tr(" or ", " 或 ")) + "plugins " + near;
        return invalid(
            "UnknownCommand",
            tr("there is no command 'plugins ", "没有命令 'plugins ") + elide(printable(name.substr(0, 400)), 60) +
                "'" + (hint.empty() ? tr("; `rigger plugins` lists them", "；`rigger plugins` 列出全部") : hint + "?"));
    }

    int perform(const CommandDeclaration &command, const CommonOptions &common, PluginContext &context) {
        if (command.name == "test" || command.name == "new") return run_tool(command, context);
        int code = exit_ok;
        const auto result = answer(command, common, context, code);
        if (!result.ok()) return report(io_, result.error(), format_, language_);
        if (command.name == "doctor" && (format_ == Format::table || format_ == Format::wide)) {
            io_.out << doctor_text(*result, context);
            return code;
        }
        const auto rendered = render_result(*result, command.result, choose_style(common, language_, io_));
        if (!rendered.ok()) return report(io_, rendered.error(), format_, language_);
        print(io_, *rendered);
        return code;
    }

    Result<std::string> answer(const CommandDeclaration &command, const CommonOptions &, PluginContext &context,
                               int &code) {
        const std::string &name = command.name;
        if (name == "list") return list_plugins(context, text("kind"), flag("all"));
        if (name == "inspect") return inspect_plugin(context, text("what"));
        if (name == "install") return install_plugin(context, text("from"), flag("dryRun"));
        if (name == "disable") return disable_plugin(context, text("name"));
        if (name == "verify" || name == "doctor") {
            size_t bad = 0;
            auto result = name == "verify" ? verify_plugins(context, text("what"), bad) : doctor(context, bad);
            if (bad > 0) code = exit_failed;
            return result;
        }
        if (name == "enable") {
            bool loaded = true;
            EnableOrder order{text("id"), text("as"), text("component"), std::nullopt, flag("yes")};
            if (arguments_.contains("order")) order.order = arguments_["order"].get<int64_t>();
            auto result = enable_plugin(context, order, loaded);
            if (!loaded) code = exit_failed;
            return result;
        }
        if (name == "reset") {
            if (text("name").empty())
                return not_found("UnknownInstance",
                                 tr("there is no plugin instance ''; `rigger plugins list` lists them",
                                    "没有插件实例 ''；`rigger plugins list` 列出全部"));
            auto result = context.reset(text("name"));
            if (!result.ok()) return result;
            for (const Json &row : items_of(*result))
                if (row.is_object() && row.value("name", Json()) == text("name"))
                    return Json{{"name", text("name")},
                                {"state", row.value("state", Json())},
                                {"breaker", row.value("breaker", Json())}}
                        .dump(-1, ' ', false, Json::error_handler_t::replace);
            return Json{{"name", text("name")}, {"state", nullptr}}.dump(-1, ' ', false,
                                                                         Json::error_handler_t::replace);
        }
        if (const std::string verb = text("verb"); !verb.empty() && verb != "show")
            return invalid("UnknownCommand",
                           tr("`plugins config` knows only 'show'; edit the file that it names, then `rigger plugins "
                              "enable ",
                              "`plugins config` 只支持 'show'；请编辑它指出的文件，然后执行 `rigger plugins enable ") +
                               text("name") + "`");
        return show_config(context, text("name"));
    }

    int run_tool(const CommandDeclaration &command, PluginContext &context) {
        Result<int> code = 0;
        if (command.name == "test") {
            const auto library = library_in(text("file"));
            if (!library.ok()) return report(io_, library.error(), format_, language_);
            Words words{*library};
            if (arguments_.contains("kit"))
                for (const Json &word : arguments_["kit"]) words.push_back(word.get<std::string>());
            words.insert(words.end(), kit_.begin(), kit_.end());
            if (format_ == Format::json) words.emplace_back("--json");
            code = run_helper(context, "rigger-plugin-check", words);
        } else {
            Words words{"--kind", text("kind")};
            if (!text("dir").empty()) words.insert(words.end(), {"--dir", text("dir")});
            words.push_back(text("id"));
            code = run_helper(context, "rigger-new-plugin", words);
        }
        if (!code.ok()) return report(io_, code.error(), format_, language_);
        return *code == 0 ? exit_ok : *code == 2 ? exit_usage : exit_failed;
    }

    Words words_, kit_;
    const Language language_;
    Io &io_;
    const std::vector<CommandDeclaration> commands_;
    Format format_ = Format::table;
    Json arguments_;
};

} // namespace

int run_plugins(const Words &words, const Words &before, Language language, Io &io) {
    Words all = words;
    all.insert(all.end(), before.begin(), before.end());
    // Options that stood before `plugins` must not end up behind a "--".
    if (const auto dashes = std::find(words.begin(), words.end(), "--"); dashes != words.end()) {
        all.assign(words.begin(), dashes);
        all.insert(all.end(), before.begin(), before.end());
        all.insert(all.end(), dashes, words.end());
    }
    return Plugins(std::move(all), language, io).run();
}

} // namespace rigger::cli
