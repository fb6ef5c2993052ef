#include "node/own_rights.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <optional>

#include "proto/confine/landlock.h"
#include "proto/confine/seccomp.h"

namespace phase::node {
namespace {

struct User {
  std::string name;
  uid_t uid;
  gid_t gid;
};

std::optional<User> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return User{name, entry->pw_uid, entry->pw_gid};
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

Error failed(const std::string& what) {
  return {ErrorCode::kInternal, what + ": " + std::strerror(errno)};
}

/// Nothing that we start gets others.
Result<void> bound_capabilities(const std::vector<int>& kept) {
  for (int one = 0; ::prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; ++one) {
    if (std::find(kept.begin(), kept.end(), one) != kept.end()) continue;
    // Who may not drop one (a container) has none to gain either: no_new_privs comes.
    if (::prctl(PR_CAPBSET_DROP, one, 0, 0, 0) != 0 && errno != EPERM) return failed("capabilities");
  }
  return {};
}

/// Those of `kept` that we have.
Result<void> keep_capabilities(const std::vector<int>& kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> now{};
  if (::syscall(SYS_capget, &header, now.data()) != 0) return failed("capabilities");
  std::array<__user_cap_data_struct, 2> sets{};
  for (const int one : kept) {
    const auto word = static_cast<std::size_t>(one) / 32;
    const auto bit = std::uint32_t{1} << (one % 32);
    sets[word].permitted |= bit & now[word].permitted;
    sets[word].effective = sets[word].permitted;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return failed("capabilities");
  return {};
}

/// What root needs to read and write what is not root's, as an operator expects of it, and
/// phase-lan to become nobody.
Result<void> stay_root() {
  const std::vector<int> kept = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
                                 CAP_SETUID,       CAP_SETGID,          CAP_NET_BIND_SERVICE};
  if (auto bounded = bound_capabilities(kept); !bounded) return bounded;
  return keep_capabilities(kept);
}

/// Theirs, or made for them.
Result<void> settle_store(const std::string& store, const User& user) {
  if (store.empty()) return {};
  struct stat status {};
  if (::stat(store.c_str(), &status) == 0) {
    if (status.st_uid == user.uid) return {};
    return {ErrorCode::kStore, store + " does not belong to " + user.name + ": chown -R " +
                                   user.name + " " + store + ", or --user root"};
  }
  std::error_code error;
  std::filesystem::create_directories(store, error);
  if (error || ::chown(store.c_str(), user.uid, user.gid) != 0) {
    return {ErrorCode::kStore, store + ": cannot be made for " + user.name};
  }
  return {};
}

Result<void> change_to(const User& user, bool low_port) {
  const std::vector<int> last =
      low_port ? std::vector<int>{CAP_NET_BIND_SERVICE} : std::vector<int>();
  std::vector<int> first = last;
  first.insert(first.end(), {CAP_SETUID, CAP_SETGID});
  if (::initgroups(user.name.c_str(), user.gid) != 0) return failed("groups of " + user.name);
  if (auto bounded = bound_capabilities(last); !bounded) return bounded;
  if (auto kept = keep_capabilities(first); !kept) return kept;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failed("capabilities");
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return failed("become " + user.name);
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return failed("become " + user.name);
  return keep_capabilities(last);
}

std::string own_folder() {
  std::array<char, PATH_MAX> path{};
  const ssize_t got = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string program(path.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return program.substr(0, program.rfind('/'));
}

/// Names are resolved by libraries that may be loaded late and read what a resolver daemon
/// replaces; libtorrent knows interfaces by /proc and certificates by OpenSSL's folders.
confine::FileRules rules_for(const OwnFiles& files) {
  confine::FileRules rules;
  rules.execute = {own_folder(), "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
  rules.read = {"/etc",
                "/proc",
                "/sys/class/net",
                "/sys/devices",
                "/dev/urandom",
                "/run/systemd/resolve",
                "/run/resolvconf",
                "/run/NetworkManager",
                "/run/connman",
                "/usr/share/ca-certificates",
                "/usr/share/zoneinfo"};
  rules.read.insert(rules.read.end(), files.read.begin(), files.read.end());
  rules.write = {"/dev/null"};
  rules.write.insert(rules.write.end(), files.write.begin(), files.write.end());
  return rules;
}

}  // namespace

Result<void> become_user(const UserChoice& choice, const Log& log) {
  if (::geteuid() != 0) {
    if (choice.user.empty() || choice.user == user_name()) return {};
    return {ErrorCode::kUsage, "--user " + choice.user + ": only root can become another user"};
  }
  if (choice.user == "root") return stay_root();
  const auto user = find_user(choice.user.empty() ? kUsualUser : choice.user);
  if (!user && !choice.user.empty()) {
    return {ErrorCode::kUsage, "--user " + choice.user + ": no such user"};
  }
  if (!user) {
    log.warning("runs as root; make it a user of its own (docs/OPERATING.md), or say --user root");
    return stay_root();
  }
  if (auto settled = settle_store(choice.store, *user); !settled) {
    if (!choice.user.empty()) return settled;
    log.warning("runs as root", {{"why", settled.error().detail}});
    return stay_root();
  }
  return change_to(*user, choice.low_port);
}

std::string give_up_rights(const OwnFiles& files, const Log& log) {
  // A dump would hold the key, and a debugger of the same user could read it.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const std::string line = "confined user=" + user_name();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    log.warning("not confined", {{"why", std::string(std::strerror(errno))}});
    return line + " system-calls=any files=any";
  }
  const auto landlock = confine::apply(rules_for(files));
  if (landlock != confine::Landlock::kApplied) {
    log.warning("files are not restricted beyond their modes: this kernel has no Landlock");
  }
  const bool filtered = confine::apply(confine::Profile::kProvider);
  if (!filtered) {
    log.warning("system calls are not filtered", {{"why", std::string(std::strerror(errno))}});
  }
  return line + " system-calls=" + (filtered ? "filtered" : "any") +
         " files=" + (landlock == confine::Landlock::kApplied ? "own" : "any");
}

}  // namespace phase::node
