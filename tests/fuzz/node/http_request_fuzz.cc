// Requests of strangers, as far as they are ours to read (Beast cuts them into fields): method,
// target and the conditional fields. What is answered is in the catalogue, within the entry, and
// holds nothing of the request.
#include <array>
#include <string>

#include "node/catalogue.h"
#include "node/http_answer.h"
#include "node/http_range.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace node;

constexpr const char* kPath = "/stable/x86_64/kernel";
constexpr std::size_t kSize = 1000;

const Catalogue& catalogue() {
  static const Catalogue made = [] {
    Catalogue out;
    check(out.add_bytes(kPath, Bytes(kSize, 'k'), "application/octet-stream"), "an entry");
    return out;
  }();
  return made;
}

/// Method, target and four fields, each ended by a NUL; an empty field is absent.
std::array<std::string_view, 6> parts(std::string_view text) {
  std::array<std::string_view, 6> out;
  for (std::string_view& part : out) {
    part = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return out;
}

std::optional<std::string_view> field(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

Bytes seed(std::initializer_list<std::string_view> fields) {
  Bytes out;
  for (const std::string_view one : fields) {
    out.insert(out.end(), one.begin(), one.end());
    out.push_back(0);
  }
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  const std::string etag = "\"" + catalogue().find(kPath)->etag + "\"";
  return {seed({"GET", kPath}),
          seed({"HEAD", "http://host:8080/stable/x86_64/kernel?x=1"}),
          seed({"GET", kPath, "bytes=0-99"}),
          seed({"GET", kPath, "bytes=-5", etag}),
          seed({"GET", kPath, "bytes=5000-"}),
          seed({"GET", kPath, "bytes=1-2,5-6"}),
          seed({"GET", kPath, "", "", "W/" + etag + ", \"other\""}),
          seed({"GET", kPath, "", "", "", "*"}),
          seed({"POST", "/%2e%2e/etc/passwd"})};
}

void one(ByteView input) {
  static const Catalogue none;
  const auto part = parts(as_text(input));
  HttpRequest request;
  request.method = part[0];
  request.target = part[1];
  request.hosts = 1;
  request.range = field(part[2]);
  request.if_range = field(part[3]);
  request.if_none_match = field(part[4]);
  request.if_match = field(part[5]);
  const HttpAnswer got = answer(request, catalogue(), none, WallTime{1'800'000'000});
  check(got.status >= 200 && got.status < 600, "a status that is none");
  check(got.head.starts_with("HTTP/1.1 ") && got.head.ends_with("\r\n\r\n"), "a broken head");
  check(got.head.find("\r\n\r\n") == got.head.size() - 4, "a head with a body in it");
  check(got.head.size() < 1000 && got.text.size() < 1000, "an answer that grows with its request");
  for (const char c : got.head)
    check((c >= ' ' && c <= '~') || c == '\r' || c == '\n', "a byte of the request in the answer");
  if (got.entry) {
    check(got.first <= got.entry->size && got.length <= got.entry->size - got.first,
          "bytes outside of the entry");
    const auto path = request_path(request.target);
    check(path && *path == kPath, "a path that is not in the catalogue");
  }
  if (request.range) {
    const RangeAnswer range = parse_range(*request.range, kSize);
    check(range.kind != RangeAnswer::Kind::kPart ||
              (range.length > 0 && range.first < kSize && range.length <= kSize - range.first),
          "a part outside of the whole");
  }
}

}  // namespace phase::fuzz
