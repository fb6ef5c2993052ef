#include "boot/init/handover.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <set>

#include "proto/cpio_writer.h"

namespace phase::boot {
namespace {

// newc says sizes with eight hexadecimal digits.
constexpr std::uint64_t kMaxFileBytes = 0xffffffffULL;

std::uint64_t padding(std::uint64_t size) { return (4 - size % 4) % 4; }

// A fixed time: the same hand-over is the same bytes.
constexpr std::uint32_t kModified = 0;

/// Every folder on the way to `path` that is not in `known`, and into it.
void write_folders(const std::string& path, std::set<std::string>& known, CpioWriter& writer) {
  for (auto end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    if (const auto [at, is_new] = known.insert(path.substr(0, end)); is_new) {
      writer.directory(*at, 0755);
    }
  }
}

void write_archive(const std::vector<HandoverFile>& files, const CpioWriter::Sink& sink) {
  CpioWriter writer(sink, kModified);
  std::set<std::string> folders;
  for (const HandoverFile& file : files) {
    write_folders("phase/" + file.name, folders, writer);
    if (file.also.empty()) {
      writer.file("phase/" + file.name, file.content, 0444);
      continue;
    }
    write_folders("phase/" + file.also, folders, writer);
    writer.hard_links({"phase/" + file.name, "phase/" + file.also}, file.content, 0444);
  }
  // Without any file there is nothing to say, but the archive holds its folder all the same.
  write_folders("phase/", folders, writer);
  writer.finish();
}

int write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote == 0 ? EIO : errno;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return 0;
}

}  // namespace

std::uint64_t handover_size(std::uint64_t initramfs_size, const std::vector<HandoverFile>& files) {
  std::uint64_t size = padding(initramfs_size);
  write_archive(files, [&](ByteView bytes) { size += bytes.size(); });
  return size;
}

Result<void> append_handover(int fd, std::uint64_t initramfs_size,
                             const std::vector<HandoverFile>& files) {
  for (const HandoverFile& file : files) {
    if (file.content.size() > kMaxFileBytes) {
      return {ErrorCode::kStore, "/phase/" + file.name + " is larger than an initramfs can hold"};
    }
  }
  if (::lseek(fd, static_cast<off_t>(initramfs_size), SEEK_SET) < 0) {
    return {ErrorCode::kStore, std::string("initramfs: ") + std::strerror(errno)};
  }
  const Bytes zeros(padding(initramfs_size), 0);
  int failed = write_all(fd, zeros);
  write_archive(files, [&](ByteView bytes) {
    if (failed == 0) failed = write_all(fd, bytes);
  });
  if (failed == 0) return {};
  std::string detail = std::string("hand-over not written: ") + std::strerror(failed);
  if (::ftruncate(fd, static_cast<off_t>(initramfs_size)) != 0) {
    // Half an archive behind the initramfs panics the next kernel, so nothing may be loaded.
    return {ErrorCode::kInternal, detail + "; initramfs not cut back: " + std::strerror(errno)};
  }
  return {ErrorCode::kStore, std::move(detail)};
}

}  // namespace phase::boot
