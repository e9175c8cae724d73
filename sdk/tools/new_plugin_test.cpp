#include "tools/new_plugin.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace rigger::sdk {
namespace {

namespace fs = std::filesystem;

class NewPlugin : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "new-plugin-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
    }
    void TearDown() override { fs::remove_all(folder); }
    static std::string read(const fs::path &p) {
        std::ifstream in(p);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }
    Result<std::vector<fs::path>> write(std::string_view kind, std::string_view id) {
        return write_template(TEMPLATES, kind, id, folder / "out");
    }
    fs::path folder;
};

TEST_F(NewPlugin, EveryKind_LeavesNoPlaceholderBehind) {
    for (const auto kind : template_kinds()) {
        const fs::path target = folder / kind;
        auto files = write_template(TEMPLATES, kind, "com.example.best-fit", target);
        ASSERT_TRUE(files.ok()) << files.error().message;
        EXPECT_GE(files->size(), 7u);
        for (const fs::path &f : *files) {
            const std::string text = read(target / f);
            for (const char *mark : {"@ID@", "@NAME@", "@CLASS@", "@TITLE@"})
                EXPECT_EQ(text.find(mark), std::string::npos) << f << " holds " << mark;
        }
        EXPECT_NE(read(target / "plugin.yaml").find("id: com.example.best-fit\n"), std::string::npos);
    }
}

TEST_F(NewPlugin, TheWholeKindId_IsAccepted) { EXPECT_TRUE(write("rig.placement-scorer/1", "com.example.mine").ok()); }

TEST_F(NewPlugin, AnUnknownKind_IsRefusedWithTheKnownOnes) {
    auto files = write("time-machine", "com.example.mine");
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.error().reason, "UnknownKind");
    EXPECT_NE(files.error().message.find("placement-scorer"), std::string::npos);
}

TEST_F(NewPlugin, ABadId_IsRefusedAndNothingIsWritten) {
    for (const std::string &id :
         {std::string(), std::string("mine"), std::string("Com.Example.Mine"), std::string("com..mine"),
          std::string("com.example."), std::string(".example"), std::string("com.example.mi ne"),
          std::string("com.example/../x"), std::string("com.-a"), std::string("9com.example"), std::string("rig.mine"),
          std::string("com.") + std::string(200, 'a')}) {
        auto files = write("reconciler", id);
        ASSERT_FALSE(files.ok()) << id;
        EXPECT_EQ(files.error().reason, "BadPluginId") << id;
    }
    EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(NewPlugin, AFolderWithFiles_IsNotTouched) {
    fs::create_directories(folder / "out");
    std::ofstream(folder / "out" / "mine.txt") << "keep";
    auto files = write("reconciler", "com.example.mine");
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.error().code, Code::conflict);
    EXPECT_EQ(read(folder / "out" / "mine.txt"), "keep");
}

TEST_F(NewPlugin, AnEmptyFolder_IsFilled) {
    fs::create_directories(folder / "out");
    EXPECT_TRUE(write("reconciler", "com.example.mine").ok());
}

TEST_F(NewPlugin, MissingTemplates_AreNamed) {
    auto files = write_template(folder / "nowhere", "reconciler", "com.example.mine", folder / "out");
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.error().reason, "TemplateMissing");
    EXPECT_NE(files.error().message.find("nowhere"), std::string::npos);
}

TEST_F(NewPlugin, ATargetThatCannotBeMade_IsAnError) {
    std::ofstream(folder / "file") << "x";
    auto files = write_template(TEMPLATES, "reconciler", "com.example.mine", folder / "file" / "below");
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.error().code, Code::unavailable);
}

TEST_F(NewPlugin, AnIdThatEndsInADigit_StillGivesAClassName) {
    ASSERT_TRUE(write("reconciler", "com.example.2nd-try").ok());
    EXPECT_NE(read(folder / "out/src/plugin.cpp").find("class P2ndTryPlugin"), std::string::npos);
}

} // namespace
} // namespace rigger::sdk
