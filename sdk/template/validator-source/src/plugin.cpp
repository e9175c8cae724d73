// @ID@: a market of offers that stand in the configuration.
//
// A validator source tells the host what may run and what the validator knows of us, hands out permission to run (claims), says which
// cluster objects realise a deployment (render) and reports back. It owns protocol and signatures; it never decides.
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace {

using rig::json::at;
using rig::json::get;
using rig::json::Value;

constexpr const char *kSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "offers": {"type": "array", "default": [{"id": "hello", "image": "hello:1", "gpuModels": ["h100"]}],
      "items": {"type": "object", "required": ["id", "image"], "additionalProperties": false,
        "properties": {"id": {"type": "string", "minLength": 1}, "image": {"type": "string"}, "gpuCount": {"type": "integer", "minimum": 1, "default": 1},
                       "gpuModels": {"type": "array", "items": {"type": "string"}, "default": []}}}}
  }
})";

constexpr uint64_t kHeartbeatNs = 10'000'000'000;

class @CLASS@ final : public rig::Source {
public:
    @CLASS@(rig::Host host, std::string_view config) : host_(host) {
        auto c = rig::json::object(config, "config");
        if (!c.ok()) return;
        for (const Value &o : at(*c, "offers"))
            if (const std::string id = get(o, "id", ""); !id.empty()) offers_.push_back(o);
    }

    // A full listing between BEGIN and COMPLETE, then changes (here: none) and a heartbeat, until the host cancels.
    rig::Status watch(rig::Call call, std::string_view, const rig::Market &market) override {
        for (const char *kind : {"offer", "instance"}) {
            if (auto s = market.mark(kind, RIG_MARK_BEGIN); !s.ok()) return s;
            if (kind[0] == 'o')
                for (const Value &o : offers_)
                    if (auto s = market.put(kind, get(o, "id", ""), rig::json::text(document(o))); !s.ok()) return s;
            if (auto s = market.mark(kind, RIG_MARK_COMPLETE); !s.ok()) return s;
        }
        for (uint64_t last = host_.now_ns(); !call.cancelled();) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            if (host_.now_ns() - last < kHeartbeatNs) continue;
            last = host_.now_ns();
            for (const char *kind : {"offer", "instance"})
                if (auto s = market.mark(kind, RIG_MARK_FRESH); !s.ok()) return s;
        }
        return {};
    }

    // The same claim id gets the same grant: after a crash the host asks again.
    rig::Result<std::string> claim(rig::Call, std::string_view claim_id, std::string_view offer_id, std::string_view) override {
        for (const Value &o : offers_)
            if (get(o, "id", "") == offer_id)
                return rig::json::text({{"token", "token-" + std::string(claim_id)}, {"configId", "config-" + std::string(claim_id)}});
        return rig::Error{RIG_E_NOT_FOUND, "UnknownOffer", "this market has no offer '" + std::string(offer_id) + "'", 0};
    }

    // Pure: the objects that realise a deployment. Each carries the label that makes it ours.
    rig::Result<std::string> render(rig::Call, std::string_view request_text) override {
        auto request = rig::json::object(request_text, "request");
        if (!request.ok()) return request.error();
        const Value &deployment = at(*request, "deployment"), &offer = at(*request, "offer"), &server = at(*request, "server");
        const std::string id = get(deployment, "id", "");
        if (id.empty()) return rig::Error{RIG_E_INVALID, "MalformedDocument", "the request names no deployment", 0};
        if (!at(*request, "applied").empty()) return rig::json::text({{"objects", Value::array()}, {"done", true}});
        const Value labels = {{"chutes/deployment-id", id}, {"app.kubernetes.io/managed-by", "rigger"}};
        const Value limits = {{"nvidia.com/gpu", std::to_string(at(*request, "gpus").size())}};
        const Value container = {{"name", "work"}, {"image", get(offer, "image", "")}, {"resources", {{"limits", limits}}}};
        const Value pod = {{"metadata", {{"labels", labels}}},
                           {"spec", {{"nodeName", get(server, "name", "")}, {"restartPolicy", "Never"}, {"containers", Value::array({container})}}}};
        const Value job = {{"apiVersion", "batch/v1"}, {"kind", "Job"},
                           {"metadata", {{"name", "work-" + id}, {"namespace", get(*request, "namespace", "chutes")}, {"labels", labels}}},
                           {"spec", {{"backoffLimit", 0}, {"template", pod}}}};
        return rig::json::text({{"objects", Value::array({job})}, {"done", true}});
    }

    rig::Result<std::string> announce(rig::Call, std::string_view deployment) override {
        auto d = rig::json::object(deployment, "deployment");
        if (!d.ok()) return d.error();
        return rig::json::text({{"instanceId", "instance-" + get(*d, "id", "")}});
    }

    rig::Status release(rig::Call, std::string_view) override { return {}; } // nothing is held here; unknown is success anyway

private:
    static Value document(const Value &o) {
        return {{"id", get(o, "id", "")}, {"name", get(o, "id", "")}, {"version", "1"}, {"image", get(o, "image", "")},
                {"requirements", {{"gpuCount", get(o, "gpuCount", 1)}, {"gpuModels", o.value("gpuModels", Value::array())}}},
                {"economics", {{"hasMetrics", true}, {"hasUtilization", true}, {"scalable", true}, {"totalComputeTime", 3600}, {"instanceCount", 1}}}};
    }
    rig::Host host_;
    std::vector<Value> offers_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CLOCK "?", RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::source<@CLASS@>(RIG_PLUGIN_ID, "@TITLE@", kSchema, RIG_COMPONENT_CONCURRENT, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
