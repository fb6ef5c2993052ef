// node/http_reader.h
// Cuts the bytes of one client into requests (Boost.Beast's parser). What a request is answered
// with is decided in node/http_answer.h. Every byte is a stranger's.
//
// Bounds: at most `max_header_bytes` are kept, and nothing is made of them before a header is whole:
// thousands of clients who never end theirs cost those bytes each. Nothing is kept between requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "node/http_answer.h"

namespace phase::node {

class HttpReader {
 public:
  enum class State : std::uint8_t {
    kMore,     ///< No whole header yet; room() is not 0.
    kRequest,  ///< request() holds until finish().
    kRefuse,   ///< status() says why; nothing that follows can be understood.
  };

  explicit HttpReader(std::size_t max_header_bytes);
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  /// How many bytes it takes now.
  [[nodiscard]] std::size_t room() const { return max_header_bytes_ - pending_.size(); }
  void add(std::string_view bytes);
  /// The next request in what was added. Without a body: one that announces a body has `has_body`,
  /// and its answer ends the connection.
  [[nodiscard]] State next();
  [[nodiscard]] const HttpRequest& request() const { return request_; }
  [[nodiscard]] unsigned status() const { return status_; }
  /// Forgets the request.
  void finish();
  /// True where a request began that is not complete.
  [[nodiscard]] bool started() const { return !pending_.empty(); }

 private:
  struct Parser;
  State refuse(unsigned status);
  void take();
  const std::size_t max_header_bytes_;
  std::string pending_;
  std::size_t looked_at_ = 0;       // Of pending_, without an end of a header in it.
  std::unique_ptr<Parser> parser_;  // What request_ refers to.
  HttpRequest request_;
  unsigned status_ = 0;
  std::string if_none_match_, if_match_;  // Of several lines.
};

}  // namespace phase::node
