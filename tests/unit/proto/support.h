// What the tests of proto/ share: keys and a manifest that are the same in every run, a folder
// that goes away, and other people's programs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/envelope.h"
#include "proto/keys.h"
#include "proto/manifest.h"
#include "proto/trust.h"

namespace phase::test {

/// The key whose seed is 32 times `number`.
SecretKey key(std::uint8_t number);
/// Release 7 of stable/x86_64, created 2026-01-01, expires a year later; kernel, initramfs and one
/// device tree.
Manifest manifest();
inline constexpr std::int64_t kCreated = 1767225600;
inline constexpr std::int64_t kExpires = kCreated + 365 * 86400;
/// manifest.dsse of `document`, signed by each of `numbers`.
Bytes signed_manifest(const Manifest& document, const std::vector<std::uint8_t>& numbers);
/// What a machine expects that manifest() satisfies.
Expectation expectation();

/// `size` bytes that repeat at no power of two.
Bytes pattern(std::size_t size);

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void write_file(const std::string& path, ByteView content);
std::string read_file(const std::string& path);

struct Ran {
  int status = -1;     ///< Exit status; -1 where it could not be started or was killed.
  std::string output;  ///< stdout and stderr.
};
/// Runs a program of PATH in `folder` with `input` (a file, or nothing) as its stdin.
Ran run(const std::string& folder, const std::vector<std::string>& command,
        const std::string& input = "/dev/null");

template <class T>
testing::AssertionResult fails_with(const Result<T>& result, ErrorCode code) {
  if (result.ok()) return testing::AssertionFailure() << "accepted";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error_name(result.error().code) << " instead of "
                                     << error_name(code) << ": " << result.error().detail;
}
/// Fails the test where `result` is a value, or another error than `code`.
#define EXPECT_ERROR(result, code) EXPECT_TRUE(::phase::test::fails_with((result), (code)))

}  // namespace phase::test
