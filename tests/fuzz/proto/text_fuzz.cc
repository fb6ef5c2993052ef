// Short texts that people and networks give us: keys, addresses, names.
#include "proto/endpoint.h"
#include "proto/names.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

bool printable(std::string_view text) {
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace

std::vector<Bytes> seeds() {
  const PublicKey known = key(1).public_key();
  return {bytes(known.hex()),
          bytes(known.minisign()),
          bytes("untrusted comment: x\n" + known.minisign() + "\n"),
          bytes(key(1).serialize().text()),
          bytes(SecretKey::from_seed(Bytes(32, 2), KeyNumber{1, 2})->serialize().text()),
          bytes("10.0.0.1:6881"),
          bytes("[2001:db8::1]:6881"),
          bytes("stable"),
          bytes("dtbs/vendor/board.dtb"),
          bytes("amd64")};
}

void one(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto parsed = parse_public_key(text)) {
    check(*parse_public_key(parsed->hex()) == *parsed, "a key's hex form");
    check(*parse_public_key(parsed->minisign()) == *parsed, "a key's minisign form");
  } else {
    check(printable(parsed.error().detail), "hostile bytes in a message");
  }
  if (const auto secret = SecretKey::parse(text)) {
    const auto again = SecretKey::parse(secret->serialize().text());
    check(again->public_key() == secret->public_key() &&
              again->public_key().key_number() == secret->public_key().key_number(),
          "a secret key's form");
  }
  if (const auto endpoint = parse_endpoint(text)) {
    check(parse_endpoint(endpoint->text()) == endpoint, "an endpoint's text");
    check(parse_compact(endpoint->compact()) == endpoint, "an endpoint's compact form");
  }
  if (const auto compact = parse_compact(input)) {
    const Bytes again = compact->compact();
    check(as_text(again) == text, "a compact form is the only one");
  }
  if (valid_artifact_name(text)) {
    check(text.front() != '/' && !text.starts_with("../") && text != ".." &&
              text.find("/../") == text.npos && !text.ends_with("/.."),
          "a name leaves the release");
  }
  const auto channel = check_channel(text);
  check(channel.ok() || printable(channel.error().detail), "hostile bytes in a message");
  const auto arch = normalise_arch(text);
  check(arch.ok() || printable(arch.error().detail), "hostile bytes in a message");
  if (const auto hex = from_hex(text)) check(hex->size() * 2 == text.size(), "hexadecimal");
}

}  // namespace phase::fuzz
