// proto/hash.h
// SHA-256 of bytes and files, and the BEP 52 merkle root of a file. OpenSSL's SHA-256 is twice
// as fast as libsodium's on machines without SHA instructions.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;

[[nodiscard]] Sha256 sha256(ByteView bytes);
/// Only to find things in the DHT (BEP 5, BEP 44 targets); decides nothing.
[[nodiscard]] Sha1 sha1(ByteView bytes);

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(ByteView bytes);
  /// Ends the stream; no update() after it.
  [[nodiscard]] Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// BEP 52: leaves are SHA-256 of 16 KiB blocks (the last one unpadded), the tree is padded with
/// zero hashes to a power of two. Streamed: holds one hash per level.
class PiecesRootStream {
 public:
  void update(ByteView bytes);
  /// All zeros for an empty file (BEP 52 gives it no root).
  [[nodiscard]] Sha256 finish();

 private:
  void push_leaf(const Sha256& leaf);
  Bytes block_;
  std::vector<Sha256> pending_;       // pending_[level], valid where the bit in leaves_ is set
  std::uint64_t leaves_ = 0;
};

/// Root of the binary tree of SHA-256 over `layer`, which `filler` extends to a power of two
/// (BEP 52). All zeros where `layer` is empty.
[[nodiscard]] Sha256 merkle_root(std::vector<Sha256> layer, const Sha256& filler);

struct FileDigest {
  std::uint64_t size = 0;
  Sha256 sha256{};
  Sha256 pieces_root{};
};

/// Reads from the start to the end of `fd` (regular file), 1 MiB at a time. `limit` in bytes:
/// a file that is larger is an error (kLargerThanSigned) found after reading limit + 1 bytes.
[[nodiscard]] Result<FileDigest> digest_file(int fd, std::uint64_t limit);
[[nodiscard]] Result<FileDigest> digest_file(const std::string& path);

}  // namespace phase
