#include "boot/machine/child_rights.h"

#include <linux/capability.h>

#include <utility>

#include "boot/machine/dhcp.h"

namespace phase::boot {
namespace {

using confine::FileRules;
using confine::Profile;

constexpr uid_t kNobody = 65534;
// libtorrent's threads, hashing and name resolution; and a cap for a child gone wrong.
constexpr rlim_t kMaxThreads = 128;

std::string folder_of(const std::string& program) { return program.substr(0, program.rfind('/')); }

/// For a process that starts programs from `where`: those, their loader and their libraries.
FileRules runs(std::vector<std::string> where) {
  FileRules files;
  files.execute = std::move(where);
  files.execute.insert(files.execute.end(), {"/lib", "/lib64", "/usr/lib", "/usr/lib64"});
  files.read = {"/dev/urandom", "/etc/ld.so.cache", "/etc/ld.so.preload"};
  files.write = {"/dev/null"};
  return files;
}

/// What a program with libtorrent and the resolver of names reads besides.
FileRules runs_on_network(const std::string& program) {
  FileRules files = runs({folder_of(program)});
  files.read.insert(files.read.end(),
                    {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
                     "/etc/gai.conf", "/etc/passwd", "/etc/group", "/etc/services", "/proc", "/sys/class/net",
                     "/sys/devices"});
  return files;
}

Confinement of(uid_t uid, Profile profile) {
  Confinement rights;
  rights.uid = uid;
  rights.gid = uid;
  rights.profile = profile;
  rights.limits = {{RLIMIT_CORE, 0}};
  return rights;
}

/// A fork that computes: no network, no program, no thread.
Confinement fork_of(uid_t uid, Profile profile, FileRules files) {
  Confinement rights = of(uid, profile);
  rights.new_network_namespace = true;
  rights.files = std::move(files);
  rights.limits.emplace_back(RLIMIT_NPROC, 0);
  return rights;
}

}  // namespace

Confinement dhcp_rights(const DhcpOptions& options) {
  Confinement rights = of(options.uid, Profile::kDhcp);
  rights.gid = options.gid;
  rights.capabilities = {CAP_NET_RAW};
  rights.files = runs({options.busybox, options.hook});
  rights.limits.insert(rights.limits.end(), {{RLIMIT_AS, options.max_memory},
                                             {RLIMIT_NOFILE, 16},
                                             {RLIMIT_CPU, 10},
                                             {RLIMIT_FSIZE, 0}});
  return rights;
}

Confinement disk_probe_rights() {
  // blkid asks there whether what it was given is a whole disk.
  Confinement rights = fork_of(kNobody, Profile::kDiskProbe, {{"/sys"}, {}, {}});
  rights.limits.insert(rights.limits.end(), {{RLIMIT_AS, rlim_t{512} << 20},
                                             {RLIMIT_CPU, 10},
                                             {RLIMIT_FSIZE, 0},
                                             {RLIMIT_NOFILE, 16}});
  return rights;
}

Confinement tpm_rights(uid_t uid) {
  Confinement rights = fork_of(uid, Profile::kReader, {});
  rights.limits.insert(rights.limits.end(), {{RLIMIT_FSIZE, 0}, {RLIMIT_NOFILE, 16}});
  return rights;
}

Confinement mounter_rights() {
  Confinement rights = fork_of(0, Profile::kMounter, {});
  rights.files.reset();
  rights.capabilities = {CAP_SYS_ADMIN, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE};
  rights.limits.emplace_back(RLIMIT_NOFILE, 64);
  return rights;
}

Confinement network_rights(uid_t uid, const std::string& program, const std::string& fetched,
                           const std::string& trust, const std::string& cache,
                           std::uint64_t room) {
  Confinement rights = of(uid, Profile::kFetcher);
  rights.files = runs_on_network(program);
  rights.files->write.push_back(fetched);
  rights.files->read.push_back(trust);
  if (!cache.empty()) rights.files->read.push_back(cache);
  rights.limits.insert(rights.limits.end(), {{RLIMIT_NPROC, kMaxThreads},
                                             {RLIMIT_NOFILE, 1024},
                                             {RLIMIT_FSIZE, room}});
  return rights;
}

Confinement reader_rights(uid_t uid, const std::string& folder) {
  Confinement rights = fork_of(uid, Profile::kReader, {{folder, "/proc/meminfo"}, {}, {}});
  rights.limits.insert(rights.limits.end(), {{RLIMIT_FSIZE, 0}, {RLIMIT_NOFILE, 32}});
  return rights;
}

Confinement keeper_rights(uid_t uid, const std::string& from, const std::string& cache) {
  Confinement rights = fork_of(uid, Profile::kKeeper, {{from}, {}, {cache}});
  rights.limits.emplace_back(RLIMIT_NOFILE, 64);
  return rights;
}

Confinement ender_rights(uid_t uid) {
  // It has threads' and processes' number for its own: no limit on those.
  Confinement rights = of(uid, Profile::kEnder);
  rights.files = FileRules{};
  return rights;
}

Confinement node_rights(uid_t uid, const std::string& program, const std::string& store,
                        const std::string& handed_over) {
  Confinement rights = of(uid, Profile::kProvider);
  rights.working_directory = store;
  rights.files = runs_on_network(program);
  rights.files->read.push_back(handed_over);
  rights.files->write.push_back(store);
  rights.limits.emplace_back(RLIMIT_NOFILE, 4096);
  return rights;
}

Confinement rescue_rights() {
  Confinement rights;
  rights.keep_all_capabilities = true;
  rights.profile = Profile::kRescue;
  return rights;
}

}  // namespace phase::boot
