// tests/backend/client.hpp -- the backend's C table as a test wants to call it, and the fixture of the suite.
#pragma once
#include "harness.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace backend_suite {

using Json = nlohmann::json;

struct Outcome {
    rig_code code = RIG_OK;
    std::string reason, message;
    Json object; ///< the answer, when there is one
    bool ok() const { return code == RIG_OK; }
};
std::ostream &operator<<(std::ostream &, const Outcome &);

struct Listing {
    Outcome outcome;
    std::vector<Json> objects;
    std::vector<int32_t> marks;
    std::vector<std::string> names() const; ///< sorted
    bool complete() const { return outcome.ok() && marks == std::vector<int32_t>{RIG_MARK_COMPLETE}; }
};

/// What a watch delivered, in order.
struct WatchEvent {
    enum What { sync, put, removed, begin, complete, fresh, lost, checkpoint } what;
    Json object;
    std::string token;
    std::string name() const {
        return object.is_object() ? object.at("metadata").at("name").get<std::string>() : std::string();
    }
};

class Client {
public:
    explicit Client(Harness &harness)
        : h_(harness), t_(*static_cast<const rig_cluster_backend *>(
                           harness.instance()->ops->query(harness.instance(), RIG_KIND_CLUSTER_BACKEND))) {}
    Outcome probe() const;
    Outcome apply(const Json &object, uint32_t flags = 0) const;
    Outcome apply_text(std::string_view text, uint32_t flags = 0) const;
    Outcome get(const Json &reference) const;
    Outcome remove(const Json &reference) const;
    Listing list(const Json &query) const;
    Outcome logs(const Json &request) const;
    rig_instance *instance() const { return h_.instance(); }
    const rig_cluster_backend &table() const { return t_; }
    Harness &harness() const { return h_; }

private:
    Harness &h_;
    const rig_cluster_backend &t_;
};

/// A watch on a thread of its own, as the host runs it. Cancelled and joined at the end.
class WatchSession {
public:
    WatchSession(const Client &, const Json &query, std::string resume_token = {});
    ~WatchSession();
    WatchSession(const WatchSession &) = delete;
    WatchSession &operator=(const WatchSession &) = delete;

    std::vector<WatchEvent> events() const;
    /// Lets time pass until the condition holds on the events so far; false: it did not within the limit.
    bool until(const std::function<bool(const std::vector<WatchEvent> &)> &);
    bool until_seen(WatchEvent::What, const std::string &name);
    std::string last_token() const;
    /// Cancels; the code with which the watch returned. Fails the test when it does not return.
    rig_code cancel();

private:
    static rig_code object(void *, int32_t, rig_str, rig_doc);
    static rig_code mark(void *, rig_str, int32_t, rig_str);
    static rig_code checkpoint(void *, rig_bytes);
    rig_code take(WatchEvent);

    const Client &client_;
    std::string query_, token_;
    uint32_t cancelled_ = 0;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::vector<WatchEvent> events_;
    bool ended_ = false;
    rig_code code_ = RIG_OK;
    std::thread thread_;
};

/// Every test has a namespace of its own.
class BackendTest : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    Json config_map(const std::string &name, Json labels = Json::object(), Json data = {{"key", "value"}}) const;
    Json job(const std::string &name) const;
    Json pod(const std::string &name) const;
    Json service(const std::string &name) const;
    Json ref(const Json &object) const;
    Json ref(const std::string &api_version, const std::string &kind, const std::string &name) const;
    Json query(const std::string &api_version, const std::string &kind, Json extra = Json::object()) const;
    std::string some_node();
    /// Lets time pass until the condition holds; false: it did not within a minute or two.
    bool eventually(const std::function<bool()> &);
    bool gone(const Json &reference);

    std::unique_ptr<Harness> harness;
    std::unique_ptr<Client> client;
    std::string ns;
};

} // namespace backend_suite
