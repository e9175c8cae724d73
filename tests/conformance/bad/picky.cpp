// Answers Invalid to every configuration but one.
#include "honest.hpp"

namespace {

class Picky final : public bad::Honest {
public:
    Picky(rig::Host host, std::string_view config)
        : Honest(host, config), open_(config.find("open") != std::string_view::npos) {}
    rig::Status start() override {
        if (open_) return {};
        return rig::Error{RIG_E_INVALID, "WrongPassword", "the password is wrong; set password", 0};
    }

private:
    bool open_;
};

} // namespace

BAD_SCORER(Picky, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
