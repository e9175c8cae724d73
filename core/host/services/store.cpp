#include "host/services/border.hpp"
#include "host/services/tables.hpp"

namespace rigger::host {
namespace {
constexpr size_t max_key = 512, max_value = size_t{1} << 20, max_ops = 256;
constexpr int32_t op_put = 0, op_delete = 1;

Result<Store *> store_of(HostHandle &h) {
    if (h.machinery->services.store) return h.machinery->services.store;
    return Error{Code::unsupported, "ServiceMissing", "this host has no store", 0};
}

Status check_key(std::string_view key) {
    if (!key.empty() && key.size() <= max_key) return {};
    return invalid("BadKey", "a key has 1 to 512 bytes, this one has " + std::to_string(key.size()));
}

rig_code get(const rig_host *host, rig_str key, uint64_t *revision, const rig_sink *out, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_STORE, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(Store * store, store_of(h));
        RIG_TRY(check_key(view(key)));
        RIG_TRY_ASSIGN(const auto entry, store->kv_get(h.plugin, view(key)));
        if (!entry) return not_found("NoSuchKey", "there is no key '" + std::string(view(key)) + "'");
        if (revision) *revision = entry->revision;
        return deliver(out, entry->value);
    });
}

rig_code list(const rig_host *host, rig_str prefix, void *user, rig_code (*each)(void *, rig_str, rig_bytes, uint64_t),
              rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_STORE, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(Store * store, store_of(h));
        if (!each) return invalid("CallbackMissing", "the callback is NULL");
        RIG_TRY_ASSIGN(const auto entries, store->kv_list(h.plugin, view(prefix)));
        for (const KvEntry &e : entries)
            if (const rig_code code = each(user, str(e.key), bytes(e.value), e.revision); code != RIG_OK)
                return Error{static_cast<Code>(code), "ListEnded", "the receiver wants no more", 0};
        return {};
    });
}

rig_code commit(const rig_host *host, const rig_store_op *ops, size_t n, uint64_t *revision,
                rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_STORE, error, [&](HostHandle &h) -> Status {
        RIG_TRY_ASSIGN(Store * store, store_of(h));
        if (n > max_ops || (n > 0 && !ops)) return invalid("TooManyOperations", "a commit has at most 256 operations");
        std::vector<KvWrite> writes;
        for (size_t i = 0; i < n; ++i) {
            RIG_TRY(check_key(view(ops[i].key)));
            if (ops[i].op != op_put && ops[i].op != op_delete)
                return invalid("BadOperation", "operation " + std::to_string(ops[i].op) + " is not known");
            if (ops[i].value.len > max_value) return invalid("ValueTooLarge", "a value has at most 1 MiB");
            KvWrite w;
            w.erase = ops[i].op == op_delete;
            w.key = view(ops[i].key);
            w.value = view(ops[i].value);
            if (ops[i].if_revision != UINT64_MAX) w.if_revision = ops[i].if_revision;
            writes.push_back(std::move(w));
        }
        RIG_TRY_ASSIGN(const uint64_t made, store->kv_commit(h.plugin, writes));
        if (revision) *revision = made;
        return {};
    });
}
} // namespace

const rig_store *store_table() noexcept {
    static constexpr rig_store table{sizeof(rig_store), &get, &list, &commit};
    return &table;
}

} // namespace rigger::host
