// frontend-gepetto: the operator's daily commands over rig.control/1.
#include "answer.hpp"
#include "catalogue.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {

class Gepetto final : public rig::Frontend {
public:
    Gepetto(rig::Host host, std::string_view /*config*/) : control_(host) {}

    rig::Result<std::string> catalogue() override { return gepetto::catalogue(); }
    rig::Result<std::string> invoke(rig::Call call, std::string_view command, std::string_view arguments,
                                    std::string_view /*principal*/, rig::Sink progress) override {
        return gepetto::answer(control_, call, command, arguments, progress.raw());
    }

private:
    rig::Control control_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CONTROL, nullptr};
constexpr rig_component kComponent = rig::frontend<Gepetto>(
    RIG_PLUGIN_ID, "The operator's commands: nodes, pods, insts, chutes, scales, deploy, undeploy, recycle and more",
    R"({"type":"object","additionalProperties":false})", RIG_COMPONENT_CONCURRENT, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
