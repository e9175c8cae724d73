// Writes through a null pointer in the call named by BAD_CALL ("load": in a static constructor).
#include "honest.hpp"

namespace {

enum class In { load, create, start, score, destroy };
volatile int *volatile nowhere = nullptr;

void when(In here) {
    if (here == In::BAD_CALL) *nowhere = 1;
}

class Crashes final : public bad::Honest {
public:
    Crashes(rig::Host host, std::string_view config) : Honest(host, config) { when(In::create); }
    ~Crashes() override { when(In::destroy); }
    rig::Status start() override {
        when(In::start);
        return {};
    }
    rig::Status score(const rig::ScoreBatch &b) override {
        when(In::score);
        return Honest::score(b);
    }
};

#ifdef BAD_CALL_load
struct AtLoad {
    AtLoad() { when(In::load); }
} at_load;
#endif

} // namespace

BAD_SCORER(Crashes, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
