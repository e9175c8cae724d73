#include "domain/failure_memory.hpp"

#include <gtest/gtest.h>

namespace rigger {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{int64_t{1'800'000'000} * 1'000'000'000};
const FailureSpans spans{};

Deployment started_at(WallTime created) {
    Deployment deployment;
    deployment.id = DeploymentId("d");
    deployment.offer = OfferId("chute");
    deployment.server = ServerId("node");
    deployment.instance = InstanceId("i");
    deployment.created_at = created;
    deployment.end_cause = "JobFailed";
    return deployment;
}

TEST(FailureMemory, EndWithinSixteenMinutes_MarksOfferAndPair) {
    const auto marks = failure_marks(started_at(noon), noon + 16min, spans);
    ASSERT_EQ(marks.size(), 2u);
    EXPECT_EQ(marks[0].offer, OfferId("chute"));
    EXPECT_TRUE(marks[0].server.empty());
    EXPECT_EQ(marks[1].server, ServerId("node"));
    for (const FailureMark &mark : marks) {
        EXPECT_EQ(mark.cause, "JobFailed");
        EXPECT_EQ(mark.created_at, noon);
        EXPECT_EQ(mark.deleted_at, noon + 16min);
        EXPECT_EQ(mark.until, noon + 16min + 1h);
    }
}

TEST(FailureMemory, EndAfterSixteenMinutes_MarksNothing) {
    EXPECT_TRUE(failure_marks(started_at(noon), noon + 16min + 1ns, spans).empty());
}

TEST(FailureMemory, OperatorsWish_NeverMarks) {
    Deployment wished = started_at(noon);
    wished.operator_wish = true;
    EXPECT_TRUE(failure_marks(wished, noon + 1min, spans).empty());
    wished.instance = {};
    EXPECT_TRUE(failure_marks(wished, noon + 1min, spans).empty());
}

TEST(FailureMemory, ClaimThatFailed_MarksAtAnyAge) {
    Deployment claim = started_at(noon);
    claim.instance = {};
    EXPECT_EQ(failure_marks(claim, noon + 1s, spans).size(), 2u);
    EXPECT_EQ(failure_marks(claim, noon + 40min, spans).size(), 2u);
}

TEST(FailureMemory, DeploymentThatWasVerified_HasStarted) {
    Deployment verified = started_at(noon);
    verified.instance = {};
    verified.verified_at = noon + 5min;
    EXPECT_TRUE(failure_marks(verified, noon + 40min, spans).empty());
}

TEST(FailureMemory, DeploymentWithoutServer_MarksTheOfferOnly) {
    Deployment nowhere = started_at(noon);
    nowhere.server = {};
    const auto marks = failure_marks(nowhere, noon + 1min, spans);
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_TRUE(marks[0].server.empty());
}

TEST(FailureMemory, ClockThatWentBack_CountsAsYoung) {
    EXPECT_EQ(failure_marks(started_at(noon), noon + -2h, spans).size(), 2u);
}

TEST(FailureMemory, SpansAreParameters) {
    const FailureSpans brief{2min, 5min};
    EXPECT_TRUE(failure_marks(started_at(noon), noon + 3min, brief).empty());
    EXPECT_EQ(failure_marks(started_at(noon), noon + 1min, brief).at(0).until, noon + 6min);
}

TEST(FailureMemory, MarkStands_UntilItsTime) {
    const FailureMark mark = failure_marks(started_at(noon), noon, spans).at(0);
    EXPECT_TRUE(stands(mark, noon));
    EXPECT_TRUE(stands(mark, noon + 1h + -1ns));
    EXPECT_FALSE(stands(mark, noon + 1h));
    EXPECT_TRUE(stands(mark, noon + -1min)) << "clocks that differ a little";
    EXPECT_FALSE(stands(mark, noon + -24h)) << "a clock that went back a day must not keep the mark for a day";
}

TEST(FailureMemory, Remember_KeepsTheLatestOfEachPair_AndDropsTheLapsed) {
    const auto early = failure_marks(started_at(noon), noon + 1min, spans),
               late = failure_marks(started_at(noon), noon + 10min, spans);
    Deployment elsewhere = started_at(noon + -2h);
    elsewhere.server = ServerId("other");
    const auto lapsed = failure_marks(elsewhere, noon + -119min, spans);
    auto marks = remember(lapsed, late, noon + 11min);
    marks = remember(std::move(marks), early, noon + 11min);
    ASSERT_EQ(marks.size(), 2u);
    EXPECT_TRUE(marks[0].server.empty());
    EXPECT_EQ(marks[0].deleted_at, noon + 10min);
    EXPECT_EQ(marks[1].server, ServerId("node"));
    EXPECT_EQ(marks[1].deleted_at, noon + 10min);
}

} // namespace
} // namespace rigger
