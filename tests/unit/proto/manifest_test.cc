#include "proto/manifest.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::manifest;

/// The code with which encode_manifest() refuses manifest() after `change`.
Result<Bytes> changed(const std::function<void(Manifest&)>& change) {
  Manifest document = manifest();
  change(document);
  return encode_manifest(document);
}

TEST(Manifest, GoesToBytesAndBack) {
  const Manifest before = manifest();
  const Bytes bytes = *encode_manifest(before);
  const auto after = decode_manifest(bytes);
  ASSERT_TRUE(after.ok()) << after.error().detail;
  EXPECT_EQ(after->channel, before.channel);
  EXPECT_EQ(after->arch, before.arch);
  EXPECT_EQ(after->release_version, before.release_version);
  EXPECT_EQ(after->created, before.created);
  EXPECT_EQ(after->expires, before.expires);
  ASSERT_EQ(after->artifacts.size(), before.artifacts.size());
  for (std::size_t i = 0; i < before.artifacts.size(); ++i) {
    EXPECT_EQ(after->artifacts[i].role, before.artifacts[i].role);
    EXPECT_EQ(after->artifacts[i].name, before.artifacts[i].name);
    EXPECT_EQ(after->artifacts[i].size, before.artifacts[i].size);
    EXPECT_EQ(after->artifacts[i].sha256, before.artifacts[i].sha256);
    EXPECT_EQ(after->artifacts[i].pieces_root, before.artifacts[i].pieces_root);
    EXPECT_EQ(after->artifacts[i].compatible, before.artifacts[i].compatible);
  }
  EXPECT_EQ(after->cmdline, before.cmdline);
  EXPECT_EQ(after->kernel_release, before.kernel_release);
  EXPECT_EQ(after->kernel_memory, before.kernel_memory);
  EXPECT_EQ(after->initramfs_unpacked, before.initramfs_unpacked);
  EXPECT_EQ(after->min_memory, before.min_memory);
  EXPECT_EQ(*encode_manifest(*after), bytes);
}

// Machines out there hold these bytes: another hash here is another format.
TEST(Manifest, GoldenBytesNeverChange) {
  EXPECT_EQ(to_hex(sha256(test::signed_manifest(manifest(), {1, 2}))),
            "09e26e88d7aff7ae732edac74605a9f7e89b2299d9e35e8ed2641ad1bde415d6");
}

TEST(Manifest, FindsAndSums) {
  const Manifest document = manifest();
  ASSERT_NE(document.find(Role::kInitramfs), nullptr);
  EXPECT_EQ(document.find(Role::kInitramfs)->name, "initramfs");
  EXPECT_EQ(document.find(Role::kRootfs), nullptr);
  EXPECT_EQ(document.total_bytes(), 3000u + 6 + 9 + 14);
}

TEST(Manifest, AcceptsItsLimits) {
  EXPECT_TRUE(changed([](Manifest& m) { m.expires = WallTime{0}; }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.expires = m.created; }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.channel = std::string(40, 'c'); }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.cmdline = std::string(kMaxCmdline, 'c'); }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.cmdline.clear(); }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.kernel_release.clear(); }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.release_version = INT64_MAX; }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.artifacts[0].size = kMaxArtifactBytes; }).ok());
  EXPECT_TRUE(changed([](Manifest& m) { m.artifacts[2].compatible.clear(); }).ok());
}

TEST(Manifest, EveryRuleRefusesWhatBreaksIt) {
  using M = Manifest;
  const std::pair<const char*, std::function<void(M&)>> rules[] = {
      {"channel", [](M& m) { m.channel = "Stable"; }},
      {"no channel", [](M& m) { m.channel.clear(); }},
      {"arch not normalised", [](M& m) { m.arch = "amd64"; }},
      {"unknown arch", [](M& m) { m.arch = "i386"; }},
      {"version 0", [](M& m) { m.release_version = 0; }},
      {"version over 63 bits", [](M& m) { m.release_version = 1ULL << 63; }},
      {"created before 1970", [](M& m) { m.created = WallTime{-1}; }},
      {"expires before 1970", [](M& m) { m.expires = WallTime{-1}; }},
      {"expires after 9999", [](M& m) { m.expires = WallTime{INT64_MAX}; }},
      {"expires before created", [](M& m) { m.expires = WallTime{m.created.seconds - 1}; }},
      {"no artifacts", [](M& m) { m.artifacts.clear(); }},
      {"no kernel", [](M& m) { m.artifacts.erase(m.artifacts.begin()); }},
      {"no initramfs", [](M& m) { m.artifacts.erase(m.artifacts.begin() + 1); }},
      {"two kernels", [](M& m) { m.artifacts.push_back(m.artifacts[0]); }},
      {"two initramfs", [](M& m) { m.artifacts.push_back(m.artifacts[1]); }},
      {"one device tree twice", [](M& m) { m.artifacts.push_back(m.artifacts[2]); }},
      {"a file and a folder",
       [](M& m) {
         m.artifacts.push_back(m.artifacts[2]);
         m.artifacts.back().name += "/x";
       }},
      {"a kernel by another name", [](M& m) { m.artifacts[0].name = "vmlinuz"; }},
      {"roles swapped", [](M& m) { std::swap(m.artifacts[0].role, m.artifacts[1].role); }},
      {"a device tree elsewhere", [](M& m) { m.artifacts[2].name = "board.dtb"; }},
      {"a path out of the release", [](M& m) { m.artifacts[2].name = "dtbs/../kernel"; }},
      {"an unknown role", [](M& m) { m.artifacts[2].role = static_cast<Role>(5); }},
      {"an empty artifact", [](M& m) { m.artifacts[1].size = 0; }},
      {"an artifact too large", [](M& m) { m.artifacts[1].size = kMaxArtifactBytes + 1; }},
      {"a size that overflows a sum", [](M& m) { m.artifacts[1].size = UINT64_MAX; }},
      {"no SHA-256", [](M& m) { m.artifacts[1].sha256 = {}; }},
      {"no pieces root", [](M& m) { m.artifacts[1].pieces_root = {}; }},
      {"a kernel for a machine", [](M& m) { m.artifacts[0].compatible = "acme,board"; }},
      {"a machine with a blank", [](M& m) { m.artifacts[2].compatible = "acme board"; }},
      {"a machine too long", [](M& m) { m.artifacts[2].compatible = std::string(129, 'a'); }},
      {"cmdline too long", [](M& m) { m.cmdline = std::string(kMaxCmdline + 1, 'c'); }},
      {"cmdline with a newline", [](M& m) { m.cmdline = "quiet\ninit=/bin/sh"; }},
      {"cmdline with a NUL", [](M& m) { m.cmdline = std::string("a\0b", 3); }},
      {"cmdline beyond ASCII", [](M& m) { m.cmdline = "\xc3\xa9"; }},
      {"cmdline with an open quote", [](M& m) { m.cmdline = "a=\"b"; }},
      {"kernel release with a blank", [](M& m) { m.kernel_release = "6.1 x"; }},
      {"kernel release too long", [](M& m) { m.kernel_release = std::string(65, '6'); }},
      {"kernel memory", [](M& m) { m.kernel_memory = UINT64_MAX; }},
      {"unpacked size", [](M& m) { m.initramfs_unpacked = UINT64_MAX; }},
      {"least memory", [](M& m) { m.min_memory = UINT64_MAX; }},
      {"too many artifacts",
       [](M& m) {
         while (m.artifacts.size() <= kMaxArtifacts) {
           m.artifacts.push_back(m.artifacts[2]);
           m.artifacts.back().name = "dtbs/" + std::to_string(m.artifacts.size());
         }
       }},
  };
  for (const auto& [rule, change] : rules) {
    SCOPED_TRACE(rule);
    EXPECT_ERROR(changed(change), ErrorCode::kUsage);
  }
}

TEST(Manifest, RefusesOneThatIsTooLargeToSend) {
  EXPECT_ERROR(changed([](Manifest& m) {
                 while (m.artifacts.size() < kMaxArtifacts) {
                   m.artifacts.push_back(m.artifacts[2]);
                   m.artifacts.back().name =
                       "dtbs/" + std::to_string(m.artifacts.size()) + std::string(100, 'n');
                   m.artifacts.back().compatible = std::string(128, 'c');
                 }
               }),
               ErrorCode::kUsage);
  EXPECT_ERROR(decode_manifest(Bytes(kMaxManifestBytes + 1)), ErrorCode::kMalformed);
}

// The payload is only decoded once it is verified; these are a publisher's own mistakes or a
// stolen key's attempts, and each must be refused all the same.
TEST(Manifest, DecodingRefusesACutAtEveryLengthButWholeFields) {
  const Bytes whole = *encode_manifest(manifest());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode_manifest(ByteView(whole).first(size));
    if (!cut.ok()) continue;
    // A cut between two optional fields leaves a manifest that says less.
    EXPECT_EQ(*encode_manifest(*cut),
              Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  EXPECT_FALSE(decode_manifest(ByteView(whole).first(whole.size() / 2)).ok());
}

TEST(Manifest, DecodingAcceptsOnlyWhatEncodingWrites) {
  const Bytes whole = *encode_manifest(manifest());
  int accepted = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto decoded = decode_manifest(flipped);
    if (!decoded.ok()) continue;
    ++accepted;  // another hash or number, say
    const auto again = encode_manifest(*decoded);
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(*again, flipped);
  }
  EXPECT_GT(accepted, 0);
}

TEST(Manifest, DecodingRefusesUnknownFieldsAndOtherEncodings) {
  const Bytes whole = *encode_manifest(manifest());
  Bytes unknown = whole;
  unknown.insert(unknown.end(), {15 << 3 | 0, 1});
  EXPECT_ERROR(decode_manifest(unknown), ErrorCode::kMalformed);
  Bytes twice = whole;
  twice.insert(twice.end(), {1 << 3 | 0, 1});  // the format again
  EXPECT_ERROR(decode_manifest(twice), ErrorCode::kMalformed);
  Bytes zero = whole;
  zero.insert(zero.end(), {13 << 3 | 0, 0});
  EXPECT_ERROR(decode_manifest(zero), ErrorCode::kMalformed);
  Bytes longer = whole;
  ASSERT_EQ(longer[1], 1);  // format 1, as a varint of two bytes
  longer[1] = 0x81;
  longer.insert(longer.begin() + 2, 0);
  EXPECT_ERROR(decode_manifest(longer), ErrorCode::kMalformed);
}

TEST(Manifest, DecodingRefusesAnotherFormatAndSaysSo) {
  Bytes later = *encode_manifest(manifest());
  later[1] = 2;
  const auto decoded = decode_manifest(later);
  EXPECT_ERROR(decoded, ErrorCode::kMalformed);
  EXPECT_NE(decoded.error().detail.find("format 2"), std::string::npos);
}

TEST(Manifest, IsJsonForPeople) {
  const auto json = nlohmann::json::parse(manifest_json(manifest()));
  EXPECT_EQ(json.at("release_version"), 7);
  EXPECT_EQ(json.at("artifacts").at(0).at("name"), "kernel");
  EXPECT_EQ(json.at("artifacts").at(0).at("sha256"), to_hex(manifest().artifacts[0].sha256));
  EXPECT_EQ(json.at("artifacts").at(2).at("compatible"), "acme,board");
  EXPECT_EQ(json.at("cmdline"), manifest().cmdline);
  Manifest odd = manifest();
  odd.cmdline = "\xff\"\\";
  EXPECT_TRUE(nlohmann::json::accept(manifest_json(odd))) << "no UTF-8 comes out";
}

}  // namespace
}  // namespace phase
