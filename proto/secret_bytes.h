// proto/secret_bytes.h
// Owns bytes that nobody else should see (keys, passwords, their text): locked memory that is never
// swapped out nor part of a core dump, wiped when it goes. Movable, not copyable.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "proto/bytes.h"

namespace phase {

class SecretBytes {
 public:
  SecretBytes() = default;
  /// All zeros. Ends the program where there is no such memory.
  explicit SecretBytes(std::size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint8_t* data() { return data_; }
  [[nodiscard]] std::span<std::uint8_t> span() { return {data_, size_}; }
  [[nodiscard]] ByteView view() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return as_text(view()); }
  /// The first `size` bytes stay; the rest is wiped.
  void shrink(std::size_t size);

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace phase
