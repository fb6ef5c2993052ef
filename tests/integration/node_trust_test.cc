// Goal: a single key grows into roles, loses its pointer key and has a release key stolen, and whoever
// knew nothing but the single key goes along each time, with the publisher gone at the end. Method:
// real plasmd processes, one host each, in one private DHT; documents travel as files.
#include <gmock/gmock.h>

#include <csignal>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

class NodeTrust : public Nodes {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return folder() + "/" + name; }
  [[nodiscard]] std::string secret(const std::string& who) const { return file(who + "/secret.key"); }
  [[nodiscard]] std::string pub(const std::string& who) const { return file(who + "/phase.pub"); }
  void must_run(std::vector<std::string> argv) {
    argv.insert(argv.begin(), "plasmd");
    const Ended ended = run("publisher", argv);
    ASSERT_EQ(ended.code, 0) << argv[1] << " " << argv[2] << ": " << ended.output;
  }
  void make_keys(const std::vector<std::string>& names) {
    for (const std::string& name : names) must_run({"keygen", "--out", file(name)});
  }
  /// Each of `who` signs in turn, as on a machine of their own; then the store gets it.
  void sign_and_install(const std::string& document, const std::string& previous,
                        const std::vector<std::string>& who) {
    for (const std::string& name : who)
      must_run({"trust", "sign", "--secret-key", secret(name), "--previous", previous, file(document)});
    must_run({"trust", "install", "-a", world().publisher_store(), "--base", kit().public_key,
              file(document)});
  }
  Ended publish_as(const std::vector<std::string>& who, const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv{"plasmd", "publish", "-a", world().publisher_store()};
    for (const std::string& name : who) argv.insert(argv.end(), {"--secret-key", secret(name)});
    const auto what = more.empty() ? release_files() : more;
    argv.insert(argv.end(), what.begin(), what.end());
    return run("publisher", argv);
  }
  [[nodiscard]] std::vector<std::string> release_files(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv{"--channel",   "stable", "--arch",      "x86_64", "--kernel",
                                  kit().kernel.vmlinuz,    "--initramfs", kit().node_initramfs};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  /// The old key's owner makes version 2: two of alice, bob and carol.
  void grow() {
    make_keys({"alice", "bob", "carol", "publish", "publish2"});
    must_run({"trust", "init", "--out", file("2.root"), "--grow", kit().public_key, "--root-key",
              pub("alice"), "--root-key", pub("bob"), "--root-key", pub("carol"),
              "--root-threshold", "2", "--pointer-key", pub("publish")});
    sign_and_install("2.root", kit().public_key, {"key", "alice", "bob"});
  }
};

TEST_F(NodeTrust, WhoeverKnewOnlyTheSingleKeyGoesAlong) {
  ASSERT_EQ(publish(), 1u);
  must(world().start_publisher());
  auto* follower = must(world().start_provider(
      with_bootstrap({"plasmd", "serve", "-a", folder() + "/follower", "--follow", follow(),
                      "--follow-interval", "1"})));
  must(follower->wait_for_line("^serving .*version=1 ", minutes(2)));

  grow();
  if (HasFatalFailure()) return;
  const Ended one_of_two = publish_as({"publish", "alice"});
  EXPECT_EQ(one_of_two.code, exit_code(ErrorCode::kMissingSignature)) << one_of_two.output;
  const Ended two_of_two = publish_as({"publish", "alice", "bob"});
  ASSERT_EQ(two_of_two.code, 0) << two_of_two.output;
  must(follower->wait_for_line("^root .*version=2$", minutes(2)));
  must(follower->wait_for_line("^serving .*version=2 ", minutes(2)));
  const auto grown = fetch();
  EXPECT_EQ(grown["version"], 2) << grown.dump(2);

  // The pointer's key is gone; what it signed says nothing about the next release.
  must_run({"trust", "revoke", pub("publish"), "--instead", pub("publish2"), "--from", file("2.root"),
            "--out", file("3.root")});
  sign_and_install("3.root", file("2.root"), {"bob", "carol"});
  const Ended renewed = publish_as({"publish2", "alice", "bob"}, {"--renew", "--expires", "2y"});
  ASSERT_EQ(renewed.code, 0) << renewed.output;
  must(follower->wait_for_line("^serving .*version=3 ", minutes(2)));

  // Carol's key is stolen.
  must_run({"trust", "revoke", pub("carol"), "--from", file("3.root"), "--out", file("4.root")});
  sign_and_install("4.root", file("3.root"), {"alice", "bob"});
  EXPECT_EQ(publish_as({"publish2", "alice", "carol"}).code, exit_code(ErrorCode::kMissingSignature));
  must(follower->wait_for_line("^root .*version=4$", minutes(2)));

  world().publisher()->signal(SIGKILL);
  must(world().publisher()->wait(minutes(1)));
  const auto report = fetch();
  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  EXPECT_EQ(report["version"], 3) << report.dump(2);
}

// The pointer key is changed in good order, the release keys are elsewhere and the release never
// expires: the same files go on under the new key, for whoever knows the single key alone.
TEST_F(NodeTrust, ARotatedPointerKeyTakesOverWhatWasPublished) {
  ASSERT_EQ(publish(), 1u);
  must(world().start_publisher());
  auto* follower = must(world().start_provider(
      with_bootstrap({"plasmd", "serve", "-a", folder() + "/follower", "--follow", follow(),
                      "--follow-interval", "1"})));
  grow();
  if (HasFatalFailure()) return;
  const Ended published = publish_as({"publish", "alice", "bob"}, release_files({"--expires", "never"}));
  ASSERT_EQ(published.code, 0) << published.output;
  must(follower->wait_for_line("^serving .*version=2 ", minutes(2)));

  must_run({"trust", "rotate", "--pointer-key", pub("publish2"), "--from", file("2.root"), "--out",
            file("3.root")});
  sign_and_install("3.root", file("2.root"), {"alice", "carol"});
  // The old pointer key publishes nothing any more.
  const Ended by_old = publish_as({"publish", "alice", "bob"}, {"--renew", "--expires", "never"});
  EXPECT_EQ(by_old.code, exit_code(ErrorCode::kMissingSignature)) << by_old.output;
  // Alice and Bob sign copies of the renewal's draft, each on a machine of their own.
  const Ended draft = publish_as({}, {"--renew", "--expires", "never", "--draft", file("renewal")});
  ASSERT_EQ(draft.code, 0) << draft.output;
  std::vector<std::string> copies;
  for (const char* who : {"alice", "bob"}) {
    must_run({"trust", "sign", "--secret-key", secret(who), "--previous", file("3.root"), "--out",
              file(std::string(who) + ".copy"), file("renewal")});
    copies.insert(copies.end(), {"--signed", file(std::string(who) + ".copy")});
  }
  const Ended moved = publish_as({"publish2"}, copies);
  ASSERT_EQ(moved.code, 0) << moved.output;
  must(follower->wait_for_line("^serving .*version=3 ", minutes(2)));
  world().publisher()->signal(SIGKILL);
  must(world().publisher()->wait(minutes(1)));
  const auto report = fetch();
  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  EXPECT_EQ(report["version"], 3) << report.dump(2);
}

}  // namespace
}  // namespace phase::node::test
