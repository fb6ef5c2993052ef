#include "proto/trust.h"

#include "tests/unit/proto/roots.h"

namespace phase {
namespace {

using test::key;
using testing::HasSubstr;

std::string hex(std::uint8_t number) {
  return key(number).public_key().hex();
}

std::string keys_line() {
  return "release_keys = ['" + hex(1) + "']\n";
}

void expect_refused(const std::string& file, const std::string& expected) {
  const auto parsed = parse_trust_file(file);
  ASSERT_FALSE(parsed.ok()) << "accepted: " << file;
  EXPECT_STREQ(error_name(parsed.error().code), "config");
  EXPECT_THAT(parsed.error().detail, HasSubstr(expected)) << file;
}

TEST(TrustFile, OneKeyIsEnough) {
  const auto policy = parse_trust_file(keys_line());
  ASSERT_TRUE(policy.ok()) << policy.error().detail;
  EXPECT_EQ(policy->root, virtual_root(key(1).public_key()));
  EXPECT_TRUE(policy->root_document.empty());
  EXPECT_FALSE(policy->locked);
  EXPECT_EQ(policy->time_floor.seconds, 0);
}

TEST(TrustFile, SaysAllThatAPolicyHolds) {
  const auto policy = parse_trust_file(
      "format = 1\n"
      "release_keys = ['" +
      hex(1) + "', '" + key(2).public_key().minisign() +
      "']\n"
      "release_threshold = 2\n"
      "pointer_keys = ['" +
      hex(3) +
      "']\n"
      "locked = true\n"
      "time_floor = 1767225600\n"
      "mirrors = ['http://boot.example:8080', 'http://[2001:db8::1]/']\n"
      "bootstrap = ['router.example:6881', '10.0.0.1:6881', '[::1]:6881']\n"
      "[min_version]\n"
      "stable = 12\n"
      "'1.2' = 3\n");
  ASSERT_TRUE(policy.ok()) << policy.error().detail;
  const RoleKeys both{.keys = {key(1).public_key(), key(2).public_key()}, .threshold = 2};
  EXPECT_EQ(policy->root.version, 1u);
  EXPECT_EQ(policy->root.root, both);
  EXPECT_EQ(*policy->root.release_role("stable", "x86_64"), both);
  EXPECT_EQ(policy->root.pointer_keys("stable", "x86_64"), std::vector{key(3).public_key()});
  EXPECT_TRUE(policy->locked);
  EXPECT_EQ(policy->time_floor.seconds, 1767225600);
  EXPECT_EQ(policy->mirrors.size(), 2u);
  EXPECT_EQ(policy->bootstrap.size(), 3u);
  EXPECT_EQ(policy->min_version,
            (std::map<std::string, std::uint64_t>{{"1.2", 3}, {"stable", 12}}));

  const std::string text = serialize_trust_file(*policy);
  const auto again = parse_trust_file(text);
  ASSERT_TRUE(again.ok()) << again.error().detail << "\n" << text;
  EXPECT_EQ(serialize_trust_file(*again), text);
  EXPECT_EQ(again->min_version, policy->min_version);
  EXPECT_EQ(again->mirrors, policy->mirrors);
  EXPECT_EQ(again->root, policy->root);
}

std::string root_line(const Bytes& document) { return "root = '" + to_base64(document) + "'\n"; }

TEST(TrustFile, HoldsARootDocument) {
  Root root = test::company_root();
  root.version = 5;
  const Bytes document = test::signed_root(root, {1, 3});
  const auto policy = parse_trust_file(root_line(document) + "locked = true\n");
  ASSERT_TRUE(policy.ok()) << policy.error().detail;
  EXPECT_EQ(policy->root, root);
  EXPECT_EQ(policy->root_document, document);
  EXPECT_TRUE(policy->locked);
  const auto again = parse_trust_file(serialize_trust_file(*policy));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->root, root);
  EXPECT_EQ(again->root_document, document);
}

TEST(TrustFile, RefusesARootDocumentThatIsNotWhole) {
  const Root root = test::company_root();
  expect_refused("root = 5", "line 1: root is a root document in base64");
  expect_refused("[root]\nx = 1", "line 1: root is a root document in base64");
  expect_refused("root = 'not base64!'", "line 1: root is a root document in base64");
  expect_refused(root_line({1, 2, 3}), "line 1: root: envelope");
  expect_refused(root_line(test::signed_manifest(test::manifest(), {1, 2})),
                 "expected " + std::string(kRootType));
  expect_refused(root_line(test::signed_root(root, {1})), "by its own keys: ");
  expect_refused(root_line(test::signed_root(root, {})), "by its own keys: no signature");
  const std::string good = root_line(test::signed_root(root, {1, 2}));
  expect_refused(good + keys_line(), "line 2: release_keys and root exclude each other");
  expect_refused(good + "release_threshold = 1", "line 2: release_threshold and root exclude");
  expect_refused(good + "pointer_keys = ['" + hex(1) + "']", "line 2: pointer_keys and root exclude");
}

// Written without its document, a root with roles would be read back as a few keys that may do all.
TEST(TrustFileDeathTest, WritesNoRootAsKeysThatSaysMoreThanKeys) {
  TrustPolicy policy;
  policy.root = test::company_root();
  EXPECT_DEATH((void)serialize_trust_file(policy), "needs its document");
  policy = trust_single_key(key(1).public_key());
  policy.root.release.front().channels = {"beta"};
  EXPECT_DEATH((void)serialize_trust_file(policy), "needs its document");
  policy = trust_single_key(key(1).public_key());
  policy.root.version = 2;
  EXPECT_DEATH((void)serialize_trust_file(policy), "needs its document");
}

TEST(TrustFile, SerializesBackslashes) {
  TrustPolicy policy = trust_single_key(key(1).public_key());
  policy.mirrors = {"http://a/\\\"x"};
  EXPECT_EQ(parse_trust_file(serialize_trust_file(policy))->mirrors, policy.mirrors);
}

TEST(TrustFile, NamesTheNearestKnownKeyAndTheLine) {
  expect_refused(keys_line() + "lokced = true\n",
                 "line 2: unknown key 'lokced' (did you mean 'locked'?)");
  expect_refused(keys_line() + "\n\nbootstrp = []\n",
                 "line 4: unknown key 'bootstrp' (did you mean 'bootstrap'?)");
  expect_refused(keys_line() + "wallpaper = 1\n", "line 2: unknown key 'wallpaper'");
  expect_refused(keys_line() + "[roots]\nx = 1\n", "unknown key 'roots' (did you mean 'root'?)");
}

TEST(TrustFile, NamesTheLineOfASyntaxError) {
  expect_refused("release_keys = [\n'a',\n", "line ");
  expect_refused(keys_line() + "locked = tru\n", "line 2");
  expect_refused(keys_line() + "locked = true\nlocked = false\n", "line 3");
  expect_refused(keys_line() + "mirrors = ['\xff']\n", "line 2");
}

TEST(TrustFile, RefusesEveryBrokenRule) {
  expect_refused("", "release_keys names no key");
  expect_refused("release_keys = []", "release_keys names no key");
  expect_refused("release_keys = '" + hex(1) + "'", "line 1: release_keys is a list");
  expect_refused("release_keys = [1]", "line 1: release_keys is a list of strings");
  expect_refused("release_keys = ['x']", "line 1: public key");
  expect_refused("release_keys = ['" + hex(1) + "',\n'" + hex(1) + "']",
                 "line 2: release_keys names key");
  expect_refused(keys_line() + "format = 2", "line 2: format");
  expect_refused(keys_line() + "format = '1'", "line 2: format");
  expect_refused(keys_line() + "release_threshold = 0", "line 2: release_threshold");
  expect_refused(keys_line() + "release_threshold = 2", "line 2: release_threshold");
  expect_refused(keys_line() + "release_threshold = 1.0", "line 2: release_threshold");
  expect_refused(keys_line() + "release_threshold = true", "line 2: release_threshold");
  expect_refused(keys_line() + "pointer_keys = []", "pointer_keys names no key");
  expect_refused(keys_line() + "pointer_keys = ['" + hex(1) + "','" + hex(2) + "','" + hex(3) +
                     "','" + hex(4) + "']",
                 "line 2: pointer_keys is a list of at most 3");
  expect_refused(
      "release_keys = ['" + hex(1) + "','" + hex(2) + "','" + hex(3) + "','" + hex(4) + "']",
      "pointer_keys must name one to three");
  expect_refused(keys_line() + "locked = 1", "line 2: locked is true or false");
  expect_refused(keys_line() + "locked = 'false'", "line 2: locked");
  expect_refused(keys_line() + "time_floor = -1", "line 2: time_floor");
  expect_refused(keys_line() + "time_floor = 9223372036854775807", "line 2: time_floor");
  expect_refused(keys_line() + "time_floor = 2026-01-01T00:00:00Z", "line 2: time_floor");
  expect_refused(keys_line() + "mirrors = ['https://x']",
                 "line 2: mirrors: expected an http:// URL");
  expect_refused(keys_line() + "mirrors = ['http://']", "line 2: mirrors");
  expect_refused(keys_line() + "mirrors = ['http://a b']", "line 2: mirrors");
  expect_refused(keys_line() + "mirrors = [\"http://a\\n\"]", "line 2: mirrors");
  expect_refused(keys_line() + "bootstrap = ['host']", "line 2: bootstrap: expected HOST:PORT");
  expect_refused(keys_line() + "bootstrap = ['host:0']", "line 2: bootstrap");
  expect_refused(keys_line() + "bootstrap = [':1']", "line 2: bootstrap");
  expect_refused(keys_line() + "bootstrap = ['::1:1']", "line 2: bootstrap");
  expect_refused(keys_line() + "bootstrap = ['[x]:1']", "line 2: bootstrap");
  expect_refused(keys_line() + "min_version = 3", "line 2: min_version is a table");
  expect_refused(keys_line() + "[min_version]\nStable = 3", "line 3: channel");
  expect_refused(keys_line() + "[min_version]\nstable = -3", "line 3: min_version");
  expect_refused(keys_line() + "[min_version]\nstable = 'x'", "line 3: min_version");
  expect_refused(std::string(64 * 1024 + 1, '#'), "over 65536 bytes");
}

// Nesting is what makes parsers overflow their stack; toml++ 3.3 did, and the fuzzer found that it
// runs into undefined behaviour on letters beyond ASCII.
TEST(TrustFile, RefusesWhatItsParserCannotTake) {
  expect_refused("mirrors = " + std::string(30'000, '['), "");
  expect_refused("mirrors = " + std::string(30'000, '[') + std::string(30'000, ']'), "");
  std::string dotted = "a";
  for (int i = 0; i < 2048; ++i) dotted += ".a";
  expect_refused(dotted + " = 1", "unknown key 'a'");
  expect_refused(dotted + ".a = 1", "over 2048 dots");
  expect_refused("[" + dotted + "]", "unknown key 'a'");
  expect_refused(
      "format = 0\xc7\x98"
      "195",
      "line 1: not ASCII");
  expect_refused(keys_line() + "# caf\xc3\xa9\n", "line 2: not ASCII");
  expect_refused(keys_line() + std::string("\0", 1), "line 2: not ASCII");
}

}  // namespace
}  // namespace phase
