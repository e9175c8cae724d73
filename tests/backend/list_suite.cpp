// list: selectors, namespaces, marks.
#include "client.hpp"

namespace backend_suite {
namespace {
class List : public BackendTest {
protected:
    void SetUp() override {
        BackendTest::SetUp();
        ASSERT_TRUE(client->apply(config_map("red-one", {{"colour", "red"}, {"size", "1"}})).ok());
        ASSERT_TRUE(client->apply(config_map("red-two", {{"colour", "red"}, {"size", "2"}})).ok());
        ASSERT_TRUE(client->apply(config_map("blue", {{"colour", "blue"}})).ok());
        ASSERT_TRUE(client->apply(config_map("plain")).ok());
    }
    /// Names of those of the four that a selector finds.
    std::vector<std::string> found(const std::string &labels, const std::string &fields = "") {
        Json extra = {{"labelSelector", labels.empty() ? "app.kubernetes.io/managed-by=rigger"
                                                       : labels + ",app.kubernetes.io/managed-by=rigger"}};
        if (!fields.empty()) extra["fieldSelector"] = fields;
        const Listing listing = client->list(query("v1", "ConfigMap", extra));
        EXPECT_TRUE(listing.complete()) << labels << " " << fields << ": " << listing.outcome;
        return listing.names();
    }
};
using Names = std::vector<std::string>;

TEST_F(List, List_EndsInAMarkThatItIsComplete) {
    const Listing listing = client->list(query("v1", "ConfigMap"));
    EXPECT_TRUE(listing.complete());
    for (const Json &object : listing.objects) {
        EXPECT_EQ(object.at("kind"), "ConfigMap");
        EXPECT_EQ(object.at("apiVersion"), "v1");
        EXPECT_FALSE(object.at("metadata").at("resourceVersion").get<std::string>().empty());
    }
}
TEST_F(List, AnEmptyListing_IsComplete) {
    const Listing listing = client->list(query("batch/v1", "Job"));
    EXPECT_TRUE(listing.complete());
    EXPECT_TRUE(listing.objects.empty());
}
TEST_F(List, LabelSelectors_SelectAsInKubernetes) {
    const std::vector<std::pair<std::string, Names>> cases = {
        {"colour=red", {"red-one", "red-two"}},
        {"colour==red", {"red-one", "red-two"}},
        {"colour!=red", {"blue", "plain"}},
        {"colour", {"blue", "red-one", "red-two"}},
        {"!colour", {"plain"}},
        {"colour in (red,blue)", {"blue", "red-one", "red-two"}},
        {"colour notin (red)", {"blue", "plain"}},
        {"colour=red,size=2", {"red-two"}},
        {"colour=red,size notin (2)", {"red-one"}},
        {"colour in (blue),size", {}},
        {"colour=green", {}},
    };
    for (const auto &[selector, names] : cases) EXPECT_EQ(found(selector), names) << selector;
}
TEST_F(List, FieldSelectors_SelectByName) {
    EXPECT_EQ(found("", "metadata.name=blue"), Names{"blue"});
    EXPECT_EQ(found("", "metadata.name!=blue"), (Names{"plain", "red-one", "red-two"}));
    EXPECT_EQ(found("colour=red", "metadata.name=blue"), Names{});
    EXPECT_EQ(found("", "metadata.namespace=" + ns).size(), 4U);
}
TEST_F(List, BadSelectors_AreRefused) {
    for (const char *labels : {"a=b=c", "colour in red", "colour in (red", "=x", "a b", "!"})
        EXPECT_EQ(client->list(query("v1", "ConfigMap", {{"labelSelector", labels}})).outcome.code, RIG_E_INVALID)
            << labels;
    for (const char *fields : {"metadata.name", "spec.nonsense=1"})
        EXPECT_EQ(client->list(query("v1", "ConfigMap", {{"fieldSelector", fields}})).outcome.code, RIG_E_INVALID)
            << fields;
}
TEST_F(List, WithoutANamespace_AllNamespacesAreListed) {
    Json everywhere = query("v1", "ConfigMap", {{"labelSelector", "colour=blue"}});
    everywhere.erase("namespace");
    const Listing listing = client->list(everywhere);
    EXPECT_TRUE(listing.complete());
    bool found_here = false;
    for (const Json &object : listing.objects) found_here = found_here || object.at("metadata").at("namespace") == ns;
    EXPECT_TRUE(found_here);
    Json elsewhere = query("v1", "ConfigMap", {{"labelSelector", "colour=blue"}, {"namespace", ns + "-other"}});
    EXPECT_TRUE(client->list(elsewhere).objects.empty());
}
TEST_F(List, ALimit_ThatCutsTheListing_IsNotCalledComplete) {
    const Listing cut = client->list(
        query("v1", "ConfigMap", {{"limit", 2}, {"labelSelector", "app.kubernetes.io/managed-by=rigger"}}));
    ASSERT_TRUE(cut.outcome.ok()) << cut.outcome;
    EXPECT_EQ(cut.objects.size(), 2U);
    EXPECT_FALSE(cut.complete());
    const Listing whole = client->list(
        query("v1", "ConfigMap", {{"limit", 100}, {"labelSelector", "app.kubernetes.io/managed-by=rigger"}}));
    EXPECT_EQ(whole.objects.size(), 4U);
    EXPECT_TRUE(whole.complete());
}
TEST_F(List, Pods_CanBeSelectedByNodeAndPhase) {
    const std::string node = some_node();
    Json bound = pod("bound");
    bound["spec"]["nodeName"] = node;
    ASSERT_TRUE(client->apply(bound).ok());
    EXPECT_EQ(client->list(query("v1", "Pod", {{"fieldSelector", "spec.nodeName=" + node}})).names(), Names{"bound"});
    EXPECT_TRUE(client->list(query("v1", "Pod", {{"fieldSelector", "spec.nodeName!=" + node}})).objects.empty());
    EXPECT_TRUE(eventually([&] {
        return client->list(query("v1", "Pod", {{"fieldSelector", "status.phase=Running"}})).names() == Names{"bound"};
    }));
}
TEST_F(List, ARefusingReceiver_EndsTheListing) {
    rig_error error{};
    error.struct_size = sizeof error;
    const std::string q = query("v1", "ConfigMap").dump();
    const rig_object_sink sink{sizeof sink, nullptr,
                               [](void *, int32_t, rig_str, rig_doc) -> rig_code { return RIG_E_EXHAUSTED; },
                               [](void *, rig_str, int32_t, rig_str) -> rig_code { return RIG_OK; },
                               [](void *, rig_bytes) -> rig_code { return RIG_OK; }};
    EXPECT_EQ(client->table().list(client->instance(), nullptr, {q.data(), q.size()}, &sink, &error), RIG_E_EXHAUSTED);
}
} // namespace
} // namespace backend_suite
