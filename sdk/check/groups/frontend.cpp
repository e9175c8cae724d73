// Group "frontend": rig.command-frontend/1 declares its commands completely and answers only those.
#include "../session.hpp"
#include "documents.hpp"
#include "groups.hpp"

#include <set>

namespace check {
namespace {

using rig::testing::TextSink;

const rig_command_frontend &frontend_of(Session &s) {
    return s.table<rig_command_frontend>(RIG_KIND_COMMAND_FRONTEND, CHECK_END(rig_command_frontend, invoke));
}

Outcome catalogue(Session &s, TextSink &out) {
    const auto &table = frontend_of(s);
    return s.ask("catalogue",
                 [&](const rig_call *, rig_error *e) { return table.catalogue(s.instance, out.raw(), e); });
}
json commands(Session &s) {
    TextSink out;
    s.t.must("catalogue", catalogue(s, out));
    const json all = object_from("catalogue", out.text());
    expect(all.value("commands", json()).is_array(), R"(catalogue() wrote no {"commands":[...]})");
    return all["commands"];
}
Outcome invoke(Session &s, const std::string &command, const std::string &arguments, TextSink &out) {
    TextSink progress;
    const std::string principal = R"({"name":"check","roles":["read","operate"]})";
    const auto &table = frontend_of(s);
    return s.ask("invoke", [&](const rig_call *c, rig_error *e) {
        return table.invoke(s.instance, c, rig::view(command), rig::doc(arguments), rig::doc(principal), progress.raw(),
                            out.raw(), e);
    });
}

struct FrontendFixture {
    FakeHost host;
    Session s;
    explicit FrontendFixture(Context &t) : s(t, host) {
        s.run();
        host.on_query([](auto, auto) -> rig::Result<std::string> {
            return std::string(R"({"items":[],"snapshot":1,"takenAt":"2026-01-01T00:00:00Z"})");
        });
        host.on_act([](auto, auto) -> rig::Result<std::string> {
            return std::string(R"({"dryRun":false,"actions":[],"heldBack":[]})");
        });
    }
};

/// Arguments that fill every required option with some text.
std::string arguments_for(const json &command) {
    json out = json::object();
    const json options = command.value("options", json::object());
    for (const json &name : options.value("required", json::array())) {
        const std::string type =
            options["properties"].value(name.get<std::string>(), json::object()).value("type", "string");
        out[name.get<std::string>()] = type == "boolean"                       ? json(false)
                                       : type == "integer" || type == "number" ? json(1)
                                                                               : json("x");
    }
    return out.dump();
}

bool both_languages(const json &text) {
    return text.is_object() && !text.value("en", "").empty() && !text.value("zh", "").empty();
}

void declared(Context &t) {
    FrontendFixture f(t);
    std::set<std::string> names, paths;
    static const std::set<std::string> effects = {"read", "write", "destructive"},
                                       results = {"list", "record", "plan", "text"};
    for (const json &c : commands(f.s)) {
        const std::string name = c.value("name", ""), which = "command '" + name + "'";
        expect(!name.empty() && name.front() != ' ' && name.back() != ' ' && name.find("  ") == std::string::npos,
               "a command has no name, or one with odd spaces: '" + name + "'");
        expect(names.insert(name).second, which + " is declared twice");
        expect(effects.count(c.value("effect", "")) != 0,
               which + ": effect is '" + c.value("effect", "") + "'; read, write or destructive");
        expect(both_languages(c.value("summary", json())), which + ": the summary lacks English or Chinese");
        const json options = c.value("options", json::object());
        expect(options.is_object() && options.value("type", "object") == "object",
               which + ": options are no object schema");
        std::set<std::string> letters;
        const json properties = options.value("properties", json::object());
        for (const auto &[key, option] : properties.items()) {
            const std::string letter = option.value("x-cli", json::object()).value("short", "");
            expect(letter.size() <= 1, which + ": the short form of " + key + " is not one letter");
            expect(letter.empty() || letters.insert(letter).second,
                   which + ": -" + letter + " is given to two options");
            if (option.value("description", "").empty()) t.warn(which + ": option " + key + " has no description");
        }
        const json result = c.value("result", json::object());
        expect(results.count(result.value("kind", "")) != 0,
               which + ": result kind is '" + result.value("kind", "") + "'; list, record, plan or text");
        if (result["kind"] == "list")
            expect(result.value("columns", json()).is_array() && !result["columns"].empty(),
                   which + ": a list has no columns");
        if (!c.contains("http") || !c["http"].is_object()) continue;
        const std::string method = c["http"].value("method", ""), path = c["http"].value("path", "");
        expect(path.rfind('/', 0) == 0, which + ": the HTTP path '" + path + "' does not start with /");
        expect(paths.insert(method + " " + path).second, which + ": " + method + " " + path + " is declared twice");
        expect(c["effect"] == "read" || method != "GET", which + ": a command with an effect is not served by GET");
    }
    expect(!names.empty(), "the catalogue is empty");
}

void stable(Context &t) {
    FrontendFixture f(t);
    const json first = commands(f.s);
    f.host.advance(3'600'000'000'000);
    expect(commands(f.s) == first, "catalogue() gave two answers");
}

void unknown_command(Context &t) {
    FrontendFixture f(t);
    for (const char *name : {"no-such-command-7f3a", ""}) {
        TextSink out;
        expect(invoke(f.s, name, "{}", out).code != RIG_OK,
               std::string("invoke() answered the unknown command '") + name + "'");
    }
}

void answers(Context &t) {
    FrontendFixture f(t);
    for (const json &c : commands(f.s)) {
        TextSink out;
        const std::string name = c["name"];
        const Outcome o = invoke(f.s, name, arguments_for(c), out);
        if (o.code != RIG_OK) continue;
        (void)object_from(("invoke " + name).c_str(), out.text());
    }
}

void control_fails(Context &t) {
    for (const rig_code code : {RIG_E_NOT_FOUND, RIG_E_UNAVAILABLE, RIG_E_DENIED, RIG_E_DEADLINE, RIG_E_INVALID}) {
        FrontendFixture f(t);
        f.host.fail(RIG_SERVICE_CONTROL, {code, "Injected", "the test makes rig.control/1 fail", 0});
        for (const json &c : commands(f.s)) {
            const uint64_t before = f.host.calls(RIG_SERVICE_CONTROL);
            TextSink out;
            const Outcome o = invoke(f.s, c["name"], arguments_for(c), out);
            if (f.host.calls(RIG_SERVICE_CONTROL) == before) continue; // it never asked
            expect(o.code != RIG_OK, "command " + c["name"].get<std::string>() +
                                         " answered Ok although the daemon refused what it asked for");
        }
    }
}

void odd_arguments(Context &t) {
    FrontendFixture f(t);
    for (const json &c : commands(f.s)) {
        for (const std::string &odd :
             {std::string(), std::string("null"), std::string("[]"), std::string("{"),
              R"({"x-unknown":1})" + std::string(), "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}"}) {
            TextSink out;
            (void)invoke(f.s, c["name"], odd, out);
        }
    }
}

void answers_odd_views(Context &t) {
    for (const char *view : {"", "null", "[]", "{", "{}", R"({"items":null})", R"({"items":[null,1,"x",{}]})"}) {
        FrontendFixture f(t);
        f.host.on_query([&](auto, auto) -> rig::Result<std::string> { return std::string(view); });
        f.host.on_act([&](auto, auto) -> rig::Result<std::string> { return std::string(view); });
        for (const json &c : commands(f.s)) {
            TextSink out;
            (void)invoke(f.s, c["name"], arguments_for(c), out);
        }
    }
}

} // namespace

void exercise_frontend(Session &s) {
    TextSink declared_text(s.manner.sink_room), out(s.manner.sink_room);
    const Outcome o = catalogue(s, declared_text);
    if (declared_text.refused()) expect(o.code != RIG_OK, "catalogue() answered Ok although its sink refused the text");
    expect(!declared_text.written_after_refusal(), "catalogue() went on writing after its sink refused");
    (void)invoke(s, "no-such-command-7f3a", "{}", out);
    const json all = json::parse(declared_text.text(), nullptr, false);
    if (!all.is_object()) return;
    for (const json &c : all.value("commands", json::array()))
        if (c.is_object() && c.value("effect", "") == "read")
            (void)invoke(s, c.value("name", ""), arguments_for(c), out);
}

void add_frontend_tests(std::vector<Test> &tests) {
    const auto add = [&](const char *name, const char *what, void (*run)(Context &), bool gate = false) {
        tests.push_back({"frontend", name, what, RIG_KIND_COMMAND_FRONTEND, gate, run});
    };
    add("catalogue", "declares complete commands in English and Chinese", declared, true);
    add("stable", "declares the same commands every time", stable);
    add("unknown-command", "refuses a command that it did not declare", unknown_command);
    add("answers", "answers with one JSON object", answers);
    add("control-fails", "passes on what the daemon refuses", control_fails);
    add("odd-arguments", "survives arguments that no schema would let pass", odd_arguments);
    add("odd-views", "survives views that are empty or odd", answers_odd_views);
}

} // namespace check
