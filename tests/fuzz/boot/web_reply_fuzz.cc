// What a web server says before its bytes: the question and its status as numbers, then headers as
// lines. Oracle: accepted is exactly the part asked for or the whole file, plain, with its length said
// right and, for a part, its place said right; everything else is refused in printable words.
#include <algorithm>
#include <charconv>
#include <string>

#include "boot/web/reply.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using boot::PartQuestion;
using boot::ReplyHead;

constexpr std::size_t kQuestionBytes = 8;

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::uint64_t number(ByteView input, std::size_t at) {
  return input[at] * 256U + input[at + 1];
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Lines: Content-Length, Content-Encoding, Content-Range; an empty one: not sent.
ReplyHead head_of(unsigned status, bool transfer_encoding, std::string_view lines) {
  ReplyHead out;
  out.status = status;
  out.transfer_encoding = transfer_encoding;
  const std::string_view length = take_line(lines);
  std::uint64_t said = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), said);
  if (error == std::errc{} && end == length.data() + length.size()) out.content_length = said;
  out.content_encoding = take_line(lines);
  out.content_range = take_line(lines);
  return out;
}

void check_accepted(const PartQuestion& question, const ReplyHead& head,
                    const boot::ReplyBody& body) {
  check(head.status == 200 || head.status == 206, "the bytes of an error were accepted");
  if (head.status == 200) check(body.begin == 0 && body.end == question.size, "a part of a whole");
  if (head.status == 206) {
    check(body.begin == question.begin && body.end == question.end, "another part");
    check(head.content_range == "bytes " + std::to_string(body.begin) + "-" +
                                    std::to_string(body.end - 1) + "/" +
                                    std::to_string(question.size),
          "its place was said wrong");
  }
  check(head.content_length == body.end - body.begin, "another length");
  check(!head.transfer_encoding, "chunks");
  check(head.content_encoding.empty() || head.content_encoding == "identity", "an encoding");
}

}  // namespace

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  // Of 0x100 bytes those from 0x10 to 0x20.
  for (const auto& [status, rest] :
       {std::pair{std::uint16_t{206}, "16\n\nbytes 16-31/256"}, {200, "256\nidentity\n"},
        {206, "16\ngzip\nbytes 16-31/256"}, {206, "17\n\nbytes 16-31/*"}, {503, "0\n\n"},
        {302, "\n\n"}}) {
    Bytes seed = {0, 16, 0, 16, 0, 224, static_cast<std::uint8_t>(status >> 8U),
                  static_cast<std::uint8_t>(status)};
    const Bytes lines = bytes(rest);
    seed.insert(seed.end(), lines.begin(), lines.end());
    out.push_back(seed);
  }
  return out;
}

void one(ByteView input) {
  if (input.size() < kQuestionBytes) return;
  PartQuestion question;
  question.begin = number(input, 0);
  question.end = question.begin + 1 + (number(input, 2) + 0xFFFF) % 0x10000;
  question.size = question.end + number(input, 4);
  const auto status = static_cast<unsigned>(number(input, 6));
  const ReplyHead head =
      head_of(status % 1024, status >= 0x8000, as_text(input.subspan(kQuestionBytes)));
  const auto body = boot::judge_reply(question, head);
  if (body) return check_accepted(question, head, *body);
  const Error& error = body.error();
  check(error.code == ErrorCode::kProvider || error.code == ErrorCode::kNetwork, "which refusal");
  check(!error.detail.empty() && error.detail.size() < 300 &&
            std::all_of(error.detail.begin(), error.detail.end(),
                        [](char c) { return c >= ' ' && c <= '~'; }),
        "its words");
}

}  // namespace phase::fuzz
