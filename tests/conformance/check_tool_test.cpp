// The conformance kit as a tool: its command line, its report, its documentation.
#include "check_run.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace conformance {
namespace {

TEST(CheckTool, NoFile_IsWrongUsage) { EXPECT_EQ(check("").exit_status, 2); }
TEST(CheckTool, AnUnknownOption_IsWrongUsage) { EXPECT_EQ(check("--frobnicate x.so").exit_status, 2); }
TEST(CheckTool, AnUnknownTest_IsWrongUsage) {
    EXPECT_EQ(check(quoted(bad_file("none")) + " --only scorer.no-such").exit_status, 2);
}
TEST(CheckTool, AWrongSeed_IsWrongUsage) { EXPECT_EQ(check(quoted(bad_file("none")) + " --seed many").exit_status, 2); }

TEST(CheckTool, AFileThatIsNoLibrary_IsAFailureWithItsName) {
    const CheckRun run = check("/etc/hostname");
    EXPECT_EQ(run.exit_status, 1);
    EXPECT_NE(run.output.find("/etc/hostname: it is not an ELF file"), std::string::npos) << run.output;
}
TEST(CheckTool, AMissingFile_IsAFailure) { EXPECT_EQ(check("/no/such/plugin.so").exit_status, 1); }

TEST(CheckTool, EveryCutOfALibrary_IsRefusedWithoutACrash) {
    std::ifstream in(bad_file("none"), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    const auto folder = std::filesystem::temp_directory_path() / ("check-tool-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    for (size_t cut = 1; cut < bytes.size(); cut += bytes.size() / 12) {
        std::ofstream(folder / "cut.so", std::ios::binary | std::ios::trunc) << bytes.substr(0, cut);
        EXPECT_EQ(check((folder / "cut.so").string() + " --only file --timeout 5").exit_status, 1) << cut;
    }
    std::filesystem::remove_all(folder);
}

TEST(CheckTool, OnlyAndSkip_ChooseTests) {
    const CheckRun run = check(quoted(bad_file("none")) + " --json --only scorer --skip scorer.budget,scorer.threads");
    EXPECT_EQ(run.result("scorer.range"), "pass");
    EXPECT_EQ(run.result("scorer.budget"), "absent");
    EXPECT_EQ(run.result("life-cycle.no-growth"), "absent");
}

TEST(CheckTool, KindWithoutComponents_RunsNoTestsOfThatKind) {
    EXPECT_EQ(check(quoted(bad_file("none")) + " --json --kind reconciler").result("scorer.range"), "absent");
    EXPECT_EQ(
        check(quoted(bad_file("none")) + " --json --kind placement-scorer --only scorer.range").result("scorer.range"),
        "pass");
}

TEST(CheckTool, ARefusedConfiguration_SkipsInsteadOfFailing) {
    const CheckRun run = check(quoted(bad_file("picky_config")) + " --json --only life-cycle");
    EXPECT_EQ(run.exit_status, 0) << run.output;
    EXPECT_EQ(run.result("life-cycle.runs"), "skip");
    EXPECT_NE(run.text("life-cycle.runs").find("--config"), std::string::npos);
    EXPECT_EQ(
        check(quoted(bad_file("picky_config")) + " --json --only life-cycle.runs --config '{\"password\":\"open\"}'")
            .result("life-cycle.runs"),
        "pass");
}

TEST(CheckTool, ATamperedLibrary_DoesNotMatchItsManifest) {
    const auto folder = std::filesystem::temp_directory_path() / ("check-tool-digest-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const std::filesystem::path source = bad_file("none");
    for (const auto &file : {source, source.parent_path() / "plugin.yaml"})
        std::filesystem::copy_file(file, folder / file.filename(), std::filesystem::copy_options::overwrite_existing);
    std::ofstream(folder / source.filename(), std::ios::binary | std::ios::app) << "x";
    const CheckRun run = check((folder / source.filename()).string() + " --json --only file.digest");
    EXPECT_EQ(run.result("file.digest"), "fail") << run.output;
    std::filesystem::remove_all(folder);
}

TEST(CheckTool, EveryTest_IsDescribedInTheDocumentation) {
    std::ifstream in(TESTING_MD);
    const std::string page(std::istreambuf_iterator<char>(in), {});
    ASSERT_FALSE(page.empty());
    const CheckRun run = check("--list --json");
    ASSERT_TRUE(run.report.is_array());
    EXPECT_GE(run.report.size(), 80u);
    for (const auto &t : run.report) {
        const std::string doc = t["doc"], anchor = doc.substr(doc.find('#') + 1);
        EXPECT_NE(page.find("<a id=\"" + anchor + "\"></a>"), std::string::npos) << anchor;
    }
}

} // namespace
} // namespace conformance
