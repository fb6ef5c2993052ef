#include "boot/cache/copy.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace phase::boot::cachefs {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;

ssize_t read_again(int fd, Bytes& buffer, std::size_t size) {
  ssize_t got = -1;
  do {
    got = ::read(fd, buffer.data(), size);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

CopyEnd copy_hashed(const CopyJob& job) {
  // One byte at least, to see whether the file ends where it should.
  Bytes buffer(static_cast<std::size_t>(std::clamp<std::uint64_t>(job.size, 1, kStep)));
  Sha256Stream hash;
  std::uint64_t have = 0;
  while (have < job.size) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kStep, job.size - have));
    const auto got = read_again(job.from, buffer, wanted);
    if (got <= 0) return CopyEnd::kAltered;  // cut off, or a part of the disk that is gone
    const auto block = ByteView(buffer).first(static_cast<std::size_t>(got));
    hash.update(block);
    if (job.to >= 0 && !write_all(job.to, block)) {
      return is_full(errno) ? CopyEnd::kFull : CopyEnd::kFailed;
    }
    have += block.size();
    if (job.wrote) job.wrote(have);
  }
  if (read_again(job.from, buffer, 1) != 0) return CopyEnd::kAltered;
  return hash.finish() == job.sha256 ? CopyEnd::kDone : CopyEnd::kAltered;
}

CopyEnd check_hash(int from, std::uint64_t size, const Sha256& sha256) {
  return copy_hashed({.from = from, .to = -1, .size = size, .sha256 = sha256, .wrote = {}});
}

}  // namespace phase::boot::cachefs
