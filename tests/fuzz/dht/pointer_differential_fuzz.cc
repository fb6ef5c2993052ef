// Our pointer codec and BEP 44 signing against libtorrent's, which every other node of the DHT is:
// what we accept means the same there, what we write is what it would write, what is canonical for
// it is for us, and both sign the same bytes.
#include <algorithm>
#include <iterator>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/kademlia/ed25519.hpp>
#include <libtorrent/kademlia/item.hpp>
#include <tuple>

#include "proto/bencode.h"
#include "proto/pointer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace lt = libtorrent;

namespace phase::fuzz {
namespace {

lt::span<const char> chars(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::ptrdiff_t>(bytes.size())};
}

std::string their_encoding(const lt::entry& entry) {
  std::string out;
  lt::bencode(std::back_inserter(out), entry);
  return out;
}

struct Shape {
  std::size_t values = 0;
  std::size_t depth = 0;
};

Shape shape_of(const lt::entry& entry) {
  Shape shape{1, 1};
  const auto add = [&](const lt::entry& member) {
    const Shape below = shape_of(member);
    shape.values += below.values;
    shape.depth = std::max(shape.depth, below.depth + 1);
  };
  if (entry.type() == lt::entry::list_t) {
    for (const lt::entry& member : entry.list()) add(member);
  } else if (entry.type() == lt::entry::dictionary_t) {
    for (const auto& [key, member] : entry.dict()) add(member);
  }
  return shape;
}

std::string bytes_text(ByteView bytes) {
  return std::string(as_text(bytes));
}

/// The same six members, by libtorrent's own types.
lt::entry as_entry(const Pointer& pointer) {
  lt::entry entry;
  entry["e"] = lt::entry(lt::entry::list_t);
  for (const ProviderHint& hint : pointer.providers) {
    Bytes compact = hint.peer.compact();
    compact.push_back(static_cast<std::uint8_t>(hint.http_port >> 8));
    compact.push_back(static_cast<std::uint8_t>(hint.http_port & 0xff));
    entry["e"].list().emplace_back(bytes_text(compact));
  }
  entry["i2"] = bytes_text(pointer.infohash_v2);
  entry["ih"] = bytes_text(pointer.infohash_v1);
  entry["m"] = bytes_text(pointer.manifest_sha256);
  entry["n"] = static_cast<std::int64_t>(pointer.release_version);
  entry["x"] = pointer.expires;
  return entry;
}

void check_pointer(ByteView input, const lt::bdecode_node& theirs, const lt::entry& entry) {
  const auto pointer = decode_pointer(input);
  if (!pointer) return;
  check(theirs.type() == lt::bdecode_node::dict_t, "libtorrent does not read what we accept");
  check(theirs.data_section().size() == static_cast<std::ptrdiff_t>(input.size()),
        "libtorrent reads less than we do");
  const auto text = [&](const char* key) { return std::string(theirs.dict_find_string_value(key)); };
  check(text("ih") == bytes_text(pointer->infohash_v1) &&
            text("i2") == bytes_text(pointer->infohash_v2) &&
            text("m") == bytes_text(pointer->manifest_sha256),
        "another hash");
  check(theirs.dict_find_int_value("n") == static_cast<std::int64_t>(pointer->release_version) &&
            theirs.dict_find_int_value("x") == pointer->expires,
        "another number");
  const lt::entry ours = as_entry(*pointer);
  check(entry["e"] == ours["e"], "other providers");
  check(their_encoding(ours) == bytes_text(encode_pointer(*pointer)), "another encoding");
}

/// Canonical for libtorrent, and well within every limit of ours.
bool must_be_accepted(ByteView input, const lt::entry& entry) {
  const Shape shape = shape_of(entry);
  return input.size() <= kMaxPointerBytes && shape.values <= 200 && shape.depth <= 6 &&
         their_encoding(entry) == bytes_text(input);
}

void check_signing(ByteView value) {
  static const SecretKey ours = key(1);
  static const auto theirs = [] {
    std::array<char, 32> seed{};
    seed.fill(1);
    return lt::dht::ed25519_create_keypair(seed);
  }();
  // Salt and number come from the value, so that one input gives all three.
  const std::string salt = bytes_text(value.first(std::min<std::size_t>(value.size(), value[0] % 65)));
  const std::int64_t seq = value[value.size() / 2] * 1'000'003;
  const SignedItem item = sign_item(ours, salt, seq, Bytes(value.begin(), value.end()));
  const auto signature = lt::dht::sign_mutable_item(chars(value), salt, lt::dht::sequence_number(seq),
                                                    std::get<0>(theirs), std::get<1>(theirs));
  check(std::equal(item.signature.begin(), item.signature.end(), signature.bytes.begin(),
                   [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }),
        "libtorrent signs other bytes");
  check(verify_item(item).ok(), "our own item");
  const Bytes buffer = signing_buffer(salt, seq, value);
  check(lt::dht::ed25519_verify(signature, chars(buffer), std::get<0>(theirs)),
        "libtorrent does not verify our signing buffer");
}

}  // namespace

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
  bencode::put_raw(later, "1:yd1:zli1e0:eee");
  const auto text = as_bytes("d1:ali-7e3:abcelee1:bi0ee");
  return {none, two, later, Bytes(text.begin(), text.end())};
}

void one(ByteView input) {
  if (input.empty() || input.size() > kMaxPointerBytes) {
    check(!decode_pointer(input).ok(), "over the limit");
    return;
  }
  lt::error_code error;
  const lt::bdecode_node theirs = lt::bdecode(chars(input), error);
  const lt::entry entry = error ? lt::entry() : lt::entry(theirs);
  check_pointer(input, theirs, entry);
  if (error) {
    check(!bencode::decode(input, {}).ok(), "we read what libtorrent refuses");
    return;
  }
  if (must_be_accepted(input, entry))
    check(bencode::decode(input, {}).ok(), "we refuse what libtorrent would write");
  check_signing(input);
}

}  // namespace phase::fuzz
