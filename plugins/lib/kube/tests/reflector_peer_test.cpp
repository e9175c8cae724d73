// From the list to the watch without a gap: which versions the reflector asks for, when streams break, bookmarks pass
// and versions are forgotten.
#include "kube/reflector.hpp"
#include "peer.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

namespace kube {
namespace {
using testing::Answered;
using testing::Asked;
using testing::chunks;
using testing::json_answer;
using testing::Peer;
using Then = Answered::Then;

/// Writes down what it is told; the test waits for it to be said.
class Diary final : public Feed {
public:
    rig::Status begin() override { return note("begin"); }
    rig::Status item(std::string_view object) override { return note("item " + name(object)); }
    rig::Status complete() override { return note("complete"); }
    rig::Status put(std::string_view object) override { return note("put " + name(object)); }
    rig::Status gone(std::string_view object) override { return note("gone " + name(object)); }
    rig::Status lost(std::string_view) override { return note("lost"); }
    void position(const std::string &version) override { (void)note("at " + version); }

    /// Everything up to and with the first such entry after those already taken.
    std::vector<std::string> until(const std::string &last) {
        std::unique_lock held(lock_);
        std::vector<std::string> out;
        for (;; ++taken_) {
            if (!changed_.wait_for(held, std::chrono::seconds(20), [&] { return taken_ < entries_.size(); }))
                return out.push_back("(nothing more)"), out;
            out.push_back(entries_[taken_]);
            if (out.back() == last) return ++taken_, out;
        }
    }

private:
    static std::string name(std::string_view object) {
        const size_t at = object.find(R"("name":")");
        return std::string(object.substr(at + 8, object.find('"', at + 8) - at - 8));
    }
    rig::Status note(std::string what) {
        const std::lock_guard held(lock_);
        entries_.push_back(std::move(what));
        changed_.notify_all();
        return {};
    }
    std::mutex lock_;
    std::condition_variable changed_;
    std::vector<std::string> entries_;
    size_t taken_ = 0;
};

std::string event(const char *type, const char *name, int version) {
    return std::string(R"({"type":")") + type + R"(","object":{"kind":"Pod","metadata":{"name":")" + name +
           R"(","resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}
std::string listed(const char *name, int version) {
    return R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("},"items":[{"metadata":{"name":")" +
           name + R"("}}]})";
}

class ReflectorAtPeer : public ::testing::Test {
protected:
    /// Answers are given in their order, then the peer hangs. Asked for the version (the pulse), it says one.
    void answer(std::vector<Answered> answers) {
        peer = std::make_unique<Peer>(server, [this, answers, at = size_t{0}](const Asked &asked) mutable {
            if (asked.line == "GET /readyz") return json_answer("ok");
            if (asked.line == "GET /version") return json_answer(R"({"gitVersion":"v1.29.0"})");
            const std::lock_guard held(lock);
            const size_t query = asked.line.find('?');
            questions.push_back(asked.line.find("watch=1") == std::string::npos
                                    ? "list"
                                    : "watch " + version(asked.line.substr(query)));
            return at < answers.size() ? answers[at++] : chunks({}, Then::hang);
        });
        Access access;
        access.host = "127.0.0.1";
        access.port = peer->port();
        access.ca.text = authority.pem();
        cluster = std::make_shared<Cluster>("c", access, ClientSettings{}, clock);
    }
    static std::string version(const std::string &query) {
        const size_t at = query.find("resourceVersion=") + 16;
        return query.substr(at, query.find('&', at) - at);
    }
    void run(const std::string &resume = {}) {
        reflector = std::make_unique<Reflector>(cluster, "v1", "Pod", Selection{}, resume, clock, 1, diary);
    }
    std::vector<std::string> asked() {
        const std::lock_guard held(lock);
        return questions;
    }

    const testing::Pair authority = testing::make_certificate("test authority", "", nullptr),
                        server = testing::make_certificate("api", "IP:127.0.0.1", &authority);
    testing::StepClock clock{200'000'000};
    std::mutex lock;
    std::vector<std::string> questions;
    std::unique_ptr<Peer> peer;
    std::shared_ptr<Cluster> cluster;
    Diary diary;
    std::unique_ptr<Reflector> reflector;
};

TEST_F(ReflectorAtPeer, WatchesFromTheListsVersion_AndGoesOnWhereAStreamEnded) {
    answer({json_answer(listed("a", 7)), chunks({event("ADDED", "b", 9), event("BOOKMARK", "", 12)}, Then::go_on, true),
            chunks({event("DELETED", "a", 15)}, Then::hang)});
    run();
    EXPECT_EQ(diary.until("at 15"), (std::vector<std::string>{"begin", "item a", "complete", "at 7", "put b", "at 9",
                                                              "at 12", "gone a", "at 15"}));
    EXPECT_EQ(asked(), (std::vector<std::string>{"list", "watch 7", "watch 12"}));
}

TEST_F(ReflectorAtPeer, AStreamThatBreaksInAnEventIsLost_AndResumedFromTheLastWholeOne) {
    const std::string torn = event("ADDED", "c", 11).substr(0, 30);
    answer({json_answer(listed("a", 7)), chunks({event("ADDED", "b", 9), torn}, Then::close),
            chunks({event("ADDED", "c", 11)}, Then::hang)});
    run();
    EXPECT_EQ(diary.until("at 11"), (std::vector<std::string>{"begin", "item a", "complete", "at 7", "put b", "at 9",
                                                              "lost", "put c", "at 11"}));
    EXPECT_EQ(asked(), (std::vector<std::string>{"list", "watch 7", "watch 9"}));
}

TEST_F(ReflectorAtPeer, AForgottenVersionIsListedAnew_HoweverItIsSaid) {
    const std::string gone = R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})";
    answer({json_answer(gone, 410), json_answer(listed("a", 7)),
            chunks({R"({"type":"ERROR","object":)" + gone + "}\n"}, Then::hang), json_answer(listed("b", 30)),
            chunks({}, Then::hang)});
    run("3");
    EXPECT_EQ(diary.until("at 30"), (std::vector<std::string>{"begin", "item a", "complete", "at 7", "begin", "item b",
                                                              "complete", "at 30"}));
    auto questions_so_far = asked();
    questions_so_far.resize(4); // the next watch may be on its way
    EXPECT_EQ(questions_so_far, (std::vector<std::string>{"watch 3", "list", "watch 7", "list"}));
}

TEST_F(ReflectorAtPeer, AListThatExpiresIsLost_AndBegunAgainAfterAPause) {
    const std::string gone = R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})";
    answer({json_answer(gone, 410), json_answer(gone, 410), json_answer(listed("a", 7))});
    run();
    EXPECT_EQ(diary.until("at 7"),
              (std::vector<std::string>{"begin", "lost", "begin", "lost", "begin", "item a", "complete", "at 7"}));
}

TEST_F(ReflectorAtPeer, AListThatIsCutIsNeverComplete) {
    answer({chunks({listed("a", 7).substr(0, 60)}, Then::close), json_answer(R"({"metadata":{},"items":[]})"),
            json_answer("{}"), json_answer(listed("a", 8))});
    run();
    std::vector<std::string> told = diary.until("at 8");
    EXPECT_EQ(std::count(told.begin(), told.end(), "complete"), 1);
    EXPECT_EQ(std::count(told.begin(), told.end(), "lost"), 3) << "a list without a version is none, too";
}

TEST_F(ReflectorAtPeer, APermissionThatIsMissingIsLost_NotEmpty) {
    answer({json_answer(R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})", 403),
            json_answer(listed("a", 7))});
    run();
    EXPECT_EQ(diary.until("complete"), (std::vector<std::string>{"begin", "lost", "begin", "item a", "complete"}));
}

TEST_F(ReflectorAtPeer, EndsAtOnceWhileItsPeerHangs) {
    answer({json_answer(listed("a", 7))});
    run();
    (void)diary.until("at 7");
    reflector.reset();
}
} // namespace
} // namespace kube
