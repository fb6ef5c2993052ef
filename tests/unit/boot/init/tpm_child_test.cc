// Goal: what a machine's TPM keeps of its root's counter outlives power, only rises, and whatever
// the TPM says PID 1 goes on in time with a number or an error. Method: swtpm, somebody else's
// TPM 2.0, over a socket in place of /dev/tpmrm0; and a "TPM" that says what it should not.
#include "boot/init/tpm_child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "boot/machine/child.h"
#include "boot/machine/tpm.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

MonoTime within(milliseconds time) { return system_clock().now() + time; }

void put(Bytes& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    to.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

/// A command with one handle and an empty password (TPM 2.0 library, part 1, 18).
Bytes command(std::uint32_t code, std::uint32_t handle, const Bytes& parameters) {
  Bytes out;
  put(out, 0x8002, 2);
  put(out, 10 + 4 + 4 + 9 + parameters.size(), 4);
  put(out, code, 4);
  put(out, handle, 4);
  put(out, 9, 4);
  put(out, 0x40000009, 4);
  put(out, 0, 5);
  out.insert(out.end(), parameters.begin(), parameters.end());
  return out;
}

constexpr std::uint32_t kOwner = 0x40000001;

/// TPM2_HierarchyChangeAuth: the owner's authorisation is no longer empty.
Bytes owner_takes_it() {
  Bytes parameters;
  put(parameters, 1, 2);
  put(parameters, 'x', 1);
  return command(0x129, kOwner, parameters);
}

/// TPM2_NV_DefineSpace of our index, with other attributes than ours.
Bytes define_index(std::uint32_t attributes) {
  Bytes index;
  put(index, kTpmIndex, 4);
  put(index, 0x000b, 2);
  put(index, attributes, 4);
  put(index, 0, 2);
  put(index, 8, 2);
  Bytes parameters;
  put(parameters, 0, 2);
  put(parameters, index.size(), 2);
  parameters.insert(parameters.end(), index.begin(), index.end());
  return command(0x12a, kOwner, parameters);
}

/// A TPM that is on from here to its end. What it keeps lies in `folder`.
class SwTpm {
 public:
  explicit SwTpm(const std::string& folder) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_ = Fd(ends[0]);
    const Fd theirs(ends[1]);
    Confinement rights;
    rights.uid = ::geteuid();
    rights.gid = ::getegid();
    rights.descriptors = {{theirs.get(), 3}};
    auto child = spawn("/usr/bin/swtpm",
                       {"socket", "--tpm2", "--fd", "3", "--tpmstate", "dir=" + folder, "--flags",
                        "startup-clear", "--terminate"},
                       {"PATH=/usr/bin"}, rights);
    EXPECT_TRUE(child.ok()) << child.error().detail;
    if (child) child_ = std::move(*child);
  }
  ~SwTpm() {
    ours_.reset();  // It ends where nobody is connected.
    if (child_.pid > 0 && !wait_until(child_, within(seconds(20)))) kill_and_reap(child_);
  }
  SwTpm(const SwTpm&) = delete;
  SwTpm& operator=(const SwTpm&) = delete;

  [[nodiscard]] const Fd& line() const { return ours_; }
  /// The code of the answer to a command of the test's own; 0: success.
  std::uint32_t say(const Bytes& command) {
    EXPECT_EQ(::write(ours_.get(), command.data(), command.size()),
              static_cast<ssize_t>(command.size()));
    std::array<std::uint8_t, 4096> answer{};
    EXPECT_GE(::read(ours_.get(), answer.data(), answer.size()), 10);
    return static_cast<std::uint32_t>(answer[6]) << 24 | answer[7] << 16 | answer[8] << 8 | answer[9];
  }
  Result<TpmWord> ask() { return ask_tpm(ours_, within(seconds(60)), system_clock()); }
  Result<void> keep(std::uint64_t counter) {
    return keep_counter(ours_, counter, within(seconds(60)), system_clock());
  }

 private:
  Fd ours_;
  Child child_;
};

class TpmChild : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does"; }
  test::TempFolder folder_;
};

void expect_kept(SwTpm& tpm, std::uint64_t counter) {
  const auto word = tpm.ask();
  ASSERT_TRUE(word.ok()) << word.error().detail;
  EXPECT_TRUE(word->present);
  EXPECT_EQ(word->counter, counter);
}

TEST_F(TpmChild, KeepsTheHighestCounterOverPower) {
  {
    SwTpm tpm(folder_.path());
    expect_kept(tpm, 0);
    ASSERT_TRUE(tpm.keep(2).ok());
    expect_kept(tpm, 2);
  }
  SwTpm again(folder_.path());
  expect_kept(again, 2);
  const auto lower = again.keep(1);
  EXPECT_TRUE(lower.ok()) << lower.error().detail;
  expect_kept(again, 2);
  ASSERT_TRUE(again.keep(5).ok());
  expect_kept(again, 5);
  ASSERT_TRUE(again.keep(64).ok());
  expect_kept(again, 64);
}

// Switched off between the two commands of the first write.
TEST_F(TpmChild, AnIndexThatWasNotWrittenHoldsNothing) {
  SwTpm tpm(folder_.path());
  ASSERT_EQ(tpm.say(define_index(0x02040024)), 0U);
  expect_kept(tpm, 0);
  ASSERT_TRUE(tpm.keep(1).ok());
  expect_kept(tpm, 1);
}

TEST_F(TpmChild, ATpmWhoseOwnerIsSetKeepsRaisingWhatWasDefinedBefore) {
  SwTpm tpm(folder_.path());
  ASSERT_TRUE(tpm.keep(1).ok());
  ASSERT_EQ(tpm.say(owner_takes_it()), 0U);
  ASSERT_TRUE(tpm.keep(3).ok());
  expect_kept(tpm, 3);
}

TEST_F(TpmChild, ATpmWhoseOwnerIsSetDefinesNothingNew) {
  SwTpm tpm(folder_.path());
  ASSERT_EQ(tpm.say(owner_takes_it()), 0U);
  const auto refused = tpm.keep(1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTpm);
  EXPECT_THAT(refused.error().detail, HasSubstr("TPM2_NV_DefineSpace is refused"));
  expect_kept(tpm, 0);
}

TEST_F(TpmChild, AnIndexOfSomebodyElseIsNotTakenForOurs) {
  SwTpm tpm(folder_.path());
  ASSERT_EQ(tpm.say(define_index(0x02040004)), 0U);  // Ordinary data: it could be lowered.
  const auto word = tpm.ask();
  ASSERT_FALSE(word.ok());
  EXPECT_EQ(word.error().code, ErrorCode::kTpm);
  EXPECT_THAT(word.error().detail, HasSubstr("defined in another way"));
  EXPECT_FALSE(tpm.keep(1).ok());
}

/// Answers every command with the same bytes; the number of commands is its status.
int lie(const Bytes& answer) {
  std::array<std::uint8_t, 4096> command{};
  int commands = 0;
  while (::read(3, command.data(), command.size()) > 0) {
    ++commands;
    if (::send(3, answer.data(), answer.size(), MSG_NOSIGNAL) < 0 || answer.size() < 10) break;
  }
  return commands;
}

/// A "TPM" that gives `answer`, for as long as `ask` runs. Returns how many commands it heard.
int answer_with(const Bytes& answer, const std::function<void(const Fd&)>& ask) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Fd ours(ends[0]), theirs(ends[1]);
  Confinement rights;
  rights.uid = ::geteuid();
  rights.gid = ::getegid();
  rights.descriptors = {{theirs.get(), 3}};
  auto liar = fork_child([&] { return lie(answer); }, rights);
  EXPECT_TRUE(liar.ok());
  if (!liar) return 0;
  theirs.reset();
  ask(ours);
  ours.reset();
  const auto commands = wait_until(*liar, within(seconds(20)));
  if (!commands) kill_and_reap(*liar);
  return commands.value_or(0);
}

Bytes header(std::uint32_t size, std::uint32_t code, std::size_t more = 0) {
  Bytes out;
  put(out, 0x8001, 2);
  put(out, size, 4);
  put(out, code, 4);
  out.resize(out.size() + more, 0xff);
  return out;
}

TEST_F(TpmChild, ATpmThatSaysWhatItShouldNotIsAnError) {
  const std::vector<Bytes> lies = {
      header(10, 0x101),                // failure
      header(10, 0),                    // success, and nothing in it
      header(9, 0),                     // shorter than its own header
      header(200, 0, 190),              // sizes that lead out of the answer
      header(4000, 0, 3990),
      header(0xffffffff, 0),            // more than anybody would wait for
      header(10, 0, 5000),              // more than it says
      Bytes{0x80, 0x01},                // ends within the header
      Bytes{},                          // ends at once
  };
  for (const auto& lie : lies) {
    const int heard = answer_with(lie, [&](const Fd& line) {
      const auto word = ask_tpm(line, within(seconds(2)), system_clock());
      EXPECT_FALSE(word.ok()) << to_hex(lie).substr(0, 60);
      EXPECT_EQ(word.ok() ? ErrorCode::kInternal : word.error().code, ErrorCode::kTpm);
    });
    EXPECT_GE(heard, 1);
  }
}

TEST_F(TpmChild, ATpmThatIsSilentHoldsNobodyUp) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]), silent(ends[1]);
  const auto word = ask_tpm(ours, within(milliseconds(300)), system_clock());
  ASSERT_FALSE(word.ok());
  EXPECT_EQ(word.error().code, ErrorCode::kTpm);
  EXPECT_THAT(word.error().detail, HasSubstr("no answer in time"));
}

TEST_F(TpmChild, WithoutADeviceThereIsNone) {
  const auto tpm = open_tpm(folder_.path() + "/tpmrm0");
  ASSERT_TRUE(tpm.ok());
  EXPECT_FALSE(tpm->valid());
  const auto word = ask_tpm(*tpm, within(seconds(1)), system_clock());
  ASSERT_TRUE(word.ok());
  EXPECT_FALSE(word->present);
}

}  // namespace
}  // namespace phase::boot
