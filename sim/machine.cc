#include "sim/machine.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace phase::sim {
namespace {

bool cpu_has_virtualisation() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word == "vmx" || word == "svm") return true;
    }
    return false;
  }
  return false;
}

/// Commas in values are doubled: QEMU's rule.
std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) out += c == ',' ? ",," : std::string(1, c);
  return out;
}

Result<std::vector<std::string>> disk_arguments(const MachineDisk& disk, std::size_t index) {
  const std::string number = std::to_string(index);
  std::string node = "disk" + number;
  std::vector<std::string> argv = {
      "-blockdev", "driver=file,node-name=" + node + ",filename=" + escaped(disk.image) +
                       (disk.read_only ? ",read-only=on" : "")};
  if (!disk.write_log.empty()) {
    std::ofstream log(disk.write_log, std::ios::trunc);
    if (!log) return Error{ErrorCode::kStore, disk.write_log + ": cannot be written"};
    argv.insert(argv.end(),
                {"-blockdev", "driver=file,node-name=log" + number + ",filename=" +
                                  escaped(disk.write_log),
                 "-blockdev", "driver=blklogwrites,node-name=logged" + number + ",file=" + node +
                                  ",log=log" + number});
    node = "logged" + number;
  }
  argv.insert(argv.end(), {"-device", "virtio-blk-pci,write-cache=on,drive=" + node});
  return argv;
}

}  // namespace

bool kvm_works() {
  if (!cpu_has_virtualisation()) return false;
  const int fd = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool works = ::ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
  ::close(fd);
  return works;
}

Result<std::unique_ptr<Machine>> Machine::power_on(MachineOptions options) {
  auto slot = QemuSlot::take();
  if (!slot) return slot.error();

  ProcessOptions qemu;
  qemu.log_file = options.console_log;
  qemu.on_line = std::move(options.on_line);
  const bool by_network = options.kernel.empty();
  // Without graphics the firmware, and the ROM behind it, speak on the serial console.
  qemu.argv = {"qemu-system-x86_64",
               "-machine",
               by_network ? "q35,graphics=off" : "q35",
               "-nodefaults",
               "-no-user-config",
               "-display",
               "none",
               "-monitor",
               "none",
               "-serial",
               "stdio",
               "-no-reboot",
               "-m",
               std::to_string(options.memory_mib)};
  auto& argv = qemu.argv;
  if (kvm_works()) {
    argv.insert(argv.end(), {"-accel", "kvm", "-cpu", "host"});
  } else {
    argv.insert(argv.end(), {"-accel", "tcg", "-cpu", "max"});
  }
  if (!by_network) {
    argv.insert(argv.end(), {"-kernel", options.kernel, "-initrd", options.initramfs, "-append",
                             options.command_line});
  }
  if (!options.tap.empty()) {
    argv.insert(argv.end(), {"-netdev",
                             "tap,id=net0,script=no,downscript=no,ifname=" + options.tap,
                             "-device", "virtio-net-pci,netdev=net0,mac=" + options.mac +
                                            (by_network ? ",bootindex=0" : ",romfile=")});
  }
  for (std::size_t i = 0; i < options.disks.size(); ++i) {
    auto disk = disk_arguments(options.disks[i], i);
    if (!disk) return disk.error();
    argv.insert(argv.end(), disk->begin(), disk->end());
  }
  argv.insert(argv.end(), options.more_arguments.begin(), options.more_arguments.end());

  auto process = Process::start(std::move(qemu));
  if (!process) return process.error();
  std::unique_ptr<Machine> machine{new Machine};
  machine->slot_ = std::move(*slot);
  machine->qemu_ = std::move(*process);
  return machine;
}

Result<ExitStatus> Machine::wait_for_end(std::chrono::milliseconds timeout) {
  auto ended = qemu_->wait(timeout);
  if (ended) slot_.reset();
  return ended;
}

Result<void> Machine::cut_power() {
  qemu_->signal(SIGKILL);
  auto gone = qemu_->wait(std::chrono::seconds(30));
  if (!gone) return gone.error();
  slot_.reset();
  return {};
}

}  // namespace phase::sim
