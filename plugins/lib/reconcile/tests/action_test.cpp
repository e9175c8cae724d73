#include <reconcile/action.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace reconcile {
namespace {

TEST(Action, Document_HasTheFieldsOfTheContract) {
    const Action action{"terminate",   {{"deploymentId", "d"}}, "JobFailed",
                        "job says so", Evidence::absence,       {"jobs", "pods"}};
    EXPECT_EQ(nlohmann::json::parse(action.document()),
              nlohmann::json::parse(R"({"verb":"terminate","target":{"deploymentId":"d"},"cause":"JobFailed",
        "reason":"job says so","evidence":"absence","views":["jobs","pods"]})"));
}

TEST(Action, Id_IsThatOfTheTarget_WhateverTheCause) {
    Action one{"terminate", {{"deploymentId", "d"}}, "JobFailed", "a", Evidence::definite, {}};
    Action two{"terminate", {{"deploymentId", "d"}}, "PodVanished", "b", Evidence::absence, {"pods"}};
    EXPECT_EQ(one.id(), two.id());
    two.target[0].second = "e";
    EXPECT_NE(one.id(), two.id());
}

} // namespace
} // namespace reconcile
