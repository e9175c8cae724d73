// A source whose watch() never looks at the cancel flag (BAD_DEAF), or which lets everybody in (BAD_GENEROUS).
#include <rigger/sdk/plugin.hpp>

#include <chrono>
#include <string>
#include <thread>

namespace {

class Sells final : public rig::Source {
public:
    Sells(rig::Host, std::string_view) {}
    rig::Status watch(rig::Call call, std::string_view, const rig::Market &market) override {
        (void)market.mark("offer", RIG_MARK_BEGIN);
        (void)market.mark("offer", RIG_MARK_COMPLETE);
#if defined(BAD_DEAF)
        (void)call;
        // Deaf for a minute only, and only to a cancel that comes late, so that tests of other things can end.
        for (int i = 0; i < 6000 && !(i < 10 && call.cancelled()); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
#else
        while (!call.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
#endif
        return {};
    }
    rig::Result<std::string> claim(rig::Call, std::string_view, std::string_view, std::string_view) override {
        return rig::Error{RIG_E_NOT_FOUND, "UnknownOffer", "there are no offers", 0};
    }
    rig::Result<std::string> render(rig::Call, std::string_view) override {
        return std::string(R"({"objects":[],"done":true})");
    }
    rig::Result<std::string> announce(rig::Call, std::string_view) override { return std::string("{}"); }
    rig::Status release(rig::Call, std::string_view) override { return {}; }
#if defined(BAD_GENEROUS)
    rig::Result<std::string> authenticate(rig::Call, const rig_http_request &) override {
        return std::string(R"({"name":"anybody"})");
    }
#endif
};
constexpr rig_component kBad = rig::source<Sells>(
    RIG_PLUGIN_ID, "A bad source", R"({"type":"object","additionalProperties":false})", RIG_COMPONENT_CONCURRENT);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kBad);
