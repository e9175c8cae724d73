// @ID@: ends deployments whose pods wait too long.
//
// A reconciler gets what is desired and what is observed as documents, and proposes actions with reasons. It never acts: the host
// applies its safety rules (fresh and complete views, minimum age, deletion budget) and then does what remains.
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

using rig::json::at;
using rig::json::get;

constexpr const char *kSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "maxPendingSeconds": {"type": "number", "minimum": 60, "default": 1800, "description": "how long a pod may wait before it is given up"}
  }
})";

class @CLASS@ final : public rig::Reconciler {
public:
    static constexpr const char *watches[] = {"deployment", nullptr};

    @CLASS@(rig::Host host, std::string_view config) : host_(host) {
        if (auto c = rig::json::object(config, "config"); c.ok()) max_pending_ = get(*c, "maxPendingSeconds", max_pending_);
    }

    // A pure function of its documents (docs/plugins/documents.md, section 4): no clock, no memory of earlier calls.
    rig::Result<uint64_t> reconcile(rig::Call, std::string_view key, std::string_view desired_text, std::string_view observed_text,
                                    const rig::Actions &actions) override {
        auto desired = rig::json::object(desired_text, "desired"), observed = rig::json::object(observed_text, "observed");
        if (!desired.ok()) return desired.error();
        if (!observed.ok()) return observed.error();
        if (!get(at(at(*observed, "views"), "pods"), "complete", false)) return uint64_t{0}; // not seen is not gone
        for (const auto &pod : at(*observed, "pods")) {
            const double age = get(pod, "ageSeconds", 0.0);
            if (get(pod, "phase", "") != "Pending" || age <= max_pending_) continue;
            const std::string name = get(pod, "name", "?");
            const rig::json::Value action = {
                {"verb", "terminate"}, {"target", {{"deploymentId", key}}}, {"cause", "PendingTooLong"},
                {"reason", "pod " + name + " has been pending for " + std::to_string(static_cast<int64_t>(age)) + " s"},
                {"evidence", "policy"}, {"views", {"pods"}}};
            if (auto s = actions.act("pending-too-long/" + std::string(key), rig::json::text(action)); !s.ok()) return s.error();
            host_.log(rig::Level::info, "proposed to end deployment " + std::string(key) + ": its pod " + name + " waits too long");
            break;
        }
        return uint64_t{0}; // look again at the next change
    }

private:
    rig::Host host_;
    double max_pending_ = 1800;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::reconciler<@CLASS@>(RIG_PLUGIN_ID, "@TITLE@", kSchema,
                                                              RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
