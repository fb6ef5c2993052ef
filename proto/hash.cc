#include "proto/hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>

namespace phase {
namespace {

constexpr std::size_t kBlock = std::size_t{16} * 1024;  // BEP 52
constexpr std::size_t kReadSize = 1 << 20;

// Fetched once: OpenSSL 3 looks an algorithm up at every use otherwise.
const EVP_MD* fetched_sha256() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  check(md != nullptr, "libcrypto has no SHA-256");
  return md;
}

const EVP_MD* fetched_sha1() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  check(md != nullptr, "libcrypto has no SHA-1");
  return md;
}

Sha256 parent(const Sha256& left, const Sha256& right) {
  std::array<std::uint8_t, 64> both;
  std::copy(left.begin(), left.end(), both.begin());
  std::copy(right.begin(), right.end(), both.begin() + 32);
  return sha256(both);
}

Error read_error(const char* what) {
  return {ErrorCode::kStore, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Sha256 sha256(ByteView bytes) {
  Sha256 out;
  check(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, fetched_sha256(), nullptr) == 1,
        "SHA-256 of memory");
  return out;
}

Sha1 sha1(ByteView bytes) {
  Sha1 out;
  check(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, fetched_sha1(), nullptr) == 1,
        "SHA-1 of memory");
  return out;
}

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    check(context != nullptr && EVP_DigestInit_ex(context, fetched_sha256(), nullptr) == 1,
          "start of SHA-256");
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(ByteView bytes) {
  check(state_ && EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1,
        "update of SHA-256");
}

Sha256 Sha256Stream::finish() {
  Sha256 out;
  check(state_ && EVP_DigestFinal_ex(state_->context, out.data(), nullptr) == 1, "end of SHA-256");
  state_.reset();
  return out;
}

void PiecesRootStream::update(ByteView bytes) {
  while (!bytes.empty()) {
    if (block_.empty() && bytes.size() >= kBlock) {
      push_leaf(phase::sha256(bytes.first(kBlock)));
      bytes = bytes.subspan(kBlock);
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), kBlock - block_.size());
    block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (block_.size() == kBlock) {
      push_leaf(phase::sha256(block_));
      block_.clear();
    }
  }
}

void PiecesRootStream::push_leaf(const Sha256& leaf) {
  Sha256 hash = leaf;
  std::size_t level = 0;
  for (; (leaves_ >> level & 1) != 0; ++level) hash = parent(pending_[level], hash);
  if (level == pending_.size()) pending_.emplace_back();
  pending_[level] = hash;
  ++leaves_;
}

Sha256 PiecesRootStream::finish() {
  if (!block_.empty()) {
    push_leaf(phase::sha256(block_));
    block_.clear();
  }
  if (leaves_ == 0) return Sha256{};
  if (std::has_single_bit(leaves_)) return pending_.back();
  // From the lowest level up: what is left over meets the root of a subtree of zero hashes.
  Sha256 zeros{};
  Sha256 carry{};
  bool carrying = false;
  for (std::size_t level = 0; level < pending_.size(); ++level) {
    if ((leaves_ >> level & 1) != 0) {
      carry = parent(pending_[level], carrying ? carry : zeros);
      carrying = true;
    } else if (carrying) {
      carry = parent(carry, zeros);
    }
    zeros = parent(zeros, zeros);
  }
  return carry;
}

Sha256 merkle_root(std::vector<Sha256> layer, const Sha256& filler) {
  if (layer.empty()) return Sha256{};
  layer.resize(std::bit_ceil(layer.size()), filler);
  for (std::size_t width = layer.size(); width > 1; width /= 2) {
    for (std::size_t i = 0; i < width / 2; ++i) layer[i] = parent(layer[2 * i], layer[2 * i + 1]);
  }
  return layer.front();
}

Result<FileDigest> digest_file(int fd, std::uint64_t limit) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return read_error("cannot be read");
  if (!S_ISREG(status.st_mode)) return {ErrorCode::kStore, "is no regular file"};

  FileDigest digest;
  Sha256Stream whole;
  PiecesRootStream tree;
  Bytes buffer(kReadSize);
  while (true) {
    const std::uint64_t left = limit - digest.size;
    const std::size_t wanted =
        left < buffer.size() ? static_cast<std::size_t>(left) + 1 : buffer.size();
    const ssize_t got = ::pread(fd, buffer.data(), std::min(wanted, buffer.size()),
                                static_cast<off_t>(digest.size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return read_error("cannot be read");
    if (got == 0) break;
    const ByteView read{buffer.data(), static_cast<std::size_t>(got)};
    if (read.size() > left) {
      return {ErrorCode::kLargerThanSigned, "is larger than " + std::to_string(limit) + " bytes"};
    }
    whole.update(read);
    tree.update(read);
    digest.size += read.size();
  }
  digest.sha256 = whole.finish();
  digest.pieces_root = tree.finish();
  return digest;
}

Result<FileDigest> digest_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kStore;
    return {code, path + ": " + std::strerror(errno)};
  }
  Result<FileDigest> digest = digest_file(fd, std::numeric_limits<std::int64_t>::max());
  ::close(fd);
  if (!digest) return digest.error().in(path);
  return digest;
}

}  // namespace phase
