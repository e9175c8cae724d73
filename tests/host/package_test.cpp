// Everything that is said of a package on disk, without its code in this process.
#include "support.hpp"

#include "host/files.hpp"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace rigger::host::test {
namespace {
using testing::HasSubstr;

class Packages : public testing::Test {
protected:
    Packages() : package(directory.path() / "plugins" / "com.example.all") {
        std::filesystem::create_directories(package);
        std::filesystem::copy(std::filesystem::path(RIGGER_TEST_PLUGINS) / "com.example.all", package,
                              std::filesystem::copy_options::recursive);
        ::chmod((package / "com.example.all.so").c_str(), 0755);
        options.cache_dir = directory.path() / "cache";
        options.probe = RIGGER_PROBE;
    }
    void replace_in_manifest(const std::string &from, const std::string &to) {
        std::string text = read_file(package / "plugin.yaml");
        const size_t at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        write_file(package / "plugin.yaml", text.replace(at, from.size(), to));
    }
    std::string reason() {
        const auto checked = check_package(package, options);
        if (checked.ok()) return "";
        message = checked.error().message;
        return checked.error().reason;
    }
    Directory directory;
    std::filesystem::path package;
    CheckOptions options;
    std::string message;
};

TEST_F(Packages, AGoodOneIsCopiedHashedReadAndProbed) {
    const auto checked = check_package(package, options);
    ASSERT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_EQ(checked->digest.size(), 64u);
    EXPECT_EQ(checked->cached, options.cache_dir / (checked->digest + ".so"));
    EXPECT_EQ(checked->elf.note_id, "com.example.all");
    EXPECT_EQ(checked->elf.note_version, "1.2.3");
    EXPECT_EQ(checked->elf.exports, std::vector<std::string>{"rig_plugin_v1"});
    ASSERT_EQ(checked->probe.components.size(), 6u);
    EXPECT_THAT(checked->probe.components[4].config_schema, HasSubstr("additionalProperties"));
    struct stat st {};
    ::stat(checked->cached.c_str(), &st);
    EXPECT_EQ(st.st_mode & 07777, 0444u);
    ::stat(options.cache_dir.c_str(), &st);
    EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(Packages, WithoutCacheNothingIsCopiedAndNoCodeRuns) {
    const auto checked = check_package(package, {});
    ASSERT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_TRUE(checked->cached.empty());
    EXPECT_TRUE(checked->probe.components.empty());
    EXPECT_EQ(checked->digest.size(), 64u);
}

TEST_F(Packages, AChangedLibraryIsRefused) {
    std::ofstream(package / "com.example.all.so", std::ios::app | std::ios::binary) << "x";
    EXPECT_EQ(reason(), "DigestMismatch");
    EXPECT_THAT(message, HasSubstr("com.example.all 1.2.3: refused: its library has digest "));
}

TEST_F(Packages, AMissingDigestIsRefusedUnlessAllowed) {
    const std::string manifest = read_file(package / "plugin.yaml");
    const size_t at = manifest.find(", blake2b: ");
    ASSERT_NE(at, std::string::npos);
    write_file(package / "plugin.yaml", std::string(manifest).erase(at, 11 + 64));
    EXPECT_EQ(reason(), "DigestMissing");
    options.require_digest = false;
    EXPECT_EQ(reason(), "");
}

TEST_F(Packages, AFileThatOthersMayWriteIsRefused) {
    ::chmod((package / "com.example.all.so").c_str(), 0666);
    EXPECT_EQ(reason(), "UntrustedFile");
    EXPECT_THAT(message, HasSubstr("Run: chmod go-w "));
    options.check_permissions = false;
    EXPECT_EQ(reason(), "");
}

TEST_F(Packages, ADirectoryThatOthersMayWriteIsRefused) {
    ::chmod((directory.path() / "plugins").c_str(), 0777);
    EXPECT_EQ(reason(), "UntrustedDirectory");
}

TEST_F(Packages, ALinkInsteadOfALibraryIsRefused) {
    std::filesystem::rename(package / "com.example.all.so", directory.path() / "real.so");
    std::filesystem::create_symlink(directory.path() / "real.so", package / "com.example.all.so");
    options.check_permissions = false;
    EXPECT_EQ(reason(), "FileDenied");
    EXPECT_THAT(message, HasSubstr("symbolic link"));
}

TEST_F(Packages, AMissingLibraryIsRefused) {
    std::filesystem::remove(package / "com.example.all.so");
    EXPECT_EQ(reason(), "FileMissing");
}

TEST_F(Packages, WhatIsNotALibraryIsRefused) {
    write_file(package / "com.example.all.so", "#!/bin/sh\n");
    ::chmod((package / "com.example.all.so").c_str(), 0755);
    const auto digest = hash_file(package / "com.example.all.so");
    const std::string manifest = read_file(package / "plugin.yaml");
    const size_t at = manifest.find("blake2b: ") + 9;
    write_file(package / "plugin.yaml", std::string(manifest).replace(at, 64, *digest));
    EXPECT_EQ(reason(), "NotElf");
}

TEST_F(Packages, ManifestAndHostMustFit) {
    struct Case {
        const char *from, *to, *reason;
    };
    const Case cases[] = {{"min: 0", "min: 9", "AbiMinor"},
                          {"major: 1", "major: 2", "AbiMajor"},
                          {"version: 1.2.3", "version: 1.2.4", "NoteMismatch"},
                          {"in-process", "process", "IsolationUnsupported"},
                          {"com.example.all.lone, kind: rig.reconciler/1",
                           "com.example.all.lone, kind: rig.placement-scorer/1", "KindMismatch"},
                          {"com.example.all.lone,", "com.example.all.loner,", "ComponentUndeclared"}};
    const std::string good = read_file(package / "plugin.yaml");
    for (const Case &c : cases) {
        replace_in_manifest(c.from, c.to);
        EXPECT_EQ(reason(), c.reason) << c.to;
        write_file(package / "plugin.yaml", good);
    }
}

TEST_F(Packages, TheProbeIsAskedOncePerDigest) {
    ASSERT_EQ(reason(), "");
    options.probe = "/nonexistent/rigger-plugin-probe";
    EXPECT_EQ(reason(), "");
    std::filesystem::remove_all(options.cache_dir);
    EXPECT_EQ(reason(), "ProbeFailed");
}

TEST_F(Packages, AreFoundByIdWithTheHighestVersion) {
    for (const char *version : {"1.9.0", "1.10.0", "1.10.0-rc1"}) {
        const auto dir = directory.path() / "more" / "com.example.all" / version;
        write_file(dir / "plugin.yaml",
                   "manifest: 1\nid: com.example.all\nversion: " + std::string(version) +
                       "\ncomponents: [{ id: com.example.all.source, kind: rig.validator-source/1 }]\n");
    }
    write_file(directory.path() / "more" / "broken" / "plugin.yaml", "manifest: [");
    const auto found = find_packages({directory.path() / "more", directory.path() / "nowhere"});
    ASSERT_EQ(found.size(), 4u);
    const auto *best = find_package(found, "com.example.all");
    ASSERT_NE(best, nullptr);
    EXPECT_EQ(best->manifest->version, "1.10.0");
    EXPECT_EQ(find_package(found, "com.example.none"), nullptr);
}

} // namespace
} // namespace rigger::host::test
