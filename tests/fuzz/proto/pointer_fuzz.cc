// Values from the DHT: decoding one and encoding it again loses nothing that we know.
#include "proto/pointer.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {

std::vector<Bytes> seeds() {
  Pointer pointer;
  pointer.infohash_v1.fill(1);
  pointer.infohash_v2.fill(2);
  pointer.manifest_sha256.fill(3);
  pointer.release_version = 7;
  const Bytes none = encode_pointer(pointer);
  pointer.expires = 1798761600;
  pointer.providers = {{*parse_endpoint("10.0.0.1:6881"), 8080},
                       {*parse_endpoint("[2001:db8::1]:6881"), 0}};
  const Bytes two = encode_pointer(pointer);
  Bytes later = none;
  later.pop_back();
  for (const char c : std::string_view("1:yd1:zli1e0:eee"))
    later.push_back(static_cast<std::uint8_t>(c));
  check(decode_pointer(later).ok(), "a seed of a later format");
  return {none, two, later};
}

void one(ByteView input) {
  const auto pointer = decode_pointer(input);
  if (!pointer) return;
  const Bytes again = encode_pointer(*pointer);
  check(again.size() <= input.size(), "encoded again it only loses unknown keys");
  const auto twice = decode_pointer(again);
  check(twice.ok() && encode_pointer(*twice) == again, "what we encode does not decode");
  check(twice->providers == pointer->providers &&
            twice->release_version == pointer->release_version &&
            twice->expires == pointer->expires && twice->infohash_v1 == pointer->infohash_v1 &&
            twice->infohash_v2 == pointer->infohash_v2 &&
            twice->manifest_sha256 == pointer->manifest_sha256,
        "a round trip changes the pointer");
}

}  // namespace phase::fuzz
