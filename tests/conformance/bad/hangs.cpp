// Never returns from the call named by BAD_CALL ("load": from a static constructor). It sleeps, so it costs no
// processor.
#include "honest.hpp"

#include <chrono>
#include <thread>

namespace {

enum class In { load, create, start, score, stop };

rig::Status when(In here) {
    while (here == In::BAD_CALL) std::this_thread::sleep_for(std::chrono::hours(1));
    return {};
}

class Hangs final : public bad::Honest {
public:
    Hangs(rig::Host host, std::string_view config) : Honest(host, config) { (void)when(In::create); }
    rig::Status start() override { return when(In::start); }
    rig::Status stop() override { return when(In::stop); }
    rig::Status score(const rig::ScoreBatch &b) override {
        (void)when(In::score);
        return Honest::score(b);
    }
};

#ifdef BAD_CALL_load
struct AtLoad {
    AtLoad() { (void)when(In::load); }
} at_load;
#endif

} // namespace

BAD_SCORER(Hangs, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
