#include "tests/unit/boot/acquire/acquire_fixture.h"

#include <filesystem>

namespace phase::boot {

SignedItem pointer_to(const test::SampleRelease& release, const PointerSpec& spec) {
  const std::uint64_t version = release.manifest().release_version;
  Pointer pointer;
  pointer.infohash_v1.fill(static_cast<std::uint8_t>(version));
  pointer.infohash_v2.fill(static_cast<std::uint8_t>(version));
  pointer.manifest_sha256 = release.hash();
  pointer.release_version = version;
  pointer.expires = spec.expires;
  pointer.providers = spec.providers;
  return sign_item(test::key(spec.signer), pointer_salt("stable", "x86_64", spec.index), 1,
                   encode_pointer(pointer));
}

void AcquireFixture::SetUp() {
  dht::SessionOptions options;
  options.listen = {*parse_address("127.0.0.1", 0)};
  options.network = dht::NetworkKind::kPrivate;
  auto session = dht::Session::open(options);
  ASSERT_TRUE(session.ok()) << session.error().detail;
  session_ = std::move(*session);
  std::filesystem::create_directories(out());
}

AcquireOptions AcquireFixture::options() {
  AcquireOptions options;
  options.policy = trust_single_key(test::key(1).public_key());
  options.channel = "stable";
  options.arch = "x86_64";
  options.folder = out();
  options.cache = &cache_;
  return options;
}

void AcquireFixture::offer(Acquire& acquire, const SignedItem& item) {
  constexpr dht::LookupId kLookups = 16;  // More than one acquire begins.
  for (dht::LookupId lookup = 0; lookup < kLookups; ++lookup) {
    acquire.handle(dht::ItemFound{lookup, item});
  }
}

void AcquireFixture::pass(Acquire& acquire, std::chrono::seconds time) {
  clock_.time += time;
  acquire.tick();
}

}  // namespace phase::boot
