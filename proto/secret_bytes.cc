#include "proto/secret_bytes.h"

#include <utility>

#include "proto/sodium_ready.h"

namespace phase {

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  sodium_ready();
  data_ = static_cast<std::uint8_t*>(sodium_malloc(size));
  check(data_ != nullptr, "locked memory for a secret");
  sodium_memzero(data_, size);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

// sodium_free wipes before it unmaps, and passes over a null pointer.
SecretBytes::~SecretBytes() {
  sodium_free(data_);
}

void SecretBytes::shrink(std::size_t size) {
  check(size <= size_, "a secret only shrinks");
  sodium_memzero(data_ + size, size_ - size);
  size_ = size;
}

}  // namespace phase
