// A release as it lies in a folder after it was fetched: made for tests, with keys that are the
// same in every run.
#pragma once

#include <string>
#include <vector>

#include "proto/trust.h"
#include "tests/unit/proto/support.h"

namespace phase::test {

/// Release 7 of stable/x86_64 with a kernel of 70,001 bytes and an initramfs of 1,234 bytes,
/// signed by key(1), in <parent>/<name()>.
class ReleaseFolder {
 public:
  explicit ReleaseFolder(const std::string& parent, std::uint8_t signer = 1);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string path(const std::string& file) const {
    return parent_ + "/" + name_ + "/" + file;
  }
  [[nodiscard]] const Manifest& document() const { return document_; }

 private:
  std::string parent_;
  Manifest document_;
  std::string name_;
};

}  // namespace phase::test
