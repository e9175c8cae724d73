// Watches and logs, driven on one thread: the receiver's callbacks change the cluster while the watch runs.
#include "fixture.hpp"

#include <algorithm>

namespace cluster_local {
namespace {
using rig::testing::Delivery;

class Watches : public ClusterTest {
protected:
    /// Runs a watch until `step` answers false after a delivery; what was delivered, in short form.
    std::string watch(const std::string &query, const std::string &token,
                      const std::function<bool(const Delivery &)> &step, uint64_t deadline = UINT64_MAX) {
        rig::testing::FakeCall call(deadline);
        rig::testing::ObjectRecorder recorder;
        recorder.after([&](const Delivery &d) {
            if (d.what == Delivery::checkpoint) last_token = d.document;
            if (!step(d)) call.cancel();
        });
        ended = cluster->watch(rig::Call(call.raw()), query, token, rig::Objects(recorder.raw()));
        std::string out;
        for (const Delivery &d : recorder.deliveries()) {
            if (d.what == Delivery::mark)
                out += d.number == RIG_MARK_BEGIN      ? "BEGIN "
                       : d.number == RIG_MARK_COMPLETE ? "COMPLETE "
                       : d.number == RIG_MARK_FRESH    ? "FRESH "
                                                       : "LOST ";
            else if (d.what == Delivery::checkpoint) out += "* ";
            else
                out += (d.number == RIG_CHANGE_SYNC  ? "sync:"
                        : d.number == RIG_CHANGE_PUT ? "put:"
                                                     : "del:") +
                       Json::parse(d.document)["metadata"]["name"].get<std::string>() + " ";
        }
        return out;
    }
    Json labelled(const std::string &name, const std::string &colour) {
        Json object = config_map(name);
        object["metadata"]["labels"]["colour"] = colour;
        return object;
    }
    const std::string maps = R"({"apiVersion":"v1","kind":"ConfigMap"})";
    std::string last_token;
    rig::Status ended;
};

TEST_F(Watches, AnEmptyCluster_GivesACompleteEmptyListing) {
    open();
    EXPECT_EQ(watch(maps, "", [](const Delivery &d) { return d.what != Delivery::checkpoint; }), "BEGIN COMPLETE * ");
    EXPECT_EQ(ended.error().code, RIG_E_CANCELLED);
}
TEST_F(Watches, AnObjectChangedDuringTheListing_IsDeliveredInItsNewState_Once) {
    open();
    for (int i = 0; i < 200; ++i) put(config_map("c" + std::to_string(1000 + i)));
    bool changed = false;
    std::map<std::string, int> seen;
    std::string last_value;
    watch(maps, "", [&](const Delivery &d) {
        if (d.what == Delivery::put) {
            const Json object = Json::parse(d.document);
            ++seen[object["metadata"]["name"]];
            if (object["metadata"]["name"] == "c1199") last_value = object["data"]["key"];
        }
        if (d.what == Delivery::put && !changed) { // while the first page is delivered
            changed = true;
            Json late = config_map("c1199");
            late["data"]["key"] = "changed";
            put(late);
            drop("ConfigMap", "c1198");
            put(config_map("d-new"));
        }
        return d.what != Delivery::checkpoint || seen.count("d-new") == 0;
    });
    EXPECT_EQ(last_value, "changed");
    EXPECT_EQ(seen["c1199"], 1);
    EXPECT_EQ(seen["c1198"], 0);
    EXPECT_EQ(seen["d-new"], 1);
    EXPECT_EQ(seen.size(), 201U); // 199 untouched, one changed, one new (and the deleted one asked for above)
}
TEST_F(Watches, ASlowReceiver_DelaysNobody_AndSeesTheNewestState) {
    open();
    put(config_map("a"));
    int rounds = 0;
    std::vector<std::string> values;
    watch(maps, "", [&](const Delivery &d) {
        if (d.what == Delivery::put) values.push_back(Json::parse(d.document)["data"]["key"]);
        if (d.what == Delivery::checkpoint && rounds < 3) {
            ++rounds;
            for (int i = 1; i <= 100; ++i) { // a hundred writes while the receiver is busy
                Json next = config_map("a");
                next["data"]["key"] = std::to_string(rounds * 1000 + i);
                put(next);
            }
        }
        return values.empty() || values.back() != "3100";
    });
    EXPECT_EQ(values, (std::vector<std::string>{"value", "1100", "2100", "3100"}));
}
TEST_F(Watches, ACreatedAndDeletedObject_ThatNobodySaw_IsNotMentioned) {
    open();
    bool done = false;
    const std::string seen = watch(maps, "", [&](const Delivery &d) {
        if (d.what == Delivery::checkpoint && !done) {
            done = true;
            put(config_map("brief"));
            drop("ConfigMap", "brief");
            put(config_map("lasting"));
        }
        return d.what != Delivery::put;
    });
    EXPECT_EQ(seen, "BEGIN COMPLETE * put:lasting * ");
}
TEST_F(Watches, ADeletion_ShowsTheLastState_WithANewerVersion) {
    open();
    put(config_map("a"));
    const uint64_t version = std::stoull(get("ConfigMap", "a")["metadata"]["resourceVersion"].get<std::string>());
    Json last;
    watch(maps, "", [&](const Delivery &d) {
        if (d.what == Delivery::checkpoint && last.is_null()) drop("ConfigMap", "a");
        if (d.what == Delivery::remove) last = Json::parse(d.document);
        return last.is_null();
    });
    EXPECT_EQ(last["data"]["key"], "value");
    EXPECT_GT(std::stoull(last["metadata"]["resourceVersion"].get<std::string>()), version);
}
TEST_F(Watches, ASelectiveWatch_FollowsObjectsInAndOut) {
    open();
    put(labelled("a", "red"));
    put(labelled("b", "blue"));
    int step = 0;
    const std::string seen =
        watch(R"({"apiVersion":"v1","kind":"ConfigMap","labelSelector":"colour=red"})", "", [&](const Delivery &d) {
            if (d.what == Delivery::checkpoint) switch (step++) {
                case 0: put(labelled("a", "blue")); break;
                case 1: put(labelled("b", "red")); break;
                case 2:
                    drop("ConfigMap", "a");
                    put(labelled("a", "red"));
                    break;
                default: return false;
                }
            return true;
        });
    EXPECT_EQ(seen, "BEGIN sync:a COMPLETE * del:a * put:b * put:a * ");
}
TEST_F(Watches, AFieldSelector_FollowsThePhase) {
    open();
    put(pod("p", "node-a"));
    settle();
    const std::string seen =
        watch(R"({"apiVersion":"v1","kind":"Pod","fieldSelector":"status.phase=Pending"})", "", [&](const Delivery &d) {
            if (d.what == Delivery::checkpoint) run(10);
            return d.what != Delivery::remove;
        });
    EXPECT_EQ(seen, "BEGIN sync:p COMPLETE * del:p * ");
}
TEST_F(Watches, AToken_ResumesExactlyWhereItStood) {
    open();
    put(config_map("a"));
    put(config_map("b"));
    put(config_map("c"));
    watch(maps, "", [](const Delivery &d) { return d.what != Delivery::checkpoint; });
    const std::string token = last_token;
    EXPECT_EQ(watch(maps, token, [](const Delivery &d) { return d.what != Delivery::checkpoint; }), "FRESH * ");
    drop("ConfigMap", "b");
    Json changed = config_map("a");
    changed["data"]["key"] = "x";
    put(changed);
    put(config_map("d"));
    put(config_map("e"));
    drop("ConfigMap", "e");
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(watch(maps, token, [](const Delivery &d) { return d.what != Delivery::checkpoint; }),
                  "del:b put:a put:d * ");
}
TEST_F(Watches, AResumedNamespaceWatch_HearsNothingOfOtherNamespaces) {
    open();
    Json elsewhere = config_map("x");
    elsewhere["metadata"]["namespace"] = "chutes";
    put(elsewhere);
    put(config_map("y"));
    const std::string here = R"({"apiVersion":"v1","kind":"ConfigMap","namespace":"default"})";
    watch(here, "", [](const Delivery &d) { return d.what != Delivery::checkpoint; });
    const std::string token = last_token;
    elsewhere["data"]["key"] = "changed";
    put(elsewhere);
    ASSERT_TRUE(cluster->remove(R"({"apiVersion":"v1","kind":"ConfigMap","namespace":"chutes","name":"x"})").ok());
    drop("ConfigMap", "y");
    EXPECT_EQ(watch(here, token, [](const Delivery &d) { return d.what != Delivery::checkpoint; }), "del:y * ");
}
TEST_F(Watches, ATokenTooOld_StartsOver_AsGoneWould) {
    options.store.max_tombstones = 10;
    open();
    put(config_map("stays"));
    watch(maps, "", [](const Delivery &d) { return d.what != Delivery::checkpoint; });
    const std::string old = last_token;
    for (int i = 0; i < 30; ++i) {
        put(config_map("brief"));
        drop("ConfigMap", "brief");
    }
    EXPECT_EQ(watch(maps, old, [](const Delivery &d) { return d.what != Delivery::checkpoint; }),
              "BEGIN sync:stays COMPLETE * ");
}
TEST_F(Watches, AWatchThatFellTooFarBehind_StartsOver_InsteadOfMissingDeletions) {
    options.store.max_tombstones = 10;
    open();
    put(config_map("victim"));
    bool done = false;
    int completes = 0;
    const std::string seen = watch(maps, "", [&](const Delivery &d) {
        if (d.what == Delivery::checkpoint && !done) {
            done = true;
            drop("ConfigMap", "victim");
            for (int i = 0; i < 30; ++i) {
                put(config_map("brief"));
                drop("ConfigMap", "brief");
            }
        }
        completes += d.what == Delivery::mark && d.number == RIG_MARK_COMPLETE;
        return completes < 2;
    });
    EXPECT_EQ(seen, "BEGIN sync:victim COMPLETE * BEGIN COMPLETE * ");
}
TEST_F(Watches, ForeignTokens_StartOver) {
    open();
    put(config_map("a"));
    watch(maps, "", [](const Delivery &d) { return d.what != Delivery::checkpoint; });
    const std::string good = last_token;
    for (const std::string &token : {good + "x", "9999999." + good.substr(good.find('.') + 1), std::string("-1.abc"),
                                     std::string("."), std::string("1"), std::string(300, '9')})
        EXPECT_EQ(watch(maps, token, [](const Delivery &d) { return d.what != Delivery::checkpoint; }),
                  "BEGIN sync:a COMPLETE * ")
            << token;
}
TEST_F(Watches, Silence_IsBrokenByFreshMarks_OnTheHostsClock) {
    open();
    int fresh = 0;
    watch(maps, "", [&](const Delivery &d) {
        fresh += d.what == Delivery::mark && d.number == RIG_MARK_FRESH;
        if (d.what == Delivery::checkpoint) clock.move_to(clock.mono_ns() + 15 * kSecond);
        return fresh < 3;
    });
    EXPECT_EQ(fresh, 3);
}
TEST_F(Watches, ADeadline_EndsTheWatch) {
    open();
    watch(
        maps, "",
        [&](const Delivery &d) {
            if (d.what == Delivery::checkpoint) clock.move_to(clock.mono_ns() + 60 * kSecond);
            return true;
        },
        clock.mono_ns() + 30 * kSecond);
    EXPECT_EQ(ended.error().code, RIG_E_DEADLINE);
}
TEST_F(Watches, AReceiverThatRefuses_EndsTheWatch_WithItsCode) {
    open();
    put(config_map("a"));
    for (size_t n = 0; n < 4; ++n) {
        rig::testing::FakeCall call;
        rig::testing::ObjectRecorder recorder;
        recorder.refuse_from(n, RIG_E_EXHAUSTED);
        EXPECT_EQ(cluster->watch(rig::Call(call.raw()), maps, "", rig::Objects(recorder.raw())).error().code,
                  RIG_E_EXHAUSTED)
            << n;
        EXPECT_FALSE(recorder.delivered_after_refusal());
    }
}

class Logs : public ClusterTest {
public: // for callbacks
    using ClusterTest::drop;
    using ClusterTest::run;

protected:
    std::string logs(Json request) {
        rig::testing::TextSink out;
        ended = cluster->logs(rig::Call(nullptr), request.dump(), rig::Sink(out.raw()));
        return out.text();
    }
    static size_t lines(const std::string &text) {
        return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    rig::Status ended;
};
TEST_F(Logs, ARunningPod_HasALinePerPeriod) {
    open();
    put(pod("p", "node-a"));
    run(5);
    run(95);
    const std::string all = logs({{"name", "p"}});
    EXPECT_EQ(lines(all), 10U);
    EXPECT_EQ(all.find("2026-01-01T00:00:10Z starting sim/app:1 container=main pod=p\n"), 0U) << all;
    EXPECT_EQ(lines(logs({{"name", "p"}, {"tailLines", 3}})), 3U);
    EXPECT_EQ(all.substr(all.size() - logs({{"name", "p"}, {"tailLines", 3}}).size()),
              logs({{"name", "p"}, {"tailLines", 3}}));
    EXPECT_EQ(lines(logs({{"name", "p"}, {"sinceSeconds", 25}})), 3U);
    EXPECT_EQ(lines(logs({{"name", "p"}, {"tailLines", 0}})), 0U);
}
TEST_F(Logs, AFinishedPod_KeepsItsLines) {
    Rule ends;
    ends.outcome = Outcome::completed;
    ends.after_seconds = 35;
    options.script.rules = {ends};
    open();
    put(pod("p", "node-a"));
    run(500);
    EXPECT_EQ(lines(logs({{"name", "p"}})), 4U);
    EXPECT_EQ(lines(logs({{"name", "p"}, {"follow", true}})), 4U);
}
TEST_F(Logs, Previous_IsTheRunBeforeTheRestart) {
    Rule crash;
    crash.after_seconds = 25;
    options.script.rules = {crash};
    open();
    Json p = pod("p", "node-a");
    p["spec"]["restartPolicy"] = "Always";
    put(p);
    run(10);
    EXPECT_EQ(logs({{"name", "p"}, {"previous", true}}), "");
    EXPECT_EQ(ended.error().code, RIG_E_INVALID);
    run(30);
    EXPECT_EQ(lines(logs({{"name", "p"}, {"previous", true}})), 3U);
}
TEST_F(Logs, Follow_GoesOnUntilThePodEnds) {
    open();
    put(pod("p", "node-a"));
    run(20);
    std::string text;
    int writes = 0;
    struct Context {
        Logs *self;
        std::string *text;
        int *writes;
    } context{this, &text, &writes};
    const rig_sink sink{&context, [](void *ctx, const void *data, size_t len) -> rig_code {
                            auto &c = *static_cast<Context *>(ctx);
                            c.text->append(static_cast<const char *>(data), len);
                            if (++*c.writes < 4) c.self->run(10);
                            else c.self->drop("Pod", "p");
                            if (*c.writes >= 4) c.self->run(10);
                            return RIG_OK;
                        }};
    const rig::Status followed = cluster->logs(rig::Call(nullptr), R"({"name":"p","follow":true})", rig::Sink(&sink));
    EXPECT_TRUE(followed.ok()) << followed.error().message;
    EXPECT_EQ(writes, 4);
    EXPECT_EQ(lines(text), 5U) << text;
}
TEST_F(Logs, Mistakes_AreExplained) {
    open();
    put(pod("p", "node-a"));
    settle();
    const std::pair<Json, const char *> cases[] = {
        {{{"name", "none"}}, "pods \"none\" not found"},
        {{{"name", "p"}}, "waiting to start: ContainerCreating"},
        {{{"name", "p"}, {"container", "other"}}, "container \"other\" is not valid"},
        {{{"name", "p"}, {"tailLines", -1}}, "tailLines"},
        {{{"name", 7}}, "name"},
        {{{"name", "p"}, {"cluster", "moon"}}, "cluster \"moon\" is unknown"},
        {Json::array(), "not a JSON object"}};
    for (const auto &[request, says] : cases) {
        logs(request);
        ASSERT_FALSE(ended.ok()) << request;
        EXPECT_NE(ended.error().message.find(says), std::string::npos) << ended.error().message;
    }
}
} // namespace
} // namespace cluster_local
