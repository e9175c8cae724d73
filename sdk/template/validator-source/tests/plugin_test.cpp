#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace {

using namespace rig::testing;

struct Source {
    FakeHost host;
    Instance instance;
    Source() : instance(*Instance::create(rig_plugin_v1, host, R"({"offers":[{"id":"a","image":"x:1"},{"id":"b","image":"y:1","gpuCount":2}]})")) {
        EXPECT_TRUE(instance.start().ok());
    }
};

TEST(@CLASS@, Watch_ListsEveryOfferAndCallsTheListingComplete) {
    Source s;
    MarketRecorder market;
    FakeCall call;
    market.after([&](const Delivery &d) {
        if (d.kind == "instance" && d.number == RIG_MARK_COMPLETE) call.cancel();
    });
    ASSERT_TRUE(s.instance.watch(market, call).ok());
    EXPECT_EQ(market.all(Delivery::put).size(), 2u);
    EXPECT_TRUE(market.marked("offer", RIG_MARK_COMPLETE));
}

TEST(@CLASS@, Claim_RepeatedAfterACrash_GivesTheSameGrant) {
    Source s;
    auto first = s.instance.claim("c1", "a", "{}"), second = s.instance.claim("c1", "a", "{}");
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(*first, *second);
}

TEST(@CLASS@, Claim_OfAnUnknownOffer_IsNotFound) {
    Source s;
    auto grant = s.instance.claim("c1", "nothing", "{}");
    ASSERT_FALSE(grant.ok());
    EXPECT_EQ(grant.error().code, RIG_E_NOT_FOUND);
}

TEST(@CLASS@, Render_LabelsTheJobAsOurs) {
    Source s;
    auto objects = s.instance.render(R"({"deployment":{"id":"d1"},"offer":{"image":"x:1"},"server":{"name":"gpu-01"},"gpus":[{"id":"g"}],"applied":[]})");
    ASSERT_TRUE(objects.ok());
    EXPECT_NE(objects->find(R"("chutes/deployment-id":"d1")"), std::string::npos);
}

} // namespace
