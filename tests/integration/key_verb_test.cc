// Goal: an operator's minisign key signs releases here, ours sign there, and Debian's unmodified
// minisign accepts a published release and nothing that was altered. Method: the real plasmd and the
// real minisign on real files; a pseudo-terminal where a person would type.
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proto/fd.h"
#include "tests/unit/node/release_fixture.h"
#include "tests/unit/proto/support.h"

namespace phase::node::test {
namespace {

namespace fs = std::filesystem;
using phase::test::Ran;
using phase::test::read_file;
using testing::HasSubstr;

constexpr const char* kPassword = "correct horse";

struct KeyVerb : ::testing::Test {
  void SetUp() override {
    save("password", std::string(kPassword) + "\n");
    save("twice", std::string(kPassword) + "\n" + kPassword + "\n");
    save("text", "text\n");
  }

  void save(const std::string& name, const std::string& content) const {
    phase::test::write_file(path(name), as_bytes(content));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder.path() + "/" + name;
  }
  /// `input` is a file of the folder.
  [[nodiscard]] Ran run(const std::vector<std::string>& command,
                        const std::string& input = "") const {
    return phase::test::run(folder.path(), command, input.empty() ? "/dev/null" : path(input));
  }
  [[nodiscard]] Ran key(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {PHASE_PLASMD, "key"});
    return run(arguments, input);
  }
  [[nodiscard]] Ran keygen(const std::string& out) const {
    return run({PHASE_PLASMD, "keygen", "--out", out});
  }
  /// Signs `text` with `secret` and holds the signature against `pub`, all by minisign.
  void minisign_signs_for(const std::string& secret, const std::string& pub,
                          const std::string& input) const {
    const Ran signs = run({"minisign", "-S", "-s", secret, "-m", "text"}, input);
    ASSERT_EQ(signs.status, 0) << signs.output;
    const Ran holds = run({"minisign", "-V", "-p", pub, "-m", "text"});
    EXPECT_EQ(holds.status, 0) << holds.output;
  }
  /// Publishes with `secret`: the release's folder.
  [[nodiscard]] std::string publish(const std::string& secret) const {
    const Ran ran = run({PHASE_PLASMD, "publish", "-a", path("store"), "--secret-key", secret, "--channel",
                         "stable", "--arch", "amd64", "--kernel", publisher.kernel, "--initramfs",
                         publisher.initramfs_file, "--release-version", "41", "--json"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    const auto json = nlohmann::json::parse(ran.output, nullptr, false);
    return json.is_object() ? json["published"][0]["folder"].get<std::string>() : "";
  }
  /// What Debian's programs say to the release in `release`, whose publisher's key is in `pub`.
  void standard_tools_judge(const std::string& release, const std::string& pub) const {
    const std::vector<std::string> command{"minisign", "-V", "-p", path(pub), "-m", "SHA256SUMS"};
    const auto verify = [&] { return phase::test::run(release, command); };
    const Ran good = verify();
    EXPECT_EQ(good.status, 0) << good.output;
    for (const char* part : {"\tchannel:stable\t", "\tarch:x86_64\t", "\tversion:41\t"})
      EXPECT_THAT(good.output, HasSubstr(part));
    const Ran sums = phase::test::run(release, {"sha256sum", "--strict", "-c", "SHA256SUMS"});
    EXPECT_EQ(sums.status, 0) << sums.output;

    const std::string minisig = read_file(release + "/SHA256SUMS.minisig");
    for (const auto& [from, to] : {std::pair{"version:41", "version:42"},
                                   std::pair{"channel:stable", "channel:edge"},
                                   std::pair{"arch:x86_64", "arch:aarch64"}}) {
      std::string altered = minisig;
      altered.replace(altered.find(from), std::string(from).size(), to);
      phase::test::write_file(release + "/SHA256SUMS.minisig", as_bytes(altered));
      const Ran bad = verify();
      EXPECT_EQ(bad.status, 1) << bad.output;
      EXPECT_THAT(bad.output, HasSubstr("Comment signature verification failed"));
    }
    phase::test::write_file(release + "/SHA256SUMS.minisig", as_bytes(minisig));
    EXPECT_EQ(verify().status, 0);

    std::string text = read_file(release + "/SHA256SUMS");
    text[0] = text[0] == '0' ? '1' : '0';
    phase::test::write_file(release + "/SHA256SUMS", as_bytes(text));
    const Ran bad = verify();
    EXPECT_EQ(bad.status, 1) << bad.output;
    EXPECT_THAT(bad.output, HasSubstr("Signature verification failed"));
  }

  TempFolder folder;
  Publisher publisher{folder.path()};
};

// With minisign's own cost: one GiB and some seconds for each derivation.
TEST_F(KeyVerb, AnEncryptedMinisignKeySignsReleasesThatItsOwnPublicKeyVerifies) {
  const Ran made = run({"minisign", "-G", "-p", "mini.pub", "-s", "mini.key"}, "twice");
  ASSERT_EQ(made.status, 0) << made.output;
  const Ran imported =
      key({"import", "--minisign", "mini.key", "--out", "keys", "--password-file", "password"});
  ASSERT_EQ(imported.status, 0) << imported.output;
  EXPECT_EQ(imported.output.find(kPassword), std::string::npos);

  const auto theirs = parse_public_key(read_file(path("mini.pub")));
  const auto ours = parse_public_key(read_file(path("keys/phase.pub")));
  ASSERT_TRUE(theirs && ours);
  EXPECT_EQ(ours->minisign(), theirs->minisign());
  EXPECT_THAT(imported.output, HasSubstr(theirs->hex()));
  standard_tools_judge(publish("keys/secret.key"), "mini.pub");
}

TEST_F(KeyVerb, AMinisignKeyWithoutPasswordIsImportedWhereOnlyItsOwnerCanReadIt) {
  ASSERT_EQ(run({"minisign", "-G", "-W", "-p", "mini.pub", "-s", "mini.key"}).status, 0);
  fs::permissions(path("mini.key"), fs::perms::group_read, fs::perm_options::add);
  const Ran open = key({"import", "--minisign", "mini.key", "--out", "keys"});
  EXPECT_EQ(open.status, exit_code(ErrorCode::kConfig)) << open.output;
  EXPECT_FALSE(fs::exists(path("keys")));

  fs::permissions(path("mini.key"), fs::perms::owner_read | fs::perms::owner_write);
  const Ran imported = key({"import", "--minisign", "mini.key", "--out", "keys", "--json"});
  ASSERT_EQ(imported.status, 0) << imported.output;
  const auto json = nlohmann::json::parse(imported.output, nullptr, false);
  const auto theirs = parse_public_key(read_file(path("mini.pub")));
  EXPECT_EQ(json["minisign"], theirs->minisign());
  struct stat status {};
  ASSERT_EQ(::stat(path("keys/secret.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  standard_tools_judge(publish("keys/secret.key"), "mini.pub");

  const Ran again = key({"import", "--minisign", "mini.key", "--out", "keys"});
  EXPECT_EQ(again.status, exit_code(ErrorCode::kExists)) << "a key file is never overwritten";
}

// docs/OPERATING.md tells people what to type.
TEST_F(KeyVerb, TheCommandsOfTheOperatorsPageAcceptARelease) {
  ASSERT_EQ(keygen("keys").status, 0);
  const std::string release = publish("keys/secret.key");
  fs::copy_file(path("keys/phase.pub"), release + "/phase.pub");
  const std::string page = read_file(PHASE_SOURCE_DIR "/docs/OPERATING.md");
  constexpr std::string_view kHead = "```sh release\n";
  const auto begin = page.find(kHead);
  ASSERT_NE(begin, std::string::npos);
  const auto end = page.find("```", begin + kHead.size());
  const std::string script = page.substr(begin + kHead.size(), end - begin - kHead.size());
  const Ran ran = phase::test::run(release, {"sh", "-e", "-c", script});
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("Trusted comment: timestamp:"));
  EXPECT_THAT(ran.output, HasSubstr("kernel: OK"));
}

TEST_F(KeyVerb, AnExportedKeySignsInMinisignForOurPublicKey) {
  ASSERT_EQ(keygen("keys").status, 0);
  const Ran given = key({"export", "--secret-key", "keys/secret.key", "--minisign", "out.key",
                         "--password-file", "-"},
                        "password");
  ASSERT_EQ(given.status, 0) << given.output;
  minisign_signs_for("out.key", "keys/phase.pub", "password");
  const Ran wrong = run({"minisign", "-S", "-s", "out.key", "-m", "text"}, "text");
  EXPECT_NE(wrong.status, 0) << "the password protects nothing";
  struct stat status {};
  ASSERT_EQ(::stat(path("out.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);

  const Ran again = key({"export", "--secret-key", "keys/secret.key", "--minisign", "out.key",
                         "--no-password"});
  EXPECT_EQ(again.status, exit_code(ErrorCode::kExists)) << again.output;
}

TEST_F(KeyVerb, AKeyExportedWithoutPasswordAndImportedAgainIsTheSame) {
  ASSERT_EQ(keygen("keys").status, 0);
  const Ran given = key({"export", "--secret-key", "keys/secret.key", "--minisign", "out.key",
                         "--no-password", "--json"});
  ASSERT_EQ(given.status, 0) << given.output;
  EXPECT_EQ(nlohmann::json::parse(given.output, nullptr, false)["encrypted"], false);
  minisign_signs_for("out.key", "keys/phase.pub", "");
  ASSERT_EQ(key({"import", "--minisign", "out.key", "--out", "again"}).status, 0);
  EXPECT_EQ(read_file(path("again/phase.pub")), read_file(path("keys/phase.pub")));
  EXPECT_EQ(read_file(path("again/secret.key")).substr(0, 85), read_file(path("keys/secret.key")));
}

TEST_F(KeyVerb, RefusalsSayWhatIsWrongAndWriteNothing) {
  ASSERT_EQ(keygen("keys").status, 0);
  save("empty", "\n");
  save("long", std::string(2000, 'x'));
  const std::vector<std::string> give{"export", "--secret-key", "keys/secret.key", "--minisign",
                                      "out.key"};
  const auto with = [&](const std::vector<std::string>& more) {
    auto command = give;
    command.insert(command.end(), more.begin(), more.end());
    return key(command);
  };
  EXPECT_EQ(with({"--password-file", "empty"}).status, exit_code(ErrorCode::kUsage));
  EXPECT_EQ(with({"--password-file", "long"}).status, exit_code(ErrorCode::kMalformed));
  EXPECT_EQ(with({"--password-file", "none"}).status, exit_code(ErrorCode::kNotFound));
  EXPECT_EQ(with({"--password-file", "password", "--no-password"}).status,
            exit_code(ErrorCode::kUsage));
  EXPECT_FALSE(fs::exists(path("out.key")));

  EXPECT_EQ(key({"import", "--minisign", "text", "--out", "other"}).status,
            exit_code(ErrorCode::kMalformed));
  EXPECT_EQ(key({"import", "--minisign", "none", "--out", "other"}).status,
            exit_code(ErrorCode::kNotFound));
  // A session of its own has no terminal.
  const Ran nobody = run({"setsid", "--wait", PHASE_PLASMD, "key", "export", "--secret-key",
                          "keys/secret.key", "--minisign", "out.key"});
  EXPECT_EQ(nobody.status, exit_code(ErrorCode::kUsage)) << nobody.output;
  EXPECT_THAT(nobody.output, HasSubstr("--password-file"));
  EXPECT_FALSE(fs::exists(path("other")));
}

/// plasmd on a terminal of its own.
class Typist {
 public:
  Typist(const std::string& folder, std::vector<std::string> command) {
    int master = -1;
    child_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (child_ == 0) {
      std::vector<char*> arguments;
      for (std::string& one : command) arguments.push_back(one.data());
      arguments.push_back(nullptr);
      if (::chdir(folder.c_str()) == 0) ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    terminal_ = Fd(master);
  }
  ~Typist() {
    if (child_ > 0 && !ended_) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  Typist(const Typist&) = delete;
  Typist& operator=(const Typist&) = delete;

  /// True once the terminal showed `text`; false where it is over before.
  bool shows(const std::string& text) {
    while (shown_.find(text, from_) == std::string::npos) {
      if (!more()) return false;
    }
    from_ = shown_.find(text, from_) + text.size();
    return true;
  }
  [[nodiscard]] bool echoes() const {
    termios now{};
    check(::tcgetattr(terminal_.get(), &now) == 0, "a terminal of a test");
    return (now.c_lflag & ECHO) != 0;
  }
  void type(const std::string& keys) {
    check(::write(terminal_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()),
          "a terminal of a test");
  }
  /// Reads to the end: wait()'s status.
  int end() {
    while (more()) {
    }
    int status = -1;
    ::waitpid(child_, &status, 0);
    ended_ = true;
    return status;
  }
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  bool more() {
    pollfd ready{terminal_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 60'000) != 1) return false;
    char bytes[512];
    const ssize_t got = ::read(terminal_.get(), bytes, sizeof bytes);
    if (got <= 0) return false;
    shown_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  pid_t child_ = -1;
  bool ended_ = false;
  Fd terminal_;
  std::string shown_;
  std::size_t from_ = 0;
};

TEST_F(KeyVerb, APasswordTypedOnATerminalIsNeverShown) {
  ASSERT_EQ(keygen("keys").status, 0);
  Typist person(folder.path(), {PHASE_PLASMD, "key", "export", "--secret-key", "keys/secret.key",
                                "--minisign", "out.key"});
  ASSERT_TRUE(person.shows("Password for the minisign key: ")) << person.shown();
  EXPECT_FALSE(person.echoes());
  person.type(std::string(kPassword) + "\n");
  ASSERT_TRUE(person.shows("The same again: ")) << person.shown();
  EXPECT_FALSE(person.echoes());
  person.type(std::string(kPassword) + "\n");
  ASSERT_TRUE(person.shows("sign with")) << person.shown();
  EXPECT_EQ(person.end(), 0) << person.shown();
  EXPECT_EQ(person.shown().find(kPassword), std::string::npos);
  const Ran imported =
      key({"import", "--minisign", "out.key", "--out", "again", "--password-file", "password"});
  EXPECT_EQ(imported.status, 0) << imported.output;
}

TEST_F(KeyVerb, TwoDifferentPasswordsExportNothing) {
  ASSERT_EQ(keygen("keys").status, 0);
  Typist person(folder.path(), {PHASE_PLASMD, "key", "export", "--secret-key", "keys/secret.key",
                                "--minisign", "out.key"});
  ASSERT_TRUE(person.shows("key: "));
  person.type("one\n");
  ASSERT_TRUE(person.shows("again: "));
  person.type("two\n");
  const int status = person.end();
  EXPECT_EQ(WEXITSTATUS(status), exit_code(ErrorCode::kUsage)) << person.shown();
  EXPECT_FALSE(fs::exists(path("out.key")));
}

// A terminal without echo after Ctrl-C would show nothing of what its owner types next.
TEST_F(KeyVerb, CtrlCEndsItAndGivesTheEchoBack) {
  ASSERT_EQ(keygen("keys").status, 0);
  // The shell keeps the terminal open, so that it can be looked at afterwards.
  Typist person(folder.path(),
                {"/bin/sh", "-c", std::string("trap : INT; ") + PHASE_PLASMD +
                                      " key export --secret-key keys/secret.key --minisign out.key;"
                                      " echo ended=$?; read line"});
  ASSERT_TRUE(person.shows("key: "));
  EXPECT_FALSE(person.echoes());
  person.type("\x03");
  ASSERT_TRUE(person.shows("ended=130")) << person.shown();
  EXPECT_TRUE(person.echoes());
  person.type("\n");
  person.end();
  EXPECT_FALSE(fs::exists(path("out.key")));
}

}  // namespace
}  // namespace phase::node::test
