// Goal: on a machine that really boots, every process has exactly the rights that
// docs/CONFINEMENT.md says, in the machine's own kernel's words. (Whoever looks at an unknown disk is
// gone too soon to be seen every time; its rights are those that the page prints.) Method: a probe stands before
// phase-init in both initramfs and says what /proc/<pid>/status says of each process; a machine with
// a cache disk boots a published system through DHCP, network child, verifier and cache, and that
// system becomes a provider.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

#include "disk_scene.h"
#include "proto/cpio_writer.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr const char* kNothing = "0000000000000000";
constexpr const char* kNetRaw = "0000000000002000";
// CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_ADMIN.
constexpr const char* kMounting = "000000000020000b";

struct Seen {
  std::string pid, uid, name, capabilities;  ///< Capabilities: effective, where bounding is the same.
  bool confined = false;                     ///< no_new_privs, and a system call filter.
};

/// What the probe said last of each process; in order of process numbers as they first came.
std::vector<Seen> last_words(const Machine& machine) {
  static const std::regex kLine(
      "PROBE pid=(\\d+) uid=(\\d+) name=(\\S+) effective=(\\w+) bounding=(\\w+) ambient=(\\w+) "
      "no-new-privs=(\\d) seccomp=(\\d)");
  std::vector<Seen> all;
  for (const std::string& line : machine.lines_matching("PROBE pid=")) {
    std::smatch match;
    if (!std::regex_search(line, match, kLine)) continue;
    Seen seen{match[1], match[2], match[3], match[4] == match[5] ? match[4].str() : "", false};
    seen.confined = match[7] == "1" && match[8] == "2";
    // Numbers come again once the second kernel runs, where PID 1 is seen anew.
    const auto known = std::find_if(all.rbegin(), all.rend(),
                                    [&](const Seen& one) { return one.pid == seen.pid; });
    if (known != all.rend() && seen.pid != "1") {
      *known = seen;
    } else {
      all.push_back(seen);
    }
  }
  return all;
}

/// `initramfs` with the probe behind it: the kernel unpacks one archive after the other.
std::string with_probe(const std::string& initramfs, const std::string& out) {
  std::ifstream program(own_folder() + "/phase-process-probe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(program), {}};
  EXPECT_GT(bytes.size(), 10'000u);
  std::ofstream file(out, std::ios::binary);
  file << std::ifstream(initramfs, std::ios::binary).rdbuf();
  while (file.tellp() % 4 != 0) file.put('\0');
  CpioWriter writer(
      [&](ByteView part) {
        file.write(reinterpret_cast<const char*>(part.data()), static_cast<long>(part.size()));
      },
      1);
  writer.file("probe", as_bytes(bytes), 0755);
  writer.finish();
  return out;
}

class Confinement : public DiskScene {
 protected:
  [[nodiscard]] ReleaseKit probed() const {
    ReleaseKit probed = kit();
    probed.client_initramfs = with_probe(kit().client_initramfs, scratch() + "/client.cpio");
    probed.node_initramfs = with_probe(kit().node_initramfs, scratch() + "/node.cpio");
    return probed;
  }
  enum class Who : std::uint8_t {
    kSome,      ///< Somebody of this number was seen with exactly these rights,
    kPrograms,  ///< and no program of it without. Before its program begins, a fork of PID 1 gives up
                ///< one right after the other; on a busy computer it is seen on the way.
    kAll,       ///< and nobody without.
  };
  static void expect(const std::vector<Seen>& seen, const std::string& uid,
                     const std::string& capabilities, Who who) {
    int right = 0;
    for (const Seen& one : seen) {
      if (one.uid != uid || one.pid == "1") continue;
      if (who == Who::kPrograms && one.name == "init") continue;
      const bool good = one.confined && one.capabilities == capabilities;
      right += good ? 1 : 0;
      EXPECT_TRUE(good || who == Who::kSome) << "number " << uid << ": " << one.name << ", capabilities "
                                << one.capabilities << ", confined " << one.confined;
    }
    EXPECT_GE(right, 1) << "nobody of number " << uid << " was seen as it has to be";
  }
};

TEST_F(Confinement, EveryProcessOfABootingMachineHasTheRightsThatItNeedsAndNoOther) {
  const ReleaseKit kit = probed();
  PublishChoice published;
  published.command_line = "panic=30 rdinit=/probe";
  (void)must(world().publish(kit, published));
  must(world().start_publisher());
  const Disk disk = make_disk("disk", make_cache(false));
  PowerOnChoice choice;
  choice.disks = {{disk.path(), "", false}};
  choice.more_command_line = "rdinit=/probe";

  auto machine = must(world().power_on(kit, choice));
  (void)must(watch_boot(shell(), *machine, minutes(5)));
  (void)must(machine->wait_for_line("PROBE .* uid=903 name=plasmd .*seccomp=2", minutes(2)));
  const auto seen = last_words(*machine);

  expect(seen, "900", kNetRaw, Who::kSome);  // udhcpc and its hook
  expect(seen, "901", kNothing, Who::kPrograms);  // phase-net, phase-lan
  expect(seen, "902", kNothing, Who::kAll);  // verifier; who looks at a cache
  expect(seen, "903", kNothing, Who::kPrograms);  // plasmd of the system that was booted, its phase-lan
  expect(seen, "904", kNothing, Who::kSome);  // who stores in the cache
  expect(seen, "0", kMounting, Who::kSome);  // who mounts it
  // PID 1 of both systems alone has everything and no filter: only it can kexec. A fork of it that
  // was not seen again has its name; a program of ours never runs as root.
  int everything = 0;
  for (const Seen& one : seen) {
    if (one.pid == "1") everything += one.confined ? 0 : 1;
    const bool other = one.pid != "1" && one.name != "probe" && one.name != "init";
    EXPECT_FALSE(other && one.uid == "0") << one.pid << " " << one.name << " " << one.capabilities;
  }
  EXPECT_GE(everything, 2);
}

}  // namespace
}  // namespace phase::sim
