// What survives: restarts, SIGKILL, a database that refuses to write.
#include "fixture.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

namespace cluster_local {
namespace {
class Durability : public ClusterTest {
protected:
    Durability() {
        std::string pattern = (std::filesystem::temp_directory_path() / "cluster-local-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
        options.store.path = (directory / "cluster.sqlite").string();
    }
    ~Durability() override {
        close();
        std::filesystem::remove_all(directory);
    }
    void restart() {
        close();
        open();
    }
    /// Runs `body` in a child process; its exit status. The child must end itself.
    template <typename Body> int in_child(Body &&body) {
        const pid_t child = ::fork();
        if (child == 0) {
            body();
            ::_exit(111);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }
    std::filesystem::path directory;
};

TEST_F(Durability, Objects_SurviveARestart_WithTheirIdentity) {
    open();
    put(config_map("a"));
    put(job("j", "node-a"));
    run(30);
    const Json before = get("ConfigMap", "a"), pod_before = only_pod();
    restart();
    EXPECT_EQ(get("ConfigMap", "a"), before);
    EXPECT_EQ(only_pod(), pod_before);
    run(10);
    EXPECT_EQ(phase(only_pod()), "Running");
    EXPECT_EQ(get("Job", "j")["status"]["active"], 1);
}
TEST_F(Durability, ResourceVersions_AreNeverGivenOutTwice) {
    open();
    std::set<std::string> seen;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 5; ++i) {
            put(config_map("c" + std::to_string(i)));
            Json changed = config_map("c" + std::to_string(i));
            changed["data"]["round"] = std::to_string(round);
            put(changed);
            EXPECT_TRUE(seen.insert(get("ConfigMap", "c" + std::to_string(i))["metadata"]["resourceVersion"]).second);
        }
        restart();
    }
}
TEST_F(Durability, APodInTheMidstOfStarting_GoesOn) {
    open();
    put(pod("p", "node-a"));
    run(3);
    restart();
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(1.9); // 5 s after its creation, as if nothing had happened
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(0.2);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    restart();
    run(2);
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "True");
}
TEST_F(Durability, TimeWithoutTheDaemon_CountsForThePods) {
    Rule ends;
    ends.outcome = Outcome::completed;
    ends.after_seconds = 100;
    options.script.rules = {ends};
    open();
    put(job("j", "node-a"));
    run(20);
    close();
    clock.move_to(clock.mono_ns() + 1000 * kSecond);
    open();
    EXPECT_EQ(phase(only_pod()), "Succeeded");
    EXPECT_EQ(get("Job", "j")["status"]["succeeded"], 1);
}
TEST_F(Durability, ACrashLoop_KeepsItsBackOff) {
    Rule crash;
    crash.after_seconds = 1;
    options.script.rules = {crash};
    open();
    Json p = pod("p", "node-a");
    p["spec"]["restartPolicy"] = "Always";
    put(p);
    run(120);
    const int restarts = get("Pod", "p")["status"]["containerStatuses"][0]["restartCount"];
    restart();
    run(5);
    EXPECT_LE(get("Pod", "p")["status"]["containerStatuses"][0]["restartCount"].get<int>(), restarts + 1);
    run(600);
    EXPECT_GT(get("Pod", "p")["status"]["containerStatuses"][0]["restartCount"].get<int>(), restarts);
}
TEST_F(Durability, ADeletionUnderWay_IsFinishedAfterARestart) {
    options.script.stop_seconds = 20;
    open();
    put(job("j", "node-a"));
    put(pod("p", "node-a"));
    run(20);
    drop("Pod", "p");
    drop("Job", "j", {{"propagationPolicy", "Foreground"}});
    run(1);
    restart();
    run(60);
    EXPECT_TRUE(get("Pod", "p").is_null());
    EXPECT_TRUE(get("Job", "j").is_null());
    EXPECT_TRUE(pods().empty());
}
TEST_F(Durability, NodePorts_StayTaken) {
    open();
    const Json service = {
        {"apiVersion", "v1"},
        {"kind", "Service"},
        {"metadata", {{"name", "s"}, {"labels", {{"chutes/deployment-id", "x"}}}}},
        {"spec", {{"type", "NodePort"}, {"ports", Json::array({Json{{"port", 80}, {"nodePort", 30123}}})}}}};
    put(service);
    restart();
    Json other = service;
    other["metadata"]["name"] = "t";
    EXPECT_EQ(apply(other).error().reason, "Invalid");
}
TEST_F(Durability, AWatch_ResumesAcrossARestart) {
    open();
    put(config_map("kept"));
    put(config_map("lost"));
    std::string token;
    const auto watch = [&](const std::string &from, size_t deliveries) {
        rig::testing::FakeCall call;
        rig::testing::ObjectRecorder recorder;
        recorder.after([&](const rig::testing::Delivery &d) {
            if (d.what == rig::testing::Delivery::checkpoint) token = d.document;
            if (d.what == rig::testing::Delivery::checkpoint && recorder.deliveries().size() >= deliveries)
                call.cancel();
        });
        const rig::Status ended = cluster->watch(rig::Call(call.raw()), R"({"apiVersion":"v1","kind":"ConfigMap"})",
                                                 from, rig::Objects(recorder.raw()));
        EXPECT_EQ(ended.error().code, RIG_E_CANCELLED);
        std::string out;
        for (const auto &d : recorder.deliveries()) {
            if (d.what == rig::testing::Delivery::mark) out += "mark" + std::to_string(d.number) + " ";
            else if (d.what != rig::testing::Delivery::checkpoint)
                out += std::to_string(d.number) + ":" + Json::parse(d.document)["metadata"]["name"].get<std::string>() +
                       " ";
        }
        return out;
    };
    EXPECT_EQ(watch("", 1), "mark1 0:kept 0:lost mark2 ");
    drop("ConfigMap", "lost");
    restart();
    put(config_map("new"));
    EXPECT_EQ(watch(token, 1), "2:lost 1:new ");
}
TEST_F(Durability, ASecondDaemon_IsRefused) {
    open();
    const int status = in_child([&] {
        auto second = Cluster::open(options, clock, [] {});
        ::_exit(!second.ok() && second.error().code == RIG_E_UNAVAILABLE ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
}
TEST_F(Durability, AFileThatIsNoDatabase_IsRefused_AndUntouched) {
    std::ofstream(options.store.path) << "precious text, no database" << std::string(5000, '!');
    auto opened = Cluster::open(options, clock, [] {});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, RIG_E_UNAVAILABLE);
    EXPECT_NE(opened.error().message.find(options.store.path), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(options.store.path), 5026U);
}
TEST_F(Durability, TheDatabase_IsNobodyElsesToRead) {
    open();
    put(config_map("a"));
    for (const auto &entry : std::filesystem::directory_iterator(directory))
        EXPECT_EQ(entry.status().permissions() &
                      (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
                  std::filesystem::perms::none)
            << entry.path();
}

/// A child applies and removes objects as fast as it can, tells the parent through a pipe what was acknowledged, and is
/// killed at some point. Everything acknowledged must be there afterwards, and nothing that was acknowledged as
/// removed.
TEST_F(Durability, WhatWasAcknowledged_SurvivesSigkill_AtAnyPoint) {
    std::set<int> present;
    int next = 0;
    for (int round = 0; round < 25; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(::pipe(pipe_ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(pipe_ends[0]);
            auto mine = Cluster::open(options, clock, [] {});
            if (!mine.ok() || !(*mine)->set_fleet(fleet).ok()) ::_exit(1);
            for (int i = next;; ++i) {
                Json object = i % 3 ? config_map("c" + std::to_string(i)) : job("c" + std::to_string(i), "node-a");
                if (!(*mine)->apply("local", object.dump(), 0).ok()) ::_exit(2);
                (void)!::write(pipe_ends[1], &i, sizeof i);
                if (i % 5 == 4) {
                    const int gone = -i;
                    if (!(*mine)
                             ->remove(Json{{"apiVersion", object["apiVersion"]},
                                           {"kind", object["kind"]},
                                           {"name", "c" + std::to_string(i)}}
                                          .dump())
                             .ok())
                        ::_exit(3);
                    (void)!::write(pipe_ends[1], &gone, sizeof gone);
                }
                if (i % 7 == 0) {
                    clock.move_to(clock.mono_ns() + kSecond);
                    (void)(*mine)->tick();
                }
            }
        }
        ::close(pipe_ends[1]);
        const int wanted = 5 + round * 7 % 90;
        int value = 0;
        std::set<int> maybe;
        for (int got = 0; got < wanted && ::read(pipe_ends[0], &value, sizeof value) == sizeof value; ++got) {
            if (value >= 0) present.insert(value);
            else present.erase(-value);
            next = std::max(next, std::abs(value) + 1);
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
        while (::read(pipe_ends[0], &value, sizeof value) == sizeof value) { // acknowledged before the kill arrived
            if (value >= 0) present.insert(value);
            else present.erase(-value);
            next = std::max(next, std::abs(value) + 1);
        }
        ::close(pipe_ends[0]);
        next += 2; // what was under way may exist or not; its number is not used again
        open();
        for (const int i : present)
            EXPECT_FALSE(get(i % 3 ? "ConfigMap" : "Job", "c" + std::to_string(i)).is_null())
                << "round " << round << ": c" << i;
        EXPECT_LE(list("ConfigMap").size() + list("Job").size(), present.size() + static_cast<size_t>(round + 1));
        close();
    }
}

TEST_F(Durability, ADiskThatRefuses_ChangesNothing_AndRecoversByItself) {
    open();
    put(config_map("before"));
    close();
    const int status = in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        auto mine = Cluster::open(options, clock, [] {});
        if (!mine.ok()) ::_exit(10);
        Cluster &c = **mine;
        rlimit all{}, none{};
        ::getrlimit(RLIMIT_FSIZE, &all);
        none = all;
        none.rlim_cur = 4096;
        ::setrlimit(RLIMIT_FSIZE, &none);
        const auto refused = c.apply("local", config_map("during").dump(), 0);
        if (refused.ok() || refused.error().code != RIG_E_UNAVAILABLE || refused.error().reason != "StorageFailed")
            ::_exit(11);
        const Json lost = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "during"}},
                   kept = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "before"}};
        if (c.get(lost.dump()).ok() || c.get(lost.dump()).error().code != RIG_E_NOT_FOUND) ::_exit(12);
        if (!c.get(kept.dump()).ok()) ::_exit(13);
        if (c.remove(kept.dump()).ok() || !c.get(kept.dump()).ok()) ::_exit(14);
        (void)c.tick();
        ::setrlimit(RLIMIT_FSIZE, &all);
        if (!c.apply("local", config_map("after").dump(), 0).ok()) ::_exit(15);
        (void)c.tick();
        ::_exit(0);
    });
    EXPECT_EQ(WEXITSTATUS(status), 0);
    open();
    EXPECT_FALSE(get("ConfigMap", "before").is_null());
    EXPECT_TRUE(get("ConfigMap", "during").is_null());
    EXPECT_FALSE(get("ConfigMap", "after").is_null());
}
} // namespace
} // namespace cluster_local
