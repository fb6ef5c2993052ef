#include "initramfs/system_files.h"

#include "initramfs/input_file.h"

namespace phase::initramfs {
namespace {

constexpr std::uint64_t kMaxTrustBytes = 64 * 1024;
constexpr std::uint32_t kSticky = 01777;

Result<void> add_text(Layout& layout, const std::string& path, std::string_view text) {
  const ByteView bytes = as_bytes(text);
  return layout.file(path, {Group::kOther, Bytes(bytes.begin(), bytes.end()), 0644, {}});
}

std::string passwd() {
  std::string out = "root:x:0:0:root:/:/bin/false\n";
  for (const SystemUser& user : system_users()) {
    const std::string id = std::to_string(user.id);
    out += std::string(user.name) + ":x:" + id + ":" + id + "::/:/bin/false\n";
  }
  return out;
}

std::string group() {
  std::string out = "root:x:0:\n";
  for (const SystemUser& user : system_users()) {
    out += std::string(user.name) + ":x:" + std::to_string(user.id) + ":\n";
  }
  return out;
}

Result<void> add_folders(Layout& layout) {
  for (const char* path : {"/bin", "/dev", "/etc", "/etc/phase", "/proc", "/run", "/sbin", "/sys",
                           "/var", "/var/lib", "/var/lib/phase"}) {
    if (auto added = layout.directory(path); !added) return added;
  }
  return layout.directory("/tmp", kSticky);
}

/// For what PID 1 prints before devtmpfs is there.
Result<void> add_devices(Layout& layout) {
  if (auto added = layout.device("/dev/console", {0600, 5, 1}); !added) return added;
  return layout.device("/dev/null", {0666, 1, 3});
}

}  // namespace

const char* init_role_name(InitRole role) {
  return role == InitRole::kNode ? "node" : "client";
}

const std::vector<SystemUser>& system_users() {
  static const std::vector<SystemUser> users{
      {"phase-dhcp", 900},
      {"phase-net", 901},
      {"phase-verify", 902},
      {"phase-node", 903},
      {"phase-cache", 904}};
  return users;
}

Result<void> add_system_files(Layout& layout, InitRole role, const TrustPolicy& policy) {
  if (auto added = add_folders(layout); !added) return added;
  if (auto added = add_devices(layout); !added) return added;
  const std::pair<const char*, std::string> files[] = {
      {"/etc/passwd", passwd()},
      {"/etc/group", group()},
      {"/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
      // glibc has "files" and "dns" built in; other services would be libraries that are not here.
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
      {"/etc/phase/role", std::string(init_role_name(role)) + "\n"},
      {"/etc/phase/trust.toml", serialize_trust_file(policy)},
  };
  for (const auto& [path, text] : files) {
    if (auto added = add_text(layout, path, text); !added) return added;
  }
  return {};
}

Result<LoadedTrust> load_trust(const std::string& given) {
  if (const auto key = parse_public_key(given)) return LoadedTrust{trust_single_key(*key), {}};
  auto file = read_input(given, kMaxTrustBytes);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return {ErrorCode::kConfig,
            given + ": is neither a public key (64 hexadecimal digits, or minisign's " +
                "form) nor a file; pass the key that plasmd keygen printed"};
  }
  if (!file) return file.error();
  const std::string_view text = as_text(file->content);
  if (const auto key = parse_public_key(text))
    return LoadedTrust{trust_single_key(*key), file->mtime};
  auto policy = parse_trust_file(text);
  if (!policy) return policy.error().in(given);
  return LoadedTrust{std::move(*policy), file->mtime};
}

}  // namespace phase::initramfs
