// Goal: what docs/OPERATING.md says under Roles is what happens, and a program that publishes can
// tell "not enough signatures" from everything else. Method: the real plasmd on real files; the
// page's own blocks are run in its order, each holder's key in a folder of its own.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/unit/node/release_fixture.h"
#include "tests/unit/proto/support.h"

namespace phase::node::test {
namespace {

using phase::test::Ran;
using testing::HasSubstr;

/// The blocks of the page that begin with "```sh roles", joined.
std::string commands_of_the_page() {
  const std::string page = phase::test::read_file(PHASE_SOURCE_DIR "/docs/OPERATING.md");
  const std::string opening = "```sh roles\n";
  std::string script;
  for (auto at = page.find(opening); at != std::string::npos; at = page.find(opening, at + 1)) {
    const auto begin = at + opening.size();
    script += page.substr(begin, page.find("```", begin) - begin);
  }
  return script;
}

class TrustVerb : public ::testing::Test {
 protected:
  TempFolder folder_;

  void SetUp() override {
    write(folder_.path() + "/vmlinuz", x86_kernel());
    write(folder_.path() + "/node.cpio", initramfs());
  }
  [[nodiscard]] Ran sh(const std::string& script) const {
    const std::string path =
        std::filesystem::path(PHASE_PLASMD).parent_path().string() + ":" + std::getenv("PATH");
    return phase::test::run(folder_.path(), {"env", "PATH=" + path, "sh", "-e", "-c", script});
  }
  /// Two of alice, bob and carol; "single" is the key that machines trust.
  void grow() const {
    const Ran ran = sh(
        "for who in single alice bob carol publish; do plasmd keygen --out $who; done\n"
        "plasmd trust init --out 2.root.dsse --grow single/phase.pub --root-key alice/phase.pub "
        "--root-key bob/phase.pub --root-key carol/phase.pub --root-threshold 2 "
        "--pointer-key publish/phase.pub\n");
    ASSERT_EQ(ran.status, 0) << ran.output;
  }
  [[nodiscard]] Ran sign(const std::string& who, const std::string& document,
                         const std::string& previous) const {
    return sh("plasmd trust sign --secret-key " + who + "/secret.key --previous " + previous + " " +
              document);
  }
  [[nodiscard]] std::string id(const std::string& who) const {
    const Ran ran = sh("plasmd inspect " + who + "/phase.pub");
    return nlohmann::json::parse(ran.output)["key_id"];
  }
};

constexpr const char* kPublish =
    "plasmd publish -a store --channel stable --arch x86_64 --kernel vmlinuz --initramfs node.cpio ";

TEST_F(TrustVerb, TheCommandsOfTheOperatingPageWork) {
  const std::string script = commands_of_the_page();
  ASSERT_THAT(script, HasSubstr("trust revoke"));
  ASSERT_EQ(sh("plasmd keygen --out single").status, 0);
  const Ran ran = sh(script);
  ASSERT_EQ(ran.status, 0) << ran.output;
  const Ran shown = sh("plasmd trust show -a store --json");
  ASSERT_EQ(shown.status, 0) << shown.output;
  const auto roots = nlohmann::json::parse(shown.output)["roots"];
  EXPECT_EQ(roots.size(), 4u);
  for (const auto& root : roots) EXPECT_TRUE(root["valid"].get<bool>()) << root.dump(2);
  EXPECT_EQ(roots[0]["from"], nlohmann::json(roots[0]["name"].get<std::string>() + "/base"));

  // A machine that was given the single key, and looks at the release that it was sent.
  const Ran verified = sh("plasmd verify --trust single/phase.pub \"$(ls -d store/releases/*-3-*)\"");
  EXPECT_EQ(verified.status, 0) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("by root version 4"));
}

TEST_F(TrustVerb, InstallRefusesADocumentThatLacksASignature) {
  grow();
  ASSERT_EQ(sign("alice", "2.root.dsse", "single/phase.pub").status, 0);
  ASSERT_EQ(sign("bob", "2.root.dsse", "single/phase.pub").status, 0);
  const Ran without = sh("plasmd trust install -a store --base single/phase.pub 2.root.dsse");
  EXPECT_EQ(without.status, exit_code(ErrorCode::kWrongKey)) << without.output;
  const Ran told = sign("single", "2.root.dsse", "single/phase.pub");
  EXPECT_THAT(told.output, HasSubstr("enough        the keys of version 1"));
  EXPECT_THAT(told.output, HasSubstr("enough        its own root keys"));
  const Ran with = sh("plasmd trust install -a store --base single/phase.pub 2.root.dsse");
  EXPECT_EQ(with.status, 0) << with.output;
}

TEST_F(TrustVerb, PublishAtOneOfTwoHasAnExitCodeOfItsOwnAndSaysWhoIsMissing) {
  grow();
  for (const char* who : {"single", "alice", "bob"})
    ASSERT_EQ(sign(who, "2.root.dsse", "single/phase.pub").status, 0) << who;
  ASSERT_EQ(sh("plasmd trust install -a store --base single/phase.pub 2.root.dsse").status, 0);
  const std::string keys = "--secret-key publish/secret.key --secret-key alice/secret.key";
  const Ran one = sh(kPublish + keys);
  EXPECT_EQ(one.status, exit_code(ErrorCode::kMissingSignature)) << one.output;
  EXPECT_THAT(one.output, HasSubstr(id("bob")));
  EXPECT_THAT(one.output, HasSubstr(id("carol")));
  EXPECT_EQ(sh("ls store/releases").output, "");
  const Ran two = sh(kPublish + keys + " --secret-key carol/secret.key");
  EXPECT_EQ(two.status, 0) << two.output;
  EXPECT_THAT(two.output, HasSubstr("can keep machines on this release until"));
  const Ran forever = sh(kPublish + keys + " --secret-key carol/secret.key --expires never --json");
  EXPECT_EQ(forever.status, 0) << forever.output;
}

// An organisation that never had a single key: version 1 is what trust files hold.
TEST_F(TrustVerb, AFirstRootDocumentIsABaseOfItsOwn) {
  const Ran ran = sh(
      "for who in alice bob publish; do plasmd keygen --out $who; done\n"
      "plasmd trust init --out 1.root.dsse --root-key alice/phase.pub --root-key bob/phase.pub "
      "--root-threshold 2 --pointer-key publish/phase.pub --min-version stable=7\n"
      "plasmd trust sign --secret-key alice/secret.key 1.root.dsse\n");
  ASSERT_EQ(ran.status, 0) << ran.output;
  const Ran half = sh("plasmd trust install -a store 1.root.dsse");
  EXPECT_EQ(half.status, exit_code(ErrorCode::kMissingSignature)) << half.output;
  const Ran both = sh(std::string("plasmd trust sign --secret-key bob/secret.key 1.root.dsse\n"
                                  "plasmd trust install -a store 1.root.dsse\n"
                                  "plasmd trust install -a store 1.root.dsse\n") +
                      kPublish +
                      "--secret-key publish/secret.key --secret-key alice/secret.key "
                      "--secret-key bob/secret.key\n"
                      "plasmd verify --trust 1.root.dsse \"$(ls -d store/releases/*-7-*)\"");
  EXPECT_EQ(both.status, 0) << both.output;
  EXPECT_EQ(sh("ls store/trust").output, id("alice") + "-1\n");
}

TEST_F(TrustVerb, WhoHasNoSayCannotSign) {
  grow();
  ASSERT_EQ(sh("plasmd keygen --out dora").status, 0);
  const Ran ran = sign("dora", "2.root.dsse", "single/phase.pub");
  EXPECT_EQ(ran.status, exit_code(ErrorCode::kWrongKey)) << ran.output;
  const Ran wrong = sign("alice", "2.root.dsse", "2.root.dsse");
  EXPECT_EQ(wrong.status, exit_code(ErrorCode::kMissingRoot)) << wrong.output;
}

// Two offline machines, each with a copy of its own; files are carried by cp.
TEST_F(TrustVerb, HoldersWhoSignedApartPutTheirSignaturesTogether) {
  grow();
  const Ran apart = sh(
      "mkdir at-alice at-bob desk\n"
      "cp 2.root.dsse single/phase.pub at-alice; cp 2.root.dsse single/phase.pub at-bob\n"
      "(cd at-alice; plasmd trust sign --secret-key ../alice/secret.key --previous phase.pub 2.root.dsse)\n"
      "(cd at-bob; plasmd trust sign --secret-key ../bob/secret.key --previous phase.pub 2.root.dsse)\n"
      "cp at-alice/2.root.dsse desk/alice; cp at-bob/2.root.dsse desk/bob\n");
  ASSERT_EQ(apart.status, 0) << apart.output;
  const Ran together = sh(
      "plasmd trust sign --secret-key single/secret.key --previous single/phase.pub --with desk/alice "
      "--with desk/bob 2.root.dsse\n"
      "plasmd trust install -a store --base single/phase.pub 2.root.dsse\n");
  ASSERT_EQ(together.status, 0) << together.output;
  EXPECT_THAT(together.output, HasSubstr("taken over    " + id("alice")));
  EXPECT_THAT(together.output, HasSubstr("taken over    " + id("bob")));
  EXPECT_THAT(together.output, HasSubstr("signed by     " + id("single")));
  EXPECT_THAT(together.output, HasSubstr("enough        its own root keys"));

  // A release's draft the same way; whoever publishes names every copy that came back.
  const Ran drafts = sh(std::string(kPublish) +
                        "--draft stable.draft\n"
                        "for who in alice carol; do cp stable.draft desk/$who.draft; plasmd trust sign "
                        "--secret-key $who/secret.key --previous 2.root.dsse desk/$who.draft; done\n");
  ASSERT_EQ(drafts.status, 0) << drafts.output;
  const std::string signed_ones = "plasmd publish -a store --secret-key publish/secret.key ";
  const Ran one = sh(signed_ones + "--signed desk/alice.draft");
  EXPECT_EQ(one.status, exit_code(ErrorCode::kMissingSignature)) << one.output;
  const Ran both = sh(signed_ones + "--signed desk/alice.draft --signed desk/carol.draft\n"
                      "plasmd verify --trust single/phase.pub \"$(ls -d store/releases/*-1-*)\"");
  ASSERT_EQ(both.status, 0) << both.output;
  EXPECT_THAT(both.output, HasSubstr(id("alice")));
  EXPECT_THAT(both.output, HasSubstr(id("carol")));
}

TEST_F(TrustVerb, OnlyCopiesOfTheSameDocumentWithGoodSignaturesArePutTogether) {
  grow();
  ASSERT_EQ(sh("cp 2.root.dsse bob.copy; cp 2.root.dsse dora.copy; cp 2.root.dsse unsigned.copy\n"
               "plasmd keygen --out dora").status, 0);
  ASSERT_EQ(sign("alice", "2.root.dsse", "single/phase.pub").status, 0);
  ASSERT_EQ(sign("bob", "bob.copy", "single/phase.pub").status, 0);
  const std::string before = phase::test::read_file(folder_.path() + "/2.root.dsse");
  const auto refused = [&](const std::string& arguments, ErrorCode code, const std::string& why) {
    const Ran ran = sh("plasmd trust sign " + arguments + " 2.root.dsse");
    EXPECT_EQ(ran.status, exit_code(code)) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(why));
    EXPECT_EQ(phase::test::read_file(folder_.path() + "/2.root.dsse"), before) << "nothing is written";
  };
  const std::string with = "--previous single/phase.pub --with ";

  // Made a second time, the draft is another one, whatever it says.
  ASSERT_EQ(sh("plasmd trust init --out other --grow single/phase.pub --root-key alice/phase.pub "
               "--pointer-key publish/phase.pub").status, 0);
  ASSERT_EQ(sign("alice", "other", "single/phase.pub").status, 0);
  refused(with + "other", ErrorCode::kUsage, "together with other: is another document");
  refused(with + "unsigned.copy", ErrorCode::kUnsigned, "nobody signed it");
  // Without --previous anybody can sign, so anybody's signature may come.
  ASSERT_EQ(sh("plasmd trust sign --secret-key dora/secret.key dora.copy").status, 0);
  EXPECT_EQ(sign("bob", "dora.copy", "single/phase.pub").status, 0) << "he answers for his own alone";
  refused(with + "dora.copy", ErrorCode::kWrongKey, id("dora") + " has no say in this document");
  refused("--with bob.copy", ErrorCode::kUsage, "--previous");
  refused(with + "absent.copy", ErrorCode::kNotFound, "absent.copy");
  refused("--previous single/phase.pub", ErrorCode::kUsage, "--with");
  // The signature stands before the 16 digits of the key's id and what leads them.
  const auto at = std::filesystem::file_size(folder_.path() + "/bob.copy") - 40;
  ASSERT_EQ(sh("cp bob.copy altered.copy; printf '\\377\\000' | dd of=altered.copy bs=1 conv=notrunc seek=" +
               std::to_string(at)).status, 0);
  refused(with + "altered.copy", ErrorCode::kBadSignature, id("bob") + " does not match");
}

TEST_F(TrustVerb, NoDraftIsWrittenOverAnotherFile) {
  grow();
  const Ran ran = sh("plasmd trust rotate --from 2.root.dsse --out 2.root.dsse");
  EXPECT_EQ(ran.status, exit_code(ErrorCode::kExists)) << ran.output;
}

TEST_F(TrustVerb, ShowAndInspectSayWhichKernelOptionsATrustFileLetsPass) {
  grow();
  ASSERT_EQ(sh("{ echo \"release_keys = ['$(tail -n1 single/phase.pub)']\"; echo locked = true; "
               "echo '[command_line]'; echo 'loglevel = \"0..8\"'; } > trust.toml").status, 0);
  const auto rules = nlohmann::json{{"loglevel", "0..8"}};
  const Ran inspected = sh("plasmd inspect --json trust.toml");
  ASSERT_EQ(inspected.status, 0) << inspected.output;
  EXPECT_EQ(nlohmann::json::parse(inspected.output)["command_line"], rules);
  const Ran text = sh("plasmd trust show trust.toml");
  ASSERT_EQ(text.status, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("trust.toml  (trust file)\n"));
  EXPECT_THAT(text.output, HasSubstr("  command line  loglevel  0..8\n"));
  EXPECT_THAT(text.output, HasSubstr("  locked        yes"));
  const Ran json = sh("plasmd trust show --json trust.toml");
  ASSERT_EQ(json.status, 0) << json.output;
  EXPECT_EQ(nlohmann::json::parse(json.output)["roots"][0]["trust_file"]["command_line"], rules);
  // One that says nothing of it lets the three through that every machine needs; a key is no file.
  ASSERT_EQ(sh("sed -i '/command_line/,$d' trust.toml; "
               "{ cat trust.toml; echo '[command_line]'; } > none.toml").status, 0);
  EXPECT_THAT(sh("plasmd trust show trust.toml").output, HasSubstr("  command line  console  word\n"));
  EXPECT_THAT(sh("plasmd trust show none.toml").output, HasSubstr("  command line  nothing passes unsigned\n"));
  EXPECT_THAT(sh("plasmd trust show single/phase.pub").output, testing::Not(HasSubstr("command line")));
}

TEST_F(TrustVerb, ShowTellsADocumentThatIsNoStep) {
  grow();
  const Ran unsigned_one = sh("plasmd trust show single/phase.pub 2.root.dsse");
  EXPECT_EQ(unsigned_one.status, exit_code(ErrorCode::kUnsigned)) << unsigned_one.output;
  EXPECT_THAT(unsigned_one.output, HasSubstr("NOT VALID"));
}

}  // namespace
}  // namespace phase::node::test
