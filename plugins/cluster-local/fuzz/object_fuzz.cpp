// Any text may be applied, and used as query, reference and log request: each answers or refuses, and what was stored
// reads back.
#include "cluster.hpp"

#include <cstdlib>

namespace {
class FixedClock final : public cluster_local::Clock {
public:
    uint64_t mono_ns() const override { return now; }
    int64_t wall_ns() const override { return static_cast<int64_t>(now); }
    uint64_t now = cluster_local::kSecond;
};
FixedClock fixed_clock;

rig_code take_object(void *, int32_t, rig_str, rig_doc) { return RIG_OK; }
rig_code take_mark(void *, rig_str, int32_t, rig_str) { return RIG_OK; }
rig_code take_token(void *, rig_bytes) { return RIG_E_CANCELLED; }
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int runs = 0;
    static std::unique_ptr<cluster_local::Cluster> cluster;
    if (runs++ % 2000 == 0) {
        auto opened = cluster_local::Cluster::open({}, fixed_clock, [] {});
        if (!opened.ok()) std::abort();
        cluster = std::move(*opened);
    }
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const rig_object_sink raw{sizeof raw, nullptr, &take_object, &take_mark, &take_token};
    const rig::Objects sink(&raw);
    const auto applied = cluster->apply("local", text, 0);
    if (!applied.ok() && (applied.error().code == RIG_E_INTERNAL || applied.error().code == RIG_E_UNAVAILABLE))
        std::abort();
    (void)cluster->list(text, sink);
    (void)cluster->watch(rig::Call(nullptr), text, text, sink);
    (void)cluster->get(text);
    (void)cluster->logs(rig::Call(nullptr), text, rig::Sink(nullptr));
    (void)cluster->remove(text);
    fixed_clock.now += cluster_local::kSecond;
    for (int i = 0; i < 10; ++i) (void)cluster->tick();
    return 0;
}
