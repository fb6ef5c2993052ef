#include "proto/trust.h"

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::expectation;
using test::key;
using test::manifest;
using test::signed_manifest;

TrustPolicy trust(std::uint8_t number) {
  return trust_single_key(key(number).public_key());
}

TEST(Trust, AcceptsWhatItsKeySigned) {
  const Bytes envelope = signed_manifest(manifest(), {1});
  const auto verified = verify_manifest(envelope, trust(1), expectation());
  ASSERT_TRUE(verified.ok()) << verified.error().detail;
  EXPECT_EQ(verified->manifest.release_version, 7u);
  EXPECT_EQ(verified->envelope_sha256, sha256(envelope));
  EXPECT_EQ(verified->signed_by, key(1).public_key().id());
}

TEST(Trust, SingleKeyIsRootReleaseAndPointerKey) {
  const TrustPolicy policy = trust(1);
  const RoleKeys alone{.keys = {key(1).public_key()}, .threshold = 1};
  EXPECT_EQ(policy.root.version, 1u);
  EXPECT_EQ(policy.root.root, alone);
  EXPECT_EQ(*policy.root.release_role("any", "aarch64"), alone);
  EXPECT_EQ(policy.root.pointer_keys("any", "aarch64"), alone.keys);
  EXPECT_EQ(policy.root.expires.seconds, 0);
  EXPECT_TRUE(policy.root_document.empty());
  EXPECT_FALSE(policy.locked);
}

TEST(Trust, NeedsTheThreshold) {
  TrustPolicy policy = trust(1);
  policy.root.release.front().signers = {
      .keys = {key(1).public_key(), key(2).public_key()}, .threshold = 2};
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {1}), policy, expectation()),
               ErrorCode::kWrongKey);
  const auto both = verify_manifest(signed_manifest(manifest(), {1, 2}), policy, expectation());
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->signers, (std::vector{key(1).public_key(), key(2).public_key()}));
  EXPECT_EQ(both->signed_by, key(1).public_key().id() + "," + key(2).public_key().id());
}

// The golden manifest, altered or cut: whatever happened to it, it is never accepted.
TEST(Trust, RefusesAFlipOfEveryBitOfAManifest) {
  const Bytes whole = signed_manifest(manifest(), {1});
  std::size_t delivered = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit, ++delivered) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verify_manifest(flipped, trust(1), expectation()).ok()) << bit;
  }
  EXPECT_GT(delivered, 4000u);
}

TEST(Trust, RefusesACutOfAManifestAtEveryLength) {
  const Bytes whole = signed_manifest(manifest(), {1});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(verify_manifest(ByteView(whole).first(size), trust(1), expectation()).ok())
        << size;
  }
  Bytes longer = whole;
  for (int byte = 0; byte < 256; ++byte) {
    longer.resize(whole.size() + 1);
    longer.back() = static_cast<std::uint8_t>(byte);
    EXPECT_FALSE(verify_manifest(longer, trust(1), expectation()).ok()) << byte;
  }
}

TEST(Trust, RefusesAnotherKeyAnotherChannelAnotherArchitecture) {
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {2}), trust(1), expectation()),
               ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {}), trust(1), expectation()),
               ErrorCode::kUnsigned);
  Expectation other = expectation();
  other.channel = "beta";
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {1}), trust(1), other),
               ErrorCode::kWrongChannel);
  other = expectation();
  other.arch = "aarch64";
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {1}), trust(1), other),
               ErrorCode::kWrongArch);
}

TEST(Trust, RefusesASignedPayloadThatIsNoManifest) {
  const SecretKey signer = key(1);
  const Bytes garbage = sign_envelope(kManifestType, as_bytes("garbage"), {&signer});
  EXPECT_ERROR(verify_manifest(garbage, trust(1), expectation()), ErrorCode::kMalformed);
}

TEST(Trust, RefusesAnExpiredReleaseFromItsSecondOn) {
  const Bytes envelope = signed_manifest(manifest(), {1});
  Expectation at = expectation();
  at.now = WallTime{test::kExpires - 1};
  EXPECT_TRUE(verify_manifest(envelope, trust(1), at).ok());
  at.now = WallTime{test::kExpires};
  const auto expired = verify_manifest(envelope, trust(1), at);
  EXPECT_ERROR(expired, ErrorCode::kExpired);
  EXPECT_THAT(expired.error().detail,
              testing::AllOf(testing::HasSubstr("expired on 2027-01-01 00:00:00 UTC"),
                             testing::HasSubstr("it is 2027-01-01 00:00:00 UTC here"),
                             testing::HasSubstr("plasmd publish --renew")));
}

TEST(Trust, NeverExpiresWhereTheManifestSaysSo) {
  Manifest document = manifest();
  document.expires = WallTime{0};
  Expectation at = expectation();
  at.now = WallTime{INT64_MAX};
  EXPECT_TRUE(verify_manifest(signed_manifest(document, {1}), trust(1), at).ok());
}

// A machine whose clock stands at 1970 must not take what expired before its image was built.
TEST(Trust, AClockThatIsBehindNeverExtendsTrust) {
  const Bytes envelope = signed_manifest(manifest(), {1});
  TrustPolicy policy = trust(1);
  Expectation at = expectation();
  for (const std::int64_t clock : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    at.now = WallTime{clock};
    policy.time_floor = WallTime{test::kExpires};
    const auto refused = verify_manifest(envelope, policy, at);
    EXPECT_ERROR(refused, ErrorCode::kExpired);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr("clock is behind"));
    policy.time_floor = WallTime{test::kExpires - 1};
    EXPECT_TRUE(verify_manifest(envelope, policy, at).ok());
  }
}

TEST(Trust, RefusesAVersionBelowTheHighestFloor) {
  const Bytes envelope = signed_manifest(manifest(), {1});  // version 7
  TrustPolicy policy = trust(1);
  Expectation floor = expectation();
  floor.min_version = 7;
  policy.min_version["beta"] = 100;
  EXPECT_TRUE(verify_manifest(envelope, policy, floor).ok());
  floor.min_version = 8;
  EXPECT_ERROR(verify_manifest(envelope, policy, floor), ErrorCode::kRollback);
  floor.min_version = 0;
  policy.min_version["stable"] = 8;
  const auto refused = verify_manifest(envelope, policy, floor);
  EXPECT_ERROR(refused, ErrorCode::kRollback);
  EXPECT_THAT(refused.error().detail, testing::HasSubstr("version 8"));
}

// The first broken rule in the documented order is the one that is named.
TEST(Trust, ChecksInItsOrder) {
  TrustPolicy policy = trust(1);
  policy.min_version["stable"] = 8;
  Expectation wrong = {
      .channel = "beta", .arch = "aarch64", .min_version = 9, .now = WallTime{test::kExpires}};
  const Bytes good = signed_manifest(manifest(), {1});
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {2}), policy, wrong),
               ErrorCode::kWrongKey);
  EXPECT_ERROR(verify_manifest(good, policy, wrong), ErrorCode::kWrongChannel);
  wrong.channel = "stable";
  EXPECT_ERROR(verify_manifest(good, policy, wrong), ErrorCode::kWrongArch);
  wrong.arch = "x86_64";
  EXPECT_ERROR(verify_manifest(good, policy, wrong), ErrorCode::kExpired);
  wrong.now = WallTime{test::kCreated};
  EXPECT_ERROR(verify_manifest(good, policy, wrong), ErrorCode::kRollback);
}

const std::vector<std::uint8_t> kPublishers = {1, 2};
const std::vector<std::string> kChannels = {"stable", "beta"};
const std::vector<std::string> kArchs = {"x86_64", "aarch64"};

struct Offer {
  std::uint8_t signer;
  Manifest document;
  Bytes envelope;
};

std::vector<Offer> every_offer() {
  std::vector<Offer> offers;
  for (const std::uint8_t signer : kPublishers) {
    for (const std::string& channel : kChannels) {
      for (const std::string& arch : kArchs) {
        for (const std::uint64_t version : {6, 7, 8}) {
          Manifest document = manifest();
          document.channel = channel;
          document.arch = arch;
          document.release_version = version;
          offers.push_back({signer, document, signed_manifest(document, {signer})});
        }
      }
    }
  }
  return offers;
}

struct Counts {
  std::size_t accepted = 0, refused = 0;
};

void offer_all(const std::vector<Offer>& offers, std::uint8_t trusted, const Expectation& asked,
               Counts& counts) {
  for (const Offer& offer : offers) {
    const bool right = offer.signer == trusted && offer.document.channel == asked.channel &&
                       offer.document.arch == asked.arch &&
                       offer.document.release_version >= asked.min_version;
    EXPECT_EQ(verify_manifest(offer.envelope, trust(trusted), asked).ok(), right)
        << int{trusted} << " " << asked.channel << "/" << asked.arch << " from "
        << asked.min_version << ": " << int{offer.signer} << " " << offer.document.channel << "/"
        << offer.document.arch << " " << offer.document.release_version;
    ++(right ? counts.accepted : counts.refused);
  }
}

// Every release of two publishers, two channels, two architectures and three versions, offered for
// every question: accepted exactly where publisher, channel and architecture are the asked ones and
// the version is at least the floor.
TEST(Trust, AcceptsNoReleaseInPlaceOfAnother) {
  const auto offers = every_offer();
  Counts counts;
  for (const std::uint8_t trusted : kPublishers) {
    for (const std::string& channel : kChannels) {
      for (const std::string& arch : kArchs) {
        for (const std::uint64_t floor : {0, 7, 9}) {
          Expectation asked = expectation();
          asked.channel = channel;
          asked.arch = arch;
          asked.min_version = floor;
          offer_all(offers, trusted, asked, counts);
        }
      }
    }
  }
  EXPECT_EQ(counts.accepted, 8u * (3 + 2 + 0));
  EXPECT_EQ(counts.refused, 24u * 24 - 40);
}

// The clock at 1970, one second before the image was built, and ten years on. It can only make the
// machine stricter: what the build time refuses, no clock brings back.
TEST(Trust, AnyClockIsAtLeastTheTimeOfTheBuild) {
  TrustPolicy policy = trust(1);
  policy.time_floor = WallTime{test::kExpires - 100};
  const Bytes envelope = signed_manifest(manifest(), {1});
  const auto at = [&](std::int64_t clock) {
    Expectation asked = expectation();
    asked.now = WallTime{clock};
    return verify_manifest(envelope, policy, asked);
  };
  constexpr std::int64_t kTenYears = 3653LL * 86400;
  EXPECT_TRUE(at(0).ok());
  EXPECT_TRUE(at(policy.time_floor.seconds - 1).ok());
  EXPECT_TRUE(at(policy.time_floor.seconds).ok());
  EXPECT_ERROR(at(policy.time_floor.seconds + 100), ErrorCode::kExpired);
  EXPECT_ERROR(at(policy.time_floor.seconds + kTenYears), ErrorCode::kExpired);
  policy.time_floor = WallTime{test::kExpires};
  for (const std::int64_t clock : {std::int64_t{0}, test::kExpires - 1, test::kExpires,
                                   test::kExpires + kTenYears}) {
    EXPECT_ERROR(at(clock), ErrorCode::kExpired) << clock;
  }
}

// The same holds for the root: it is the current one that must not have expired.
TEST(Trust, RefusesEverythingUnderAnExpiredRoot) {
  TrustPolicy policy = trust(1);
  policy.root.expires = WallTime{test::kCreated + 60};
  Expectation asked = expectation();
  asked.now = WallTime{test::kCreated + 59};
  const Bytes envelope = signed_manifest(manifest(), {1});
  EXPECT_TRUE(verify_manifest(envelope, policy, asked).ok());
  policy.time_floor = policy.root.expires;
  const auto refused = verify_manifest(envelope, policy, asked);
  EXPECT_ERROR(refused, ErrorCode::kExpired);
  EXPECT_THAT(refused.error().detail, testing::HasSubstr("clock is behind"));
}

TEST(Trust, NobodyMaySignWhatTheRootDoesNotGrant) {
  TrustPolicy policy = trust(1);
  policy.root.release.front().channels = {"beta"};
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {1}), policy, expectation()),
               ErrorCode::kNotGranted);
  // Though these bytes would not even be a manifest: nobody looks at them.
  const SecretKey signer = key(1);
  EXPECT_ERROR(verify_manifest(sign_envelope(kManifestType, as_bytes("garbage"), {&signer}), policy,
                               expectation()),
               ErrorCode::kNotGranted);
}

TEST(Trust, APolicyWithoutARootTrustsNothing) {
  EXPECT_ERROR(verify_manifest(signed_manifest(manifest(), {1}), TrustPolicy{}, expectation()),
               ErrorCode::kConfig);
}

TEST(Trust, RefusesAnotherKindOfDocument) {
  const SecretKey signer = key(1);
  const auto refused = verify_manifest(
      sign_envelope(kRootType, *encode_manifest(manifest()), {&signer}), trust(1), expectation());
  EXPECT_ERROR(refused, ErrorCode::kMalformed);
  EXPECT_THAT(refused.error().detail, testing::HasSubstr("expected " + std::string(kManifestType)));
}

}  // namespace
}  // namespace phase
