#include <chutes/names.hpp>

#include <gtest/gtest.h>

namespace chutes {
namespace {

TEST(Names, Uuid5_MatchesTheVectorsOfTheValidator) {
    EXPECT_EQ(uuid5_oid("simuser::chute::demo-llm"), "67df1c06-67ff-59e9-a4ed-922799194af3");
    EXPECT_EQ(uuid5_oid("img-1:print(1)"), "4facc5be-2aaf-5747-a6d6-16489dd4decc");
}

TEST(Names, Uuid5_HandlesNamesLongerThanOneHashBlock) {
    EXPECT_EQ(uuid5_oid(std::string(1000, 'a')).size(), 36u);
    EXPECT_NE(uuid5_oid(std::string(1000, 'a')), uuid5_oid(std::string(1001, 'a')));
}

TEST(Names, CodeConfigMap_MatchesTheMinersVector) {
    EXPECT_EQ(code_config_map_name("11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
              "chute-code-460fc376-3588-53df-9ea4-a43df54ad361");
}

TEST(Names, Objects_AreNamedAfterTheDeployment) {
    EXPECT_EQ(job_name("d1"), "chute-d1");
    EXPECT_EQ(service_name("d1"), "chute-service-d1");
}

TEST(Names, GpuDeviceId_AcceptsEveryFormOfAUuid) {
    const char *const expected = "GPU-2d6b7628-42e9-f38d-c18b-b02d7aa913dc";
    for (const char *id : {"2d6b762842e9f38dc18bb02d7aa913dc", "2D6B762842E9F38DC18BB02D7AA913DC",
                           "2d6b7628-42e9-f38d-c18b-b02d7aa913dc", "GPU-2d6b7628-42e9-f38d-c18b-b02d7aa913dc"})
        EXPECT_EQ(gpu_device_id(id), expected) << id;
}

TEST(Names, GpuDeviceId_OfACountedGpuIsItsIndex) { EXPECT_EQ(gpu_device_id("gpu-01.example:11"), "11"); }

TEST(Names, GpuDeviceId_KeepsWhatIsNoUuid) { EXPECT_EQ(gpu_device_id("sim-gpu-3"), "GPU-sim-gpu-3"); }

} // namespace
} // namespace chutes
