// Goal: whatever the network offers, the choice is the highest release version that a pointer key
// signed for this channel and architecture. Method: signed items made from values.
#include "boot/pointer_choice.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

struct World {
  SecretKey key = SecretKey::generate(system_random());
  PointerChoice choice{{key.public_key()}, "stable", "x86_64", 0};

  static Bytes value(std::uint64_t version, std::uint8_t manifest = 1) {
    Pointer pointer;
    pointer.release_version = version;
    pointer.manifest_sha256.fill(manifest);
    return encode_pointer(pointer);
  }
  [[nodiscard]] SignedItem item(std::uint64_t version, std::int64_t seq, int salt = 0,
                                std::uint8_t manifest = 1) const {
    return sign_item(key, pointer_salt("stable", "x86_64", salt), seq, value(version, manifest));
  }
};

TEST(PointerChoice, TakesTheHighestVersionWhateverTheSeqSays) {
  World world;
  EXPECT_TRUE(*world.choice.offer(world.item(2, 10)));
  EXPECT_FALSE(*world.choice.offer(world.item(1, 99)));
  EXPECT_EQ(world.choice.best()->release_version, 2u);
  EXPECT_TRUE(*world.choice.offer(world.item(3, 5)));
  EXPECT_EQ(world.choice.best()->release_version, 3u);
}

TEST(PointerChoice, TakesTheHigherSeqOfTheSameVersion) {
  World world;
  EXPECT_TRUE(*world.choice.offer(world.item(2, 10, 0, 1)));
  EXPECT_TRUE(*world.choice.offer(world.item(2, 11, 0, 2)));
  EXPECT_EQ(world.choice.best()->manifest_sha256[0], 2);
}

TEST(PointerChoice, RefusesAnotherKey) {
  World world;
  const World stranger;
  const auto offered = world.choice.offer(stranger.item(9, 9));
  ASSERT_FALSE(offered.ok());
  EXPECT_EQ(offered.error().code, ErrorCode::kWrongKey);
  EXPECT_FALSE(world.choice.best().has_value());
}

TEST(PointerChoice, RefusesAForgedSignature) {
  World world;
  SignedItem forged = world.item(2, 10);
  forged.value = World::value(3);
  const auto offered = world.choice.offer(forged);
  ASSERT_FALSE(offered.ok());
  EXPECT_EQ(offered.error().code, ErrorCode::kBadSignature);
}

TEST(PointerChoice, RefusesAPointerOfAnotherChannel) {
  World world;
  const auto offered = world.choice.offer(
      sign_item(world.key, pointer_salt("testing", "x86_64", 0), 1, World::value(5)));
  ASSERT_FALSE(offered.ok());
  EXPECT_EQ(offered.error().code, ErrorCode::kWrongChannel);
}

TEST(PointerChoice, RefusesAVersionBelowTheFloor) {
  World world;
  PointerChoice choice({world.key.public_key()}, "stable", "x86_64", 7);
  const auto offered = choice.offer(world.item(6, 1));
  ASSERT_FALSE(offered.ok());
  EXPECT_EQ(offered.error().code, ErrorCode::kRollback);
  EXPECT_TRUE(*choice.offer(world.item(7, 1)));
}

TEST(PointerChoice, CollectsTheItemsOfTheBestPointerOnly) {
  World world;
  for (int salt = 0; salt < 2; ++salt) ASSERT_TRUE(world.choice.offer(world.item(1, 1, salt)).ok());
  ASSERT_TRUE(world.choice.offer(world.item(2, 2, 2)).ok());
  EXPECT_EQ(world.choice.items().size(), 1u);
  for (int salt = 0; salt < 2; ++salt) ASSERT_TRUE(world.choice.offer(world.item(2, 2, salt)).ok());
  EXPECT_EQ(world.choice.items().size(), 3u);
}

TEST(PointerChoice, AsksEverySaltOfEveryKey) {
  const World one, two;
  const PointerChoice choice({one.key.public_key(), two.key.public_key()}, "stable", "x86_64", 0);
  EXPECT_EQ(choice.questions().size(), 6u);
}

// One of three pointer keys is stolen and points to a version that nobody ever signed.
TEST(PointerChoice, GoesOnWithAnotherKeyWhereTheManifestWasRefused) {
  const World honest, stolen;
  PointerChoice choice({honest.key.public_key(), stolen.key.public_key()}, "stable", "x86_64", 0);
  EXPECT_TRUE(*choice.offer(honest.item(2, 10)));
  EXPECT_TRUE(*choice.offer(stolen.item(999, 1)));
  EXPECT_TRUE(choice.has_other());
  EXPECT_EQ(choice.best()->release_version, 999u);
  EXPECT_TRUE(choice.refuse_best());
  EXPECT_EQ(choice.best()->release_version, 2u);
  EXPECT_EQ(choice.items().size(), 1u);
  EXPECT_EQ(choice.items().front().key, honest.key.public_key());
  EXPECT_FALSE(choice.has_other());
  // The same again, and what it signed before, say nothing new.
  EXPECT_FALSE(*choice.offer(stolen.item(999, 2)));
  EXPECT_FALSE(*choice.offer(stolen.item(3, 3)));
  EXPECT_EQ(choice.best()->release_version, 2u);
}

TEST(PointerChoice, IsNotKeptBusyByAKeyThatWasRefusedAgainAndAgain) {
  const World honest, stolen;
  PointerChoice choice({honest.key.public_key(), stolen.key.public_key()}, "stable", "x86_64", 0);
  EXPECT_TRUE(*choice.offer(honest.item(2, 10)));
  for (std::uint64_t version = 100; version < 100 + kMaxRefused; ++version) {
    EXPECT_TRUE(*choice.offer(stolen.item(version, 1)));
    EXPECT_TRUE(choice.refuse_best());
  }
  EXPECT_FALSE(*choice.offer(stolen.item(1000, 1)));
  EXPECT_EQ(choice.best()->release_version, 2u);
}

// Of the only key there is, an older pointer is a replay: refusing the newest leads nowhere.
TEST(PointerChoice, NeverGoesBackToAnOlderPointerOfTheSameKey) {
  World world;
  EXPECT_TRUE(*world.choice.offer(world.item(5, 10)));
  EXPECT_FALSE(world.choice.refuse_best());
  EXPECT_FALSE(*world.choice.offer(world.item(4, 11)));
  EXPECT_FALSE(world.choice.best().has_value());
  EXPECT_TRUE(*world.choice.offer(world.item(6, 12)));
}

TEST(PointerChoice, ForgetsWhatARevokedKeySigned) {
  const World old_key, new_key;
  PointerChoice choice({old_key.key.public_key()}, "stable", "x86_64", 0);
  EXPECT_TRUE(*choice.offer(old_key.item(9, 1)));
  choice.set_keys({new_key.key.public_key()});
  EXPECT_FALSE(choice.best().has_value());
  EXPECT_EQ(choice.offer(old_key.item(10, 2)).error().code, ErrorCode::kWrongKey);
  EXPECT_TRUE(*choice.offer(new_key.item(3, 1)));
  EXPECT_EQ(choice.questions().size(), std::size_t{kPointerSalts});
}

}  // namespace
}  // namespace phase::boot
