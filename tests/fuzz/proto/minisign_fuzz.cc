// Files that somebody calls a minisign secret key. No password is derived (that costs what the file
// says, within its cap); what is not encrypted is opened, and written again it is the same key.
#include <algorithm>

#include "proto/minisign.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

class Fixed final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 9); }
};

}  // namespace

std::vector<Bytes> seeds() {
  Fixed random;
  const MinisignLock lock{"password", random, {32'768, 16'777'216}};
  const auto plain = encode_minisign_secret_key(key(1), nullptr);
  const auto locked = encode_minisign_secret_key(key(1), &lock);
  check(plain.ok() && locked.ok(), "a seed");
  const auto bytes = [](const SecretBytes& text) {
    return Bytes(text.view().begin(), text.view().end());
  };
  return {bytes(*plain), bytes(*locked)};
}

void one(ByteView input) {
  const auto file = MinisignSecretKey::parse(as_text(input));
  if (!file) {
    for (const char c : file.error().detail)
      check(c >= ' ' || static_cast<signed char>(c) < 0, "a control character in a message");
    return;
  }
  check(input.size() <= kMaxMinisignFile, "a file over its limit");
  if (file->encrypted()) return;
  const auto secret = file->open({});
  if (!secret) return;
  check(secret->public_key().verify(as_bytes("x"), secret->sign(as_bytes("x"))),
        "a key whose halves do not belong together");
  const auto again = encode_minisign_secret_key(*secret, nullptr);
  check(again.ok(), "a key that cannot be written");
  const auto twice = MinisignSecretKey::parse(again->text())->open({});
  check(twice.ok() && twice->public_key() == secret->public_key() &&
            twice->public_key().key_number() == secret->public_key().key_number(),
        "a round trip changes the key");
}

}  // namespace phase::fuzz
