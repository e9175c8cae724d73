// A reconciler that proposes with definite evidence whatever it sees (BAD_HASTY), or with a new action id each time
// (BAD_FORGETFUL).
#include <rigger/sdk/plugin.hpp>

#include <string>

namespace {

class Reconciles final : public rig::Reconciler {
public:
    static constexpr const char *watches[] = {"deployment", nullptr};
    Reconciles(rig::Host, std::string_view) {}
    rig::Result<uint64_t> reconcile(rig::Call, std::string_view key, std::string_view, std::string_view observed,
                                    const rig::Actions &actions) override {
#if defined(BAD_HASTY)
        const bool act = observed.find("Running") == std::string_view::npos;
        const std::string id = "end/" + std::string(key);
#else
        const bool act = observed.find("Failed") != std::string_view::npos;
        const std::string id = "end/" + std::to_string(++calls_);
#endif
        if (!act) return uint64_t{0};
        const auto s = actions.act(
            id, R"({"verb":"terminate","target":{"deploymentId":")" + std::string(key) +
                    R"("},"cause":"NotRunning","reason":"no pod of it runs","evidence":"definite","views":["pods"]})");
        return s.ok() ? rig::Result<uint64_t>(uint64_t{0}) : rig::Result<uint64_t>(s.error());
    }

private:
    [[maybe_unused]] uint64_t calls_ = 0;
};
constexpr rig_component kBad =
    rig::reconciler<Reconciles>(RIG_PLUGIN_ID, "A bad reconciler", R"({"type":"object","additionalProperties":false})");

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kBad);
