#include "engine/secrets/secrets.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>

namespace rigger {
namespace {

class Secrets : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "rigger-secrets-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
    }
    void TearDown() override { std::filesystem::remove_all(directory); }
    std::string write(const std::string &content, mode_t mode = 0640) {
        const std::string path = directory + "/secret";
        std::ofstream(path, std::ios::binary) << content;
        ::chmod(path.c_str(), mode);
        return "${file:" + path + "}";
    }
    static std::optional<std::string> env(std::string_view name) {
        if (name == "TOKEN") return "from-env";
        if (name == "EMPTY") return "";
        return std::nullopt;
    }
    std::string directory;
};

TEST_F(Secrets, PlainText_StandsForItself) { EXPECT_EQ(resolve_secret("plain $text", env)->reveal(), "plain $text"); }
TEST_F(Secrets, Variable_IsRead) { EXPECT_EQ(resolve_secret("${env:TOKEN}", env)->reveal(), "from-env"); }

TEST_F(Secrets, File_LosesOneTrailingLineEnd) {
    for (const auto &[content, expected] : std::vector<std::pair<std::string, std::string>>{{"s3cret", "s3cret"},
                                                                                            {"s3cret\n", "s3cret"},
                                                                                            {"s3cret\r\n", "s3cret"},
                                                                                            {"s3cret\n\n", "s3cret\n"},
                                                                                            {" s3cret \n", " s3cret "}})
        EXPECT_EQ(resolve_secret(write(content), env)->reveal(), expected);
}

TEST_F(Secrets, File_ThatEverybodyMayRead_IsRefused) {
    for (const mode_t mode : {0644, 0604, 0602, 0641}) {
        const auto secret = resolve_secret(write("s3cret", mode), env);
        ASSERT_FALSE(secret.ok());
        EXPECT_EQ(secret.error().code, Code::denied);
        EXPECT_NE(secret.error().message.find("chmod o-rwx"), std::string::npos);
        EXPECT_EQ(secret.error().message.find("s3cret"), std::string::npos);
    }
}

TEST_F(Secrets, BadSources_AreRefused_WithoutTheValue) {
    struct Case {
        std::string text;
        Code code;
    };
    const std::string huge = write(std::string(70'000, 's'));
    for (const Case &c : {Case{huge, Code::invalid}, Case{"${file:relative}", Code::invalid},
                          Case{"${file:" + directory + "/none}", Code::not_found},
                          Case{"${file:" + directory + "}", Code::invalid}, Case{"${env:UNSET}", Code::not_found},
                          Case{"${env:EMPTY}", Code::invalid}, Case{"${vault:s3cret}", Code::invalid},
                          Case{"${env:TOKEN} and s3cret", Code::invalid}, Case{"${", Code::invalid}}) {
        const auto secret = resolve_secret(c.text, env);
        ASSERT_FALSE(secret.ok()) << c.text;
        EXPECT_EQ(secret.error().code, c.code) << c.text << ": " << secret.error().message;
        EXPECT_EQ(secret.error().message.find("s3cret"), std::string::npos) << secret.error().message;
    }
}

TEST_F(Secrets, File_WithANulByteOrNothing_IsRefused) {
    EXPECT_FALSE(resolve_secret(write(std::string("a\0b", 3)), env).ok());
    EXPECT_FALSE(resolve_secret(write("\n"), env).ok());
    EXPECT_FALSE(resolve_secret(write(""), env).ok());
}

TEST_F(Secrets, Fifo_DoesNotHang) {
    const std::string path = directory + "/fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(resolve_secret("${file:" + path + "}", env).ok());
}

TEST_F(Secrets, Provider_ResolvesReferencesInsideAText) {
    const auto provider = make_secret_provider(env);
    EXPECT_EQ(*provider->resolve("Bearer ${env:TOKEN}/${env:TOKEN}!"), "Bearer from-env/from-env!");
    EXPECT_EQ(*provider->resolve(write("s3cret\n") + "$"), "s3cret$");
    EXPECT_EQ(*provider->resolve(""), "");
    EXPECT_FALSE(provider->resolve("a ${env:UNSET} b").ok());
    EXPECT_FALSE(provider->resolve("a ${env:TOKEN").ok());
}

TEST(Secret, IsPrintedAsStars) {
    std::ostringstream out;
    out << Secret("hidden");
    EXPECT_EQ(out.str(), "***");
}

TEST(Secret, MovedFrom_IsEmpty) {
    Secret a("one");
    Secret b(std::move(a));
    EXPECT_TRUE(a.empty()); // NOLINT(bugprone-use-after-move): the state after a move is what is tested
    EXPECT_EQ(b.reveal(), "one");
    a = std::move(b);
    EXPECT_EQ(a.reveal(), "one");
}

TEST(Secret, ComparesByValue) {
    EXPECT_EQ(Secret("a"), Secret("a"));
    EXPECT_FALSE(Secret("a") == Secret("b"));
    EXPECT_FALSE(Secret("a") == Secret("ab"));
    EXPECT_EQ(Secret(), Secret(""));
}

TEST(Secret, WipeMemory_Overwrites) {
    char text[] = "hidden";
    wipe_memory(text, sizeof text);
    EXPECT_EQ(std::string_view(text, sizeof text), std::string_view("\0\0\0\0\0\0\0", 7));
}

} // namespace
} // namespace rigger
