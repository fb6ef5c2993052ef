#include "boot/machine/modules.h"

#include <dirent.h>
#include <fcntl.h>
#include <libkmod.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "boot/machine/kmsg.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxAlias = 1024;

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, CloseDir> dir(opendir(folder.c_str()));
  if (!dir) return out;
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string read_line(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, kMaxAlias> text;
  const auto got = file.valid() ? read(file.get(), text.data(), text.size()) : -1;
  if (got <= 0) return {};
  const std::string_view all(text.data(), static_cast<std::size_t>(got));
  return std::string(all.substr(0, all.find('\n')));
}

Fd open_uevents() {
  Fd fd(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;  // The kernel's own, not udev's.
  if (fd.valid() &&
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {};
  }
  return fd;
}

/// The value of `key` among the NUL-ended "KEY=value" strings of a uevent; empty: none.
std::string_view uevent_value(std::string_view event, std::string_view key) {
  while (!event.empty()) {
    const auto entry = event.substr(0, event.find('\0'));
    if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=') {
      return entry.substr(key.size() + 1);
    }
    event.remove_prefix(std::min(event.size(), entry.size() + 1));
  }
  return {};
}

struct UnrefContext {
  void operator()(kmod_ctx* context) const { kmod_unref(context); }
};
struct UnrefList {
  void operator()(kmod_list* list) const { kmod_module_unref_list(list); }
};

}  // namespace

bool is_storage_module(std::string_view path) {
  constexpr std::string_view kFolders[] = {
      "/drivers/ata/",     "/drivers/block/",    "/drivers/cdrom/",  "/drivers/dax/",
      "/drivers/md/",      "/drivers/memstick/", "/drivers/message/", "/drivers/mmc/",
      "/drivers/mtd/",     "/drivers/nvdimm/",   "/drivers/nvme/",   "/drivers/s390/block/",
      "/drivers/scsi/",    "/drivers/target/",   "/drivers/ufs/",    "/drivers/usb/storage/",
      "/fs/",
  };
  const auto within = [&](std::string_view folder) {
    return path.find(folder) != std::string_view::npos || path.starts_with(folder.substr(1));
  };
  return std::any_of(std::begin(kFolders), std::end(kFolders), within);
}

struct Modules::State {
  std::unique_ptr<kmod_ctx, UnrefContext> context;
  std::string folder;
  Storage storage = Storage::kAllowed;
  Fd uevents;
  std::set<std::string, std::less<>> seen_aliases;

  Result<void> insert(kmod_module* module, ModulesReport& report);
  void load_alias(std::string_view alias, ModulesReport& report);
};

namespace {

bool is_live(kmod_module* module) {
  const int state = kmod_module_get_initstate(module);
  return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN || state == KMOD_MODULE_COMING;
}

struct Pending {
  std::string name;
  std::string path;  ///< Below the module folder.
};

Pending pending_of(kmod_module* module, const std::string& folder) {
  const char* path = kmod_module_get_path(module);  // None: it is built in.
  std::string_view below = path != nullptr ? path : "";
  if (below.starts_with(folder)) below.remove_prefix(folder.size());
  return {kmod_module_get_name(module), std::string(below)};
}

/// The module and what it depends on, of which none is loaded yet.
std::vector<Pending> not_live(kmod_module* module, const std::string& folder) {
  std::vector<Pending> out;
  const std::unique_ptr<kmod_list, UnrefList> needed(kmod_module_get_dependencies(module));
  kmod_list* entry = nullptr;
  kmod_list_foreach(entry, needed.get()) {
    kmod_module* one = kmod_module_get_module(entry);
    if (!is_live(one)) out.push_back(pending_of(one, folder));
    kmod_module_unref(one);
  }
  if (!is_live(module)) out.push_back(pending_of(module, folder));
  return out;
}

}  // namespace

Result<void> Modules::State::insert(kmod_module* module, ModulesReport& report) {
  const auto pending = not_live(module, folder);
  if (pending.empty()) return {};
  for (const auto& one : pending) {
    if (storage != Storage::kNever || !is_storage_module(one.path)) continue;
    return Error{ErrorCode::kNotFound, "module " + one.name + ": a driver of disks or a file system; "
                                       "none is loaded in this mode"};
  }
  // Install commands of configuration files would start a shell: there are none here, and never
  // would one be run. modprobe.blacklist= of the command line holds for hardware.
  const int done = kmod_module_probe_insert_module(
      module, KMOD_PROBE_IGNORE_COMMAND | KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, nullptr, nullptr,
      nullptr, nullptr);
  const std::string name = kmod_module_get_name(module);
  if (done > 0) return {};
  if (done < 0) {
    const bool missing = done == -ENOENT;
    return Error{missing ? ErrorCode::kNotFound : ErrorCode::kInternal,
                 "module " + name + ": " + std::strerror(-done)};
  }
  for (const auto& one : pending) report.loaded.push_back(one.name);
  return {};
}

void Modules::State::load_alias(std::string_view alias, ModulesReport& report) {
  if (alias.empty() || alias.size() > kMaxAlias || !seen_aliases.emplace(alias).second) return;
  kmod_list* raw = nullptr;
  const int found = kmod_module_new_from_lookup(context.get(), std::string(alias).c_str(), &raw);
  const std::unique_ptr<kmod_list, UnrefList> list(raw);
  if (found < 0) return;  // Nobody here claims it.
  kmod_list* entry = nullptr;
  kmod_list_foreach(entry, list.get()) {
    kmod_module* module = kmod_module_get_module(entry);
    const auto done = insert(module, report);
    kmod_module_unref(module);
    if (!done && done.error().code != ErrorCode::kNotFound) {
      report.failures.push_back(done.error().detail + " (for " + printable(alias) + ")");
    }
  }
}

Modules::Modules(std::unique_ptr<State> state) : state_(std::move(state)) {}
Modules::Modules(Modules&&) noexcept = default;
Modules& Modules::operator=(Modules&&) noexcept = default;
Modules::~Modules() = default;

Result<Modules> Modules::open(const std::string& folder, Storage storage) {
  std::string path = folder;
  if (path.empty()) {
    utsname names{};
    uname(&names);
    path = std::string("/lib/modules/") + names.release;
  }
  if (access((path + "/modules.dep.bin").c_str(), R_OK) != 0) {
    return Error{ErrorCode::kNotFound,
                 "no modules for this kernel: " + path + "/modules.dep.bin: " + std::strerror(errno)};
  }
  auto state = std::make_unique<State>();
  state->folder = path;
  state->storage = storage;
  // No /etc/modprobe.d: what an initramfs holds is what is wanted.
  const char* const no_config = nullptr;
  state->context.reset(kmod_new(path.c_str(), &no_config));
  if (!state->context) return Error{ErrorCode::kInternal, "libkmod cannot use " + path};
  kmod_set_log_priority(state->context.get(), LOG_EMERG);
  kmod_load_resources(state->context.get());
  state->uevents = open_uevents();
  return Modules(std::move(state));
}

Result<void> Modules::load(const std::string& name, ModulesReport& report) {
  kmod_list* raw = nullptr;
  const int found = kmod_module_new_from_lookup(state_->context.get(), name.c_str(), &raw);
  const std::unique_ptr<kmod_list, UnrefList> list(raw);
  if (found < 0 || !list) {
    return Error{ErrorCode::kNotFound, "module " + printable(name) + ": there is none here"};
  }
  Result<void> out = {};
  kmod_list* entry = nullptr;
  kmod_list_foreach(entry, list.get()) {
    kmod_module* module = kmod_module_get_module(entry);
    if (auto done = state_->insert(module, report); !done) out = std::move(done);
    kmod_module_unref(module);
  }
  if (!out) report.failures.push_back(out.error().detail);
  return out;
}

void Modules::load_for_hardware(ModulesReport& report, const std::string& sysfs) {
  for (const auto& bus : entries(sysfs + "/bus")) {
    const std::string devices = sysfs + "/bus/" + bus + "/devices";
    for (const auto& device : entries(devices)) {
      state_->load_alias(read_line(devices + "/" + device + "/modalias"), report);
    }
  }
}

int Modules::handle_uevents(ModulesReport& report) {
  std::array<char, 16 * 1024> event;
  int taken = 0;
  while (state_->uevents.valid()) {
    sockaddr_nl sender{};
    socklen_t length = sizeof sender;
    const auto got = recvfrom(state_->uevents.get(), event.data(), event.size(), 0,
                              reinterpret_cast<sockaddr*>(&sender), &length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      load_for_hardware(report);
      continue;
    }
    if (got < 0) break;
    ++taken;
    // Any process may send to a netlink socket; only the kernel has port 0.
    if (sender.nl_pid != 0) continue;
    const std::string_view text(event.data(), static_cast<std::size_t>(got));
    if (uevent_value(text, "ACTION") != "add") continue;
    state_->load_alias(uevent_value(text, "MODALIAS"), report);
  }
  return taken;
}

int Modules::uevent_fd() const { return state_->uevents.get(); }

}  // namespace phase::boot
