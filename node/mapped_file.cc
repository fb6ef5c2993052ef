#include "node/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace phase::node {

Result<MappedFile> MappedFile::open(const std::string& path) {
  const auto failed = [&](int number) {
    return Error{ErrorCode::kStore,
                 "cannot read " + path + ": " + std::system_category().message(number)};
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed(errno);
  struct stat what {};
  void* at = nullptr;
  int number = 0;
  if (::fstat(fd, &what) != 0) number = errno;
  if (number == 0 && !S_ISREG(what.st_mode)) number = EINVAL;
  const auto size = static_cast<std::size_t>(what.st_size);
  if (number == 0 && size > 0) {
    at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) number = errno;
  }
  ::close(fd);
  if (number != 0) return failed(number);
  return MappedFile(ByteView(static_cast<const std::uint8_t*>(at), at == nullptr ? 0 : size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace phase::node
