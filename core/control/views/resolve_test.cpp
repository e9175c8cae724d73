#include "control/views/resolve.hpp"

#include <gtest/gtest.h>

namespace rigger::views {
namespace {

DeploymentPtr deployment(const char *id, const char *source, const char *instance) {
    Deployment d;
    d.id = DeploymentId(id);
    d.source = SourceName(source);
    d.instance = InstanceId(instance);
    return std::make_shared<const Deployment>(std::move(d));
}

TEST(Resolve, InstanceIdThatTwoSourcesGave_IsAmbiguous) {
    Snapshot shot;
    shot.deployments = {deployment("d1", "one", "i"), deployment("d2", "two", "i"), deployment("d3", "two", "j")};
    EXPECT_EQ((*resolve_deployment(shot, "j"))->id.value, "d3");
    EXPECT_EQ((*resolve_deployment(shot, "d2"))->id.value, "d2");
    const auto either = resolve_deployment(shot, "i");
    ASSERT_FALSE(either);
    EXPECT_EQ(either.error().reason, "AmbiguousDeployment");
    EXPECT_NE(either.error().message.find("d1, d2"), std::string::npos) << either.error().message;
}

TEST(Resolve, ANameWithoutEnd_LeavesRoomForTheRemedy) {
    const auto none = resolve_server(Snapshot{}, std::string(50, 'x') + "\u00e9" + std::string(5000, 'x'));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message, "there is no server '" + std::string(50, 'x') + "\u00e9" + std::string(48, 'x') +
                                        "...'; `rigger servers` lists them");
}

} // namespace
} // namespace rigger::views
