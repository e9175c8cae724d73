#include "host/command_service.hpp"

#include "base/json.hpp"
#include "domain/documents.hpp"
#include "host/frontend.hpp"
#include "host/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace rigger::host {
namespace {
using nlohmann::json;
using namespace std::chrono_literals;

constexpr size_t max_commands = 512;
constexpr DocumentLimits argument_limits{size_t{64} * 1024, 32};
constexpr Duration retry_catalogue = 1s;
constexpr const char *no_options = R"({"type":"object","additionalProperties":false})";

struct Command {
    json declaration;
    CommandEffect effect;
    std::shared_ptr<const JsonSchema> schema;
    std::vector<std::string> options; ///< names, for messages
    bool open = false;                ///< options beyond the named ones are allowed
    std::shared_ptr<Frontend> frontend;
};

struct Table {
    uint64_t generation = 0;
    bool complete = true; ///< every frontend answered
    MonoTime made_at;
    std::map<std::string, Command, std::less<>> commands;
    std::vector<RefusedCommand> refused;
    std::string catalogue;
};

/// Words of lower-case letters, digits and '-', with single spaces between them; each begins with a letter.
bool is_command_name(std::string_view s) {
    if (s.empty() || s.size() > 64 || s.back() == ' ') return false;
    bool begins = true;
    for (const char c : s) {
        const bool letter = c >= 'a' && c <= 'z', inside = (c >= '0' && c <= '9') || c == '-' || c == ' ';
        if (!letter && (begins || !inside)) return false;
        begins = c == ' ';
    }
    return true;
}

/// What the CLI and the OpenAPI document rely on.
Status check_result(const std::string &name, const json &result) {
    const auto refuse = [&](const char *why) {
        return invalid("CommandInvalid", "command '" + name + "': result" + why);
    };
    if (!result.is_object()) return refuse(" must be an object");
    const auto is_text = [](const json &of, const char *key) { return !of.contains(key) || of[key].is_string(); };
    if (!is_text(result, "kind") || !is_text(result, "items")) return refuse(".kind and result.items must be text");
    const json columns = result.value("columns", json::array());
    const bool readable =
        columns.is_array() && std::all_of(columns.begin(), columns.end(), [&](const json &column) {
            return column.is_object() && column.contains("key") && is_text(column, "key") && is_text(column, "type");
        });
    return readable ? Status() : refuse(".columns must be a list of objects with a key");
}

Result<Command> read_command(const json &d, const std::shared_ptr<Frontend> &frontend) {
    if (!d.is_object() || !d.contains("name") || !d["name"].is_string())
        return invalid("CommandInvalid", "a command has no name");
    const auto &name = d["name"].get_ref<const std::string &>();
    if (!is_command_name(name))
        return invalid(
            "CommandInvalid",
            "'" + name.substr(0, 64) +
                "' is not a command name: words of lower-case letters, digits and '-', one space between them");
    Command c;
    c.frontend = frontend;
    const json effect = d.value("effect", json());
    if (effect == "read") c.effect = CommandEffect::read;
    else if (effect == "write") c.effect = CommandEffect::write;
    else if (effect == "destructive") c.effect = CommandEffect::destructive;
    else return invalid("CommandInvalid", "command '" + name + "' must declare effect read, write or destructive");
    const json options = d.contains("options") ? d["options"] : json::parse(no_options);
    if (!options.is_object())
        return invalid("CommandInvalid", "command '" + name + "': options must be a JSON Schema object");
    auto schema = JsonSchema::parse(options.dump());
    if (!schema.ok()) return schema.error().within("command '" + name + "': options");
    c.schema = std::make_shared<const JsonSchema>(*std::move(schema));
    c.open = options.value("additionalProperties", json(true)) != json(false);
    const json properties = options.value("properties", json::object());
    if (!properties.is_object())
        return invalid("CommandInvalid", "command '" + name + "': options.properties must be an object");
    for (const auto &[key, value] : properties.items()) c.options.push_back(key);
    RIG_TRY(check_result(name, d.value("result", json::object())));
    c.declaration = d;
    c.declaration["instance"] = frontend->name();
    return c;
}

void merge(Table &table, const std::shared_ptr<Frontend> &frontend, const json &catalogue) {
    // One fault, however many commands have it: the others are to be served.
    bool blamed = false;
    const auto refuse = [&](std::string name, Error why) {
        if (std::exchange(blamed, true)) frontend->not_served(why.message);
        else frontend->misbehaved(why.reason, why.message);
        table.refused.push_back({std::move(name), frontend->name(), std::move(why)});
    };
    const auto list = catalogue.find("commands");
    if (list == catalogue.end() || !list->is_array())
        return refuse("", invalid("CommandInvalid", "its catalogue has no list of commands"));
    for (const json &d : *list) {
        auto command = read_command(d, frontend);
        const std::string name = text_member(d, "name").substr(0, 64);
        if (!command.ok()) {
            refuse(name, command.error());
            continue;
        }
        if (table.commands.size() >= max_commands)
            return refuse(name, invalid("TooManyCommands", "more than 512 commands are declared"));
        const auto [at, fresh] = table.commands.try_emplace(name, *std::move(command));
        if (fresh) continue;
        // An operator's choice and no fault of the plugin: the file's number decides who is first.
        table.refused.push_back({name, frontend->name(),
                                 Error{Code::conflict, "CommandTaken",
                                       "command '" + name + "' of frontend '" + frontend->name() +
                                           "' is not served: frontend '" + at->second.frontend->name() +
                                           "' declared it first; give that one's file a higher number, or disable one",
                                       0}});
        frontend->not_served(table.refused.back().why.message);
    }
}

std::string listed(const std::vector<std::string> &names) {
    std::string out;
    for (const std::string &n : names) out.append(out.empty() ? "" : ", ").append(n);
    return out.empty() ? "none" : out;
}

Status check_options(const std::string &command, const Command &c, std::string_view arguments) {
    if (const Status ok = check_document(arguments, argument_limits); !ok.ok())
        return invalid("InvalidArguments", command + ": arguments: " + ok.error().message);
    if (c.open) return {};
    const json given = json::parse(arguments);
    for (const auto &[key, value] : given.items())
        if (std::find(c.options.begin(), c.options.end(), key) == c.options.end())
            return invalid("UnknownOption", command + ": unknown option '" + key.substr(0, 64) +
                                                "'; its options are: " + listed(c.options));
    return {};
}
} // namespace

struct PluginCommands::Impl {
    const Registry &registry;
    const Clock &clock;
    std::mutex mutex;
    std::shared_ptr<const Table> table;

    /// The table of the frontends that run now. Plugins are asked without the lock; two threads may ask at once, to the
    /// same effect.
    std::shared_ptr<const Table> current() {
        const LivePortsPtr live = registry.live();
        {
            const std::lock_guard lock(mutex);
            const bool fresh = table && table->generation == live->generation &&
                               (table->complete || clock.monotonic() - table->made_at < retry_catalogue);
            if (fresh) return table;
        }
        auto made = std::make_shared<Table>();
        made->generation = live->generation;
        made->made_at = clock.monotonic();
        for (const auto &frontend : live->frontends) {
            const auto text = frontend->catalogue();
            if (text.ok()) merge(*made, frontend, json::parse(*text));
            else made->refused.push_back({"", frontend->name(), text.error()});
            made->complete = made->complete && text.ok();
        }
        json commands = json::array();
        for (const auto &[name, c] : made->commands) commands.push_back(c.declaration);
        made->catalogue = json{{"commands", commands}}.dump(-1, ' ', false, json::error_handler_t::replace);
        const std::lock_guard lock(mutex);
        table = made;
        return made;
    }
};

PluginCommands::PluginCommands(const Registry &registry, const Clock &clock)
    : impl_(new Impl{registry, clock, {}, nullptr}) {}
PluginCommands::~PluginCommands() = default;

std::string PluginCommands::catalogue() { return impl_->current()->catalogue; }

std::vector<RefusedCommand> PluginCommands::refused() { return impl_->current()->refused; }

Result<std::string> PluginCommands::invoke(const Principal &principal, const CallContext &context,
                                           std::string_view command, std::string_view arguments,
                                           const std::function<void(std::string_view)> &progress) {
    const auto table = impl_->current();
    const auto at = table->commands.find(command);
    if (at == table->commands.end())
        return not_found("UnknownCommand",
                         "there is no command '" + std::string(command.substr(0, 64)) + "'; see: rigger help");
    const auto &[name, c] = *at;
    const Role needed = c.effect == CommandEffect::read ? Role::read : Role::operate;
    if (principal.role < needed)
        return Error{Code::denied, "RoleTooLow",
                     name + ": '" + principal.name + "' may not do this; it needs the role " +
                         (needed == Role::read ? "read" : "operate"),
                     0};
    const std::string_view given = arguments.empty() ? std::string_view("{}") : arguments;
    RIG_TRY(check_options(name, c, given));
    RIG_TRY_ASSIGN(const std::string filled, c.schema->apply(given, name, "InvalidArguments"));
    return c.frontend->invoke(principal, context, name, filled, progress);
}

} // namespace rigger::host
