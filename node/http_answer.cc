#include "node/http_answer.h"

#include <array>
#include <ctime>

#include "node/http_range.h"

namespace phase::node {
namespace {

const char* reason(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 416: return "Range Not Satisfiable";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

/// IMF-fixdate (RFC 9110, 5.6.7), whatever the locale is.
std::string date_text(WallTime now) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(now.seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 48> rest{};
  std::array<char, 16> day{};
  std::strftime(day.data(), day.size(), ", %d ", &parts);
  std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &parts);
  return std::string(kDays.at(static_cast<std::size_t>(parts.tm_wday))) + day.data() +
         kMonths.at(static_cast<std::size_t>(parts.tm_mon)) + rest.data();
}

class Head {
 public:
  Head(unsigned status, WallTime now, bool keep_alive) {
    text_ = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\n";
    field("Date", date_text(now));
    field("Connection", keep_alive ? "keep-alive" : "close");
    field("X-Content-Type-Options", "nosniff");
  }
  void field(const char* name, const std::string& value) {
    text_ += std::string(name) + ": " + value + "\r\n";
  }
  [[nodiscard]] std::string finish() { return text_ + "\r\n"; }

 private:
  std::string text_;
};

/// A status with one line of text: its own name, nothing from inside.
HttpAnswer plain(unsigned status, bool keep_alive, bool head_only, WallTime now,
                 const std::string& content_range = {}) {
  HttpAnswer out{.status = status, .keep_alive = keep_alive};
  out.text = std::string(reason(status)) + "\n";
  Head head(status, now, keep_alive);
  head.field("Content-Type", "text/plain; charset=us-ascii");
  head.field("Content-Length", std::to_string(out.text.size()));
  if (status == 405) head.field("Allow", "GET, HEAD");
  if (status == 503) head.field("Retry-After", "10");
  if (!content_range.empty()) head.field("Content-Range", content_range);
  out.head = head.finish();
  if (head_only) out.text.clear();
  return out;
}

void describe(Head& head, const CatalogueEntry& entry) {
  head.field("ETag", "\"" + entry.etag + "\"");
  head.field("Cache-Control", entry.caching == Caching::kImmutable
                                  ? "public, max-age=31536000, immutable"
                                  : "no-cache");
  head.field("Accept-Ranges", "bytes");
}

HttpAnswer deliver(const HttpRequest& request, std::shared_ptr<const CatalogueEntry> entry,
                   WallTime now) {
  const bool head_only = request.method == "HEAD";
  if (request.if_match && !any_etag_matches_strongly(*request.if_match, entry->etag))
    return plain(412, request.keep_alive, head_only, now);
  if (request.if_none_match && any_etag_matches(*request.if_none_match, entry->etag)) {
    HttpAnswer out{.status = 304, .keep_alive = request.keep_alive};
    Head head(304, now, request.keep_alive);
    describe(head, *entry);
    out.head = head.finish();
    return out;
  }
  // Range means something for GET only (14.2), and only while If-Range holds (13.1.5).
  RangeAnswer part;
  if (!head_only && request.range &&
      (!request.if_range || if_range_matches(*request.if_range, entry->etag)))
    part = parse_range(*request.range, entry->size);
  if (part.kind == RangeAnswer::Kind::kUnsatisfiable)
    return plain(416, request.keep_alive, head_only, now,
                 "bytes */" + std::to_string(entry->size));

  const bool partial = part.kind == RangeAnswer::Kind::kPart;
  HttpAnswer out{.status = partial ? 206U : 200U, .keep_alive = request.keep_alive};
  Head head(out.status, now, request.keep_alive);
  describe(head, *entry);
  head.field("Content-Type", entry->content_type);
  const auto length = partial ? part.length : entry->size;
  head.field("Content-Length", std::to_string(length));
  if (partial)
    head.field("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                    std::to_string(part.first + part.length - 1) + "/" +
                                    std::to_string(entry->size));
  out.head = head.finish();
  out.first = part.first;
  out.length = head_only ? 0 : length;
  out.entry = std::move(entry);
  return out;
}

}  // namespace

std::optional<std::string_view> request_path(std::string_view target) {
  // The absolute form, which servers must accept as well (RFC 9112, 3.2.2).
  constexpr std::string_view kScheme = "http://";
  if (target.starts_with(kScheme)) {
    const auto slash = target.find('/', kScheme.size());
    if (slash == std::string_view::npos) return std::nullopt;
    target.remove_prefix(slash);
  }
  const auto path = target.substr(0, target.find('?'));
  if (!path.starts_with('/')) return std::nullopt;
  for (const char c : path)
    if (c == '%' || c <= ' ' || c > '~') return std::nullopt;
  return path;
}

HttpAnswer answer(const HttpRequest& request, const Catalogue& catalogue, const Catalogue& peers,
                  WallTime now) {
  // A body that nobody reads would be taken for the next request.
  if (request.has_body) return refusal(413, now);
  if (request.version >= 11 && request.hosts != 1) return refusal(400, now);
  const bool head_only = request.method == "HEAD";
  if (request.method != "GET" && !head_only) return plain(405, false, false, now);
  const auto path = request_path(request.target);
  if (!path) return plain(400, request.keep_alive, head_only, now);
  auto entry = catalogue.find(*path);
  if (!entry) entry = peers.find(*path);
  if (!entry) return plain(404, request.keep_alive, head_only, now);
  return deliver(request, std::move(entry), now);
}

HttpAnswer not_yet(const HttpRequest& request, WallTime now) {
  // As in answer(): nobody reads a body.
  return plain(503, request.keep_alive && !request.has_body, request.method == "HEAD", now);
}

HttpAnswer refusal(unsigned status, WallTime now) { return plain(status, false, false, now); }

}  // namespace phase::node
