#include "engine/http_server/openapi.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

Json reference(const std::string &name) { return {{"$ref", "#/components/" + name}}; }

Json json_answer(Json schema, const char *what) {
    return {{"description", what}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

/// The schema of one column's value; whatever it is, it may be null.
Json column_schema(const Json &column) {
    const std::string type = column.value("type", "string");
    if (type == "integer" || type == "number" || type == "boolean") return {{"type", {type, "null"}}};
    if (type == "list") return {{"type", {"array", "null"}}};
    if (type == "time") return {{"type", {"string", "null"}}, {"format", "date-time"}};
    return {{"type", {"string", "null"}}};
}

Json list_schema(const Json &result) {
    Json properties = Json::object();
    for (const Json &column : result.value("columns", Json::array())) {
        if (!column.is_object()) continue;
        const std::string key = column.value("key", "");
        if (const size_t dot = key.find('.'); dot != std::string::npos) properties[key.substr(0, dot)] = Json::object();
        else if (!key.empty()) properties[key] = column_schema(column);
    }
    const std::string items = result.value("items", "items");
    return {{"type", "object"},
            {"required", {items}},
            {"properties",
             {{items, {{"type", "array"}, {"items", {{"type", "object"}, {"properties", properties}}}}},
              {"snapshot", {{"type", {"integer", "string"}}, {"description", "version of the snapshot that was read"}}},
              {"takenAt", {{"type", "string"}, {"format", "date-time"}}},
              {"warnings",
               {{"type", "array"},
                {"items", {{"type", "string"}}},
                {"description", "parts of the answer that are stale or unknown"}}}}}};
}

Json result_schema(const Json &result) {
    const std::string kind = result.is_object() ? result.value("kind", "") : "";
    if (kind == "list") return list_schema(result);
    if (kind == "plan") return reference("schemas/Plan");
    if (kind == "text") return {{"type", "object"}, {"properties", {{"text", {{"type", "string"}}}}}};
    return {{"type", "object"}};
}

Json english(const Json &texts) {
    if (texts.is_string()) return texts;
    return texts.is_object() ? texts.value("en", "") : "";
}

/// The declared schema without what speaks to the CLI alone.
Json plain_schema(Json schema) {
    if (schema.is_object())
        for (auto it = schema.begin(); it != schema.end();)
            it = it.key().rfind("x-", 0) == 0 ? schema.erase(it) : std::next(it);
    return schema;
}

Json body_schema(const Json &options, const std::vector<std::string> &without) {
    Json schema = plain_schema(options.is_object() ? options : Json{{"type", "object"}});
    if (auto properties = schema.find("properties"); properties != schema.end() && properties->is_object()) {
        for (const std::string &name : without) properties->erase(name);
        for (auto &[key, value] : properties->items()) value = plain_schema(std::move(value));
    }
    if (auto required = schema.find("required"); required != schema.end() && required->is_array()) {
        Json left = Json::array();
        for (const Json &name : *required)
            if (!name.is_string() ||
                std::find(without.begin(), without.end(), name.get<std::string>()) == without.end())
                left.push_back(name);
        *required = std::move(left);
    }
    return schema;
}

void add_errors(Json &responses) {
    for (const char *status : {"400", "401", "403", "404", "409", "413", "429", "500", "503", "504"})
        responses[status] = reference("responses/Problem");
}

Json parameter(const std::string &name, const char *where, const Json &schema, bool required) {
    Json out{{"name", name}, {"in", where}, {"required", required}, {"schema", plain_schema(schema)}};
    if (const auto text = schema.find("description"); text != schema.end()) out["description"] = *text;
    return out;
}

Json operation(const Command &command, const Json &declared, bool generic) {
    const Json options = declared.value("options", Json::object());
    const Json properties = options.is_object() ? options.value("properties", Json::object()) : Json::object();
    const Json required = options.is_object() ? options.value("required", Json::array()) : Json::array();
    std::string id = (generic ? "command-" : "") + command.name;
    std::replace(id.begin(), id.end(), ' ', '-');
    Json out{{"operationId", std::move(id)},
             {"tags", {declared.value("group", "commands")}},
             {"summary", english(declared.value("summary", Json()))},
             {"x-effect", declared.value("effect", "destructive")},
             {"x-role", command.effect == CommandEffect::read ? "read" : "operate"}};
    if (declared.contains("description")) out["description"] = english(declared["description"]);
    Json parameters = Json::array();
    std::vector<std::string> in_path;
    if (!generic)
        for (const std::string &segment : command.segments)
            if (const std::string name{parameter_of(segment)}; !name.empty()) {
                in_path.push_back(name);
                parameters.push_back(parameter(name, "path", properties.value(name, Json::object()), true));
            }
    const bool with_body = generic || (command.method != "GET" && command.method != "DELETE");
    if (!with_body && properties.is_object())
        for (const auto &[name, schema] : properties.items())
            if (std::find(in_path.begin(), in_path.end(), name) == in_path.end())
                parameters.push_back(parameter(name, "query", schema,
                                               std::find(required.begin(), required.end(), name) != required.end()));
    if (command.watch)
        parameters.push_back(
            parameter("watch", "query",
                      {{"type", "boolean"},
                       {"description", "answer with an event stream that repeats the result when it changes"}},
                      false));
    parameters.push_back(reference("parameters/Timeout"));
    out["parameters"] = std::move(parameters);
    if (with_body) {
        Json schema = body_schema(options, in_path);
        const bool needed = !schema.value("required", Json::array()).empty();
        out["requestBody"] = {{"required", needed},
                              {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
    }
    Json ok = json_answer(result_schema(declared.value("result", Json::object())), "the result");
    ok["content"]["text/event-stream"] = {{"schema", {{"type", "string"}}}};
    out["responses"]["200"] = std::move(ok);
    add_errors(out["responses"]);
    return out;
}

/// One declaration with members of the wrong type must not take the document from the others.
Json described(const Command &command, const Json &declared, bool generic) {
    try {
        return operation(command, declared, generic);
    } catch (const Json::exception &) {
        const Json least = {{"summary", command.name},
                            {"effect", command.effect == CommandEffect::read ? "read" : "destructive"}};
        return operation(command, least, generic);
    }
}

Json own_operation(const char *id, const char *summary, const char *role, Json ok) {
    Json out{{"operationId", id},
             {"tags", {"server"}},
             {"summary", summary},
             {"x-role", role},
             {"responses", {{"200", std::move(ok)}}}};
    if (std::string_view(role) == "none") out["security"] = Json::array();
    else add_errors(out["responses"]);
    return out;
}

void add_own_paths(Json &paths) {
    const Json any = {{"type", "object"}};
    const Json plain = {{"description", "text"}, {"content", {{"text/plain", {{"schema", {{"type", "string"}}}}}}}};
    paths["/healthz"]["get"] = own_operation("healthz", "The process is alive", "none", json_answer(any, "alive"));
    Json ready =
        own_operation("readyz", "The daemon has started and can do its work", "none", json_answer(any, "ready"));
    ready["responses"]["503"] = json_answer(any, "not ready");
    paths["/readyz"]["get"] = std::move(ready);
    paths["/metrics"]["get"] = own_operation("metrics", "Metrics in Prometheus' text format", "read", plain);
    paths["/openapi.json"]["get"] = own_operation("openapi", "This document", "read", json_answer(any, "OpenAPI 3.1"));
    paths["/v1/commands"]["get"] = own_operation("commands", "The commands' declarations, as the CLI reads them",
                                                 "read", json_answer(any, "the catalogue"));
    paths["/v1/plugins"]["get"] =
        own_operation("plugins", "The plugins and their states", "read", json_answer(any, "one item per instance"));
    paths["/v1/plugins/reload"]["post"] =
        own_operation("plugins-reload", "Look at plugins-enabled/ again", "operate", json_answer(any, "done"));
    Json reset = own_operation("plugins-reset", "Close the breaker and lift the quarantine of one plugin", "operate",
                               json_answer(any, "done"));
    reset["parameters"] = Json::array({parameter("name", "path", {{"type", "string"}}, true)});
    paths["/v1/plugins/{name}/reset"]["post"] = std::move(reset);
}

Json components() {
    return Json{
        {"securitySchemes",
         {{"token",
           {{"type", "http"},
            {"scheme", "bearer"},
            {"description", "needed on TCP; on the unix socket the file's permissions decide"}}}}},
        {"parameters",
         {{"Timeout",
           {{"name", "Rigger-Timeout-Ms"},
            {"in", "header"},
            {"required", false},
            {"schema", {{"type", "integer"}, {"minimum", 1}}},
            {"description", "give up after so many milliseconds"}}}}},
        {"responses",
         {{"Problem",
           {{"description", "the command failed"},
            {"content", {{"application/problem+json", {{"schema", reference("schemas/Problem")}}}}}}}}},
        {"schemas",
         {{"Problem",
           {{"type", "object"},
            {"required", {"status", "title", "error"}},
            {"properties",
             {{"status", {{"type", "integer"}}},
              {"title", {{"type", "string"}}},
              {"error",
               {{"type", "object"},
                {"required", {"code", "reason", "message", "retryAfterMs"}},
                {"properties",
                 {{"code",
                   {{"enum",
                     {"invalid", "not_found", "conflict", "unavailable", "deadline", "cancelled", "denied",
                      "unsupported", "exhausted", "internal"}}}},
                  {"reason", {{"type", "string"}, {"description", "CamelCase token for machines"}}},
                  {"message", {{"type", "string"}}},
                  {"retryAfterMs", {{"type", "integer"}}}}}}}}}}},
          {"Plan",
           {{"type", "object"},
            {"properties",
             {{"dryRun", {{"type", "boolean"}}},
              {"deploymentId", {{"type", {"string", "null"}}}},
              {"actions", {{"type", "array"}, {"items", {{"type", "object"}}}}},
              {"defrag",
               {{"type", "object"},
                {"description",
                 "of the moves among the actions: how many, budget, movable, lostMilli, lostMilliThen, valueNow"}}},
              {"heldBack", {{"type", "array"}, {"items", {{"type", "object"}}}}}}}}}}}};
}

} // namespace

std::string openapi_document(const std::vector<Command> &commands, const Json &declared, std::string_view version) {
    Json paths = Json::object();
    add_own_paths(paths);
    for (size_t i = 0; i < commands.size(); ++i) {
        const Command &command = commands[i];
        std::string method = command.method;
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return static_cast<char>(c | 0x20); });
        if (!command.path.empty()) paths[command.path][method] = described(command, declared[i], false);
        std::string escaped;
        for (const char c : command.name) escaped += c == ' ' ? "%20" : std::string(1, c);
        paths["/v1/commands/" + escaped]["post"] = described(command, declared[i], true);
    }
    return Json{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "rigger"},
          {"version", version},
          {"description",
           "Commands are declared by command frontends; every command is also a command of the `rigger` tool."}}},
        {"security", Json::array({Json{{"token", Json::array()}}})},
        {"paths", std::move(paths)},
        {"components", components()}}
        .dump();
}

} // namespace rigger::http_server
