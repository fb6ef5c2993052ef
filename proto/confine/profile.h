// proto/confine/profile.h
// The named sets of system calls that processes of ours are held to. Which calls a profile allows
// is data (rules.h), compiled to BPF when the project is built; docs/CONFINEMENT.md lists both.
#pragma once

#include <array>
#include <cstdint>

namespace phase::confine {

enum class Profile : std::uint8_t {
  kNone,       ///< No filter.
  kReader,     ///< Reads files that exist, computes, answers on a descriptor. No socket.
  kDiskProbe,  ///< As kReader, and asks block devices for their size.
  kKeeper,     ///< As kReader, and writes files.
  kMounter,    ///< As kKeeper, and mounts and gives away files.
  kEnder,      ///< As kReader, and sends signals.
  kDhcp,       ///< busybox udhcpc and its hook: packet sockets, starts programs.
  kFetcher,    ///< phase-net: IP, threads, files, starts phase-lan.
  kLan,        ///< phase-lan once it runs: IP, no file, no program.
  kLanBus,     ///< phase-lan-dbus once it runs: local sockets, no program.
  kProvider,   ///< plasmd serve: as kFetcher, and inotify, local sockets for phase-lan-dbus.
  kRescue,     ///< A person's shell: everything but kexec and what gets round that.
};

inline constexpr std::array kProfiles = {
    Profile::kReader,  Profile::kDiskProbe, Profile::kKeeper, Profile::kMounter,
    Profile::kEnder,   Profile::kDhcp,      Profile::kFetcher, Profile::kLan,
    Profile::kLanBus,  Profile::kProvider,  Profile::kRescue};

[[nodiscard]] constexpr const char* profile_name(Profile profile) {
  switch (profile) {
    case Profile::kNone: return "none";
    case Profile::kReader: return "reader";
    case Profile::kDiskProbe: return "disk-probe";
    case Profile::kKeeper: return "keeper";
    case Profile::kMounter: return "mounter";
    case Profile::kEnder: return "ender";
    case Profile::kDhcp: return "dhcp";
    case Profile::kFetcher: return "fetcher";
    case Profile::kLan: return "lan";
    case Profile::kLanBus: return "lan-bus";
    case Profile::kProvider: return "provider";
    case Profile::kRescue: return "rescue";
  }
  return "";
}

}  // namespace phase::confine
