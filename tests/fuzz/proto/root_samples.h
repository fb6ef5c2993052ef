// A chain of root documents that the targets of proto/ begin with; two of three keys sign each.
#pragma once

#include "proto/root_chain.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {

inline constexpr std::uint64_t kLastSample = 6;

inline Root sample_root(std::uint64_t version) {
  Root root;
  root.version = version;
  root.created = WallTime{1767225600};
  root.root = {.keys = {key(1).public_key(), key(2).public_key(), key(3).public_key()},
               .threshold = 2};
  root.release = {{.channels = {},
                   .archs = {},
                   .signers = {.keys = {key(static_cast<std::uint8_t>(10 + version)).public_key()},
                               .threshold = 1}}};
  root.pointer = root.release;
  return root;
}

/// N.root.dsse.
inline Bytes sample_document(std::uint64_t version) {
  const SecretKey first = key(1);
  const SecretKey second = key(2);
  return sign_envelope(kRootType, *encode_root(sample_root(version)), {&first, &second});
}

}  // namespace phase::fuzz
