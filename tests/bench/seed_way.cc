#include "tests/bench/seed_way.h"

#include <filesystem>
#include <fstream>

#include "tests/bench/bench.h"
#include "tests/bench/web_server.h"

namespace phase::bench {
namespace {

using std::chrono::minutes;

constexpr const char* kInit = R"(#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys; $b mount -t devtmpfs dev /dev
$b mount -t tmpfs tmpfs /tmp
said() { read up idle </proc/uptime; echo "SEED $1 $up" >/dev/console; }
said kernel
for m in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci \
         failover net_failover virtio_net; do
  for f in $($b find /lib/modules -name $m.ko); do $b insmod $f; done
done
said modules
$b ifconfig eth0 up
$b udhcpc -i eth0 -f -q -n -s /seed-dhcp
said network
$b wget -q -O /tmp/kernel http://10.77.3.1:8088/kernel &&
$b wget -q -O /tmp/initramfs http://10.77.3.1:8088/initramfs
said artifacts
/sbin/kexec -l /tmp/kernel --initrd=/tmp/initramfs --command-line=console=ttyS0
said load
/sbin/kexec -e
)";

constexpr const char* kDhcp = R"(#!/bin/busybox sh
[ "$1" = bound ] && /bin/busybox ifconfig $interface $ip netmask $subnet
exit 0
)";

void write_program(const std::string& path, const char* text) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms(0755));
}

}  // namespace

SeedWay::SeedWay(sim::World& world, const sim::ReleaseKit& kit, const std::string& folder,
                 std::uint64_t memory_mib)
    : world_(world), kit_(kit), memory_mib_(memory_mib) {
  std::filesystem::create_directories(folder);
  write_program(folder + "/init", kInit);
  write_program(folder + "/dhcp", kDhcp);
  kit_.client_initramfs = folder + "/seed.cpio";
  (void)must(world.shell().run(
      "", {"phase-mkinitramfs", "--kernel", kit.kernel.package, "--arch", "x86_64", "--trust",
           kit.public_key, "--add", folder + "/init:/seed-init", "--add",
           folder + "/dhcp:/seed-dhcp", "--add", "/usr/sbin/kexec:/sbin/kexec", "-o",
           kit_.client_initramfs},
      minutes(3)));
  const std::string root = folder + "/www";
  std::filesystem::create_directories(root);
  std::filesystem::copy_file(kit.kernel.vmlinuz, root + "/kernel");
  std::filesystem::copy_file(kit.node_initramfs, root + "/initramfs");
  nginx_ = start_nginx(world, "provider1", "10.77.3.1", root);
}

std::vector<std::pair<std::string, double>> SeedWay::boot() {
  sim::PowerOnChoice choice;
  choice.memory_mib = memory_mib_;
  choice.more_command_line = "rdinit=/seed-init";
  auto machine = must(world_.power_on(kit_, choice));
  std::vector<std::pair<std::string, double>> stages;
  double before = 0;
  std::uint64_t loaded = 0;
  for (const char* stage : {"kernel", "modules", "network", "artifacts", "load"}) {
    const auto line = must(machine->wait_for_line(std::string("SEED ") + stage + " ([0-9.]+)", minutes(3)));
    const double at = std::stod(line.groups.at(1));
    stages.emplace_back(stage, at - before);
    before = at;
    loaded = line.line;
  }
  (void)must(machine->wait_for_line("Linux version", minutes(2), loaded));
  return stages;
}

}  // namespace phase::bench
