#include "own_trust.h"

#include <filesystem>
#include <fstream>

#include "proto/cpio_writer.h"
#include "proto/envelope.h"
#include "sim/must.h"

namespace phase::sim {
namespace {

constexpr std::int64_t kCreated = 1'767'225'600;  // 2026-01-01

}  // namespace

TrustPolicy locked_to(const ReleaseKit& kit, std::uint64_t counter) {
  const SecretKey key = must(load_secret_key(kit.secret_key));
  TrustPolicy policy = trust_single_key(key.public_key());
  policy.root.created = WallTime{kCreated};
  policy.root.counter = counter;
  policy.root_document = sign_envelope(kRootType, must(encode_root(policy.root)), {&key});
  policy.locked = true;
  return policy;
}

ReleaseKit with_trust(const ReleaseKit& kit, const TrustPolicy& policy, const std::string& path) {
  std::filesystem::copy_file(kit.client_initramfs, path,
                             std::filesystem::copy_options::overwrite_existing);
  std::ofstream out(path, std::ios::binary | std::ios::app);
  // The kernel looks for the next archive at a multiple of four bytes.
  const auto size = std::filesystem::file_size(path);
  out << std::string((4 - size % 4) % 4, '\0');
  CpioWriter archive(
      [&](ByteView bytes) {
        out.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
      },
      static_cast<std::uint32_t>(kCreated));
  const std::string text = serialize_trust_file(policy);
  archive.directory("etc");
  archive.directory("etc/phase");
  archive.file("etc/phase/trust.toml", as_bytes(text));
  archive.finish();
  if (!out.flush()) throw std::runtime_error(path + " cannot be written");
  ReleaseKit own = kit;
  own.client_initramfs = path;
  return own;
}

}  // namespace phase::sim
