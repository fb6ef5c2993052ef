#include "sim/machine.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
  qemu.argv = {"qemu-system-x86_64", "-machine", "q35", "-nodefaults", "-no-user-config",
               "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
               "-m", std::to_string(options.memory_mib)};
  auto& argv = qemu.argv;
  if (kvm_works()) {
    argv.insert(argv.end(), {"-accel", "kvm", "-cpu", "host"});
  } else {
    argv.insert(argv.end(), {"-accel", "tcg", "-cpu", "max"});
  }
  argv.insert(argv.end(), {"-kernel", options.kernel, "-initrd", options.initramfs, "-append",
                           options.command_line});
  if (!options.tap.empty()) {
    argv.insert(argv.end(), {"-netdev",
                             "tap,id=net0,script=no,downscript=no,ifname=" + options.tap,
                             "-device", "virtio-net-pci,romfile=,netdev=net0,mac=" + options.mac});
  }
  argv.insert(argv.end(), options.more_arguments.begin(), options.more_arguments.end());

  auto process = Process::start(std::move(qemu));
  if (!process) return process.error();
  std::unique_ptr<Machine> machine{new Machine};
  machine->slot_ = std::move(*slot);
  machine->qemu_ = std::move(*process);
  return machine;
}

}  // namespace phase::sim
