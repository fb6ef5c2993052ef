// Bytes of strangers as they come from a socket: requests are the same however they are cut into
// pieces, and nothing beyond the limit is kept.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "node/http_reader.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace node;

constexpr std::size_t kLimit = 512;

/// What was read, told apart by what an answer depends on.
using Read = std::tuple<std::string, std::string, unsigned, std::size_t, bool, bool, std::string>;

struct Outcome {
  std::vector<Read> requests;
  unsigned refused = 0;
  bool operator==(const Outcome&) const = default;
};

Read kept(const HttpRequest& request) {
  std::string fields;
  for (const auto& field :
       {request.range, request.if_range, request.if_none_match, request.if_match}) {
    fields += field ? "[" + std::string(*field) + "]" : "-";
  }
  return {std::string(request.method), std::string(request.target), request.version,
          request.hosts, request.has_body, request.keep_alive, fields};
}

Outcome read(std::string_view bytes, std::size_t step) {
  HttpReader reader(kLimit);
  Outcome out;
  for (;;) {
    switch (reader.next()) {
      case HttpReader::State::kRefuse:
        out.refused = reader.status();
        check(out.refused == 400 || out.refused == 413 || out.refused == 431, "a status of ours");
        return out;
      case HttpReader::State::kRequest:
        out.requests.push_back(kept(reader.request()));
        reader.finish();
        continue;
      case HttpReader::State::kMore: break;
    }
    check(reader.room() > 0, "a reader that waits for more has room for it");
    if (bytes.empty()) return out;
    const auto piece = bytes.substr(0, std::min(step, reader.room()));
    reader.add(piece);
    bytes.remove_prefix(piece.size());
  }
}

Bytes seed(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

std::vector<Bytes> seeds() {
  return {seed("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
          seed("GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n\r\nHEAD /b HTTP/1.0\r\n\r\n"),
          seed("GET / HTTP/1.1\r\nIf-None-Match: \"a\"\r\nIf-None-Match: W/\"b\"\r\nHost: x\r\n\r\n"),
          seed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
          seed("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
          seed("GET http://x/ HTTP/1.1\r\nHost: x\r\nConnection: close, keep-alive\r\n folded\r\n\r\n"),
          seed("GET / HTTP/1.1\nHost: x\n\n"), seed("\x16\x03\x01\x02\x00\x01\xfc")};
}

void one(ByteView input) {
  const auto whole = read(as_text(input), kLimit);
  check(read(as_text(input), 1) == whole, "byte by byte it means something else");
  check(read(as_text(input), 7) == whole, "in pieces it means something else");
}

}  // namespace phase::fuzz
