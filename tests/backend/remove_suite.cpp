// remove: preconditions, finalizers, cascading deletion, namespaces.
#include "client.hpp"

namespace backend_suite {
namespace {
class Remove : public BackendTest {
protected:
    /// `dependent` owned by `owner`.
    Json owned(Json dependent, const Json &owner, bool blocks = false) const {
        dependent["metadata"]["ownerReferences"] = Json::array({Json{{"apiVersion", owner.at("apiVersion")},
                                                                     {"kind", owner.at("kind")},
                                                                     {"name", owner.at("metadata").at("name")},
                                                                     {"uid", owner.at("metadata").at("uid")},
                                                                     {"blockOwnerDeletion", blocks}}});
        return dependent;
    }
    Outcome remove(const Json &object, const char *policy) {
        Json reference = ref(object);
        reference["propagationPolicy"] = policy;
        return client->remove(reference);
    }
};

TEST_F(Remove, Remove_MakesTheObjectGo) {
    client->apply(config_map("a"));
    ASSERT_TRUE(client->remove(ref("v1", "ConfigMap", "a")).ok());
    EXPECT_TRUE(gone(ref("v1", "ConfigMap", "a")));
}
TEST_F(Remove, Remove_OfWhatIsNotThere_IsNotFound) {
    EXPECT_EQ(client->remove(ref("v1", "ConfigMap", "nothing")).code, RIG_E_NOT_FOUND);
}
TEST_F(Remove, Remove_WithAnotherUid_IsAConflict) {
    const Outcome made = client->apply(config_map("a"));
    Json reference = ref(made.object);
    reference["uid"] = "00000000-0000-4000-8000-000000000000";
    EXPECT_EQ(client->remove(reference).code, RIG_E_CONFLICT);
    EXPECT_TRUE(client->get(ref(made.object)).ok());
    reference["uid"] = made.object.at("metadata").at("uid");
    EXPECT_TRUE(client->remove(reference).ok());
    EXPECT_TRUE(gone(ref(made.object)));
}
TEST_F(Remove, ARecreatedObject_HasAnotherUid) {
    const Outcome first = client->apply(config_map("a"));
    client->remove(ref(first.object));
    ASSERT_TRUE(gone(ref(first.object)));
    const Outcome second = client->apply(config_map("a"));
    EXPECT_NE(first.object.at("metadata").at("uid"), second.object.at("metadata").at("uid"));
}
TEST_F(Remove, Remove_LeavesAloneWhatIsNotOurs) {
    const Json system = {
        {"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", "kube-system"}};
    EXPECT_EQ(client->remove(system).code, RIG_E_CONFLICT);
    EXPECT_TRUE(client->get(system).ok());
}
TEST_F(Remove, AFinalizer_HoldsTheObject_UntilItIsTakenBack) {
    Json held = config_map("held");
    held["metadata"]["finalizers"] = Json::array({"rigger.dev/test"});
    ASSERT_TRUE(client->apply(held).ok());
    ASSERT_TRUE(client->remove(ref(held)).ok());
    harness->pass(2);
    const Outcome still = client->get(ref(held));
    ASSERT_TRUE(still.ok()) << still;
    EXPECT_TRUE(still.object.at("metadata").contains("deletionTimestamp"));
    ASSERT_TRUE(client->apply(config_map("held")).ok());
    EXPECT_TRUE(gone(ref(held)));
}
TEST_F(Remove, BackgroundPropagation_DeletesTheOwner_ThenItsDependents) {
    const Outcome owner = client->apply(config_map("owner"));
    ASSERT_TRUE(client->apply(owned(config_map("dependent"), owner.object)).ok());
    ASSERT_TRUE(remove(owner.object, "Background").ok());
    EXPECT_TRUE(gone(ref(owner.object)));
    EXPECT_TRUE(gone(ref("v1", "ConfigMap", "dependent")));
}
TEST_F(Remove, ForegroundPropagation_KeepsTheOwner_UntilItsDependentsAreGone) {
    const Outcome owner = client->apply(config_map("owner"));
    Json dependent = owned(config_map("dependent"), owner.object, true);
    dependent["metadata"]["finalizers"] = Json::array({"rigger.dev/test"});
    ASSERT_TRUE(client->apply(dependent).ok());
    ASSERT_TRUE(remove(owner.object, "Foreground").ok());
    ASSERT_TRUE(eventually([&] {
        return client->get(ref("v1", "ConfigMap", "dependent")).object["metadata"].contains("deletionTimestamp");
    }));
    EXPECT_TRUE(client->get(ref(owner.object)).ok());
    ASSERT_TRUE(client->apply(owned(config_map("dependent"), owner.object, true)).ok());
    EXPECT_TRUE(gone(ref("v1", "ConfigMap", "dependent")));
    EXPECT_TRUE(gone(ref(owner.object)));
}
TEST_F(Remove, OrphanPropagation_KeepsTheDependents_WithoutTheReference) {
    const Outcome owner = client->apply(config_map("owner"));
    ASSERT_TRUE(client->apply(owned(config_map("dependent"), owner.object)).ok());
    harness->pass(2); // a real garbage collector must have seen the dependent
    ASSERT_TRUE(remove(owner.object, "Orphan").ok());
    ASSERT_TRUE(gone(ref(owner.object)));
    EXPECT_TRUE(eventually([&] {
        const Outcome dependent = client->get(ref("v1", "ConfigMap", "dependent"));
        return dependent.ok() && !dependent.object.at("metadata").contains("ownerReferences");
    }));
    harness->pass(3);
    EXPECT_TRUE(client->get(ref("v1", "ConfigMap", "dependent")).ok());
}
TEST_F(Remove, AnObject_WhoseOwnerIsGone_IsCollected) {
    Json lost = config_map("lost");
    lost["metadata"]["ownerReferences"] = Json::array({Json{{"apiVersion", "v1"},
                                                            {"kind", "ConfigMap"},
                                                            {"name", "never-was"},
                                                            {"uid", "11111111-2222-4333-8444-555555555555"}}});
    ASSERT_TRUE(client->apply(lost).ok());
    EXPECT_TRUE(gone(ref(lost)));
}
TEST_F(Remove, RemovingAJob_RemovesItsPods) {
    ASSERT_TRUE(client->apply(job("work")).ok());
    ASSERT_TRUE(eventually([&] { return client->list(query("v1", "Pod")).objects.size() == 1; }));
    ASSERT_TRUE(remove(job("work"), "Background").ok());
    EXPECT_TRUE(gone(ref("batch/v1", "Job", "work")));
    EXPECT_TRUE(eventually([&] { return client->list(query("v1", "Pod")).objects.empty(); }));
}
TEST_F(Remove, RemovingAJobInForeground_WaitsForItsPods) {
    ASSERT_TRUE(client->apply(job("work")).ok());
    ASSERT_TRUE(eventually([&] { return client->list(query("v1", "Pod")).objects.size() == 1; }));
    ASSERT_TRUE(remove(job("work"), "Foreground").ok());
    EXPECT_TRUE(gone(ref("batch/v1", "Job", "work")));
    EXPECT_TRUE(client->list(query("v1", "Pod")).objects.empty());
}
TEST_F(Remove, ARunningPod_EndsGracefully) {
    Json bound = pod("bound");
    bound["spec"]["nodeName"] = some_node();
    ASSERT_TRUE(client->apply(bound).ok());
    ASSERT_TRUE(eventually([&] { return client->get(ref(bound)).object["status"]["phase"] == "Running"; }));
    ASSERT_TRUE(client->remove(ref(bound)).ok());
    const Outcome going = client->get(ref(bound));
    if (going.ok()) { EXPECT_TRUE(going.object.at("metadata").contains("deletionTimestamp")); }
    EXPECT_TRUE(gone(ref(bound)));
}
TEST_F(Remove, GraceZero_RemovesAPodAtOnce) {
    Json bound = pod("bound");
    bound["spec"]["nodeName"] = some_node();
    ASSERT_TRUE(client->apply(bound).ok());
    Json reference = ref(bound);
    reference["gracePeriodSeconds"] = 0;
    ASSERT_TRUE(client->remove(reference).ok());
    EXPECT_EQ(client->get(ref(bound)).code, RIG_E_NOT_FOUND);
}
TEST_F(Remove, RemovingANamespace_RemovesWhatIsInIt) {
    client->apply(config_map("a"));
    client->apply(job("work"));
    client->apply(service("s"));
    const Json reference = {{"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", ns}};
    ASSERT_TRUE(client->remove(reference).ok());
    EXPECT_NE(client->apply(config_map("late")).code, RIG_OK);
    EXPECT_TRUE(gone(reference));
    for (const auto &[version, kind] : {std::pair("v1", "ConfigMap"), std::pair("v1", "Pod"),
                                        std::pair("batch/v1", "Job"), std::pair("v1", "Service")})
        EXPECT_TRUE(client->list(query(version, kind)).objects.empty()) << kind;
}
TEST_F(Remove, UnknownOptions_AreRefused) {
    client->apply(config_map("a"));
    Json reference = ref("v1", "ConfigMap", "a");
    reference["propagationPolicy"] = "Sideways";
    EXPECT_EQ(client->remove(reference).code, RIG_E_INVALID);
    reference.erase("propagationPolicy");
    reference["gracePeriodSeconds"] = -5;
    EXPECT_EQ(client->remove(reference).code, RIG_E_INVALID);
    EXPECT_TRUE(client->get(ref("v1", "ConfigMap", "a")).ok());
}
} // namespace
} // namespace backend_suite
