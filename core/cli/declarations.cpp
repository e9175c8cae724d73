#include "cli/declarations.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

const Json *member(const Json &object, const char *key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}
bool flag(const Json &object, const char *key) {
    const Json *found = member(object, key);
    return found && found->is_boolean() && found->get<bool>();
}
std::vector<std::string> texts(const Json &object, const char *key) {
    std::vector<std::string> out;
    if (const Json *found = member(object, key); found && found->is_array())
        for (const Json &one : *found)
            if (one.is_string()) out.push_back(one.get<std::string>());
    return out;
}
/// {"en":...,"zh":...} or a plain text.
std::string translated(const Json &object, const char *key, Language language) {
    const Json *found = member(object, key);
    if (!found) return {};
    if (found->is_string()) return found->get<std::string>();
    const std::string chosen = language == Language::chinese ? text_member(*found, "zh") : std::string();
    return chosen.empty() ? text_member(*found, "en") : chosen;
}
std::string translated(const Json &object, const char *english, const char *chinese, Language language) {
    const std::string chosen = language == Language::chinese ? text_member(object, chinese) : std::string();
    return chosen.empty() ? text_member(object, english) : chosen;
}

ValueType value_type(const Json &schema) {
    std::string name = text_member(schema, "type");
    for (const std::string &one : texts(schema, "type"))
        if (one != "null") name = one;
    if (name == "string" || name.empty()) return ValueType::string;
    if (name == "integer") return ValueType::integer;
    if (name == "number") return ValueType::number;
    if (name == "boolean") return ValueType::boolean;
    if (name == "array") return ValueType::array;
    return ValueType::other;
}

ColumnType column_type(std::string_view name) {
    if (name == "id") return ColumnType::id;
    if (name == "integer") return ColumnType::integer;
    if (name == "number") return ColumnType::number;
    if (name == "boolean") return ColumnType::boolean;
    if (name == "time") return ColumnType::time;
    if (name == "list") return ColumnType::list;
    return ColumnType::string;
}

Tone tone_of(std::string_view name) {
    if (name == "good") return Tone::good;
    if (name == "warn") return Tone::warn;
    if (name == "bad") return Tone::bad;
    return Tone::plain;
}

OptionDeclaration read_option(const std::string &key, const Json &schema, Language language) {
    OptionDeclaration option;
    option.key = key;
    option.long_name = kebab_case(key);
    option.type = value_type(schema);
    option.description = translated(schema, "description", "x-zh", language);
    option.choices = texts(schema, "enum");
    if (const Json *value = member(schema, "default"); value && !value->is_null() && !value->is_boolean())
        option.default_text = value->is_string() ? value->get<std::string>() : value->dump();
    const Json none = Json::object();
    const Json *const cli = member(schema, "x-cli");
    const Json &hints = cli ? *cli : none;
    option.short_name = text_member(hints, "short").substr(0, 1);
    option.aliases = texts(hints, "aliases");
    option.metavar = text_member(hints, "metavar");
    option.complete = text_member(hints, "complete");
    option.hidden = flag(hints, "hidden");
    if (const Json *position = member(hints, "position"); position && position->is_number_integer())
        option.position = position->get<int>();
    return option;
}

ColumnDeclaration read_column(const Json &declared, int place, Language language) {
    ColumnDeclaration column;
    column.key = text_member(declared, "key");
    column.title = translated(declared, "title", "zh", language);
    if (column.title.empty()) column.title = column.key;
    column.type = column_type(text_member(declared, "type"));
    column.wide = flag(declared, "wide");
    column.elide = flag(declared, "elide");
    column.priority = column.wide ? 100 + place : place;
    if (const Json *value = member(declared, "decimals"); value && value->is_number_integer())
        column.decimals = std::clamp(value->get<int>(), 0, 12);
    if (const Json *value = member(declared, "priority"); value && value->is_number_integer())
        column.priority = value->get<int>();
    const std::string align = text_member(declared, "align");
    column.right =
        align.empty() ? column.type == ColumnType::integer || column.type == ColumnType::number : align == "right";
    if (const Json *tones = member(declared, "tones"); tones && tones->is_object())
        for (const auto &[value, tone] : tones->items())
            if (tone.is_string()) column.tones.emplace(value, tone_of(tone.get<std::string>()));
    return column;
}

ResultDeclaration read_result(const Json *declared, Language language) {
    ResultDeclaration result;
    if (!declared) return result;
    const std::string kind = text_member(*declared, "kind");
    result.kind = kind == "list"   ? ResultKind::list
                  : kind == "plan" ? ResultKind::plan
                  : kind == "text" ? ResultKind::text
                                   : ResultKind::record;
    if (const std::string items = text_member(*declared, "items"); !items.empty()) result.items = items;
    result.verdict = text_member(*declared, "verdict");
    if (const Json *columns = member(*declared, "columns"); columns && columns->is_array()) {
        int place = 0;
        for (const Json &column : *columns) result.columns.push_back(read_column(column, ++place, language));
    }
    return result;
}

CommandDeclaration read_command(const Json &declared, Language language) {
    CommandDeclaration command;
    command.name = text_member(declared, "name");
    command.group = text_member(declared, "group");
    command.effect = text_member(declared, "effect");
    command.stream = text_member(declared, "stream");
    command.watch = flag(declared, "watch") && command.effect == "read";
    command.summary = translated(declared, "summary", language);
    command.description = translated(declared, "description", language);
    command.examples = texts(declared, "examples");
    command.result = read_result(member(declared, "result"), language);
    if (const Json *options = member(declared, "options")) {
        const auto required = texts(*options, "required");
        if (const Json *properties = member(*options, "properties"); properties && properties->is_object())
            for (const auto &[key, schema] : properties->items()) {
                command.options.push_back(read_option(key, schema, language));
                command.options.back().required = std::find(required.begin(), required.end(), key) != required.end();
            }
    }
    std::stable_sort(command.options.begin(), command.options.end(),
                     [](const OptionDeclaration &a, const OptionDeclaration &b) {
                         return a.position.value_or(1'000) < b.position.value_or(1'000);
                     });
    return command;
}

size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row[b.size()];
}

} // namespace

std::string kebab_case(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c >= 'A' && c <= 'Z') {
            if (!out.empty()) out += '-';
            out += static_cast<char>(c + 32);
        } else {
            out += c == '_' ? '-' : c;
        }
    }
    return out;
}

Result<std::vector<CommandDeclaration>> read_declarations(std::string_view catalogue, Language language) {
    const Json document = Json::parse(catalogue, nullptr, false);
    const Json *const list = document.is_object() ? member(document, "commands") : nullptr;
    if (!list || !list->is_array())
        return Error{Code::internal, "CatalogueMalformed",
                     std::string(Text{
                         "the daemon's list of commands cannot be read; do rigger and riggerd have the same version?",
                         "无法读取守护进程的命令列表；rigger 与 riggerd 的版本是否一致？"}
                                     .in(language)),
                     0};
    std::vector<CommandDeclaration> commands;
    for (const Json &declared : *list) {
        CommandDeclaration command = read_command(declared, language);
        if (!command.name.empty()) commands.push_back(std::move(command));
    }
    return commands;
}

const CommandDeclaration *find_command(const std::vector<CommandDeclaration> &commands,
                                       std::string_view name) noexcept {
    const auto found =
        std::find_if(commands.begin(), commands.end(), [&](const CommandDeclaration &c) { return c.name == name; });
    return found == commands.end() ? nullptr : &*found;
}

std::vector<std::string> similar_names(const std::vector<std::string> &names, std::string_view name) {
    name = name.substr(0, 64);
    std::vector<std::pair<size_t, std::string>> near;
    for (const std::string &one : names)
        if (const size_t d = distance(one, name); d <= std::max<size_t>(1, name.size() / 3)) near.emplace_back(d, one);
        else if (name.size() >= 2 && one.substr(0, name.size()) == name) near.emplace_back(3, one);
    std::sort(near.begin(), near.end());
    std::vector<std::string> out;
    for (auto &[d, one] : near)
        if (out.size() < 3) out.push_back(std::move(one));
    return out;
}

} // namespace rigger::cli
