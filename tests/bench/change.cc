// What a new release costs a provider that holds the one before: an image of which 5 % were
// overwritten in place, one that was rebuilt, and an unchanged one.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "sim/world.h"
#include "tests/bench/bench.h"
#include "tests/bench/small_release.h"

namespace phase::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;

constexpr std::size_t kPayload = 64 << 20;

/// By netlink: /sys shows the interfaces of the namespace that it was mounted in.
std::uint64_t received(sim::Shell& shell, const std::string& host) {
  const auto json =
      nlohmann::json::parse(must(shell.run(host, {"ip", "-j", "-s", "link", "show", "eth0"})));
  return json.at(0).at("stats64").at("rx").at("bytes").get<std::uint64_t>();
}

/// One contiguous part, other bytes than were there.
void overwrite(const std::string& path, double part) {
  const auto size = static_cast<double>(fs::file_size(path));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto length = static_cast<std::size_t>(size * part);
  std::vector<char> bytes(length);
  const auto from = static_cast<std::streamoff>(size * 0.4);
  file.seekg(from);
  file.read(bytes.data(), static_cast<std::streamsize>(length));
  for (char& byte : bytes) byte = static_cast<char>(byte ^ 0x5a);
  file.seekp(from);
  file.write(bytes.data(), static_cast<std::streamsize>(length));
}

/// `phase-mkinitramfs` with one more small file, whose content says which build it is.
void build_initramfs(Bench& bench, const sim::ReleaseKit& kit, const std::string& note,
                     const std::string& out) {
  const std::string file = bench.scratch + "/note";
  std::ofstream(file) << note;
  (void)must(bench.shell.run("", {"phase-mkinitramfs", "--kernel", bench.kernel_package, "--arch",
                                  "x86_64", "--trust", kit.public_key, "--role", "node", "--add",
                                  file + ":/etc/note", "-o", out},
                             minutes(5)));
}

/// A world of its own for each: the first release is there, the second comes.
struct Change {
  double size = 0, received = 0;
  [[nodiscard]] double part() const { return received / size; }
};

Change measure(Bench& bench, const sim::ReleaseKit& kit, const std::string& folder,
               const std::function<void()>& change) {
  fs::create_directories(folder);
  auto world = must(sim::World::create(bench.shell, folder));
  const std::uint64_t first = must(world->publish(kit));
  must(world->start_publisher());
  std::vector<std::string> follower = {"plasmd", "serve", "-a", folder + "/follower", "--follow",
                                       kit.public_key + "/" + sim::kChannel + "/" + sim::kArch,
                                       "--follow-interval", "1", "--no-lan"};
  for (const auto& node : world->bootstrap()) {
    follower.insert(follower.end(), {"--bootstrap", node});
  }
  (void)must(world->start_provider(follower));
  must(world->await_followers(first));
  change();
  const std::uint64_t before = received(bench.shell, "provider1");
  const std::uint64_t second = must(world->publish(kit));
  must(world->await_followers(second));
  Change out;
  out.received = static_cast<double>(received(bench.shell, "provider1") - before);
  out.size = static_cast<double>(fs::file_size(kit.kernel.vmlinuz) +
                                 fs::file_size(kit.node_initramfs));
  return out;
}

}  // namespace

void run_change(Bench& bench) {
  Table table{"change",
              "What the next release costs a provider that holds the one before",
              {"change", "release MiB", "received MiB", "part"},
              {}};
  const auto add = [&](const std::string& what, const Change& change) {
    constexpr double kMiB = 1024.0 * 1024.0;
    table.rows.push_back({what, Figure{change.size / kMiB, 1}, Figure{change.received / kMiB, 2},
                          Figure{change.part(), 4}});
  };
  {
    const std::string folder = bench.scratch + "/small";
    fs::create_directories(folder);
    const sim::ReleaseKit kit = make_small_release(bench.shell, folder, kPayload);
    add("nothing but the manifest", measure(bench, kit, folder + "/same", [] {}));
    add("5 % of the initramfs, in place, contiguous",
        measure(bench, kit, folder + "/part", [&] { overwrite(kit.node_initramfs, 0.05); }));
  }
  const std::string folder = bench.scratch + "/real";
  fs::create_directories(folder);
  sim::ReleaseKit kit = make_small_release(bench.shell, folder, 1 << 10);
  build_initramfs(bench, kit, "build 1", kit.node_initramfs);
  add("rebuilt initramfs, one small file differs", measure(bench, kit, folder + "/built", [&] {
        build_initramfs(bench, kit, "build 2", kit.node_initramfs);
      }));
  bench.report.add(table);
}

}  // namespace phase::bench
