// tests/unit/node/role_fixture.h
// An organisation: a single key that machines in the field trust, three holders of root and release
// keys of whom two must agree, and a key that publishes.
#pragma once

#include <initializer_list>
#include <vector>

#include "node/stored_chain.h"
#include "node/trust_document.h"
#include "proto/envelope.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::node::test {

struct Organisation {
  SecretKey single = key_from(1);
  SecretKey alice = key_from(11), bob = key_from(12), carol = key_from(13), dora = key_from(14);
  SecretKey pointer = key_from(21), next_pointer = key_from(22);

  [[nodiscard]] static WallTime now() { return {1'800'000'000}; }

  /// Version 2 of the single key: two of alice, bob, carol for root and release; `pointer` publishes.
  [[nodiscard]] Root grown() const {
    RootChanges changes;
    changes.root.set = holders();
    changes.root.threshold = 2;
    changes.release = changes.root;
    changes.pointer.set = {pointer.public_key()};
    changes.lifetime = 2 * 365 * 86400;
    auto root = next_root(virtual_root(single.public_key()), changes, now());
    check(root.ok(), "the roles of the test's organisation are good");
    return *root;
  }
  [[nodiscard]] std::vector<PublicKey> holders() const {
    return {alice.public_key(), bob.public_key(), carol.public_key()};
  }
  [[nodiscard]] static Bytes sign(const Root& root, std::initializer_list<const SecretKey*> keys) {
    return sign_envelope(kRootType, *encode_root(root), keys);
  }
  [[nodiscard]] Bytes grown_document() const { return sign(grown(), {&single, &alice, &bob}); }
  /// `grown()` with the other pointer key.
  [[nodiscard]] Root rotated() const {
    RootChanges changes;
    changes.pointer.set = {next_pointer.public_key()};
    changes.lifetime = 2 * 365 * 86400;
    return *next_root(grown(), changes, now());
  }
  [[nodiscard]] Bytes rotated_document() const { return sign(rotated(), {&bob, &carol}); }
};

}  // namespace phase::node::test
