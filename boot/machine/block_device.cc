#include "boot/machine/block_device.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace phase::boot {
namespace {

constexpr std::size_t kMaxUevent = 4096;
constexpr std::size_t kMaxDevices = 4096;
constexpr std::size_t kMaxFound = 16;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool take_number(std::string_view text, unsigned& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<BlockUevent> read_uevent(const std::string& folder) {
  const Fd file(::open((folder + "/uevent").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  char text[kMaxUevent];
  const auto got = ::read(file.get(), text, sizeof text);
  if (got <= 0) return std::nullopt;
  return parse_block_uevent({text, static_cast<std::size_t>(got)});
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(folder.c_str()));
  while (dir && out.size() < kMaxDevices) {
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// A partition's folder lies in its disk's.
std::optional<BlockUevent> disk_of(const std::string& folder) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.c_str(), nullptr),
                                                         &std::free);
  if (!real) return std::nullopt;
  const std::string path = real.get();
  return read_uevent(path.substr(0, path.find_last_of('/')));
}

}  // namespace

std::optional<BlockUevent> parse_block_uevent(std::string_view untrusted) {
  BlockUevent out;
  bool numbers = true;
  bool major = false;
  bool minor = false;
  while (!untrusted.empty()) {
    const auto end = untrusted.find('\n');
    const std::string_view line = untrusted.substr(0, end);
    untrusted.remove_prefix(end == std::string_view::npos ? untrusted.size() : end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (name == "MAJOR") numbers &= major = take_number(value, out.major);
    if (name == "MINOR") numbers &= minor = take_number(value, out.minor);
    if (name == "PARTN") numbers &= take_number(value, out.number);
    if (name == "DEVNAME") out.device = value;
    if (name == "PARTNAME") out.partition_name = value;
  }
  if (!numbers || !major || !minor || !plain_name(out.device)) return std::nullopt;
  return out;
}

std::vector<Partition> find_partitions(const std::string& partition_name,
                                       const std::string& sysfs) {
  std::vector<Partition> out;
  const std::string all = sysfs + "/class/block";
  for (const std::string& name : names_in(all)) {
    const std::string folder = all + "/" + name;
    const auto partition = read_uevent(folder);
    if (!partition || partition->number == 0 || partition->partition_name != partition_name) {
      continue;
    }
    const auto disk = disk_of(folder);
    if (disk && out.size() < kMaxFound) out.push_back({*partition, *disk});
  }
  return out;
}

Result<Fd> open_block_device(const BlockUevent& device) {
  const std::string path = "/dev/" + device.device;
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) return {ErrorCode::kStore, path + ": " + std::strerror(errno)};
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0 || !S_ISBLK(found.st_mode) ||
      found.st_rdev != ::makedev(device.major, device.minor)) {
    return {ErrorCode::kStore, path + " is not the device that the kernel names"};
  }
  return fd;
}

}  // namespace phase::boot
