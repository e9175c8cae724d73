#include "config.hpp"

#include <gtest/gtest.h>

namespace profit {
namespace {

TEST(ProfitConfig, Defaults_AreThoseOfTheReference) {
    for (const char *text : {"", "{}"}) {
        auto config = parse_config(text);
        ASSERT_TRUE(config.ok());
        EXPECT_EQ(config->mode, Mode::usage);
        EXPECT_EQ(config->private_factor, 16);
        EXPECT_EQ(config->cost_floor, 0.001);
    }
}

TEST(ProfitConfig, Reads_EveryKey) {
    auto config = parse_config(R"({"mode":"raw-multiplier","privateFactor":8,"costFloor":0.5})");
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config->mode, Mode::raw_multiplier);
    EXPECT_EQ(config->private_factor, 8);
    EXPECT_EQ(config->cost_floor, 0.5);
    EXPECT_EQ(parse_config(R"({"mode":"multiplier"})")->mode, Mode::multiplier);
}

TEST(ProfitConfig, Refuses_ImpossibleValues_AndNamesTheKey) {
    const std::pair<const char *, const char *> cases[] = {{R"({"mode":"best"})", "mode"},
                                                           {R"({"privateFactor":0})", "privateFactor"},
                                                           {R"({"privateFactor":-1})", "privateFactor"},
                                                           {R"({"costFloor":"x"})", "costFloor"},
                                                           {R"({"costFloor":1e9})", "costFloor"},
                                                           {"[]", "config"},
                                                           {"{", "config"}};
    for (const auto &[text, key] : cases) {
        const auto config = parse_config(text);
        ASSERT_FALSE(config.ok()) << text;
        EXPECT_NE(config.error().message.find(key), std::string::npos) << config.error().message;
    }
}

} // namespace
} // namespace profit
