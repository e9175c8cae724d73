// apply, get: creation, merge, flags, refusals.
#include "client.hpp"

#include <algorithm>

namespace backend_suite {
namespace {
using Apply = BackendTest;

TEST_F(Apply, Probe_NamesTheCluster) {
    const Outcome facts = client->probe();
    ASSERT_TRUE(facts.ok()) << facts;
    bool found = false;
    for (const Json &cluster : facts.object.at("clusters"))
        found = found || (cluster.at("name") == harness->cluster() && cluster.at("state") == "ready");
    EXPECT_TRUE(found) << facts;
}
TEST_F(Apply, Apply_GivesANewObjectItsIdentity) {
    const Outcome made = client->apply(config_map("a"));
    ASSERT_TRUE(made.ok()) << made;
    const Json &metadata = made.object.at("metadata");
    EXPECT_EQ(made.object.at("kind"), "ConfigMap");
    EXPECT_EQ(made.object.at("apiVersion"), "v1");
    EXPECT_EQ(metadata.at("namespace"), ns);
    EXPECT_FALSE(metadata.at("uid").get<std::string>().empty());
    EXPECT_FALSE(metadata.at("resourceVersion").get<std::string>().empty());
    EXPECT_EQ(metadata.at("creationTimestamp").get<std::string>().size(), 20U);
    EXPECT_EQ(client->get(ref(made.object)).object.at("data"), Json({{"key", "value"}}));
}
TEST_F(Apply, Apply_OfTheSameAgain_KeepsIdentityAndGeneration) {
    const Outcome first = client->apply(job("same")), second = client->apply(job("same"));
    ASSERT_TRUE(second.ok()) << second;
    EXPECT_EQ(first.object.at("metadata").at("uid"), second.object.at("metadata").at("uid"));
    EXPECT_EQ(first.object.at("metadata").value("generation", 0),
              second.object.at("metadata").value("generation", 0)); // Jobs of old releases have none
}
TEST_F(Apply, Apply_ChangesFields_AndRaisesTheResourceVersion) {
    const Outcome first = client->apply(config_map("a"));
    const Outcome second = client->apply(config_map("a", {{"colour", "red"}}, {{"key", "other"}}));
    ASSERT_TRUE(second.ok()) << second;
    EXPECT_EQ(second.object.at("data"), Json({{"key", "other"}}));
    EXPECT_EQ(second.object.at("metadata").at("labels").at("colour"), "red");
    EXPECT_NE(first.object.at("metadata").at("resourceVersion"), second.object.at("metadata").at("resourceVersion"));
}
TEST_F(Apply, Apply_TakesBackFields_ThatItNamedBeforeAndNoLonger) {
    client->apply(config_map("a", {{"colour", "red"}}, {{"one", "1"}, {"two", "2"}}));
    const Outcome second = client->apply(config_map("a", Json::object(), {{"two", "2"}}));
    ASSERT_TRUE(second.ok()) << second;
    EXPECT_EQ(second.object.at("data"), Json({{"two", "2"}}));
    EXPECT_FALSE(second.object.at("metadata").at("labels").contains("colour"));
}
TEST_F(Apply, Apply_KeepsFields_ThatTheServerFilledIn) {
    const Outcome first = client->apply(service("ports"));
    ASSERT_TRUE(first.ok()) << first;
    Json changed = service("ports");
    changed["metadata"]["annotations"] = {{"note", "x"}};
    const Outcome second = client->apply(changed);
    ASSERT_TRUE(second.ok()) << second;
    EXPECT_EQ(first.object.at("spec").at("ports"), second.object.at("spec").at("ports"));
    EXPECT_EQ(first.object.at("spec").at("clusterIP"), second.object.at("spec").at("clusterIP"));
}
TEST_F(Apply, Apply_MergesListsByTheirKeys) {
    client->apply(service("ports"));
    Json fewer = service("ports");
    fewer["spec"]["ports"].erase(0);
    const Outcome second = client->apply(fewer);
    ASSERT_TRUE(second.ok()) << second;
    ASSERT_EQ(second.object.at("spec").at("ports").size(), 1U);
    EXPECT_EQ(second.object.at("spec").at("ports")[0].at("port"), 8001);
}
TEST_F(Apply, CreateOnly_RefusesWhatExists) {
    ASSERT_TRUE(client->apply(config_map("a"), RIG_APPLY_CREATE_ONLY).ok());
    const Outcome again = client->apply(config_map("a", Json::object(), {{"key", "other"}}), RIG_APPLY_CREATE_ONLY);
    EXPECT_EQ(again.code, RIG_E_CONFLICT);
    EXPECT_EQ(again.reason, "AlreadyExists");
    EXPECT_EQ(client->get(ref("v1", "ConfigMap", "a")).object.at("data").at("key"), "value");
}
TEST_F(Apply, DryRun_AnswersButChangesNothing) {
    const Outcome created = client->apply(config_map("a"), RIG_APPLY_DRY_RUN);
    ASSERT_TRUE(created.ok()) << created;
    EXPECT_EQ(created.object.at("data").at("key"), "value");
    EXPECT_EQ(client->get(ref("v1", "ConfigMap", "a")).code, RIG_E_NOT_FOUND);
    const Outcome real = client->apply(config_map("a"));
    const Outcome updated = client->apply(config_map("a", Json::object(), {{"key", "other"}}), RIG_APPLY_DRY_RUN);
    ASSERT_TRUE(updated.ok()) << updated;
    EXPECT_EQ(updated.object.at("data").at("key"), "other");
    EXPECT_EQ(client->get(ref("v1", "ConfigMap", "a")).object.at("metadata").at("resourceVersion"),
              real.object.at("metadata").at("resourceVersion"));
}
TEST_F(Apply, DryRun_StillRefusesWhatIsInvalid) {
    Json bad = job("bad");
    bad["spec"]["template"]["spec"]["restartPolicy"] = "Always";
    EXPECT_EQ(client->apply(bad, RIG_APPLY_DRY_RUN).code, RIG_E_INVALID);
}
TEST_F(Apply, Apply_LeavesAloneWhatIsNotOurs) {
    const Json reference = {
        {"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", "kube-system"}};
    const Outcome before = client->get(reference);
    ASSERT_TRUE(before.ok()) << before;
    const Outcome taken = client->apply(
        {{"apiVersion", "v1"},
         {"kind", "Namespace"},
         {"metadata", {{"name", "kube-system"}, {"labels", {{"app.kubernetes.io/managed-by", "rigger"}}}}}});
    EXPECT_EQ(taken.code, RIG_E_CONFLICT);
    EXPECT_EQ(taken.reason, "NotOurs");
    EXPECT_EQ(client->get(reference).object.at("metadata").value("labels", Json()),
              before.object.at("metadata").value("labels", Json()));
}
TEST_F(Apply, Apply_IntoANamespaceThatDoesNotExist_IsNotFound) {
    Json lost = config_map("a");
    lost["metadata"]["namespace"] = ns + "-not-there";
    EXPECT_EQ(client->apply(lost).code, RIG_E_NOT_FOUND);
}
TEST_F(Apply, UnknownKind_IsUnsupported_NotNotFound) {
    EXPECT_EQ(client
                  ->apply({{"apiVersion", "example.invalid/v9"},
                           {"kind", "Unheard"},
                           {"metadata", {{"name", "a"}, {"namespace", ns}}}})
                  .code,
              RIG_E_UNSUPPORTED);
    EXPECT_EQ(client->get(ref("example.invalid/v9", "Unheard", "a")).code, RIG_E_UNSUPPORTED);
    EXPECT_EQ(client->list(query("example.invalid/v9", "Unheard")).outcome.code, RIG_E_UNSUPPORTED);
}
TEST_F(Apply, UnknownCluster_IsInvalid_NotNotFound) {
    Json reference = ref("v1", "ConfigMap", "a");
    reference["cluster"] = "no-such-cluster";
    EXPECT_EQ(client->get(reference).code, RIG_E_INVALID);
    EXPECT_EQ(client->remove(reference).code, RIG_E_INVALID);
}
TEST_F(Apply, Get_OfWhatIsNotThere_IsNotFound) {
    const Outcome missing = client->get(ref("v1", "ConfigMap", "nothing"));
    EXPECT_EQ(missing.code, RIG_E_NOT_FOUND);
    EXPECT_EQ(missing.reason, "NotFound");
}
TEST_F(Apply, ResourceVersion_InTheObject_IsAPrecondition) {
    const Outcome first = client->apply(config_map("a"));
    client->apply(config_map("a", Json::object(), {{"key", "second"}}));
    Json stale = config_map("a", Json::object(), {{"key", "third"}});
    stale["metadata"]["resourceVersion"] = first.object.at("metadata").at("resourceVersion");
    const Outcome refused = client->apply(stale);
    EXPECT_EQ(refused.code, RIG_E_CONFLICT);
    EXPECT_EQ(client->get(ref("v1", "ConfigMap", "a")).object.at("data").at("key"), "second");
}

TEST_F(Apply, InvalidObjects_AreRefused_AndNothingIsStored) {
    const std::vector<std::pair<const char *, Json>> cases = [&] {
        std::vector<std::pair<const char *, Json>> out;
        Json o = config_map("Upper_Case");
        out.emplace_back("name with capitals", o);
        o = config_map(std::string(300, 'a'));
        out.emplace_back("name too long", o);
        o = config_map("label", {{"bad label", "x"}});
        out.emplace_back("label key", o);
        o = config_map("label-value", {{"a", "spaces are bad"}});
        out.emplace_back("label value", o);
        o = config_map("key", Json::object(), {{"bad/key", "x"}});
        out.emplace_back("data key", o);
        o = pod("no-containers");
        o["spec"]["containers"] = Json::array();
        out.emplace_back("no containers", o);
        o = pod("two-same");
        o["spec"]["containers"].push_back(o["spec"]["containers"][0]);
        o["spec"]["containers"][1]["command"] = Json::array({"x"});
        out.emplace_back("duplicate container", o);
        o = pod("quantity");
        o["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "lots";
        out.emplace_back("quantity", o);
        o = pod("over-limit");
        o["spec"]["containers"][0]["resources"] = {{"requests", {{"cpu", "2"}}}, {"limits", {{"cpu", "1"}}}};
        out.emplace_back("request over limit", o);
        o = job("always");
        o["spec"]["template"]["spec"]["restartPolicy"] = "Always";
        out.emplace_back("job restartPolicy", o);
        o = job("negative");
        o["spec"]["backoffLimit"] = -1;
        out.emplace_back("negative backoffLimit", o);
        o = service("no-ports");
        o["spec"]["ports"] = Json::array();
        out.emplace_back("service without ports", o);
        o = service("bad-port");
        o["spec"]["ports"][0]["port"] = 70000;
        out.emplace_back("port number", o);
        o = service("bad-node-port");
        o["spec"]["ports"][0]["nodePort"] = 80;
        out.emplace_back("node port out of range", o);
        o = service("9starts-with-digit");
        out.emplace_back("service name", o);
        return out;
    }();
    for (const auto &[what, object] : cases) {
        const Outcome refused = client->apply(object);
        EXPECT_EQ(refused.code, RIG_E_INVALID) << what << ": " << refused;
        EXPECT_FALSE(refused.message.empty()) << what;
    }
    for (const auto &[version, kind] :
         {std::pair("v1", "Pod"), std::pair("batch/v1", "Job"), std::pair("v1", "Service")})
        EXPECT_TRUE(client->list(query(version, kind)).objects.empty()) << kind;
}
TEST_F(Apply, MalformedDocuments_AreRefused) {
    for (const std::string &text :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"),
          std::string("{\"apiVersion\":\"v1\"}"),
          std::string("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":7}"), std::string("\xff\xfe\x00x", 4),
          std::string(100'000, '['), "{\"a\":\"" + std::string(4 << 20, 'x') + "\"}"}) {
        const Outcome refused = client->apply_text(text);
        EXPECT_EQ(refused.code, RIG_E_INVALID) << text.substr(0, 60) << " -> " << refused;
    }
}
TEST_F(Apply, ImmutableFields_MayNotChange) {
    ASSERT_TRUE(client->apply(job("fixed")).ok());
    Json other = job("fixed");
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "example.invalid/other:1";
    Outcome refused = client->apply(other);
    EXPECT_EQ(refused.code, RIG_E_INVALID) << refused;
    EXPECT_EQ(refused.reason, "Invalid");

    const Outcome made = client->apply(service("fixed"));
    Json address = service("fixed");
    address["spec"]["clusterIP"] = "10.0.0.250";
    EXPECT_NE(made.object.at("spec").at("clusterIP"), "10.0.0.250");
    EXPECT_EQ(client->apply(address).code, RIG_E_INVALID);

    ASSERT_TRUE(client->apply(pod("fixed")).ok());
    Json command = pod("fixed");
    command["spec"]["containers"][0]["command"] = Json::array({"sleep"});
    EXPECT_EQ(client->apply(command).code, RIG_E_INVALID);

    Json frozen = config_map("fixed");
    frozen["immutable"] = true;
    ASSERT_TRUE(client->apply(frozen).ok());
    frozen["data"]["key"] = "changed";
    EXPECT_EQ(client->apply(frozen).code, RIG_E_INVALID);
}
TEST_F(Apply, NodePorts_AreUniqueAndInRange) {
    std::vector<int> ports;
    for (int i = 0; i < 20; ++i) {
        const Outcome made = client->apply(service("s-" + std::to_string(i)));
        ASSERT_TRUE(made.ok()) << made;
        for (const Json &port : made.object.at("spec").at("ports")) ports.push_back(port.at("nodePort"));
    }
    std::sort(ports.begin(), ports.end());
    EXPECT_EQ(ports.size(), 40U);
    EXPECT_EQ(std::adjacent_find(ports.begin(), ports.end()), ports.end());
    EXPECT_GE(ports.front(), 30000);
    EXPECT_LE(ports.back(), 32767);
}
TEST_F(Apply, NodePort_ThatIsTaken_IsRefused_AndFreeAgainAfterDeletion) {
    const Outcome first = client->apply(service("first"));
    ASSERT_TRUE(first.ok()) << first;
    Json second = service("second");
    second["spec"]["ports"] = Json::array({first.object.at("spec").at("ports")[0]});
    EXPECT_EQ(client->apply(second).code, RIG_E_INVALID);
    ASSERT_TRUE(client->remove(ref(first.object)).ok());
    ASSERT_TRUE(gone(ref(first.object)));
    EXPECT_TRUE(eventually([&] { return client->apply(second).ok(); }));
}
} // namespace
} // namespace backend_suite
