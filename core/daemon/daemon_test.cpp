#include "daemon/house.hpp"
#include "daemon/logging.hpp"
#include "daemon/plugin_updates.hpp"
#include "daemon/single_instance.hpp"
#include "daemon/surroundings.hpp"
#include "daemon/thread_executor.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <vector>

namespace rigger::daemon {
namespace {

class SingleInstanceTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "rigger-XXXXXX";
        ASSERT_NE(nullptr, mkdtemp(pattern.data()));
        dir = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(dir); }
    std::filesystem::path dir;
};

TEST_F(SingleInstanceTest, SecondHolder_IsRefused_AndNamesTheFirst) {
    auto first = SingleInstance::acquire(dir / "state", dir / "run");
    ASSERT_TRUE(first.ok()) << first.error().message;
    auto second = SingleInstance::acquire(dir / "state", dir / "run2");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ("AlreadyRunning", second.error().reason);
    EXPECT_NE(std::string::npos, second.error().message.find("pid " + std::to_string(getpid())));
}

TEST_F(SingleInstanceTest, Lock_IsFree_OnceTheHolderWentAway) {
    { ASSERT_TRUE(SingleInstance::acquire(dir / "state", dir / "run").ok()); }
    EXPECT_FALSE(std::filesystem::exists(dir / "run/riggerd.pid"));
    EXPECT_TRUE(SingleInstance::acquire(dir / "state", dir / "run").ok());
}

TEST_F(SingleInstanceTest, DirectoryThatCannotBeMade_IsAnErrorWithARemedy) {
    std::ofstream(dir / "file") << "x";
    auto held = SingleInstance::acquire(dir / "file" / "state", dir / "run");
    ASSERT_FALSE(held.ok());
    EXPECT_EQ("DirectoryMissing", held.error().reason);
}

TEST_F(SingleInstanceTest, SecretsThatCannotBeRead_AreToldWithTheirLine) {
    std::ofstream(dir / "seed") << "the seed of this test";
    std::filesystem::permissions(dir / "seed", std::filesystem::perms::owner_read);
    const std::string text = "plugin: com.example.x\nsecrets:\n  good: ${file:" + (dir / "seed").string() +
                             "}\n  gone: ${file:" + (dir / "none").string() + "}\n  unset: ${env:RIGGER_NOT_SET}\n";
    const auto file = host::parse_instance_file(text, "50-x.yaml");
    ASSERT_TRUE(file.ok()) << file.error().message;
    const auto wrong = check_secrets(*file);
    ASSERT_EQ(2u, wrong.size());
    EXPECT_EQ("50-x.yaml:4: secrets.gone: secret file '" + (dir / "none").string() + "': No such file or directory",
              wrong[0]);
    EXPECT_EQ("50-x.yaml:5: secrets.unset: environment variable 'RIGGER_NOT_SET' is not set", wrong[1]);
}

/// A daemon without plugins, in a directory of its own.
class HouseTest : public SingleInstanceTest {
protected:
    void SetUp() override {
        SingleInstanceTest::SetUp();
        std::filesystem::create_directories(dir / "enabled");
        write("info");
        auto config = Config::load(dir / "rigger.yaml");
        ASSERT_TRUE(config.ok()) << config.error().message;
        auto opened = House::open(dir / "rigger.yaml", *std::move(config), logger);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        house = *std::move(opened);
    }
    void TearDown() override {
        house.reset();
        SingleInstanceTest::TearDown();
    }
    void write(const std::string &level) const {
        std::ofstream(dir / "rigger.yaml")
            << "state_dir: " << (dir / "state").string() << "\nruntime_dir: " << (dir / "run").string()
            << "\nplugins: {path: [" << dir.string() << "], enabled: " << (dir / "enabled").string()
            << ", cache: " << (dir / "cache").string() << "}\nlog: {level: " << level << "}\n";
    }
    std::string reload() {
        const Status taken = house->reload();
        return taken.ok() ? "" : taken.error().message;
    }
    std::shared_ptr<spdlog::logger> logger = make_logger("info", "text");
    std::unique_ptr<House> house;
};

TEST_F(HouseTest, Reload_SaysWhatWasTakenAndWhatWasNot) {
    write("error");
    EXPECT_EQ(reload(), "");
    EXPECT_EQ(logger->level(), spdlog::level::err);
    write("loud");
    EXPECT_TRUE(reload().starts_with("the configuration was not reloaded, the daemon runs on with the one before: "))
        << reload();
    EXPECT_EQ(logger->level(), spdlog::level::err);
    write("warn");
    std::filesystem::rename(dir / "enabled", dir / "elsewhere");
    EXPECT_TRUE(reload().starts_with("the configuration was reloaded, but the plugins were not")) << reload();
    EXPECT_EQ(logger->level(), spdlog::level::warn) << "as it says";
    std::filesystem::rename(dir / "elsewhere", dir / "enabled");
    EXPECT_EQ(reload(), "");
}

TEST(ThreadExecutor, Run_GivesEveryChunkOnce_AndWorkersNeverOverlap) {
    ThreadExecutor executor(4);
    ASSERT_EQ(4u, executor.width());
    for (int round = 0; round < 200; ++round) {
        std::vector<std::atomic<int>> seen(97);
        std::vector<std::atomic<int>> inside(4);
        std::atomic<bool> overlapped{false};
        executor.run(seen.size(), [&](size_t chunk, size_t worker) {
            if (inside[worker].fetch_add(1) != 0) overlapped = true;
            ++seen[chunk];
            --inside[worker];
        });
        for (auto &count : seen) ASSERT_EQ(1, count.load());
        ASSERT_FALSE(overlapped.load());
    }
}

TEST(ThreadExecutor, Run_WithNoChunks_Returns) {
    ThreadExecutor executor(3);
    executor.run(0, [](size_t, size_t) { FAIL(); });
}

class NamedScorer final : public PlacementScorer {
public:
    NamedScorer(std::string name, ScoreRole role) {
        traits_.name = std::move(name);
        traits_.role = role;
    }
    const ScorerTraits &traits() const override { return traits_; }
    Status score(const ScoreBatchView &) override { return {}; }
    Result<std::string> explain(const ScoreBatchView &, uint64_t, uint64_t) override { return std::string("{}"); }
    Status appraise(const TableView &, std::span<double>) override { return {}; }

private:
    ScorerTraits traits_;
};

TEST(IdleValueScorers, AreThoseBehindTheFirst) {
    host::LivePorts ports;
    const auto add = [&](const char *name, ScoreRole role) {
        ports.scorers.push_back(std::make_shared<NamedScorer>(name, role));
    };
    add("packing", ScoreRole::preference);
    add("profit", ScoreRole::value);
    EXPECT_TRUE(idle_value_scorers(ports).empty());
    add("mine", ScoreRole::value);
    add("fragmentation", ScoreRole::preference);
    const auto idle = idle_value_scorers(ports);
    ASSERT_EQ(1u, idle.size());
    EXPECT_NE(std::string::npos, idle[0].find("'mine' counts for nothing: 'profit' comes before it")) << idle[0];
}

/// What a line of the log says behind "part: ".
std::string line_of(const std::string &message, const std::string &format = "text") {
    testing::internal::CaptureStderr();
    make_log(make_logger("info", format))->write(LogLevel::warn, "part", message);
    const std::string line = testing::internal::GetCapturedStderr();
    return line.substr(std::min(line.find("part: ") + 6, line.size()));
}

TEST(Logging, AMessageOfForeignTextIsOneLineOfPrintableUtf8) {
    EXPECT_EQ("as it is\n", line_of("as it is"));
    EXPECT_EQ("部署 grün\n", line_of("部署 grün"));
    EXPECT_EQ("a  b\n", line_of("a\r\nb")) << "a line break forges a line of ours";
    EXPECT_EQ(" [31mred [0m\n", line_of("\x1b[31mred\x1b[0m")) << "an escape sequence speaks to the terminal";
    EXPECT_EQ("a  31m\n", line_of("a\xc2\x9b"
                                  "31m"))
        << "one character that begins an escape sequence";
    EXPECT_EQ("a\xef\xbf\xbd"
              "b\n",
              line_of("a\xff"
                      "b"));
    EXPECT_EQ("a\\nb\"}\n", line_of("a\nb", "json"));
}

} // namespace
} // namespace rigger::daemon
