// Bodies of GET /pointer/… from strangers: only items that the key signed come out, byte for byte.
#include <algorithm>

#include "proto/pointer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

const std::vector<SignedItem>& known() {
  static const std::vector<SignedItem> items = [] {
    std::vector<SignedItem> out;
    const SecretKey signer = key(1);
    for (int i = 0; i < kPointerSalts; ++i) {
      out.push_back(
          sign_item(signer, pointer_salt("stable", "x86_64", i), 1767225600, Bytes{'i', '7', 'e'}));
    }
    return out;
  }();
  return items;
}

bool same(const SignedItem& a, const SignedItem& b) {
  return a.key == b.key && a.salt == b.salt && a.seq == b.seq && a.value == b.value;
}

}  // namespace

std::vector<Bytes> seeds() {
  return {encode_items(known()), encode_items({known()[1]}),
          encode_items({sign_item(key(2), "x", 1, Bytes{'l', 'e'})})};
}

void one(ByteView input) {
  static const PublicKey trusted = key(1).public_key();
  static const PublicKey unseen = key(3).public_key();
  const auto items = decode_items(input, trusted);
  if (items) {
    for (const SignedItem& item : *items) {
      check(std::any_of(known().begin(), known().end(),
                        [&](const SignedItem& one) { return same(one, item); }),
            "an item was accepted that was never signed");
    }
    const Bytes again = encode_items(*items);
    check(std::equal(again.begin(), again.end(), input.begin(), input.end()),
          "items have another encoding");
  }
  check(!decode_items(input, unseen).ok(), "a key that signed nothing");
}

}  // namespace phase::fuzz
