// Goal: a secret key is locked in memory while it lives and nowhere in the process once it is gone,
// whatever was done with it. Method: this process reads all of its own memory, as a core dump or
// another process of the same user would.
//
// Not under AddressSanitizer: its mlock() does nothing, and its own memory would be read for minutes.
#ifndef __SANITIZE_ADDRESS__
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "proto/fd.h"
#include "proto/keys.h"
#include "tests/unit/proto/support.h"

namespace phase {
namespace {

constexpr std::size_t kSeedDigits = 64;
/// A sanitizer's shadow of all addresses has terabytes; nothing of ours has so much.
constexpr unsigned long kLargestMapping = 1UL << 30;

/// What is looked for, with every bit turned: so that looking for it makes no copy of it.
struct Needle {
  std::vector<std::uint8_t> inverted;
  explicit Needle(ByteView bytes) {
    inverted.reserve(bytes.size());
    for (const std::uint8_t byte : bytes) inverted.push_back(static_cast<std::uint8_t>(~byte));
  }
  [[nodiscard]] bool starts_at(const std::uint8_t* at) const {
    return std::equal(inverted.begin(), inverted.end(), at, [](std::uint8_t a, std::uint8_t b) {
      return a == static_cast<std::uint8_t>(~b);
    });
  }
};

/// Places in this process's memory; guard pages cannot be read and hold nothing.
int copies(const Needle& needle) {
  const Fd memory(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  std::vector<std::uint8_t> block(1 << 20);
  int found = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char readable = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %c", &begin, &end, &readable) != 3 || readable != 'r') continue;
    if (end - begin > kLargestMapping) continue;
    while (begin < end) {
      const auto got = pread(memory.get(), block.data(), std::min(block.size(), end - begin),
                             static_cast<off_t>(begin));
      if (got <= 0) break;
      const auto size = static_cast<std::size_t>(got);
      for (std::size_t at = 0; at + needle.inverted.size() <= size; ++at) {
        found += needle.starts_at(block.data() + at) ? 1 : 0;
      }
      // The block is memory of this process too, and is read later.
      sodium_memzero(block.data(), size);
      begin += size;
    }
  }
  return found;
}

long locked_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
  }
  return -1;
}

class SecretKeyMemory : public testing::Test {
 protected:
  SecretKeyMemory() {
    SecretKey key = SecretKey::generate(system_random());
    const SecretBytes text = key.serialize();
    const auto digits = text.text().find('\n') + 1;
    seed_.emplace(key.expanded().first(32));
    digits_.emplace(text.view().subspan(digits, kSeedDigits));
    if (!save_secret_key(file(), key)) ADD_FAILURE() << file();
  }
  [[nodiscard]] std::string file() const { return folder_ / "secret.key"; }
  [[nodiscard]] int seeds() const { return copies(*seed_); }
  [[nodiscard]] int texts() const { return copies(*digits_); }

 private:
  test::TempFolder folder_;
  std::optional<Needle> seed_, digits_;
};

TEST_F(SecretKeyMemory, IsLockedWhileItLives) {
  const long before = locked_kib();
  const auto key = load_secret_key(file());
  ASSERT_TRUE(key.ok());
  EXPECT_GT(locked_kib(), before);
}

TEST_F(SecretKeyMemory, IsNowhereOnceItIsGone) {
  EXPECT_EQ(seeds(), 0) << "of the key that was made";
  EXPECT_EQ(texts(), 0) << "of the file that was written";
  {
    auto key = load_secret_key(file());
    ASSERT_TRUE(key.ok());
    SecretKey moved = std::move(*key);
    const Bytes message = test::pattern(100);
    EXPECT_TRUE(moved.public_key().verify(message, moved.sign(message)));
    EXPECT_EQ(seeds(), 1) << "one copy, which this search has to find";
    EXPECT_EQ(texts(), 0) << "of the file that was read";
  }
  EXPECT_EQ(seeds(), 0);
  EXPECT_EQ(texts(), 0);
}

}  // namespace
}  // namespace phase
#endif
