// A frontend whose command has no Chinese summary.
#include <rigger/sdk/plugin.hpp>

#include <string>

namespace {

class Speaks final : public rig::Frontend {
public:
    Speaks(rig::Host, std::string_view) {}
    rig::Result<std::string> catalogue() override {
        return std::string(
            R"({"commands":[{"name":"hello","group":"bad","effect":"read","summary":{"en":"Say hello"},"options":{"type":"object"},"result":{"kind":"text"}}]})");
    }
    rig::Result<std::string> invoke(rig::Call, std::string_view command, std::string_view, std::string_view,
                                    rig::Sink) override {
        if (command != "hello") return rig::Error{RIG_E_NOT_FOUND, "UnknownCommand", "there is only hello", 0};
        return std::string(R"({"text":"hello"})");
    }
};
constexpr rig_component kBad =
    rig::frontend<Speaks>(RIG_PLUGIN_ID, "A bad frontend", R"({"type":"object","additionalProperties":false})");

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kBad);
