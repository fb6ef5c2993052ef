#include "proto/secret_bytes.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "tests/unit/proto/support.h"

namespace phase {
namespace {

TEST(SecretBytes, BeginAtZeroMoveAndShrink) {
  SecretBytes first(4);
  EXPECT_EQ(first.view()[3], 0);
  std::fill(first.span().begin(), first.span().end(), std::uint8_t{'x'});
  SecretBytes second = std::move(first);
  EXPECT_EQ(second.text(), "xxxx");
  EXPECT_EQ(first.size(), 0u);  // NOLINT: that is the test
  EXPECT_EQ(first.data(), nullptr);
  second.shrink(2);
  EXPECT_EQ(second.text(), "xx");
  EXPECT_EQ(second.data()[2], 0) << "what was cut off is wiped";
  first = std::move(second);
  EXPECT_EQ(first.text(), "xx");
}

TEST(SecretBytesDeathTest, NeverGrow) {
  SecretBytes bytes(2);
  EXPECT_DEATH(bytes.shrink(3), "only shrinks");
}

}  // namespace
}  // namespace phase
