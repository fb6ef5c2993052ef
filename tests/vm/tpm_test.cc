// Goal: a machine with a TPM does not go back to a trust root that was replaced, though it forgets
// everything else when it is switched off. Method: a machine with swtpm, somebody else's TPM 2.0,
// whose state outlives the first boot; the second is given the older root.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "boot/machine/child.h"
#include "own_trust.h"
#include "proto/ports.h"
#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A TPM that QEMU finds at path(); it ends with the machine, and what it keeps stays in `folder`.
class MachineTpm {
 public:
  explicit MachineTpm(const std::string& folder) : path_(folder + "/socket") {
    std::filesystem::create_directories(folder);
    std::filesystem::remove(path_);
    const Fd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listening.get(), 1) != 0) {
      throw std::runtime_error(path_ + " cannot be listened at");
    }
    boot::Confinement rights;
    rights.uid = ::geteuid();
    rights.gid = ::getegid();
    rights.descriptors = {{listening.get(), 3}};
    child_ = must(boot::spawn("/usr/bin/swtpm",
                              {"socket", "--tpm2", "--ctrl", "type=unixio,fd=3", "--tpmstate",
                               "dir=" + folder, "--terminate"},
                              {"PATH=/usr/bin"}, rights));
  }
  ~MachineTpm() {
    // The machine is gone by now, and its TPM with it.
    if (child_.pid > 0 && !boot::wait_until(child_, system_clock().now() + seconds(10))) {
      boot::kill_and_reap(child_);
    }
  }
  MachineTpm(const MachineTpm&) = delete;
  MachineTpm& operator=(const MachineTpm&) = delete;

  [[nodiscard]] PowerOnChoice in_machine() const {
    PowerOnChoice choice;
    choice.more_qemu = {"-chardev", "socket,id=tpm,path=" + path_,
                        "-tpmdev",  "emulator,id=tpm0,chardev=tpm",
                        "-device",  "tpm-tis,tpmdev=tpm0"};
    choice.more_command_line = "phase.onfail=poweroff";
    return choice;
  }

 private:
  std::string path_;
  boot::Child child_;
};

class Tpm : public Scene {
 protected:
  /// Boots a machine whose own root has counter 2, so that its TPM keeps that.
  void boot_under_the_newer_root(std::uint64_t version) {
    const auto newer = with_trust(kit(), locked_to(kit(), 2), scratch() + "/newer.cpio");
    const MachineTpm tpm(scratch() + "/tpm");
    const auto machine = must(world().power_on(newer, tpm.in_machine()));
    must(check_boot(must(watch_boot(shell(), *machine, minutes(3))), version, kit().public_key));
    EXPECT_THAT(machine->lines_matching("TPM: keeps counter 2 of the trust root from now on"),
                Not(IsEmpty()));
  }
  /// An initramfs from before: its root has counter 1.
  ReleaseKit replaced() { return with_trust(kit(), locked_to(kit(), 1), scratch() + "/replaced.cpio"); }
  /// The publisher's store gets the successor of that root, whose counter is 2.
  void install_successor() {
    const std::string first = scratch() + "/1.root.dsse", second = scratch() + "/2.root.dsse";
    std::ofstream(first, std::ios::binary) << as_text(locked_to(kit(), 1).root_document);
    must(shell().run("publisher", {"plasmd", "trust", "rotate", "--from", first, "--counter", "2",
                                   "--out", second}));
    must(shell().run("publisher", {"plasmd", "trust", "sign", "--secret-key", kit().secret_key,
                                   "--previous", first, "--yes", second}));
    must(shell().run("publisher", {"plasmd", "trust", "install", "-a", world().publisher_store(),
                                   "--base", first, second}));
  }
};

TEST_F(Tpm, RefusesAReplacedRootOnceANewerOneWasBooted) {
  const auto version = publish();
  boot_under_the_newer_root(version);
  const auto old = replaced();
  {
    const MachineTpm tpm(scratch() + "/tpm");
    const auto machine = must(world().power_on(old, tpm.in_machine()));
    const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
    expect_refused(*machine, report);
    EXPECT_EQ(report.error, "tpm") << report.detail;
    EXPECT_THAT(machine->lines_matching("TPM: keeps counter 2 of the trust root$"), SizeIs(1));
    EXPECT_THAT(machine->lines_matching("pointer: version"), Not(IsEmpty()));
    EXPECT_THAT(machine->lines_matching("manifest: version"), IsEmpty())
        << "a release was fetched that was refused then";
  }
  // The same initramfs on a machine without a TPM: it is the TPM that refused.
  const auto machine = must(world().power_on(old));
  must(check_boot(must(watch_boot(shell(), *machine, minutes(3))), version, kit().public_key));
}

// Its initramfs is as old as it was; what its TPM asks for, it finds.
TEST_F(Tpm, AnOldInitramfsFindsTheRootThatItsTpmAsksFor) {
  const auto version = publish();
  boot_under_the_newer_root(version);
  install_successor();
  const MachineTpm tpm(scratch() + "/tpm");
  const auto machine = must(world().power_on(replaced(), tpm.in_machine()));
  must(check_boot(must(watch_boot(shell(), *machine, minutes(3))), version, kit().public_key));
  EXPECT_THAT(machine->lines_matching("a newer root document is needed"), Not(IsEmpty()));
  EXPECT_THAT(machine->lines_matching("root: version 2 decides now"), Not(IsEmpty()));
}

}  // namespace
}  // namespace phase::sim
