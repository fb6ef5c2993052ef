#include "node/http_range.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

using Kind = RangeAnswer::Kind;
constexpr RangeAnswer kWhole{};
constexpr RangeAnswer k416{.kind = Kind::kUnsatisfiable};
RangeAnswer part(std::uint64_t first, std::uint64_t length) { return {Kind::kPart, first, length}; }

// The examples of RFC 9110, section 14.1.2, for a representation of 10000 bytes.
TEST(HttpRange, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(parse_range("bytes=0-499", 10'000), part(0, 500));
  EXPECT_EQ(parse_range("bytes=500-999", 10'000), part(500, 500));
  EXPECT_EQ(parse_range("bytes=-500", 10'000), part(9'500, 500));
  EXPECT_EQ(parse_range("bytes=9500-", 10'000), part(9'500, 500));
  EXPECT_EQ(parse_range("bytes= 0-999", 10'000), part(0, 1'000));
  EXPECT_EQ(parse_range("BYTES=0-0", 10'000), part(0, 1));
}

TEST(HttpRange, CutsAtTheEnd) {
  EXPECT_EQ(parse_range("bytes=5-100", 10), part(5, 5));
  EXPECT_EQ(parse_range("bytes=-100", 10), part(0, 10));
  EXPECT_EQ(parse_range("bytes=9-9", 10), part(9, 1));
  EXPECT_EQ(parse_range("bytes=0-99999999999999999999999999", 10), part(0, 10));
  EXPECT_EQ(parse_range("bytes=-99999999999999999999999999", 10), part(0, 10));
}

TEST(HttpRange, WhatBeginsBehindTheEndCannotBeSatisfied) {
  EXPECT_EQ(parse_range("bytes=10-", 10), k416);
  EXPECT_EQ(parse_range("bytes=10-20", 10), k416);
  EXPECT_EQ(parse_range("bytes=99999999999999999999999999-", 10), k416);
  EXPECT_EQ(parse_range("bytes=-0", 10), k416);
  EXPECT_EQ(parse_range("bytes=0-0", 0), k416);
}

TEST(HttpRange, IgnoresWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-4", "bytes=1-2-3",
        "bytes=+1-2", "bytes=1 - 2", "bytes=0x1-2", "items=0-1", "bytes 0-1", "bytes=0-1,5-6",
        "bytes=0-,0-,0-,0-", "bytes=-1,", "bytes=--1", "bytes=1-x"})
    EXPECT_EQ(parse_range(text, 10), kWhole) << text;
  EXPECT_EQ(parse_range("bytes=-5", 0), kWhole);
}

TEST(HttpRange, ComparesEtags) {
  EXPECT_TRUE(any_etag_matches("\"abc\"", "abc"));
  EXPECT_TRUE(any_etag_matches("W/\"abc\"", "abc"));
  EXPECT_TRUE(any_etag_matches("\"x\", ,\"abc\"", "abc"));
  EXPECT_TRUE(any_etag_matches(" * ", "abc"));
  EXPECT_FALSE(any_etag_matches("abc", "abc"));
  EXPECT_FALSE(any_etag_matches("\"abcd\"", "abc"));
  EXPECT_FALSE(any_etag_matches("\"abc", "abc"));
  EXPECT_FALSE(any_etag_matches("\"x\" \"abc\"", "abc"));
  EXPECT_FALSE(any_etag_matches_strongly("W/\"abc\"", "abc"));
  EXPECT_TRUE(any_etag_matches_strongly("W/\"abc\", \"abc\"", "abc"));
  EXPECT_TRUE(if_range_matches("\"abc\"", "abc"));
  EXPECT_FALSE(if_range_matches("W/\"abc\"", "abc"));
  EXPECT_FALSE(if_range_matches("Sat, 29 Oct 1994 19:43:31 GMT", "abc"));
}

}  // namespace
}  // namespace phase::node
