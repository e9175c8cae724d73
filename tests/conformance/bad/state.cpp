// A scorer whose state blob is believed without looking: a length in it is an index.
#include "honest.hpp"

#include <cstring>

namespace {

class Remembers final : public bad::Honest {
public:
    using Honest::Honest;
    const void *extension(std::string_view id) override { return id == RIG_EXT_STATE ? &kState : nullptr; }

private:
    static constexpr uint64_t kCount = 3;
    static rig_code save(rig_instance *, const rig_sink *out, rig_error *) {
        return out->write(out->ctx, &kCount, sizeof kCount);
    }
    static rig_code load(rig_instance *, uint64_t schema, rig_bytes blob, rig_error *e) {
        if (schema != 1) return rig::detail::fail(e, RIG_E_UNSUPPORTED, "UnknownSchema", "only schema 1 is known");
        uint64_t count = 0;
        std::memcpy(&count, blob.ptr, blob.len < sizeof count ? blob.len : sizeof count);
        volatile unsigned char table[4] = {1, 2, 3, 4};
        (void)table[count]; // outside of the table, and for most random counts outside of memory
        return RIG_OK;
    }
    static constexpr rig_state kState{sizeof(rig_state), 1, &save, &load};
};

} // namespace

BAD_SCORER(Remembers, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
