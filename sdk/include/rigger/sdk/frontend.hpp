// rigger/sdk/frontend.hpp -- write a command frontend: derive from rig::Frontend, declare with
// rig::frontend<Yours>(...).
#pragma once
#include <rigger/abi/kind/command_frontend.h>
#include <rigger/sdk/host.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {

class Frontend : public Component {
public:
    /// {"commands":[...]}; the same answer every time. [any]
    virtual Result<std::string> catalogue() = 0;
    /// The result document of one command; progress lines go to `progress`. [worker]
    virtual Result<std::string> invoke(Call, std::string_view command, std::string_view arguments,
                                       std::string_view principal, Sink progress) = 0;
};

namespace detail {
template <typename C> struct FrontendKind {
    static constexpr const char *id = RIG_KIND_COMMAND_FRONTEND;
    static C &of(rig_instance *i) noexcept { return Adapter<C, FrontendKind>::of(i); }
    static rig_code catalogue(rig_instance *i, const rig_sink *out, rig_error *e) {
        return guard(e, [&]() -> Status {
            auto text = of(i).catalogue();
            return text.ok() ? Sink(out).write(*text) : Status(text.error());
        });
    }
    static rig_code invoke(rig_instance *i, const rig_call *c, rig_str command, rig_doc arguments, rig_doc principal,
                           const rig_sink *progress, const rig_sink *result, rig_error *e) {
        return guard(e, [&]() -> Status {
            auto text = of(i).invoke(Call(c), view(command), view(arguments), view(principal), Sink(progress));
            return text.ok() ? Sink(result).write(*text) : Status(text.error());
        });
    }
    static constexpr rig_command_frontend table{sizeof(rig_command_frontend), &catalogue, &invoke};
};
} // namespace detail

template <typename C>
constexpr rig_component frontend(const char *id, const char *title, const char *config_schema, uint64_t flags = 0,
                                 const char *const *needs = nullptr) {
    return detail::component<C, detail::FrontendKind>(id, title, config_schema, needs, flags);
}
} // namespace abi1
} // namespace rig
