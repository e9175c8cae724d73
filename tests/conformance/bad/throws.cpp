// Throws a C++ exception out of the call named by BAD_CALL; the SDK's guard turns it into an Internal error, and one
// that says that an allocation failed (BAD_MEMORY) into Exhausted.
#include "honest.hpp"

#include <new>
#include <stdexcept>

namespace {

enum class In { create, check, start, score, explain, stop };

class Throws final : public bad::Honest {
public:
    Throws(rig::Host host, std::string_view config) : Honest(host, config) { (void)when(In::create); }
    rig::Status check() override { return when(In::check); }
    rig::Status start() override { return when(In::start); }
    rig::Status stop() override { return when(In::stop); }
    rig::Status score(const rig::ScoreBatch &b) override {
        (void)when(In::score);
        return Honest::score(b);
    }
    rig::Result<std::string> explain(const rig::ScoreBatch &b, size_t w, size_t c) override {
        (void)when(In::explain);
        return Honest::explain(b, w, c);
    }

private:
    static rig::Status when(In here) {
        if (here != In::BAD_CALL) return {};
#if defined(BAD_MEMORY)
        throw std::bad_alloc();
#else
        throw std::runtime_error("thrown on purpose");
#endif
    }
};

} // namespace

BAD_SCORER(Throws, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
