#include "host/elf.hpp"

#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace rigger::host {
namespace {

std::vector<std::byte> bytes_of(const char *path) {
    std::vector<std::byte> out(std::filesystem::file_size(path)); // a sanitized executable is large: read in one go
    std::ifstream(path, std::ios::binary)
        .read(reinterpret_cast<char *>(out.data()), static_cast<std::streamsize>(out.size()));
    return out;
}

TEST(Elf, RefusesWhatIsNone) {
    EXPECT_EQ(read_elf(std::span<const std::byte>()).error().reason, "NotElf");
    const std::vector<std::byte> zeros(4096);
    EXPECT_EQ(read_elf(zeros).error().reason, "NotElf");
    EXPECT_EQ(read_elf("/dev/null").error().reason, "NotElf");
    EXPECT_EQ(read_elf("/nonexistent").error().reason, "FileUnreadable");
}

TEST(Elf, RefusesOtherClassesAndTypes) {
    auto self = bytes_of("/proc/self/exe");
    auto narrow = self;
    narrow[EI_CLASS] = std::byte{ELFCLASS32};
    EXPECT_EQ(read_elf(narrow).error().reason, "ElfUnsupported");
    auto program = self;
    const uint16_t type = ET_EXEC;
    std::memcpy(program.data() + offsetof(Elf64_Ehdr, e_type), &type, sizeof type);
    EXPECT_EQ(read_elf(program).error().reason, "NotSharedObject");
}

TEST(Elf, ReadsARealFile) {
    const auto facts = read_elf(bytes_of("/proc/self/exe")); // a position-independent executable is an ET_DYN
    ASSERT_TRUE(facts.ok()) << facts.error().message;
    EXPECT_THAT(facts->needed, testing::Contains("libc.so.6"));
    EXPECT_FALSE(facts->has_note);
    EXPECT_FALSE(facts->executable_stack);
    EXPECT_FALSE(facts->text_relocations);
}

TEST(Elf, SurvivesEveryTruncationAndManyFlippedBytes) {
    const auto whole = bytes_of("/proc/self/exe");
    const size_t head = std::min<size_t>(whole.size(), 8192);
    for (size_t n = 0; n < head; n += 13) (void)read_elf(std::span(whole).first(n));
    std::mt19937_64 random(1);
    auto broken = whole;
    for (int round = 0; round < 300; ++round) {
        std::vector<std::pair<size_t, std::byte>> undo;
        for (int i = 0; i < 8; ++i) {
            const size_t at = random() % head;
            undo.emplace_back(at, broken[at]);
            broken[at] = static_cast<std::byte>(random());
        }
        (void)read_elf(broken);
        for (auto u = undo.rbegin(); u != undo.rend(); ++u) broken[u->first] = u->second;
    }
}

} // namespace
} // namespace rigger::host
