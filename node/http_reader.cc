#include "node/http_reader.h"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

namespace phase::node {
namespace {

namespace http = boost::beast::http;

/// What a connection keeps between two requests rather than allocate it again.
constexpr std::size_t kKeptBytes = 1024;
constexpr std::string_view kEnd = "\r\n\r\n";

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// Beast would say the same of these, but only of a whole header: binary protocols and line feeds
/// alone are told at once.
bool is_text(std::string_view bytes, char before) {
  for (const char c : bytes) {
    if (c == '\n' ? before != '\r' : (c < ' ' && c >= 0 && c != '\r' && c != '\t')) return false;
    before = c;
  }
  return true;
}

}  // namespace

struct HttpReader::Parser {
  http::request_parser<http::empty_body> of;
};

HttpReader::HttpReader(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) {}
HttpReader::~HttpReader() = default;

void HttpReader::add(std::string_view bytes) {
  check(bytes.size() <= room(), "a reader gets no more than it takes");
  pending_.append(bytes);
}

HttpReader::State HttpReader::refuse(unsigned status) {
  status_ = status;
  return State::kRefuse;
}

void HttpReader::finish() {
  request_ = {};
  parser_.reset();
}

HttpReader::State HttpReader::next() {
  finish();
  // Some clients send empty lines after the request before (RFC 9112, 2.2).
  std::size_t empty = 0;
  while (looked_at_ == 0 && pending_.compare(empty, 2, "\r\n") == 0) empty += 2;
  pending_.erase(0, empty);
  if (pending_ == "\r") return State::kMore;
  if (pending_.empty()) {
    if (pending_.capacity() > kKeptBytes) pending_.shrink_to_fit();
    return State::kMore;
  }
  const std::string_view all = pending_;
  const auto from = looked_at_ - std::min(looked_at_, kEnd.size() - 1);
  const auto end = all.find(kEnd, from);
  const auto size = end == std::string_view::npos ? all.size() : end + kEnd.size();
  if (!is_text(all.substr(looked_at_, size - looked_at_), looked_at_ > 0 ? all[looked_at_ - 1] : 0))
    return refuse(400);
  if (end == std::string_view::npos) {
    looked_at_ = size;
    return room() == 0 ? refuse(431) : State::kMore;
  }
  looked_at_ = 0;
  parser_ = std::make_unique<Parser>();
  parser_->of.header_limit(static_cast<std::uint32_t>(max_header_bytes_));
  parser_->of.body_limit(0);  // A body is refused by its announcement, never read.
  boost::system::error_code error;
  (void)parser_->of.put(boost::asio::const_buffer(all.data(), size), error);
  pending_.erase(0, size);
  if (error == http::error::header_limit) return refuse(431);
  if (error == http::error::body_limit || error == http::error::unexpected_body)
    return refuse(413);
  if (error || !parser_->of.is_header_done()) return refuse(400);
  take();
  return State::kRequest;
}

void HttpReader::take() {
  const auto& message = parser_->of.get();
  const auto once = [&](http::field field) -> std::optional<std::string_view> {
    if (message.count(field) != 1) return std::nullopt;
    return view(message[field]);
  };
  // A list may come on several lines, which mean the same as one (RFC 9110, 5.3).
  const auto list = [&](http::field field, std::string& joined) -> std::optional<std::string_view> {
    const auto [begin, end] = message.equal_range(field);
    if (begin == end) return std::nullopt;
    if (std::next(begin) == end) return view(begin->value());
    joined.clear();
    for (auto at = begin; at != end; ++at) {
      if (at != begin) joined += ", ";
      joined += view(at->value());
    }
    return joined;
  };
  request_.method = view(message.method_string());
  request_.target = view(message.target());
  request_.version = message.version();
  request_.hosts = message.count(http::field::host);
  request_.has_body = parser_->of.chunked() || parser_->of.content_length().value_or(0) > 0;
  request_.keep_alive = message.keep_alive();
  request_.range = once(http::field::range);
  request_.if_range = once(http::field::if_range);
  request_.if_none_match = list(http::field::if_none_match, if_none_match_);
  request_.if_match = list(http::field::if_match, if_match_);
}

}  // namespace phase::node
