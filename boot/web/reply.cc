#include "boot/web/reply.h"

namespace phase::boot {
namespace {

Error lie(const std::string& what) {
  return {ErrorCode::kProvider, what};
}

std::string quoted(const std::string& untrusted) {
  std::string out;
  for (const char c : untrusted.substr(0, 60)) out += c >= ' ' && c < 127 ? c : '?';
  return "'" + out + "'";
}

Result<ReplyBody> judge_status(const PartQuestion& question, const ReplyHead& head) {
  const std::string answered = "answered " + std::to_string(head.status);
  switch (head.status) {
    case 206: {
      const std::string right = "bytes " + std::to_string(question.begin) + "-" +
                                std::to_string(question.end - 1) + "/" +
                                std::to_string(question.size);
      if (head.content_range == right) return ReplyBody{question.begin, question.end};
      return lie("sent " + quoted(head.content_range) + " where '" + right + "' was asked for");
    }
    case 200:
      return ReplyBody{0, question.size};  // It knows no ranges.
    case 408:
    case 429:
      return {ErrorCode::kNetwork, answered};
    default:
      if (head.status >= 500 && head.status < 600) return {ErrorCode::kNetwork, answered};
      return lie(answered);
  }
}

}  // namespace

Result<ReplyBody> judge_reply(const PartQuestion& question, const ReplyHead& head) {
  const auto body = judge_status(question, head);
  if (!body) return body;
  if (head.transfer_encoding) return lie("sent its answer in another encoding than it lies in");
  if (!head.content_encoding.empty() && head.content_encoding != "identity") {
    return lie("sent its answer encoded as " + quoted(head.content_encoding));
  }
  if (!head.content_length) return lie("does not say how long its answer is");
  if (*head.content_length != body->end - body->begin) {
    return lie("announced " + std::to_string(*head.content_length) + " bytes where " +
               std::to_string(body->end - body->begin) + " were expected");
  }
  return body;
}

}  // namespace phase::boot
