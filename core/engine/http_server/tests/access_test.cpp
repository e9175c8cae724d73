#include "engine/http_server/access.hpp"
#include "engine/http_server/problem.hpp"

#include <gtest/gtest.h>

namespace rigger::http_server {
namespace {

const std::string kSecret = "0123456789abcdef-secret", kOther = "fedcba9876543210-secret";

TEST(Tokens, GiveTheirNameAndRole) {
    const auto table = TokenTable::make({{"ci", kSecret, Role::read}, {"ops", kOther, Role::operate}});
    ASSERT_TRUE(table.ok());
    EXPECT_EQ(table->authenticate("Bearer " + kOther)->name, "token:ops");
    EXPECT_EQ(table->authenticate("Bearer " + kOther)->role, Role::operate);
    EXPECT_EQ(table->authenticate("bearer  " + kSecret)->role, Role::read);
}

TEST(Tokens, WhatIsNotExactlyOneOfThemIsDenied) {
    const auto table = TokenTable::make({{"ci", kSecret, Role::read}});
    for (const std::string &bad : {std::string(), std::string("Bearer"), std::string("Bearer "), "Basic " + kSecret,
                                   kSecret, "Bearer " + kSecret + "x", "Bearer " + kSecret.substr(1),
                                   "Bearer " + kSecret + std::string(1, '\0'), "Bearer " + std::string(100'000, 'x')}) {
        const auto result = table->authenticate(bad);
        ASSERT_FALSE(result.ok()) << bad.substr(0, 40);
        EXPECT_EQ(result.error().code, Code::denied);
        EXPECT_EQ(result.error().message.find(kSecret), std::string::npos);
    }
}

TEST(Tokens, ImpossibleTablesAreRefusedWithoutShowingASecret) {
    const std::vector<std::pair<std::vector<Token>, const char *>> cases{
        {{{"", kSecret, Role::read}}, "TokenName"},
        {{{"a", kSecret, Role::read}, {"a", kOther, Role::read}}, "TokenName"},
        {{{"a", "short", Role::read}}, "TokenShort"},
        {{{"a", kSecret, Role::read}, {"b", kSecret, Role::operate}}, "TokenTwice"},
        {{{"a", kSecret, Role::none}}, "TokenRole"}};
    for (const auto &[tokens, reason] : cases) {
        const auto table = TokenTable::make(tokens);
        ASSERT_FALSE(table.ok());
        EXPECT_EQ(table.error().reason, reason);
        EXPECT_EQ(table.error().message.find(kSecret), std::string::npos);
    }
}

TEST(Problem, InternalErrorsSayWhereToLookAndNothingElse) {
    const Error shown =
        public_error({Code::internal, "UncaughtException", "SELECT * FROM secrets at /src/store.cpp:12", 0}, "r7");
    EXPECT_EQ(shown.message.find("SELECT"), std::string::npos);
    EXPECT_NE(shown.message.find("r7"), std::string::npos);
    EXPECT_EQ(public_error(invalid("X", "yours"), "r7").message, "yours");
}

TEST(Problem, BytesThatAreNotTextDoNotBreakTheDocument) {
    EXPECT_NE(problem_document(invalid("X", "bad \xff byte"), 400).find("\"reason\":\"X\""), std::string::npos);
}

} // namespace
} // namespace rigger::http_server
