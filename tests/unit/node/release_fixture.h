// tests/unit/node/release_fixture.h
// Small real releases: a kernel image that is nothing but a header, a real cpio, real keys,
// signatures and torrents, in a folder of its own.
#pragma once

#include <string>

#include "node/publish.h"
#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node::test {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Stands still until it is moved.
class FixedClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return {}; }
  [[nodiscard]] WallTime wall() const override { return time; }
  WallTime time{1'800'000'000};
};

[[nodiscard]] Bytes x86_kernel(std::uint32_t init_size = 50U << 20, std::size_t size = 20'000);
[[nodiscard]] Bytes arm64_kernel(std::uint64_t image_size = 30U << 20, std::size_t size = 20'000);
/// A cpio with one file of `size` bytes.
[[nodiscard]] Bytes initramfs(std::size_t size = 10'000);
[[nodiscard]] SecretKey key_from(std::uint8_t first_byte);
void write(const std::string& path, ByteView content);

/// Input files, a key and a clock to publish with.
struct Publisher {
  explicit Publisher(const std::string& folder);
  [[nodiscard]] PublishOptions options() const;
  /// Publishes into `store`; the next call differs in its time.
  Result<StoredRelease> publish(Store& store);

  std::string kernel, initramfs_file;
  SecretKey key;
  FixedClock clock;
};

/// Opens and creates; the test ends where that fails.
[[nodiscard]] std::unique_ptr<Store> open_store(const std::string& path,
                                                Files& files = real_files());

}  // namespace phase::node::test
