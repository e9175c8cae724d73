// rigger/sdk/testing/fake_state.hpp -- what a FakeHost remembers and how a test scripts it. Use it through FakeHost.
#pragma once
#include <rigger/sdk/host.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace testing {

using Fields = std::vector<std::pair<std::string, std::string>>;
struct LogLine {
    Level level;
    std::string message;
    Fields fields;
};
struct HttpRequest {
    std::string method, url;
    Fields headers;
    std::string body;
};
struct HttpReply {
    int64_t status = 200;
    std::string body;
    Fields headers = {};
};
struct PublishedEvent {
    std::string topic, document;
};
struct Asked { ///< one use of rig.control/1
    bool act;
    std::string what, arguments;
};

class FakeState {
public:
    using Responder = std::function<Result<std::string>(std::string_view what, std::string_view arguments)>;
    using Http = std::function<Result<HttpReply>(const HttpRequest &)>;

    // -- grants and failures
    /// service(id) answers NULL from now on, as for a service that the manifest does not grant.
    void withhold(std::string service) {
        with_lock([&] { withheld_.insert(std::move(service)); });
    }
    void grant(const std::string &service) {
        with_lock([&] { withheld_.erase(service); });
    }
    /// Every fallible function of the service fails so, after `spare` more good calls, `times` times.
    void fail(std::string service, Error error, uint64_t spare = 0, uint64_t times = UINT64_MAX) {
        with_lock([&] { failures_[std::move(service)] = {std::move(error), spare, times}; });
    }
    void heal(const std::string &service) {
        with_lock([&] { failures_.erase(service); });
    }
    /// How often fallible functions of the service were called.
    uint64_t calls(const std::string &service) const {
        return with_lock([&] {
            const auto it = calls_.find(service);
            return it == calls_.end() ? uint64_t{0} : it->second;
        });
    }

    // -- log, config, secrets, metrics
    std::vector<LogLine> log() const {
        return with_lock([&] { return log_; });
    }
    /// Does any log line or field contain the text?
    bool logged(std::string_view text) const {
        return with_lock([&] {
            for (const LogLine &l : log_) {
                if (l.message.find(text) != std::string::npos) return true;
                for (const auto &f : l.fields)
                    if (f.first.find(text) != std::string::npos || f.second.find(text) != std::string::npos)
                        return true;
            }
            return false;
        });
    }
    /// What rig_config.read answers for a JSON pointer ("" is the whole document), as JSON text. Raises the
    /// generation.
    void config(std::string pointer, std::string json) {
        with_lock([&] { config_[std::move(pointer)] = std::move(json), ++generation_; });
    }
    void secret(std::string name, std::string value) {
        with_lock([&] { secrets_[std::move(name)] = std::move(value); });
    }
    /// The sum over all label sets of one metric; 0 if nobody defined it.
    double metric(std::string_view name) const {
        return with_lock([&] {
            double sum = 0;
            for (const Metric &m : metrics_)
                if (m.name == name) sum += m.value;
            return sum;
        });
    }

    // -- store
    std::optional<std::string> stored(const std::string &key) const {
        return with_lock([&]() -> std::optional<std::string> {
            const auto it = store_.find(key);
            return it == store_.end() ? std::nullopt : std::optional<std::string>(it->second.first);
        });
    }
    void put(const std::string &key, std::string value) {
        with_lock([&] { store_[key] = {std::move(value), ++revision_}; });
    }

    // -- events, http, control
    std::vector<PublishedEvent> published() const {
        return with_lock([&] { return published_; });
    }
    /// Calls every subscriber whose pattern is the topic or, ending in '*', a prefix of it. Answers how many.
    size_t deliver(std::string_view topic, std::string_view event) {
        const auto subs = with_lock([&] { return subscriptions_; });
        size_t n = 0;
        for (const auto &s : subs)
            if (matches(s.second.pattern, topic) && with_lock([&] { return subscriptions_.count(s.first) != 0; }))
                s.second.fn(s.second.user, view(topic), doc(event)), ++n;
        return n;
    }
    /// How HTTP requests are answered. Without a handler every request fails as unavailable.
    void on_http(Http handler) {
        with_lock([&] { http_ = std::move(handler); });
    }
    std::vector<HttpRequest> requests() const {
        return with_lock([&] { return requests_; });
    }
    /// How rig.control/1 answers. Without a responder every view and verb is unknown.
    void on_query(Responder r) {
        with_lock([&] { query_ = std::move(r); });
    }
    void on_act(Responder r) {
        with_lock([&] { act_ = std::move(r); });
    }
    /// What a streamed view holds; it is delivered in two pieces.
    void on_stream(Responder r) {
        with_lock([&] { stream_ = std::move(r); });
    }
    std::vector<Asked> asked() const {
        return with_lock([&] { return asked_; });
    }

    // -- time
    uint64_t now_ns() const {
        return with_lock([&] { return now_; });
    }
    int64_t wall_ns() const {
        return with_lock([&] { return wall_offset_ + static_cast<int64_t>(now_); });
    }
    /// The wall clock jumps; the monotonic one does not.
    void set_wall_ns(int64_t t) {
        with_lock([&] { wall_offset_ = t - static_cast<int64_t>(now_); });
    }
    /// Moves time forward and runs what falls due, in the order of its time. Answers how many tasks ran.
    size_t advance(uint64_t ns) {
        const uint64_t until = now_ns() + ns;
        size_t ran = 0;
        for (; run_one(until); ++ran) {}
        with_lock([&] { now_ = std::max(now_, until); });
        return ran;
    }
    /// Runs what is due now: posted tasks, HTTP answers, timers.
    size_t run_pending() { return advance(0); }
    /// Timers, posts and HTTP operations that have not run and were not cancelled.
    size_t pending() const {
        return with_lock([&] { return tasks_.size(); });
    }
    size_t subscriptions() const {
        return with_lock([&] { return subscriptions_.size(); });
    }
    /// As a host does when an instance stops: what was posted and has not run never will. Nobody can withdraw it.
    void drop_posts() {
        with_lock([&] {
            for (auto it = tasks_.begin(); it != tasks_.end();) it = it->second.posted ? tasks_.erase(it) : ++it;
        });
    }

protected:
    bool withheld(const char *id) const {
        return with_lock([&] { return withheld_.count(id) != 0; });
    }
    std::optional<Error> count_call(const char *id) {
        return with_lock([&]() -> std::optional<Error> {
            ++calls_[id];
            const auto it = failures_.find(id);
            if (it == failures_.end()) return std::nullopt;
            Failure &f = it->second;
            if (f.spare > 0) return --f.spare, std::nullopt;
            if (f.times == 0) return std::nullopt;
            if (f.times != UINT64_MAX) --f.times;
            return f.error;
        });
    }

    void write_log(int32_t level, rig_str message, const rig_kv *fields, size_t n) {
        with_lock([&] {
            log_.push_back({static_cast<Level>(level), std::string(view(message)), {}});
            for (size_t i = 0; i < n; ++i) log_.back().fields.emplace_back(view(fields[i].key), view(fields[i].value));
        });
    }
    uint64_t generation() const {
        return with_lock([&] { return generation_; });
    }
    Status read_config(std::string_view pointer, Sink out) { return read(config_, pointer, out, "NoSuchKey"); }
    Status read_secret(std::string_view name, Sink out) { return read(secrets_, name, out, "NoSuchSecret"); }

    Status define_metric(int32_t type, std::string_view name, const rig_kv *labels, size_t n, uint64_t *handle) {
        return with_lock([&]() -> Status {
            if (type < 0 || type > 2)
                return Error{RIG_E_INVALID, "UnknownMetricType", "metric types are 0, 1 and 2", 0};
            Fields set;
            for (size_t i = 0; i < n; ++i) set.emplace_back(view(labels[i].key), view(labels[i].value));
            for (size_t i = 0; i < metrics_.size(); ++i)
                if (metrics_[i].name == name && metrics_[i].labels == set) return *handle = i + 1, Status();
            metrics_.push_back({std::string(name), std::move(set), 0});
            *handle = metrics_.size();
            return {};
        });
    }
    void move_metric(uint64_t handle, double value, bool add) {
        with_lock([&] {
            if (handle == 0 || handle > metrics_.size()) return;
            double &v = metrics_[handle - 1].value;
            v = add ? v + value : value;
        });
    }

    Status key_get(std::string_view key, uint64_t *revision, Sink out) {
        std::string value;
        const bool found = with_lock([&] {
            const auto it = store_.find(std::string(key));
            if (it == store_.end()) return false;
            value = it->second.first;
            if (revision) *revision = it->second.second;
            return true;
        });
        if (!found) return Error{RIG_E_NOT_FOUND, "NoSuchKey", "the store holds no such key", 0};
        return out.write(value);
    }
    Status key_list(std::string_view prefix, void *user, rig_code (*each)(void *, rig_str, rig_bytes, uint64_t)) {
        const auto all = with_lock([&] { return store_; });
        for (const auto &entry : all) {
            if (std::string_view(entry.first).substr(0, prefix.size()) != prefix) continue;
            const rig_code code = each(user, view(entry.first), doc(entry.second.first), entry.second.second);
            if (code != RIG_OK) return Error{code, "ListEnded", "the receiver ended the listing", 0};
        }
        return {};
    }
    /// if_revision: UINT64_MAX unconditional, 0 the key must not exist, else the key's revision.
    Status key_commit(const rig_store_op *ops, size_t n, uint64_t *revision) {
        return with_lock([&]() -> Status {
            for (size_t i = 0; i < n; ++i) {
                if (ops[i].op != 0 && ops[i].op != 1)
                    return Error{RIG_E_INVALID, "UnknownOperation", "op is 0 (put) or 1 (delete)", 0};
                if (ops[i].if_revision == UINT64_MAX) continue;
                const auto it = store_.find(std::string(view(ops[i].key)));
                if ((it == store_.end() ? 0 : it->second.second) != ops[i].if_revision)
                    return Error{RIG_E_CONFLICT, "RevisionChanged", "the key has another revision", 0};
            }
            ++revision_;
            for (size_t i = 0; i < n; ++i) {
                if (ops[i].op == 0)
                    store_[std::string(view(ops[i].key))] = {std::string(view(ops[i].value)), revision_};
                else store_.erase(std::string(view(ops[i].key)));
            }
            if (revision) *revision = revision_;
            return {};
        });
    }

    Status publish(std::string_view topic, std::string_view event) {
        with_lock([&] { published_.push_back({std::string(topic), std::string(event)}); });
        return {};
    }
    Status subscribe(std::string_view pattern, rig_event_fn fn, void *user, uint64_t *sub) {
        with_lock([&] { subscriptions_[ *sub = ++next_id_] = {std::string(pattern), fn, user}; });
        return {};
    }
    void unsubscribe(uint64_t sub) {
        with_lock([&] { subscriptions_.erase(sub); });
    }

    Status answer_now(const rig_http_request &raw, void *user, rig_http_fn fn) {
        auto reply = exchange(raw);
        if (!reply.ok()) return reply.error();
        hand_over(*reply, user, fn);
        return {};
    }
    Status answer_later(const rig_http_request &raw, rig_http_fn fn, void *user, uint64_t *op) {
        auto reply = std::make_shared<Result<HttpReply>>(exchange(raw));
        add_task(0, 0, op, [reply, fn, user] {
            if (reply->ok()) return hand_over(**reply, user, fn);
            rig_error e = abi1::detail::fresh_error();
            (void)abi1::detail::finish(&e, reply->error());
            fn(user, e.code, nullptr, &e);
        });
        return {};
    }

    Status add_timer(uint64_t delay, uint64_t period, rig_task_fn fn, void *user, uint64_t *timer) {
        add_task(delay, period, timer, [fn, user] { fn(user); });
        return {};
    }
    void cancel_task(uint64_t id) {
        with_lock([&] { tasks_.erase(id); });
    }

    Status control(bool act, std::string_view what, std::string_view arguments, Sink out) {
        const Responder responder = with_lock([&] {
            asked_.push_back({act, std::string(what), std::string(arguments)});
            return act ? act_ : query_;
        });
        if (!responder)
            return Error{RIG_E_UNSUPPORTED, "UnknownView", "the test scripted no answer to '" + std::string(what) + "'",
                         0};
        auto text = responder(what, arguments);
        return text.ok() ? out.write(*text) : Status(text.error());
    }
    Status stream(std::string_view what, std::string_view arguments, Sink out) {
        const Responder responder = with_lock([&] {
            asked_.push_back({false, std::string(what), std::string(arguments)});
            return stream_;
        });
        if (!responder)
            return Error{RIG_E_UNSUPPORTED, "UnknownView", "the test scripted no answer to '" + std::string(what) + "'",
                         0};
        auto text = responder(what, arguments);
        if (!text.ok()) return text.error();
        const std::string_view all = *text;
        const Status first = out.write(all.substr(0, all.size() / 2));
        return first.ok() ? out.write(all.substr(all.size() / 2)) : first;
    }

private:
    struct Failure {
        Error error;
        uint64_t spare, times;
    };
    struct Metric {
        std::string name;
        Fields labels;
        double value;
    };
    struct Subscription {
        std::string pattern;
        rig_event_fn fn;
        void *user;
    };
    struct Task {
        uint64_t due, period;
        bool posted; ///< without a number to cancel it by
        std::function<void()> run;
    };

    template <typename F> std::invoke_result_t<F &> with_lock(F &&body) const {
        const std::lock_guard<std::recursive_mutex> lock(mutex_);
        return body();
    }
    static bool matches(std::string_view pattern, std::string_view topic) {
        if (!pattern.empty() && pattern.back() == '*')
            return topic.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
        return pattern == topic;
    }
    Status read(const std::map<std::string, std::string> &from, std::string_view key, Sink out, const char *reason) {
        const auto value = with_lock([&]() -> std::optional<std::string> {
            const auto it = from.find(std::string(key));
            return it == from.end() ? std::nullopt : std::optional<std::string>(it->second);
        });
        if (!value) return Error{RIG_E_NOT_FOUND, reason, "the test set no '" + std::string(key) + "'", 0};
        return out.write(*value);
    }
    Result<HttpReply> exchange(const rig_http_request &raw) {
        HttpRequest request{std::string(view(raw.method)), std::string(view(raw.url)), {}, std::string(view(raw.body))};
        for (size_t i = 0; i < raw.header_count; ++i)
            request.headers.emplace_back(view(raw.headers[i].key), view(raw.headers[i].value));
        const Http handler = with_lock([&] {
            requests_.push_back(request);
            return http_;
        });
        if (!handler) return Error{RIG_E_UNAVAILABLE, "NoRoute", "the test scripted no HTTP handler", 0};
        return handler(request);
    }
    static void hand_over(const HttpReply &reply, void *user, rig_http_fn fn) {
        std::vector<rig_kv> headers;
        for (const auto &h : reply.headers) headers.push_back({view(h.first), view(h.second)});
        const rig_http_response response{sizeof(rig_http_response), reply.status, headers.data(), headers.size(),
                                         doc(reply.body)};
        fn(user, RIG_OK, &response, nullptr);
    }
    void add_task(uint64_t delay, uint64_t period, uint64_t *id, std::function<void()> run) {
        with_lock([&] {
            const uint64_t n = ++next_id_;
            tasks_[n] = {now_ + delay, period, !id, std::move(run)};
            if (id) *id = n;
        });
    }
    bool run_one(uint64_t until) {
        const auto run = with_lock([&]() -> std::function<void()> {
            auto next = tasks_.end();
            for (auto it = tasks_.begin(); it != tasks_.end(); ++it)
                if (it->second.due <= until && (next == tasks_.end() || it->second.due < next->second.due)) next = it;
            if (next == tasks_.end()) return {};
            now_ = std::max(now_, next->second.due);
            std::function<void()> body = next->second.run;
            if (next->second.period > 0) next->second.due += next->second.period;
            else tasks_.erase(next);
            return body;
        });
        if (run) run();
        return static_cast<bool>(run);
    }

    mutable std::recursive_mutex mutex_;
    std::set<std::string> withheld_;
    std::map<std::string, Failure> failures_;
    std::map<std::string, uint64_t> calls_;
    std::vector<LogLine> log_;
    std::map<std::string, std::string> config_, secrets_;
    uint64_t generation_ = 1, revision_ = 0, next_id_ = 0;
    std::vector<Metric> metrics_;
    std::map<std::string, std::pair<std::string, uint64_t>> store_;
    std::vector<PublishedEvent> published_;
    std::map<uint64_t, Subscription> subscriptions_;
    Http http_;
    std::vector<HttpRequest> requests_;
    Responder query_, act_, stream_;
    std::vector<Asked> asked_;
    std::map<uint64_t, Task> tasks_;
    uint64_t now_ = 1'000'000'000;                                    ///< one second after "boot"
    int64_t wall_offset_ = 1'767'225'600'000'000'000 - 1'000'000'000; ///< 2026-01-01T00:00:00Z at the start
};

} // namespace testing
} // namespace abi1
} // namespace rig
