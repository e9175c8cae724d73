#include "host/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rigger::host {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

const std::string minimal =
    "manifest: 1\nid: com.example.a\nversion: 1.0.0\ncomponents: [{ id: com.example.a, kind: rig.reconciler/1 }]\n";

TEST(Manifest, ReadsEveryField) {
    const auto m = parse_manifest(R"(
manifest: 1
id: com.example.packing
version: 1.4.2
title: Pack GPUs tightly
vendor: { name: Example GmbH, url: "https://example.com", contact: plugins@example.com }
license: Apache-2.0
abi: { major: 1, min: 0, target: 3 }
library:
  - { arch: x86_64,  file: packing.so, blake2b: 0000000000000000000000000000000000000000000000000000000000000001 }
  - { arch: aarch64, file: packing.aarch64.so }
needed: [libssl.so.3]
components:
  - { id: com.example.packing, kind: rig.placement-scorer/1 }
grants:
  services: [rig.log/1, rig.metrics/1]
  http: [api.example.com, "*.example.org:8443"]
  secrets: [hotkey]
  veto: true
isolation: in-process
requires: ["com.example.base >=1.2 <2"]
conflicts: [com.example.other]
after: [com.example.base, first]
drafts: []
state: { schema: 2, reads: [1, 2] }
)",
                                  "plugin.yaml");
    ASSERT_TRUE(m.ok()) << m.error().message;
    EXPECT_EQ(m->id, "com.example.packing");
    EXPECT_EQ(m->version, "1.4.2");
    EXPECT_EQ(m->vendor_name, "Example GmbH");
    EXPECT_EQ(m->abi_target, 3u);
    EXPECT_EQ(m->library_for("aarch64")->file, "packing.aarch64.so");
    EXPECT_EQ(m->library_for("riscv64"), nullptr);
    EXPECT_THAT(m->needed, ElementsAre("libssl.so.3"));
    EXPECT_EQ(m->component("com.example.packing")->kind, "rig.placement-scorer/1");
    EXPECT_THAT(m->grants.http, ElementsAre("api.example.com", "*.example.org:8443"));
    EXPECT_TRUE(m->grants.veto);
    EXPECT_THAT(m->after, ElementsAre("com.example.base", "first"));
    EXPECT_EQ(m->state_schema, 2u);
    EXPECT_THAT(m->state_reads, ElementsAre(1u, 2u));
}

TEST(Manifest, TheMinimumIsEnough) { EXPECT_TRUE(parse_manifest(minimal, "plugin.yaml").ok()); }

struct BadManifest {
    const char *name, *text, *reason, *message;
};
class BadManifests : public testing::TestWithParam<BadManifest> {};

TEST_P(BadManifests, AreRefusedWithFileLineAndRemedy) {
    const auto m = parse_manifest(GetParam().text, "p.yaml");
    ASSERT_FALSE(m.ok());
    EXPECT_EQ(m.error().reason, GetParam().reason) << m.error().message;
    EXPECT_THAT(m.error().message, HasSubstr(GetParam().message));
}

#define HEAD "manifest: 1\nid: com.example.a\nversion: 1.0.0\n"
#define PART "components: [{ id: com.example.a, kind: rig.reconciler/1 }]\n"
INSTANTIATE_TEST_SUITE_P(
    Cases, BadManifests,
    testing::Values(
        BadManifest{"Empty", "", "ManifestSyntax", "p.yaml:1: the file is empty"},
        BadManifest{"List", "- a\n", "ManifestType", "must hold a map"},
        BadManifest{"NotYaml", "a: [", "ManifestSyntax", "not valid YAML"},
        BadManifest{"TwoDocuments", HEAD PART "---\nx: 1\n", "ManifestSyntax", "more than one document"},
        BadManifest{"Anchor", "manifest: &a 1\n", "ManifestSyntax", "an anchor"},
        BadManifest{"Alias", HEAD "title: *a\n", "ManifestSyntax", ""},
        BadManifest{"Twice", HEAD "id: com.example.b\n", "ManifestSyntax", "p.yaml:4: key 'id' stands here twice"},
        BadManifest{"UnknownKey", HEAD PART "licence: MIT\n", "ManifestUnknownKey",
                    "p.yaml:5: licence is not a known key"},
        BadManifest{"UnknownNested", HEAD PART "abi: { major: 1, max: 2 }\n", "ManifestUnknownKey",
                    "abi.max is not a known key"},
        BadManifest{"NewFormat", "manifest: 2\n", "ManifestVersion", "format 2 is not known"},
        BadManifest{"NoId", "manifest: 1\nversion: 1.0.0\n" PART, "ManifestMissing", "id is missing"},
        BadManifest{"BadId", "manifest: 1\nid: Packing\nversion: 1.0.0\n" PART, "ManifestValue",
                    "p.yaml:2: id: 'Packing' is not a reverse DNS name"},
        BadManifest{"PathId", "manifest: 1\nid: com.example/../x\nversion: 1.0.0\n" PART, "ManifestValue",
                    "not a reverse DNS name"},
        BadManifest{"BadVersion", "manifest: 1\nid: com.example.a\nversion: 1.0\n" PART, "ManifestValue",
                    "not a semantic version"},
        BadManifest{"NoComponents", HEAD, "ManifestValue", "at least one component"},
        BadManifest{"UnknownKind", HEAD "components: [{ id: com.example.a, kind: rig.oracle/1 }]\n", "ManifestValue",
                    "'rig.oracle/1' is not a kind of this host; it knows rig.cluster-backend/1"},
        BadManifest{"TwoComponents",
                    HEAD "components: [{ id: com.a, kind: rig.reconciler/1 }, { id: com.a, kind: rig.reconciler/1 }]\n",
                    "ManifestValue", "stands in two components"},
        BadManifest{"UnknownService", HEAD PART "grants: { services: [rig.root/1] }\n", "ManifestValue",
                    "'rig.root/1' is not a service"},
        BadManifest{"BadHost", HEAD PART "grants: { http: [\"http://x\"] }\n", "ManifestValue",
                    "grants.http: entry 0 'http://x' is not a host pattern"},
        BadManifest{"TextVeto", HEAD PART "grants: { veto: \"yes\" }\n", "ManifestType",
                    "grants.veto must be true or false"},
        BadManifest{"LibraryPath", HEAD PART "library: [{ arch: x86_64, file: ../evil.so }]\n", "ManifestValue",
                    "without directories"},
        BadManifest{"BadDigest", HEAD PART "library: [{ arch: x86_64, file: a.so, blake2b: 12 }]\n", "ManifestValue",
                    "64 lower-case hex digits"},
        BadManifest{"Negative", HEAD PART "abi: { min: -1 }\n", "ManifestValue", "abi.min must lie in 0..1000"},
        BadManifest{"NotANumber", HEAD PART "abi: { min: one }\n", "ManifestType", "abi.min must be a whole number"},
        BadManifest{"Isolation", HEAD PART "isolation: jail\n", "ManifestValue", "write in-process or process"}),
    [](const auto &i) { return std::string(i.param.name); });

TEST(Manifest, RefusesSizeAndDepthBeforeItBuildsAnything) {
    EXPECT_EQ(parse_manifest(std::string(70'000, '#'), "p").error().reason, "ManifestLimit");
    EXPECT_EQ(parse_manifest("a: " + std::string(5000, '['), "p").error().reason, "ManifestLimit");
    std::string bomb = "a: [";
    for (int i = 0; i < 25'000; ++i) bomb += "1,";
    EXPECT_EQ(parse_manifest(bomb + "1]", "p").error().reason, "ManifestLimit");
    EXPECT_EQ(parse_manifest(std::string("a: \0b", 5), "p").error().reason, "ManifestSyntax");
}

TEST(Manifest, ARefusalHasOneForm) {
    const Error e = refusal("AbiMinor", "com.example.packing", "1.4.2", "needs ABI 1.3, this host has 1.1",
                            "Upgrade rigger to 1.3");
    EXPECT_EQ(e.message,
              "com.example.packing 1.4.2: refused: needs ABI 1.3, this host has 1.1. Upgrade rigger to 1.3.");
}

} // namespace
} // namespace rigger::host
