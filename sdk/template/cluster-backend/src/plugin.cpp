// @ID@: one cluster whose objects live in memory.
//
// A cluster backend lists, reads, applies, removes and watches Kubernetes-shaped objects. It invents no policy. Replace Objects by
// calls to your cluster; what the host expects of each function is in rigger/abi/kind/cluster_backend.h.
#include <rigger/sdk/json.hpp>
#include <rigger/sdk/plugin.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

namespace {

using rig::json::at;
using rig::json::Value;

constexpr const char *kSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {"cluster": {"type": "string", "minLength": 1, "default": "memory", "description": "the cluster's name"}}
})";

std::string field(const Value &from, const char *key, const char *fallback = "") { return rig::json::get(from, key, fallback); }
rig::Error not_found(const std::string &what) { return {RIG_E_NOT_FOUND, "NotFound", what + " does not exist", 0}; }
rig::Error malformed(const std::string &why) { return {RIG_E_INVALID, "MalformedDocument", why, 0}; }

std::string key_of(const Value &o, const Value &names) {
    return field(o, "apiVersion") + "/" + field(o, "kind") + "/" + field(names, "namespace") + "/" + field(names, "name");
}
bool matches(const Value &query, const Value &o) {
    const std::string space = field(query, "namespace");
    return field(query, "apiVersion") == field(o, "apiVersion") && field(query, "kind") == field(o, "kind") &&
           (space.empty() || space == field(at(o, "metadata"), "namespace"));
}

class @CLASS@ final : public rig::Backend {
public:
    @CLASS@(rig::Host, std::string_view config) {
        if (auto c = rig::json::object(config, "config"); c.ok()) cluster_ = field(*c, "cluster", "memory");
    }

    rig::Result<std::string> probe(rig::Call) override {
        return rig::json::text({{"clusters", Value::array({{{"name", cluster_}, {"state", "ready"}, {"version", "v1"}}})}});
    }

    rig::Status list(rig::Call, std::string_view query_text, const rig::Objects &out) override {
        auto query = rig::json::object(query_text, "query");
        if (!query.ok()) return query.error();
        for (const Value &o : snapshot(*query))
            if (auto s = out.object(RIG_CHANGE_SYNC, cluster_, rig::json::text(o)); !s.ok()) return s;
        return out.mark(cluster_, RIG_MARK_COMPLETE); // LOST instead, where the listing was cut
    }

    rig::Result<std::string> get(rig::Call, std::string_view ref_text) override {
        auto ref = rig::json::object(ref_text, "ref");
        if (!ref.ok()) return ref.error();
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto it = objects_.find(key_of(*ref, *ref));
        if (it == objects_.end() || field(*ref, "cluster") != cluster_) return not_found("the object");
        return rig::json::text(it->second);
    }

    rig::Result<std::string> apply(rig::Call, std::string_view cluster, std::string_view object_text, uint32_t flags) override {
        auto parsed = rig::json::object(object_text, "object");
        if (!parsed.ok()) return parsed.error();
        if (cluster != cluster_) return not_found("cluster " + std::string(cluster));
        Value &o = *parsed;
        if (field(o, "kind").empty() || field(at(o, "metadata"), "name").empty()) return malformed("an object has a kind and metadata.name");
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::string key = key_of(o, at(o, "metadata"));
        const auto old = objects_.find(key);
        if (old != objects_.end() && flags & RIG_APPLY_CREATE_ONLY) return rig::Error{RIG_E_CONFLICT, "AlreadyExists", "an object of that name exists", 0};
        const uint64_t next = revision_ + 1;
        o["metadata"]["uid"] = old != objects_.end() ? old->second["metadata"]["uid"] : Value("uid-" + std::to_string(next));
        o["metadata"]["resourceVersion"] = std::to_string(next);
        if (flags & RIG_APPLY_DRY_RUN) return rig::json::text(o);
        record(RIG_CHANGE_PUT, o);
        return rig::json::text(objects_[key] = o);
    }

    rig::Status remove(rig::Call, std::string_view ref_text) override {
        auto ref = rig::json::object(ref_text, "ref");
        if (!ref.ok()) return ref.error();
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto it = objects_.find(key_of(*ref, *ref));
        if (it == objects_.end() || field(*ref, "cluster") != cluster_) return not_found("the object");
        record(RIG_CHANGE_DELETE, it->second);
        objects_.erase(it);
        return {};
    }

    // What is there, one COMPLETE mark, then every change and a FRESH mark at least every 15 s, until the host cancels.
    rig::Status watch(rig::Call call, std::string_view query_text, std::string_view, const rig::Objects &out) override {
        auto query = rig::json::object(query_text, "query");
        if (!query.ok()) return query.error();
        size_t seen = 0;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            seen = changes_.size();
        }
        if (auto s = list(call, query_text, out); !s.ok()) return s;
        for (int quiet = 0; !call.cancelled(); ++quiet) {
            for (const auto &[change, o] : changes_since(seen))
                if (matches(*query, o))
                    if (auto s = out.object(change, cluster_, rig::json::text(o)); !s.ok()) return s;
            if (quiet < 100) continue;
            quiet = 0;
            if (auto s = out.mark(cluster_, RIG_MARK_FRESH); !s.ok()) return s;
        }
        return {};
    }

    rig::Status logs(rig::Call, std::string_view, rig::Sink) override { return not_found("the pod"); } // nothing runs here

private:
    struct Change {
        int32_t what;
        Value object;
    };
    void record(int32_t what, const Value &o) {
        ++revision_;
        changes_.push_back({what, o});
        changed_.notify_all();
    }
    std::vector<Value> snapshot(const Value &query) {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<Value> out;
        for (const auto &entry : objects_)
            if (matches(query, entry.second)) out.push_back(entry.second);
        return out;
    }
    /// Waits up to 100 ms for changes past `seen`.
    std::vector<Change> changes_since(size_t &seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return changes_.size() > seen; });
        std::vector<Change> out(changes_.begin() + static_cast<std::ptrdiff_t>(seen), changes_.end());
        seen = changes_.size();
        return out;
    }

    std::string cluster_ = "memory";
    std::mutex mutex_; // all calls are [worker] and, with CONCURRENT, may overlap
    std::condition_variable changed_;
    std::map<std::string, Value> objects_;
    std::vector<Change> changes_;
    uint64_t revision_ = 0;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::backend<@CLASS@>(RIG_PLUGIN_ID, "@TITLE@", kSchema, RIG_COMPONENT_CONCURRENT, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
