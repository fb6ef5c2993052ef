#include "boot/init/verify_release.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/envelope.h"
#include "proto/fd.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

constexpr const char* kManifestFile = "manifest.dsse";
constexpr std::size_t kBlock = 256 * 1024;

Error open_error(const std::string& path) {
  const int reason = errno;
  return {reason == ENOENT ? ErrorCode::kSmallerThanSigned : ErrorCode::kStore,
          path + ": " + std::strerror(reason)};
}

Result<void> check_size(const std::string& name, std::uint64_t has, std::uint64_t is_signed) {
  if (has == is_signed) return {};
  return {has > is_signed ? ErrorCode::kLargerThanSigned : ErrorCode::kSmallerThanSigned,
          name + " has " + std::to_string(has) + " bytes, signed are " + std::to_string(is_signed)};
}

// Only SHA-256: the BEP 52 root, which digest_file() would hash once more, decides nothing here.
Result<void> check_artifact(const std::string& parent, const std::string& folder,
                            const Artifact& artifact) {
  const Fd fd(open_below(parent, folder + "/" + artifact.name, O_RDONLY));
  if (!fd.valid()) return open_error(artifact.name);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return open_error(artifact.name);
  if (auto same = check_size(artifact.name, static_cast<std::uint64_t>(status.st_size),
                             artifact.size);
      !same) {
    return same;
  }
  Sha256Stream hash;
  Bytes block(kBlock);
  std::uint64_t size = 0;
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return open_error(artifact.name);
    if (got == 0) break;
    size += static_cast<std::uint64_t>(got);
    if (size > artifact.size) break;
    hash.update(ByteView(block).first(static_cast<std::size_t>(got)));
  }
  if (auto same = check_size(artifact.name, size, artifact.size); !same) return same;
  const Sha256 found = hash.finish();
  if (found == artifact.sha256) return {};
  return {ErrorCode::kAltered, artifact.name + ": SHA-256 is " + to_hex(found) + ", signed is " +
                                   to_hex(artifact.sha256)};
}

}  // namespace

// Step by step, not by openat2: what that is to open for is out of a system call filter's sight.
int open_below(const std::string& parent, const std::string& path, int flags) {
  Fd folder(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string_view left = path;
  Fd fd;
  for (bool last = false; !last;) {
    const std::string name(left.substr(0, left.find('/')));
    last = name.size() == left.size();
    left.remove_prefix(last ? name.size() : name.size() + 1);
    if (name.empty() || name == "." || name == "..") {
      errno = EINVAL;
      return -1;
    }
    const int how = last ? flags | O_NONBLOCK : O_PATH | O_DIRECTORY;
    Fd next(::openat(folder.get(), name.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return -1;
    (last ? fd : folder) = std::move(next);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  return fd.release();
}

Result<Bytes> read_below(const std::string& parent, const std::string& path, std::size_t cap) {
  const Fd fd(open_below(parent, path, O_RDONLY));
  if (!fd.valid()) return open_error(path);
  Bytes content(cap + 1);
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return open_error(path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > cap) {
    return {ErrorCode::kMalformed, path + " is larger than " + std::to_string(cap) + " bytes"};
  }
  content.resize(size);
  return content;
}

Result<VerifiedManifest> verify_release(const std::string& parent,
                                        const std::string& untrusted_name,
                                        const TrustPolicy& policy, const Expectation& expected) {
  if (!valid_artifact_name(untrusted_name) || untrusted_name.find('/') != std::string::npos) {
    return {ErrorCode::kMalformed, "the release's folder has no valid name"};
  }
  auto envelope = read_below(parent, untrusted_name + "/" + kManifestFile, kMaxEnvelopeBytes);
  if (!envelope) return envelope.error();
  auto verified = verify_manifest(*envelope, policy, expected);
  if (!verified) return verified.error().in(kManifestFile);
  const Manifest& manifest = verified->manifest;
  const std::string name = release_name(manifest.channel, manifest.arch, manifest.release_version,
                                        verified->envelope_sha256);
  if (name != untrusted_name) {
    return {ErrorCode::kMalformed, "folder " + untrusted_name + " holds the release " + name};
  }
  for (const Artifact& artifact : manifest.artifacts) {
    if (auto good = check_artifact(parent, name, artifact); !good) return good.error();
  }
  return verified;
}

}  // namespace phase::boot
