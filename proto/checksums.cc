#include "proto/checksums.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/sodium_ready.h"

namespace phase {
namespace {

/// Two bytes of algorithm, then the key number that PublicKey::minisign() has.
std::string signature_head(const PublicKey& key) {
  return "ED" + std::string(as_text(key.key_number()));
}

}  // namespace

std::string checksums(const Manifest& manifest, const Sha256& manifest_sha256) {
  std::vector<std::pair<std::string, Sha256>> files{{"manifest.dsse", manifest_sha256}};
  for (const Artifact& artifact : manifest.artifacts) {
    files.emplace_back(artifact.name, artifact.sha256);
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const auto& [name, hash] : files)
    text.append(to_hex(hash)).append("  ").append(name) += '\n';
  return text;
}

std::string minisign_signature(std::string_view text, const SecretKey& key,
                               std::string_view trusted_comment) {
  check(trusted_comment.find_first_of("\r\n") == std::string_view::npos,
        "a trusted comment is one line");
  sodium_ready();
  std::array<std::uint8_t, crypto_generichash_BYTES_MAX> hash;  // BLAKE2b-512
  crypto_generichash(hash.data(), hash.size(), as_bytes(text).data(), text.size(), nullptr, 0);
  const Signature signature = key.sign(hash);
  const std::string signed_comment = std::string(as_text(signature)) + std::string(trusted_comment);
  const Signature global = key.sign(as_bytes(signed_comment));

  std::string out =
      "untrusted comment: signature of Phase Boot key " + key.public_key().id() + "\n";
  const std::string head_and_signature =
      signature_head(key.public_key()) + std::string(as_text(signature));
  out += to_base64(as_bytes(head_and_signature)) + "\n";
  out.append("trusted comment: ").append(trusted_comment).append("\n");
  return out + to_base64(global) + "\n";
}

}  // namespace phase
