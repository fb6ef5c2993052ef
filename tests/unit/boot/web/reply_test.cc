#include "boot/web/reply.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

const PartQuestion kPart{1000, 3000, 10'000};

ReplyHead right() {
  return {.status = 206,
          .content_length = 2000,
          .transfer_encoding = false,
          .content_encoding = "",
          .content_range = "bytes 1000-2999/10000"};
}

std::optional<ErrorCode> code_of(const ReplyHead& head) {
  const auto judged = judge_reply(kPart, head);
  if (judged) return std::nullopt;
  return judged.error().code;
}

TEST(WebReply, MayBeExactlyTheRangeThatWasAskedFor) {
  const auto body = judge_reply(kPart, right());
  ASSERT_TRUE(body.ok()) << body.error().detail;
  EXPECT_EQ(body->begin, 1000U);
  EXPECT_EQ(body->end, 3000U);
  auto identity = right();
  identity.content_encoding = "identity";
  EXPECT_TRUE(judge_reply(kPart, identity).ok());
}

TEST(WebReply, MayBeTheWholeFile) {
  auto head = right();
  head.status = 200;
  head.content_length = 10'000;
  head.content_range.clear();
  const auto body = judge_reply(kPart, head);
  ASSERT_TRUE(body.ok()) << body.error().detail;
  EXPECT_EQ(body->begin, 0U);
  EXPECT_EQ(body->end, 10'000U);
  head.content_length = 2000;
  EXPECT_EQ(code_of(head), ErrorCode::kProvider);
}

TEST(WebReply, WithAnyOtherRangeIsRefused) {
  for (const char* range :
       {"", "bytes 1000-2999/*", "bytes 1000-2999", "bytes 1000-3000/10000", "bytes 999-2999/10000",
        "bytes 1000-2998/10000", "bytes 1000-2999/10001", "bytes */10000", "Bytes 1000-2999/10000",
        "bytes 1000-2999/10000 ", "bytes  1000-2999/10000", "bytes 01000-2999/10000",
        "bytes 1000-2999/18446744073709561616", "items 1000-2999/10000"}) {
    auto head = right();
    head.content_range = range;
    EXPECT_EQ(code_of(head), ErrorCode::kProvider) << range;
  }
}

TEST(WebReply, WithoutItsLengthOrInAnotherEncodingIsRefused) {
  auto head = right();
  head.content_length.reset();
  EXPECT_EQ(code_of(head), ErrorCode::kProvider);
  for (const std::uint64_t length : {0ULL, 1999ULL, 2001ULL, ~0ULL}) {
    head = right();
    head.content_length = length;
    EXPECT_EQ(code_of(head), ErrorCode::kProvider) << length;
  }
  head = right();
  head.transfer_encoding = true;
  EXPECT_EQ(code_of(head), ErrorCode::kProvider);
  for (const char* encoding : {"gzip", "identity, gzip", "br", "\x1b[2J"}) {
    head = right();
    head.content_encoding = encoding;
    EXPECT_EQ(code_of(head), ErrorCode::kProvider) << encoding;
  }
}

TEST(WebReply, SaysWhetherAskingAgainMayHelp) {
  for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 599U}) {
    auto head = right();
    head.status = status;
    EXPECT_EQ(code_of(head), ErrorCode::kNetwork) << status;
  }
  for (const unsigned status :
       {0U, 100U, 101U, 204U, 207U, 301U, 302U, 304U, 400U, 404U, 416U, 600U}) {
    auto head = right();
    head.status = status;
    EXPECT_EQ(code_of(head), ErrorCode::kProvider) << status;
  }
}

TEST(WebReply, IsQuotedWithoutWhatATerminalWouldDo) {
  auto head = right();
  head.content_range = "\x1b[31mred\n" + std::string(500, 'x');
  const auto judged = judge_reply(kPart, head);
  ASSERT_FALSE(judged.ok());
  EXPECT_EQ(judged.error().detail.find('\x1b'), std::string::npos);
  EXPECT_EQ(judged.error().detail.find('\n'), std::string::npos);
  EXPECT_LT(judged.error().detail.size(), 200U);
}

}  // namespace
}  // namespace phase::boot
