#include "node/boot_script.h"

#include <map>
#include <sstream>

namespace phase::node {
namespace {

/// How iPXE calls the CPU that it was built for, by architecture. A PC's ROM is 32-bit code and
/// says i386 on 64-bit CPUs too; a kernel that is started on a CPU without 64 bits says so itself.
std::vector<std::string> labels_of(const std::string& arch) {
  if (arch == "x86_64") return {"i386", "x86_64"};
  if (arch == "aarch64") return {"arm64"};
  return {};
}

/// Both files by the path that never changes, so that they are of one release whatever is published
/// between two requests. The addresses are relative to the script's own: no Host field decides.
std::string section(const StoredRelease& release) {
  const std::string base = "/release/" + release.name + "/";
  std::string text;
  for (const std::string& label : labels_of(release.arch)) text += ":" + label + "\n";
  // initrd= is how a kernel that was started as an EFI program finds it; others pass over it.
  text += "kernel " + base + "kernel initrd=initramfs BOOTIF=01-${netX/mac:hexhyp}";
  if (!release.manifest.cmdline.empty()) text += " " + release.manifest.cmdline;
  text += " || goto failed\n";
  text += "initrd --name initramfs " + base + "initramfs || goto failed\n";
  text += "boot || goto failed\n";
  return text;
}

}  // namespace

bool ipxe_takes(const std::string& command_line) {
  if (command_line.find("${") != std::string::npos) return false;
  for (const char c : command_line) {
    if (c < ' ' || c > '~') return false;
  }
  std::istringstream words(command_line);
  for (std::string word; words >> word;) {
    if (word == "&&" || word == "||" || word == "#") return false;
  }
  return true;
}

std::optional<std::string> boot_script(const std::vector<StoredRelease>& releases,
                                       std::vector<std::string>* left_out) {
  std::map<std::string, const StoredRelease*> clients;
  for (const StoredRelease& release : releases) {
    if (!release.current || release.channel != kClientChannel) continue;
    if (ipxe_takes(release.manifest.cmdline)) {
      clients.emplace(release.arch, &release);
    } else if (left_out != nullptr) {
      left_out->push_back("/boot.ipxe: iPXE would change the command line of " + release.name);
    }
  }
  if (clients.empty()) return std::nullopt;
  std::string text =
      "#!ipxe\n"
      "# Starts the init client of phase-boot, which boots nothing but what the key in it signed.\n"
      "goto ${buildarch} || goto none\n";
  for (const auto& [arch, release] : clients) text += section(*release);
  return text +
         ":none\n"
         "echo This provider has no init client for ${buildarch}\n"
         "exit 1\n"
         ":failed\n"
         "echo The init client was not started\n"
         "exit 1\n";
}

void add_boot_script(Catalogue& catalogue, const std::vector<StoredRelease>& releases,
                     std::vector<std::string>* left_out) {
  const auto script = boot_script(releases, left_out);
  if (!script) return;
  for (const char* path : {"/boot.ipxe", "/ipxe"}) {
    catalogue.add_bytes(path, {script->begin(), script->end()}, "text/plain; charset=utf-8");
  }
}

}  // namespace phase::node
