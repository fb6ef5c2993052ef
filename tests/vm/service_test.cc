// Goal: systemd starts the unit of deploy/ with every one of its settings, plasmd serves under them,
// reloads and ends, and has no more than the unit leaves it. Method: a machine whose PID 1 is Debian's
// systemd, on Debian's kernel; a script in it asks systemd and the kernel, and says what they answer.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "proto/cpio_writer.h"
#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using testing::MatchesRegex;

constexpr const char* kScratch = "/run/phase-sim";
constexpr const char* kPacked = "/run/phase-sim/systemd.cpio";

constexpr const char* kProbeUnit = R"([Unit]
Wants=plasmd.service
After=plasmd.service
[Service]
Type=oneshot
ExecStart=/bin/busybox sh /probe.sh
StandardOutput=tty
StandardError=null
TTYPath=/dev/console
)";

// A line "SERVICE name=value" for each. An answer of the HTTP provider ends the waiting, and so does
// a unit that systemd has given up or will start again.
constexpr const char* kProbe = R"sh(
b=/bin/busybox
say() { echo "SERVICE $1=$2"; }
state() { systemctl show -P "$1" plasmd; }
while [ "$(state ActiveState)" = active ]; do
  health=$($b wget -q -O - http://127.0.0.1:8080/healthz) && break
  $b usleep 200000
done
say active "$(state ActiveState)"
say health "$health"
pid=$(state MainPID)
of() { $b sed -n "s/^$1:[[:space:]]*//p" /proc/$pid/status | $b tr '\t' ' '; }
say uid "$(of Uid)"
say capabilities "$(of CapPrm) $(of CapEff) $(of CapBnd) $(of CapAmb)"
say no_new_privs "$(of NoNewPrivs)"
say seccomp "$(of Seccomp)"
say users "$($b wc -l < /proc/$pid/uid_map) $($b awk '{ n += $3 } END { print n }' /proc/$pid/uid_map)"
say store "$($b stat -c '%a %u' /var/lib/private/phase)"
within() { $b nsenter -t $pid -m -- $b "$@"; }
say usr "$(within touch /usr/mine && echo written || echo kept)"
say home "$(within ls /root/mine && echo seen || echo hidden)"
say memory_device "$(within ls /dev/mem && echo seen || echo hidden)"
say admin "$($b wget -q -O - http://127.0.0.1:8081/api/v1/status > /run/status && echo answers)"
systemctl reload plasmd; say reload $?
say restarts "$(state NRestarts)"
systemctl stop plasmd; say stop $?
say result "$(state Result) $(state ExecMainStatus)"
$b poweroff -f
)sh";

constexpr const char* kConfiguration =
    "port = 8080\nbind = \"127.0.0.1\"\nbootstrap = [\"127.0.0.1:6881\"]\n";

class ServiceMachine : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::filesystem::create_directories(kScratch);
    pack();
  }
  void SetUp() override {
    std::ostringstream text;
    text << std::ifstream(PHASE_SOURCE_DIR "/deploy/plasmd.service").rdbuf();
    unit_ = text.str();
    ASSERT_THAT(unit_, testing::HasSubstr("DynamicUser=yes"));
  }
  /// Our packer finds the libraries of systemd as it finds those of our own programs.
  static void pack() {
    std::vector<std::string> argv{"phase-mkinitramfs", "--kernel", kit().kernel.package, "--arch",
                                  "x86_64", "--trust", kit().public_key, "--role", "node", "-o", kPacked};
    for (const char* one : {"/lib/systemd/systemd", "/bin/systemctl", "/usr/bin/busybox:/bin/kill",
                            "/lib/systemd/system/sysinit.target", "/lib/systemd/system/basic.target",
                            "/lib/systemd/system/network-online.target"}) {
      argv.insert(argv.end(), {"--add", one});
    }
    for (const char* one : {"plasmd", "phase-lan", "phase-lan-dbus"}) {
      argv.insert(argv.end(), {"--add", own_folder() + "/" + one + ":/usr/local/bin/" + one});
    }
    must(shell().run("", argv));
  }
  /// The kernel unpacks one archive after the other.
  void add_configuration(const std::string& initramfs) const {
    std::filesystem::copy_file(kPacked, initramfs,
                               std::filesystem::copy_options::overwrite_existing);
    std::ofstream out(initramfs, std::ios::binary | std::ios::app);
    const auto size = std::filesystem::file_size(initramfs);
    out << std::string((4 - size % 4) % 4, '\0');
    CpioWriter archive([&](ByteView bytes) { out << as_text(bytes); }, 1);
    for (const char* folder : {"etc", "etc/systemd", "etc/systemd/system", "etc/phase", "var", "var/lib",
                               "home", "root"}) {
      archive.directory(folder);
    }
    archive.file("etc/systemd/system/plasmd.service", as_bytes(unit_));
    archive.file("etc/systemd/system/probe.service", as_bytes(std::string_view(kProbeUnit)));
    archive.file("etc/phase/plasmd.toml", as_bytes(std::string_view(kConfiguration)));
    archive.file("etc/machine-id", as_bytes(std::string_view("0123456789abcdef0123456789abcdef\n")));
    archive.file("etc/passwd", as_bytes(std::string_view("root:x:0:0::/root:/bin/false\n")));
    archive.file("etc/group", as_bytes(std::string_view("root:x:0:\n")));
    archive.file("root/mine", {});
    archive.file("probe.sh", as_bytes(std::string_view(kProbe)));
    archive.finish();
    ASSERT_TRUE(out.flush());
  }
  /// Until it has powered itself off.
  void boot() {
    MachineOptions options;
    options.kernel = kit().kernel.vmlinuz;
    options.initramfs = std::string(kScratch) + "/service.cpio";
    add_configuration(options.initramfs);
    options.memory_mib = 768;
    options.command_line =
        "console=ttyS0 quiet panic=-1 rdinit=/lib/systemd/systemd systemd.unit=probe.service "
        "systemd.log_target=console systemd.show_status=0";
    machine_ = must(Machine::power_on(std::move(options)));
    const auto end = must(machine_->wait_for_end(minutes(3)));
    EXPECT_TRUE(end.success()) << end.text();
  }
  /// What the script said of `name`; empty: nothing.
  [[nodiscard]] std::string said(const std::string& name) const {
    const auto lines = machine_->lines_matching("^SERVICE " + name + "=");
    if (lines.empty()) return "";
    std::string value = lines.back().substr(lines.back().find('=') + 1);
    if (!value.empty() && value.back() == '\r') value.pop_back();
    return value;
  }

  std::string unit_;
  std::unique_ptr<Machine> machine_;
};

TEST_F(ServiceMachine, SystemdStartsReloadsAndStopsIt) {
  boot();
  const std::string whole = machine_->last_lines(60);
  EXPECT_EQ(said("active"), "active") << whole;
  EXPECT_EQ(said("health"), "ok") << whole;
  EXPECT_EQ(said("admin"), "answers") << whole;
  const std::string none = "0000000000000000";
  EXPECT_EQ(said("capabilities"), none + " " + none + " " + none + " " + none) << whole;
  EXPECT_EQ(said("no_new_privs"), "1") << whole;
  EXPECT_EQ(said("seccomp"), "2") << whole;
  // A user of its own, who owns the store alone; beside it and root nobody exists for it.
  EXPECT_THAT(said("uid"), MatchesRegex("6[1-5][0-9]{3} .*")) << whole;
  EXPECT_EQ(said("store"), "700 " + said("uid").substr(0, said("uid").find(' '))) << whole;
  EXPECT_EQ(said("users"), "2 2") << whole;
  EXPECT_EQ(said("usr"), "kept") << whole;
  EXPECT_EQ(said("home"), "hidden") << whole;
  EXPECT_EQ(said("memory_device"), "hidden") << whole;
  EXPECT_EQ(said("reload"), "0") << whole;
  EXPECT_EQ(said("restarts"), "0") << whole;
  EXPECT_EQ(said("stop"), "0") << whole;
  EXPECT_EQ(said("result"), "success 0") << whole;
}

// So the settings are in force here, and a unit that takes a call too much away would be seen.
TEST_F(ServiceMachine, AUnitThatLeavesTooLittleWouldBeSeen) {
  const std::string line = "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK";
  const auto at = unit_.find(line);
  ASSERT_NE(at, std::string::npos);
  unit_.replace(at, line.size(), "RestrictAddressFamilies=AF_UNIX");
  boot();
  EXPECT_NE(said("active"), "active") << machine_->last_lines(60);
  EXPECT_NE(said("active"), "") << machine_->last_lines(60);
  EXPECT_EQ(said("health"), "");
}

}  // namespace
}  // namespace phase::sim
