// Goal: keys go to minisign and come back, and no file makes us sign with a wrong key or pay more
// than minisign does. Method: files of Debian's minisign 0.11, our own files read by that program,
// and every way to spoil them.
#include "proto/minisign.h"

#include <sys/stat.h>

#include <algorithm>

#include "proto/checksums.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

using test::key;
using test::run;

// `minisign -G -W` of Debian 12 (0.11); its comment says "encrypted" all the same.
constexpr const char* kUnencrypted =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAkUf6"
    "h/X1KoiKexnuuopnFLCdo4IieZZ66a/9ph4trQWZwZJutc9raR9mR77Jz6Eq5JRMF2KQw9gQ73R1"
    "6TUWxpHy+cusUvE9AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
constexpr const char* kItsPublicKey = "RWSRR/qH9fUqiB9mR77Jz6Eq5JRMF2KQw9gQ73R16TUWxpHy+cusUvE9";

// libsodium's least: a millisecond and 16 MiB, so that a test can try many passwords.
constexpr ScryptCost kCheap{32'768, 16'777'216};

class Fixed final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 9); }
};

std::string exported(const SecretKey& secret, std::string_view password,
                     const ScryptCost& cost = kCheap) {
  Fixed random;
  const MinisignLock lock{password, random, cost};
  return std::string(encode_minisign_secret_key(secret, password.empty() ? nullptr : &lock)->text());
}

Bytes blob_of(const std::string& text) {
  const test::TempFolder folder;
  test::write_file(folder / "line", as_bytes(text.substr(text.find('\n') + 1)));
  const auto decoded = run(folder.path(), {"base64", "-d", "line"});
  return {decoded.output.begin(), decoded.output.end()};
}

std::string text_of(const Bytes& blob) {
  const test::TempFolder folder;
  test::write_file(folder / "blob", blob);
  return "untrusted comment: x\n" + run(folder.path(), {"base64", "-w0", "blob"}).output + "\n";
}

std::string spoiled(const std::string& text, std::size_t at, std::uint8_t flip) {
  Bytes blob = blob_of(text);
  blob.at(at) ^= flip;
  return text_of(blob);
}

TEST(MinisignKey, OpensWhatMinisignWrote) {
  const auto file = MinisignSecretKey::parse(kUnencrypted);
  ASSERT_TRUE(file.ok()) << file.error().detail;
  EXPECT_FALSE(file->encrypted());
  const auto secret = file->open("");
  ASSERT_TRUE(secret.ok()) << secret.error().detail;
  EXPECT_EQ(secret->public_key().minisign(), kItsPublicKey);
}

// The number is random, so a signature is the user's own key's only where it is kept.
TEST(MinisignKey, SignsUnderTheNumberThatItCameWith) {
  const test::TempFolder folder;
  const auto secret = MinisignSecretKey::parse(kUnencrypted)->open("");
  ASSERT_TRUE(secret.ok());
  const auto kept = SecretKey::parse(secret->serialize().text());
  ASSERT_TRUE(kept.ok());
  test::write_file(folder / "f", as_bytes("text"));
  test::write_file(folder / "f.minisig", as_bytes(minisign_signature("text", *kept, "ours")));
  const std::vector<std::string> command{"minisign", "-V", "-m", "f", "-P", kItsPublicKey};
  const auto good = run(folder.path(), command);
  EXPECT_EQ(good.status, 0) << good.output;
  const auto numberless = SecretKey::from_seed(secret->expanded().first(32));
  test::write_file(folder / "f.minisig", as_bytes(minisign_signature("text", *numberless, "ours")));
  const auto other = run(folder.path(), command);
  EXPECT_EQ(other.status, 1) << other.output;
  EXPECT_NE(other.output.find("key id"), std::string::npos) << other.output;
}

TEST(MinisignKey, ComesBackAsItWentWithAPasswordAndWithout) {
  for (const std::string password : {"", "x", "a longer one, with ünïcode"}) {
    for (const auto& number : {std::optional<KeyNumber>{}, std::optional<KeyNumber>{{1, 2, 3}}}) {
      const SecretKey secret = *SecretKey::from_seed(Bytes(32, 7), number);
      const auto file = MinisignSecretKey::parse(exported(secret, password));
      ASSERT_TRUE(file.ok()) << file.error().detail;
      EXPECT_EQ(file->encrypted(), !password.empty());
      const auto again = file->open(password);
      ASSERT_TRUE(again.ok()) << again.error().detail;
      EXPECT_EQ(again->public_key(), secret.public_key());
      EXPECT_EQ(again->public_key().key_number(), secret.public_key().key_number());
      EXPECT_EQ(again->sign(as_bytes("x")), secret.sign(as_bytes("x")));
    }
  }
}

TEST(MinisignKey, IsReadByMinisign) {
  for (const std::string password : {"", "swordfish"}) {
    const test::TempFolder folder;
    test::write_file(folder / "key", as_bytes(exported(key(5), password)));
    test::write_file(folder / "password", as_bytes(password + "\n"));
    test::write_file(folder / "f", as_bytes("text"));
    const auto signs = run(folder.path(), {"minisign", "-S", "-s", "key", "-m", "f"},
                           folder / "password");
    ASSERT_EQ(signs.status, 0) << signs.output;
    const auto holds = run(folder.path(), {"minisign", "-V", "-m", "f", "-P",
                                           key(5).public_key().minisign()});
    EXPECT_EQ(holds.status, 0) << holds.output;
    const auto makes = run(folder.path(), {"minisign", "-R", "-s", "key", "-p", "pub"},
                           folder / "password");
    ASSERT_EQ(makes.status, 0) << makes.output;
    EXPECT_EQ(parse_public_key(test::read_file(folder / "pub"))->minisign(),
              key(5).public_key().minisign());
  }
}

TEST(MinisignKey, SaysThatAPasswordIsWrong) {
  const auto file = MinisignSecretKey::parse(exported(key(5), "right"));
  ASSERT_TRUE(file.ok());
  for (const char* password : {"", "Right", "right ", "righ"})
    EXPECT_ERROR(file->open(password), ErrorCode::kUsage);
  EXPECT_TRUE(file->open("right").ok());
}

// Every byte is compared, makes another stream or is under the checksum; but libsodium rounds the
// cost, so some costs are one.
TEST(MinisignKey, RefusesAFlipAnywhereThatChangesAnything) {
  const std::string text = exported(key(5), "right");
  const Bytes blob = blob_of(text);
  ASSERT_EQ(blob.size(), 158u);
  for (std::size_t at = 0; at < blob.size(); ++at) {
    const auto file = MinisignSecretKey::parse(spoiled(text, at, 0x40));
    const bool cost = at >= 38 && at < 54;
    EXPECT_FALSE(file.ok() && file->open("right").ok() && !cost) << at;
  }
}

TEST(MinisignKey, RefusesAPublicHalfOfAnotherKey) {
  // Signing with it would give the secret half away: libsodium hashes the public half that it is
  // given, and two signatures of one message under two halves share their nonce.
  Bytes blob = blob_of(kUnencrypted);
  const auto other = key(5).public_key().bytes;
  std::copy(other.begin(), other.end(), blob.begin() + 54 + 8 + 32);
  const auto file = MinisignSecretKey::parse(text_of(blob));
  ASSERT_TRUE(file.ok());
  EXPECT_ERROR(file->open(""), ErrorCode::kMalformed);
}

TEST(MinisignKey, RefusesAnUnencryptedFileWhoseChecksumIsWrong) {
  const auto file = MinisignSecretKey::parse(spoiled(exported(key(5), ""), 100, 1));
  ASSERT_TRUE(file.ok());
  EXPECT_ERROR(file->open(""), ErrorCode::kMalformed);
}

TEST(MinisignKey, CostsNoMoreThanMinisignsOwn) {
  const std::string text = exported(key(5), "x");
  const auto with = [&](std::size_t at, std::uint64_t value) {
    Bytes blob = blob_of(text);
    for (std::size_t i = 0; i < 8; ++i) blob[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    return MinisignSecretKey::parse(text_of(blob));
  };
  constexpr std::size_t kOpslimit = 38;
  constexpr std::size_t kMemlimit = 46;
  EXPECT_TRUE(with(kOpslimit, kMinisignCost.opslimit).ok());
  EXPECT_TRUE(with(kMemlimit, kMinisignCost.memlimit).ok());
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{32'767},
                                    kMinisignCost.opslimit + 1, ~std::uint64_t{0}})
    EXPECT_ERROR(with(kOpslimit, value), ErrorCode::kMalformed);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{16'777'215},
                                    kMinisignCost.memlimit + 1, ~std::uint64_t{0}})
    EXPECT_ERROR(with(kMemlimit, value), ErrorCode::kMalformed);
}

TEST(MinisignKey, RefusesOtherText) {
  const std::string text = kUnencrypted;
  const std::string line = text.substr(text.find('\n') + 1);
  for (const std::string& other :
       {std::string(), line, std::string("untrusted comment: x"), "comment: x\n" + line,
        "untrusted comment: x\n" + line.substr(1), "untrusted comment: x\n" + line + "more",
        "untrusted comment: x\n" + line + line, "untrusted comment: x\n*" + line.substr(1),
        "untrusted comment: x\n" + std::string(212, '='),
        "untrusted comment: " + std::string(4096, 'x') + "\n" + line,
        spoiled(text, 0, 1), spoiled(text, 2, 1), spoiled(text, 4, 1)}) {
    EXPECT_ERROR(MinisignSecretKey::parse(other), ErrorCode::kMalformed);
  }
  EXPECT_TRUE(MinisignSecretKey::parse("untrusted comment: \r\n" + line).ok());
  EXPECT_TRUE(MinisignSecretKey::parse(text.substr(0, text.size() - 1)).ok()) << "no last newline";
}

TEST(MinisignKey, ErrorsHoldNothingOfTheKey) {
  const std::string line = std::string(kUnencrypted).substr(49, 40);
  const auto refused = MinisignSecretKey::parse("comment: x\n" + line);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().detail.find(line.substr(0, 8)), std::string::npos);
}

}  // namespace
}  // namespace phase
