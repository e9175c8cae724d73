// Not bad at all: an honest scorer that says so in its log as soon as it is made.
#include "honest.hpp"

namespace {
class Talks : public bad::Honest {
public:
    Talks(rig::Host host, std::string_view config) : Honest(host, config) {
        host.log(rig::Level::info, "a line that is longer than what a string keeps in itself");
    }
};
} // namespace

BAD_SCORER(Talks, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
