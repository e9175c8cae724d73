// @ID@: one command, `rigger @NAME@`, which lists the servers with free GPUs.
//
// A command frontend declares commands and answers them. The host serves them in the command line and over HTTP, checks arguments
// against the declaration, and authorises what the command asks of the daemon (rig.control/1) against whoever gave it.
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

using rig::json::at;
using rig::json::get;
using rig::json::Value;

constexpr const char *kCatalogue = R"({"commands":[
  {"name":"@NAME@","group":"@NAME@","effect":"read","watch":true,
   "http":{"method":"GET","path":"/v1/@NAME@"},
   "summary":{"en":"List the servers with free GPUs","zh":"列出有空闲 GPU 的服务器"},
   "description":{"en":"Shows every server that has at least MIN free GPUs.","zh":"显示至少有 MIN 个空闲 GPU 的服务器。"},
   "examples":["rigger @NAME@ -m 4"],
   "options":{"type":"object","additionalProperties":false,"required":[],
     "properties":{"min":{"type":"integer","minimum":1,"default":1,"description":"free GPUs at least","x-zh":"最少空闲 GPU 数","x-cli":{"short":"m","metavar":"MIN"}}}},
   "result":{"kind":"list","items":"items","columns":[
     {"key":"nodeName","title":"NODE","zh":"节点","type":"string"},
     {"key":"gpuModel","title":"GPU","zh":"GPU","type":"string"},
     {"key":"gpuFree","title":"FREE","zh":"空闲","type":"integer","align":"right"}]}}
]})";

class @CLASS@ final : public rig::Frontend {
public:
    @CLASS@(rig::Host host, std::string_view) : control_(host) {}

    rig::Result<std::string> catalogue() override { return std::string(kCatalogue); }

    rig::Result<std::string> invoke(rig::Call call, std::string_view command, std::string_view arguments, std::string_view, rig::Sink) override {
        if (command != "@NAME@") return rig::Error{RIG_E_NOT_FOUND, "UnknownCommand", "there is no command '" + std::string(command) + "'", 0};
        auto given = rig::json::object(arguments, "arguments");
        if (!given.ok()) return given.error();
        auto text = control_.query(call, "nodes", "{}");
        if (!text.ok()) return text.error();
        auto nodes = rig::json::object(*text, "the daemon's answer");
        if (!nodes.ok()) return nodes.error();
        const int64_t min = get(*given, "min", int64_t{1});
        Value items = Value::array();
        for (const Value &n : at(*nodes, "items"))
            if (get(n, "gpuFree", int64_t{0}) >= min) items.push_back(n);
        Value answer = *nodes;
        answer["items"] = items;
        return rig::json::text(answer);
    }

private:
    rig::Control control_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CONTROL, nullptr};
constexpr rig_component kComponent = rig::frontend<@CLASS@>(RIG_PLUGIN_ID, "@TITLE@", R"({"type":"object","additionalProperties":false})",
                                                            RIG_COMPONENT_CONCURRENT, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
